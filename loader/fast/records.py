"""The function for records that are parsed already: JSON objects. Their own members are serialised as they are, what is added is text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from loader import schema
from loader.fast.layout import Tree
from loader.fast.leaves import key_of, member
from loader.fast.objects import Part, literal
from loader.fast.writer import CHUNK, FULL, LEAN, Exit, Writer
from loader.jsontext import CONTROL
from loader.paths import step_into
from loader.stages.stamp import digest
from loader.stages.tidy import tidy_object
from loader.stages.typed import EMPTY

STAMPED = frozenset({"@message", "@timestamp", "@log_type", "@log_s3bucket", "@log_s3key", "@id"})
PLAIN = frozenset({str, type(None)})


class RecordWriter(Writer):
    """Records with a member that has the name of an object of ECS, or of what records are stamped with, are odd."""

    of_json = True

    def __init__(self, tree: Tree, exits: Sequence[Exit], varied: frozenset[tuple[str, ...]]) -> None:
        super().__init__(tree, exits, varied)
        self.clock: tuple[list[str], Any, Any] = ([], None, None)
        self.doc_id = ""
        self.known: dict[tuple[str, ...], str] = {}
        self.keys: dict[str, str] = {}
        self.held: set[str] = set()
        self.top: dict[str, Part] = {}

    def compose(self) -> None:
        """Write the objects."""
        for top, node in self.tree.items():
            if top != "event":
                alone = self.objects.whole(top, node, ",")
                self.top[top] = alone or self.objects.object(top, node, ",")
        self.inner = self.objects.members(self.tree["event"], apart=("id",))

    def variable(self, name: str) -> str:
        """Return the variable that holds what stands for an input in the key of a memo."""
        if name == "@message":
            return "text"
        if name == "@timestamp":
            return "t"
        if name not in self.keys:
            value = self.path(tuple(name.split(".")))
            self.keys[name] = f"k{len(self.keys)}"
            self.body.append(f"{self.keys[name]} = {value} if {value}.__class__ in PLAIN else key_of({value})")
        return self.keys[name]

    def path(self, steps: tuple[str, ...]) -> str:
        """Write the reading of a path once and return the variable that holds it."""
        if steps not in self.known:
            if len(steps) == 1:
                line = f"get({steps[0]!r})"
            else:
                above = self.path(steps[:-1])
                line = f"{above}.get({steps[-1]!r}) if {above}.__class__ is dict else step({above}, {steps[-1]!r})"
            self.known[steps] = f"p{len(self.known)}"
            self.body.append(f"{self.known[steps]} = {line}")
        return self.known[steps]

    def value(self, name: str) -> str:
        """Return the variable that holds the value of an input, for a call."""
        return CHUNK.get(name) or (self.variable(name) if name[0] == "@" else self.path(tuple(name.split("."))))

    def quoted(self, name: str) -> str:
        """Return the text of an input as it stands in JSON, inside an f-string: serialised once."""
        held = f"q{self.variable(name)[1:]}"
        if held not in self.held:
            self.held.add(held)
            self.body.append(f"{held} = dumps({self.variable(name)}).decode()")
        return f"{{{held}}}"

    def says(self, name: str) -> str:
        """Return the question whether an input is a text with something in it."""
        variable = self.variable(name)
        return f"{variable}.__class__ is str and {variable} not in NOTHING"

    def read(self) -> None:
        """Write the reading of the time; other inputs are read where they are looked up."""
        self.space |= {
            "OWN": schema.tops() | STAMPED | self.tree.keys(), "PLAIN": PLAIN, "key_of": key_of, "step": step_into,
            "dumps": orjson.dumps, "tidy": tidy_object, "CONTROL": CONTROL.search, "digest": digest, "member": member, "EMPTY": EMPTY,
        }  # fmt: skip
        self.body += ["if not OWN.isdisjoint(row): raise Odd", "get = row.get"]
        fields, memo, other = self.clock
        known = [self.path(tuple(field.split("."))) for field in fields]
        self.constant("convert", other)
        self.body += [f"v = {known[0]}", *(f"if not v and (v is None or v == ''): v = {name}" for name in known[1:])]
        self.time(memo, "convert(v)")
        if self.doc_id:
            self.body += [f"i = get({self.doc_id!r}) or digest(text)", "if i in EMPTY: raise Odd", "i = member('@id', i)"]
        else:
            self.body.append("i = f'\"@id\":\"{digest(text)}\"'")
        self.body.append("j = dumps(text)")

    def send(self, number: int) -> None:
        """Write the message of one way out: its head, the record's own members, and what is added to them."""
        one = self.exits[number]
        head = f"f'{self.head(one)}'.encode()"
        event = self.event(one.fields, self.inner)
        self.flush()
        objects = "".join(part.inside for part in self.top.values())
        tail = literal(one.tail.decode())
        if one.fields == FULL:
            self.body += ["tidy(row)", "r = dumps(row)[:-1] if row else b'{'"]
            stamps = ',"@timestamp":"{t}"{origin},{i},'
            rest = f"f'{stamps}\"event\":{{{{{event}}}}}{objects}}}}}{tail}'.encode()"
            pieces = f"{head}, r, b',\"@message\":' if row else b'\"@message\":', j, {rest}"
        elif one.fields == LEAN:
            pieces = f"{head}, f'{{{{\"@timestamp\":\"{{t}}\",\"event\":{{{{{event}}}}}{objects}}}}}{tail}'.encode()"
        else:
            pieces = f"{head}, f'{{{{\"@timestamp\":\"{{t}}\",\"event\":{{{{{event},\"original\":'.encode(), j, f'}}}}{objects}{{path}}}}}}{tail}'.encode()"
        self.body.append(f"b = b''.join(({pieces}))")
        self.body.append(f"if len(b) > {one.most} or (dirty and CONTROL(b)): raise Odd")
        self.body.append(f"add{number}(b'%d %b' % (len(b), b))" if one.counted else f"add{number}(b)")
