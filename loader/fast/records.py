"""The function for records that are parsed already: JSON objects. Their own members are serialised as they are, what is added is text."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from loader import schema
from loader.fast.clashes import Clashes
from loader.fast.layout import Tree
from loader.fast.leaves import Odd, key_of, member
from loader.fast.objects import Part, literal
from loader.fast.writer import CHUNK, ECS, FULL, LEAN, Exit, Writer
from loader.jsontext import DEL, controlled
from loader.paths import step_into
from loader.stages.hooks import CONTROLS
from loader.stages.stamp import digest
from loader.stages.tidy import tidy_object
from loader.stages.typed import EMPTY

STAMPED = frozenset({"@message", "@timestamp", "@log_type", "@log_s3bucket", "@log_s3key", "@id"})
PLAIN = frozenset({str, bool, type(None)})


class RecordWriter(Writer):
    """Records with a member named as what they are stamped with are odd; those with one named as an object of the document are ``mixed``."""

    of_json = True

    def __init__(self, tree: Tree, exits: Sequence[Exit], varied: frozenset[tuple[str, ...]]) -> None:
        super().__init__(tree, exits, varied)
        self.clock: tuple[list[str], Any] = ([], None)
        self.doc_id = ""
        self.known: dict[tuple[str, ...], str] = {}
        self.keys: dict[str, str] = {}
        self.held: set[str] = set()
        self.top: dict[str, Part] = {}
        self.clashes: Clashes | None = None  # without it such records are odd

    def compose(self) -> None:
        """Write the objects."""
        for top, node in self.tree.items():
            if top != "event":
                alone = self.objects.whole(top, node, ",")
                self.top[top] = alone or self.objects.object(top, node, ",")
        self.inner = self.objects.members(self.tree["event"], apart=("id",))

    def variable(self, name: str) -> str:
        """Return the variable that holds what stands for an input in the key of a memo."""
        return {"@message": "text", "@timestamp": "t"}.get(name) or self.keys[name]

    def path(self, name: str) -> str:
        """Return the variable that holds what the record has at a path."""
        return self.known[tuple(name.split("."))]

    def gets(self, paths: Iterable[str]) -> None:
        """Write the reading of all paths: of an object that is not there, or is none, its members are not asked one by one."""
        tree: dict[str, Any] = {}
        for path in dict.fromkeys(paths):
            steps = tuple(path.split("."))
            node = tree
            for step in steps:
                node = node.setdefault(step, {})
            self.keys[path] = ""
        self.body.append("get = row.get")
        self.body += self._members(tree, (), "get")

    def _members(self, tree: dict[str, Any], above: tuple[str, ...], get: str) -> list[str]:
        lines = []
        for step, below in tree.items():
            steps = (*above, step)
            path = ".".join(steps)
            name = self.known[steps] = f"p{len(self.known)}"
            lines.append(f"{name} = {get}({step!r})")
            if path in self.keys:
                self.keys[path] = f"k{name[1:]}"
                lines.append(f"k{name[1:]} = {name} if {name}.__class__ in PLAIN else key_of({name})")
            if below:
                strict = self.rules is not None and any(field.startswith(f"{path}.") for field in self.rules.fields)
                begun = len(self.known)
                inside = self._members(below, steps, f"g{name[1:]}")
                absent = " = ".join(
                    variable
                    for path, held in [*self.known.items()][begun:]
                    for variable in ([held, f"k{held[1:]}"] if ".".join(path) in self.keys else [held])
                )
                lines += [f"if {name} is None: {absent} = None", "else:"]
                lines += [f"    if {name}.__class__ is list: raise Odd"] if strict else []  # rules take the first of its items
                lines.append(f"    g{name[1:]} = {name}.get if {name}.__class__ is dict else partial(step, {name})")
                lines += [f"    {line}" for line in inside]
        return lines

    def value(self, name: str) -> str:
        """Return the variable that holds the value of an input, for a call."""
        return CHUNK.get(name) or (self.variable(name) if name[0] == "@" else self.path(name))

    def may_have(self, field: str) -> bool:
        """Tell that there may be such a member."""
        return True

    def fields(self) -> dict[str, str]:
        """Return the paths that rules ask for, but those of the objects of ECS."""
        assert self.rules is not None, "asked before"
        return {field: field for field in self.rules.fields if field.partition(".")[0] not in self.tree}

    def quoted(self, name: str) -> str:
        """Return the text of an input as it stands in JSON, inside an f-string: serialised once."""
        held = f"q{self.variable(name)[1:]}"
        if held not in self.held:
            self.held.add(held)
            variable = self.variable(name)
            self.body.append(f"{held} = dumps({variable}).decode() if {variable}.__class__ is str else ''")
        return f"{{{held}}}"

    def says(self, name: str) -> str:
        """Return the question whether an input is a text with something in it."""
        variable = self.variable(name)
        return f"{variable}.__class__ is str and {variable} not in NOTHING"

    def foreign(self) -> frozenset[str]:
        """Return the names of members that mean more than themselves: outputs of ECS alone take those that are named as ECS names its objects too."""
        names = STAMPED | CONTROLS | self.tree.keys()
        return names if all(one.fields == FULL for one in self.exits) else names | schema.tops()

    def read(self) -> None:
        """Write the reading of the time; other inputs are read where they are looked up."""
        self.space |= {
            "OWN": self.foreign(), "PLAIN": PLAIN, "key_of": key_of, "step": step_into,
            "dumps": orjson.dumps, "tidy": tidy_object, "controlled": controlled,
            "digest": digest, "identity": identity, "partial": functools.partial,
        }  # fmt: skip
        if self.clashes is None:
            self.body.append("if not OWN.isdisjoint(row): raise Odd")
        else:
            self.space |= {"FOREIGN": self.foreign() - self.clashes.names, "clashes": self.clashes}
            self.body += ["mixed = not OWN.isdisjoint(row)", "if mixed and not FOREIGN.isdisjoint(row): raise Odd"]
        fields, memo = self.clock
        own = [name for cell in self.objects.cells.values() for name in cell.inputs if name[0] not in "%@"]
        self.gets([*fields, *([self.doc_id] if self.doc_id else ()), *own])
        self.constant("convert", memo.convert)
        known = [self.path(field) for field in fields]
        self.body += [f"v = {known[0]}", *(f"if not v and (v is None or v == ''): v = {name}" for name in known[1:])]
        self.time(memo, "convert(v)")
        if self.doc_id:
            value, quoted = self.path(self.doc_id), self.quoted(self.doc_id)
            self.body.append(f"i = f'\"@id\":{quoted}' if {self.says(self.doc_id)} else identity({value}, text)")
        else:
            self.body.append("i = f'\"@id\":\"{digest(text)}\"'")
        self.body.append("j = dumps(text)")

    def send(self, number: int) -> None:
        """Write the message of one way out: its head, the record's own members, and what is added to them."""
        one = self.exits[number]
        head = f"f'{self.head(one)}'.encode(), " if one.head else ""
        event = self.event(one.fields, self.inner)
        tops = {name: part.inside for name, part in self.top.items()}
        objects = self.with_path(tops) if one.fields == ECS else "".join(tops.values())
        self.flush()
        begun = len(self.body)
        tail = literal(one.tail.decode())
        if one.fields == FULL:
            self.body += ["tidy(row)", "r = dumps(row)[:-1] if row else b'{'"]
            stamps = ',"@timestamp":"{t}"{origin},{i},'
            rest = f"f'{stamps}\"event\":{{{{{event}}}}}{objects}}}}}{tail}'.encode()"
            pieces = f"{head}r, b',\"@message\":' if row else b'\"@message\":', j, {rest}"
        elif one.fields == LEAN:
            pieces = f"{head}f'{{{{\"@timestamp\":\"{{t}}\",\"event\":{{{{{event}}}}}{objects}}}}}{tail}'.encode(),"
        else:
            begin = f"f'{{{{\"@timestamp\":\"{{t}}\",\"event\":{{{{{event},\"original\":'.encode()"
            pieces = f"{head}{begin}, j, f'}}}}{objects}}}}}{tail}'.encode()"
        self.body.append(f"b = b''.join(({pieces}))")
        if self.clashes is not None:
            usual = [f"    {line}" for line in self.body[begun:]]
            self.body[begun:] = ["if mixed:", *(f"    {line}" for line in self.mixed(number, event, head)), "else:", *usual]
        self.body.append(f"if len(b) > {one.most} or {DEL} in b or not b.isascii() and controlled(b): raise Odd")
        self.body.append(f"add{number}(b'%d %b' % (len(b), b))" if one.counted else f"add{number}(b)")

    def mixed(self, number: int, event: str, head: str) -> list[str]:
        """Return the lines that make the message of a record with members that bear the names of objects of the document."""
        one = self.exits[number]
        tail = literal(one.tail.decode())
        texts = "".join(f"f'{inside}', " for inside in (f',"event":{{{{{self.inner.inside}}}}}', *(part.inside for part in self.top.values())))
        lines = [] if number else [f"kept, apart = clashes.blend(row, t, ({texts}))"]
        if one.fields == FULL:
            lines += [] if number else ["r = clashes.whole(row, apart)"]
            lines += ["s = '' if '@timestamp' in row else f',\"@timestamp\":\"{t}\"'", "k = ''.join(kept.values())"]
            pieces = f"{head}r, b',\"@message\":' if row else b'\"@message\":', j, f'{{s}}{{origin}},{{i}}{{k}}}}}}{tail}'.encode()"
        else:
            original, told = ("b',\"original\":', j, ", "text, path") if one.fields == ECS else ("", "None, ''")
            lines += [f"e = b''.join((f'{{{{{event}'.encode(), {original}b'}}'))", "made = f'{place}-{number + at:012d}'"]
            pieces = f"{head}clashes.only(row, kept, apart, t, e, made, {told}), f'{tail}'.encode()"
        return [*lines, f"b = b''.join(({pieces}))"]


def identity(value: Any, text: str) -> str:
    """Return the ``@id`` of a record whose own id is no plain text; raises Odd where nothing of it would be left."""
    found = value or digest(text)
    if found in EMPTY or not (told := member("@id", found)):
        raise Odd
    return told
