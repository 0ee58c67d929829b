"""Writes the function that takes records of one log type from their fields to packed bytes, line by line.

The text is kept on ``function.source``; ``index.py types NAME --plan`` shows it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from loader.errors import Overdue
from loader.fast.direct import Direct
from loader.fast.excluded import Asks, Rules
from loader.fast.fragments import Fragments
from loader.fast.layout import Cell, Fragment, Tree, leaves
from loader.fast.leaves import Leaf, Odd
from loader.fast.objects import Objects, Part, around, literal, with_file
from loader.stages.tidy import NOTHING

CHUNK = {"%account": "account", "%region": "region", "%ingested": "ingested", "%key": "key", "%bucket": "bucket"}
ARGUMENTS = "rows, texts, account, region, ingested, key, bucket, origin, path, place, number, dirty"
TIME = ("@timestamp",)
TOGETHER = "%together"  # stands among what is varied before the names of inputs that hardly vary, even together
COMPLETE = ("%complete",)  # stands among what is varied for rows that have something in every field
UNCUT = ("%uncut",)  # the same for rows of which most are not cut by separators
FULL, ECS, LEAN = "full", "ecs", "lean"


@dataclasses.dataclass(frozen=True, slots=True)
class Exit:
    """One way out: which fields, and what an output puts around a body: see Wrapping.

    A message of more than ``most`` bytes goes the plain way. With ``counted`` its length stands before it, and a blank.
    """

    fields: str
    head: tuple[str, str] | None
    tail: bytes
    most: int
    counted: bool = False


class Writer:
    """What text and JSON records have in common: everything behind the reading of fields. ``tree`` holds the ECS objects in their order."""

    of_json = False

    def __init__(self, tree: Tree, exits: Sequence[Exit], varied: frozenset[tuple[str, ...]]) -> None:
        self.tree, self.exits, self.varied = tree, exits, varied
        self.objects = Objects(sorted(one[1:] for one in varied if one[0] == TOGETHER))
        self.space: dict[str, Any] = {"Odd": Odd, "Overdue": Overdue, "NOTHING": NOTHING, "around": around, "with_file": with_file}
        self.memos: dict[tuple[str, ...], Fragments] = {}
        self.flushed = 0
        self.before: list[str] = []  # lines of the chunk
        self.body: list[str] = []  # lines of a record
        self.direct = Direct(self)
        self.rules: Rules | None = None
        self.own_logs: tuple[str, tuple[str, ...]] | None = None  # the field, and the texts in it, of records that are left out
        self.odd_hits: list[str] = []  # variables that say that the record is one of these
        self.raw_hits: list[str] = []  # variables that hold the name of a rule that the record meets
        self.hits: list[str] = []  # those of the document

    def written(self, title: str) -> Callable[..., Any]:
        """Return the function."""
        self.compose()
        self.ask()
        self.read()
        cells = [*self.objects.cells.values()]
        early = {*self.odd_hits, *self.raw_hits}
        first = [cell for cell in cells if any(self.objects.names[id(fragment)] in early for fragment in cell.fragments)]
        for cell in first:
            self.look_up(cell)
        self.body += [f"if {name}: raise Odd" for name in self.odd_hits]
        self.leave_out(self.raw_hits)
        for cell in cells:
            if cell not in first:
                self.look_up(cell)
        self.leave_out(self.hits)
        for number in range(len(self.exits)):
            self.flush()
            self.send(number)
        source = self._source()
        exec(compile(source, f"<{title}>", "exec"), self.space)  # noqa: S102  # built from quoted names only
        run: Callable[..., Any] = self.space["run"]
        run.source, run.memos = source, self.memos  # type: ignore[attr-defined]
        run.asked = [cell.asked for cell in cells if not cell.varied and cell.asked and cell.asked[0][0] not in "%@"]  # type: ignore[attr-defined]
        return run

    def _source(self) -> str:
        lists = [f"    out{number} = []\n    add{number} = out{number}.append" for number in range(len(self.exits))]
        head = "\n".join((*lists, *self.once()))
        body = "\n".join(f"            {line}" for line in self.body)
        packed = ", ".join(f"out{number}" for number in range(len(self.exits)))
        undo = "\n".join(f"            if len(out{number}) <= at: add{number}(None)" for number in range(len(self.exits)))
        return (
            f"def run({ARGUMENTS}):\n{head}\n    odd, met = [], []\n    for at, (row, text) in enumerate(zip(rows, texts)):\n        try:\n{body}\n"
            f"        except (Overdue, KeyboardInterrupt): raise\n        except BaseException:\n            odd.append(at)\n{undo}\n"
            f"{self.undone()}    return ({packed},), odd, met\n"
        )

    def once(self) -> list[str]:
        """Return the lines of a chunk; a row of a table that depends on the key alone may fail there for all of it."""
        failing = ["    except (Overdue, KeyboardInterrupt): raise", "    except BaseException as why: raise Odd from why"]
        return ["    try:", *(f"        {line}" for line in self.before), *failing] if self.before else []

    def undone(self) -> str:
        """Return lines for the end: of a record that is odd no output may have a message."""
        if len(self.exits) < 2:
            return ""
        return "    for at in odd:\n" + "".join(f"        out{number}[at] = None\n" for number in range(len(self.exits)))

    def time(self, memo: Any, otherwise: str) -> None:
        """Write the making of a timestamp of the value ``v``; in a header only times as RFC 5424 has them stand as they are."""
        self.constant("when", memo if TIME not in self.varied else memo.compute)
        asked = "v.__class__ is str and v"
        self.body.append(f"t = when{'[v]' if TIME not in self.varied else '(v)'} if {asked} else {otherwise}")
        self.memos[TIME] = memo
        if any(one.head for one in self.exits):
            self.body.append("if len(t) != 25 and len(t) != 32: raise Odd")

    def head(self, one: Exit) -> str:
        """Return what goes before a body, inside an f-string."""
        return f"{literal(one.head[0])}{{t}}{literal(one.head[1])}" if one.head else ""

    def ask(self) -> None:
        """Write the asking for records of our own reading, and of exclusion rules: of the record's own fields, then of those of ECS."""
        if self.own_logs is not None and self.may_have(self.own_logs[0]):
            field, texts = self.own_logs
            own = lambda values: "own" if isinstance(values[0], str) and any(text in values[0] for text in texts) else ""  # noqa: E731
            self.odd_hits.append(self.objects.question((field,), Asks(own)))
        if self.rules is not None:
            for name, asks in self.rules.raw(self.fields()):
                self.raw_hits.append(self.objects.question((name,), asks))
            for leaf, asks in self.rules.final(self.tree):
                self.hits.append(self.objects.question(leaf.inputs, asks))

    def leave_out(self, hits: list[str]) -> None:
        """Write the leaving out of a record that meets a rule."""
        if hits:
            nothing = "; ".join(f"add{number}(None)" for number in range(len(self.exits)))
            self.body += [f"hit = {' or '.join(hits)}", "if hit:", f"    met.append(hit); {nothing}", "    continue"]

    def may_have(self, field: str) -> bool:
        """Tell whether records may have this field."""
        raise NotImplementedError

    def fields(self) -> dict[str, str]:
        """Return the fields that rules may ask of the record itself, each with the input that it is."""
        raise NotImplementedError

    def compose(self) -> None:
        """Write the objects."""
        raise NotImplementedError

    def read(self) -> None:
        """Write the reading of all inputs of a record, and of its time."""
        raise NotImplementedError

    def variable(self, name: str) -> str:
        """Return the variable that holds an input."""
        raise NotImplementedError

    def send(self, number: int) -> None:
        """Write the packing for one way out."""
        raise NotImplementedError

    def flush(self) -> None:
        """Put the lines that make objects behind those that look up what they are made of."""
        self.body += self.objects.lines[self.flushed :]
        self.flushed = len(self.objects.lines)

    def constant(self, name: str, value: Any) -> str:
        """Make a value known to the function and return its name."""
        self.space[name] = value
        return name

    def look_up(self, cell: Cell) -> None:
        """Write the look-up of a cell's fragments: once a chunk where it depends on nothing else."""
        variables = [CHUNK.get(name) or self.variable(name) for name in cell.inputs]
        fragments = self.fragments(cell)
        name = self.constant(f"m{cell.number}", fragments)
        names = [self.objects.names[id(fragment)] for fragment in cell.fragments]
        key = variables[0] if len(variables) == 1 else f"({', '.join(variables)})"
        if all(variable in CHUNK.values() for variable in variables):
            self.before.append(f"{', '.join(names)} = {name}.compute({key})")
            return
        varied = cell.varied or cell.asked in self.varied
        direct = [self.direct.lines(fragment, cell) for fragment in cell.fragments]
        digits = any(leaf.form == "whole" for fragment in cell.fragments for leaf in leaves(dict(fragment.nodes)))
        if (varied or digits) and all(direct) and cell.asked not in self.objects.together:
            if digits and len(cell.inputs) == 1:
                self.direct.digits(cell.inputs[0])
            for lines in direct:
                self.body += lines()  # type: ignore[misc]  # all of them are there
        else:
            self.memos[cell.asked] = fragments
            own = [variable for variable in variables if variable not in CHUNK.values()]
            if len(own) < len(variables):  # what the chunk has stands behind
                self.before.append(f"m{cell.number}_ = {name}.of({', '.join(variables[len(own) :])})")
                name, key = f"m{cell.number}_", own[0] if len(own) == 1 else f"({', '.join(own)})"
            self.body.append(f"{', '.join(names)} = {name}[{key}]")

    def fragments(self, cell: Cell) -> Fragments:
        """Return what computes the fragments of a cell, and remembers them."""
        return Fragments(cell, of_json=self.of_json)

    def value(self, name: str) -> str:
        """Return the variable that holds the value of an input, for a call."""
        return CHUNK.get(name) or self.variable(name)

    def quoted(self, name: str) -> str:
        """Return the text of an input as it stands in JSON, inside an f-string."""
        raise NotImplementedError

    def says(self, name: str) -> str:
        """Return the question whether an input is a text with something in it."""
        raise NotImplementedError

    def with_path(self, tops: dict[str, str]) -> str:
        """Return the objects with the place where a record is from as ``log.file.path``: in the object ``log``, where there is one, else behind."""
        if "log" not in tops:
            return "".join(tops.values()) + "{path}"
        held = self.objects.line(f"f'{tops['log']}'")
        joined, behind = self.objects.line(f"with_file({held}, path)"), self.objects.line(f"'' if {held} else path")
        return "".join((tops | {"log": f"{{{joined}}}"}).values()) + f"{{{behind}}}"

    def event(self, fields: str, event: Part) -> str:
        """Return the members of the event object for outputs that get these fields; for ECS alone every record has an id."""
        inside = event.inside
        held = self.tree["event"].get("id")
        if fields == FULL or (isinstance(held, Leaf) and held.certain):
            return inside
        fragment = next((one for cell in self.objects.cells.values() for one in cell.fragments if _is_id(one, self.tree)), None)
        made = ',"id":"{place}-{number + at:012d}"'
        if fragment is None:
            inside += made
        else:
            held = self.objects.names[id(fragment)]
            inside += "{" + self.objects.line(f"'' if {held} else f'{made}'") + "}"
        return inside


def _is_id(fragment: Fragment, tree: Tree) -> bool:
    event = tree.get("event")
    return isinstance(event, dict) and len(fragment.nodes) == 1 and fragment.nodes[0][0] == "id" and fragment.nodes[0][1] is event.get("id")
