"""The function for records that are texts cut to fields: lines and rows. The document is one f-string; no dict is made.

Fields must need no escaping in JSON: the caller has looked at the chunk, and ``dirty`` says that single rows may be otherwise.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from loader.fast.layout import Tree
from loader.fast.leaves import Leaf, named
from loader.fast.objects import Part, literal
from loader.fast.writer import COMPLETE, ECS, FULL, LEAN, Exit, Writer
from loader.jsontext import DEL, controlled
from loader.stages import stamp
from loader.stages.tidy import NOTHING


class TextWriter(Writer):
    """``columns`` are the fields in the order in which ``split(row)`` gives them; those of ``quotes`` may have quotes in them."""

    def __init__(
        self,
        tree: Tree,
        exits: Sequence[Exit],
        varied: frozenset[tuple[str, ...]],
        columns: Sequence[str],
        renamed: dict[str, str],
        holders: Sequence[str],
    ) -> None:
        super().__init__(tree, exits, varied)
        self.columns, self.renamed, self.holders = columns, renamed, holders
        self.clock: tuple[list[str], Any] = ([], None)
        self.split: Callable[[str], Any] = str.split
        self.cutter: Callable[[str], Any] | None = None  # the same and quicker, for rows whose fields have no quotes in them; None for others
        self.quotes: frozenset[str] = frozenset()
        self.apart = ""  # what JSON escapes, and stands between fields only
        self.doc_id = ""
        self.complete = False  # most rows have something in every field: then these are looked at together
        self.raw: list[Part] = []  # the record's own fields, each with a comma behind it
        self.top: dict[str, Part] = {}  # the objects of ECS, each with a comma before it

    def written(self, title: str) -> Callable[..., Any]:
        """Return the function; its text has that of the cutter behind it."""
        run = super().written(title)
        if self.cutter is not None:
            run.source += "\n" + self.cutter.source  # type: ignore[attr-defined]
        return run

    def variable(self, name: str) -> str:
        """Return the variable of a column, or what stands for a field that every record has."""
        if name[0] == "@":
            return {"@message": "row", "@timestamp": "t"}[name]
        return f"f{self.columns.index(name)}"

    def own(self) -> list[str]:
        """Return the columns in the order of the record: those that get a new name come last."""
        old = self.renamed.values()
        return [*(name for name in self.columns if name not in old), *old]

    def compose(self) -> None:
        """Write the raw fields, where an output wants them, and the objects; an object takes the place of the field that bears its name."""
        new = {old: name for name, old in self.renamed.items()}
        full = any(one.fields == FULL for one in self.exits)
        names = {*self.columns}
        self.complete = full and COMPLETE in self.varied and not (self.renamed or names & self.tree.keys() or names & {*self.holders})
        full = full and not self.complete
        self.first: list[Part] = []
        cut = ((new.get(column, column), Leaf((column,), _text_or_none, "text")) for column in self.own())
        for is_object, nodes in itertools.groupby(cut, lambda one: one[0] in self.tree):
            kept = [node for node in nodes if full and node[0] not in self.holders or is_object]
            if is_object:
                self.raw += [self._either(node, raw=full and node[0] not in self.holders) for node in kept]
            else:
                self.raw += [self.objects.fragment(run, after=",") for run in self.objects.runs(dict(kept))]
        taken = {new.get(column, column) for column in self.columns}
        for top in self.tree:
            if top != "event" and top not in taken:
                self.top[top] = self._object(top, before=",")
        self.inner = self.objects.members(self.tree["event"], apart=("id",))

    def _either(self, node: tuple[str, Leaf], *, raw: bool) -> Part:
        """Write an object in the place of the field that bears its name; the field, where it is wanted and the object has nothing in it."""
        name, _ = node
        made = self._object(name, after=",")
        self.first.append(made)
        if not raw:
            return made
        field = self.objects.fragment([node], after=",")
        held = self.objects.line(f"f'{made.inside}' or f'{field.inside}'")
        return Part(f"{{{held}}}", certain=False)

    def _object(self, name: str, before: str = "", after: str = "") -> Part:
        return self.objects.whole(name, self.tree[name], before, after) or self.objects.object(name, self.tree[name], before, after)

    def read(self) -> None:
        """Write the cutting of a row, and the reading of its time."""
        self.cut()
        between = "".join(f" + row.count({one!r})" for one in self.apart)
        self.body.append(f"if dirty and (len(text) != len(row){between}): raise Odd")
        self.body += [f"{self.variable(old)} = {self.variable(old)} or None" for old in self.renamed.values()]  # an empty field keeps its old name
        fields, memo = self.clock
        known = [self.variable(field) for field in fields if field in self.columns]
        self.body += [f"v = {known[0]}", *(f"if not v: v = {name}" for name in known[1:]), "if not v: raise Odd"]
        self.time(memo, "None")
        self.space |= {"md5": stamp.md5, "controlled": controlled, "own": owner(self.columns)}
        if self.complete:
            inside = "".join(literal(f'{named(column)}"') + f'{{{self.variable(column)}}}",' for column in self.columns)
            self.body.append(f"raw = f'{inside}' if NOTHING.isdisjoint(w) else own(w)")

    def cut(self) -> None:
        """Write the cutting of a row to its fields."""
        names = ", ".join(f"f{place}" for place in range(len(self.columns)))
        self.constant("split", self.split)
        cutting = ["w = split(row)", f"{names}, = w", *self.suspected()]
        if self.cutter is not None:
            self.constant("cut", self.cutter)
            cutting = ["w = cut(row)", f"if w: {names}, = w", "else:", *(f"    {line}" for line in cutting)]
        self.body += cutting

    def suspected(self) -> list[str]:
        """Return the line that looks for quotes in the fields that may have some."""
        suspects = [f"{{{self.variable(column)}}}" for column in self.columns if column in self.quotes]
        return [f"if '\"' in f'{' '.join(suspects)}': raise Odd"] if suspects else []

    def send(self, number: int) -> None:
        """Write the message of one way out as one f-string."""
        one = self.exits[number]
        head = self.head(one)
        identity = "{md5(row.encode()).hexdigest()}"
        if self.doc_id in self.columns:
            identity = "{" + self.objects.line(f"{self.variable(self.doc_id)} or md5(row.encode()).hexdigest()") + "}"
        event = self.event(one.fields, self.inner)
        tops = {name: part.inside for name, part in self.top.items()}
        objects = self.with_path(tops) if one.fields == ECS else "".join(tops.values())
        self.flush()
        if one.fields == FULL:
            raw = "{raw}" if self.complete else "".join(part.inside for part in self.raw)
            stamps = f'{raw}"@message":"{{text}}","@timestamp":"{{t}}"{{origin}},"@id":"{identity}",'
        else:
            stamps = "".join(part.inside for part in self.first) + '"@timestamp":"{t}",'
            event += "" if one.fields == LEAN else ',"original":"{text}"'
        tail = literal(one.tail.decode())
        self.body += [f"s = f'{head}{{{{{stamps}\"event\":{{{{{event}}}}}{objects}}}}}{tail}'", "b = s.encode()"]
        self.body.append(f"if len(b) > {one.most} or {DEL} in b or not s.isascii() and controlled(b): raise Odd")
        self.body.append(self.kept(number))

    def kept(self, number: int) -> str:
        """Return the line that adds a message to those of one way out."""
        return f"add{number}({self.framed(number)})"

    def framed(self, number: int) -> str:
        """Return the message with its length before it, where the way out wants that."""
        return "b'%d %b' % (len(b), b)" if self.exits[number].counted else "b"

    def may_have(self, field: str) -> bool:
        """Tell whether there is such a column."""
        return field in self.columns

    def fields(self) -> dict[str, str]:
        """Return the columns; names that lead into a text are none."""
        return {name: name for name in self.columns} | self.renamed

    def quoted(self, name: str) -> str:
        """Return the text of an input as it stands in JSON, inside an f-string: it needs no escaping."""
        return f'"{{{self.variable(name)}}}"'

    def says(self, name: str) -> str:
        """Return the question whether an input is a text with something in it."""
        return f"{self.variable(name)} not in NOTHING"


def owner(columns: Sequence[str]) -> Callable[[Sequence[Any]], str]:
    """Return a function from the values of columns to the JSON of those that say something, each with a comma behind it."""
    names = [named(column) for column in columns]

    def own(values: Sequence[Any]) -> str:
        return "".join([f'{name}"{value}",' for name, value in zip(names, values, strict=True) if value not in NOTHING])

    return own


def _text_or_none(values: Sequence[Any]) -> Any:
    return None if values[0] in NOTHING else values[0]
