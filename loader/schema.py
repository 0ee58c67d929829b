"""The Elastic Common Schema at run time: which names exist, of what type, and what ECS allows in them.

A leaf: stdlib only, nothing read at import. The names come from `ecs_fields.txt` beside this module, on first use.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

VERSION = "9.4.0"

_TABLE = Path(__file__).with_name("ecs_fields.txt")
_TYPES = frozenset({
    "boolean", "constant_keyword", "date", "double", "flattened", "float", "geo_point", "integer",
    "ip", "keyword", "long", "match_only_text", "nested", "object", "scaled_float", "wildcard",
})  # fmt: skip
_OPEN = frozenset({"object", "flattened", "nested"})
_V = TypeVar("_V")
_NAME = re.compile(r"@?[a-z0-9_]+(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Field:
    """What ECS says of one field: its type, and whether it always holds a list."""

    type: str
    array: bool


def fields() -> Mapping[str, Field]:
    """Return every field of ECS by its dotted name."""
    return MappingProxyType(_table().fields)


def field(name: str) -> Field | None:
    """Return what ECS says of this field, or None if it is not one."""
    return _table().fields.get(name)


@cache
def tops() -> frozenset[str]:
    """Return the names ECS uses at the top of a record: field sets and base fields."""
    return frozenset(name.partition(".")[0] for name in _table().fields)


def is_known(name: str) -> bool:
    """Tell whether ECS has a place for this name: a field, an object around fields, or anything inside an open field."""
    if name in _table().fields or name in _objects():
        return True
    return any(above in _table().fields and _table().fields[above].type in _OPEN for above in _parents(name))


def nearest(name: str) -> str | None:
    """Return the ECS field that a mistyped name most likely means, or None if none is close."""
    close = difflib.get_close_matches(name.lower(), _table().fields, n=1, cutoff=0.75)
    return close[0] if close else None


def allowed(name: str) -> tuple[str, ...]:
    """Return the values ECS allows in this event field; empty where it sets no limit or we keep no list."""
    return tuple(_table().categories) if name == "event.category" else _table().values.get(name, ())


def expected_types(category: str) -> tuple[str, ...]:
    """Return the values of event.type that ECS expects with this event.category; empty for an unknown category."""
    return _table().categories.get(category, ())


@cache
def _table() -> _Table:
    return _parse(_TABLE.read_text(encoding="utf-8"))


@cache
def _objects() -> frozenset[str]:
    return frozenset(above for name in _table().fields for above in _parents(name))


def _parents(name: str) -> Iterable[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def _parse(text: str) -> _Table:
    table = _Table()
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].rstrip()
        try:
            if content:
                table.read(content)
        except ValueError as why:
            raise ValueError(f"{_TABLE.name}, line {number}: {why}, in {content!r}") from why
    return table


class _Table:
    """The table, taken in line by line; its format is told at the head of the file."""

    def __init__(self) -> None:
        self.fields: dict[str, Field] = {}
        self.values: dict[str, tuple[str, ...]] = {}
        self.categories: dict[str, tuple[str, ...]] = {}
        self._sets: dict[str, dict[str, Field]] = {}
        self._block: dict[str, Field] | None = None
        self._prefixes: list[str] = []

    def read(self, line: str) -> None:
        """Take in one line that is neither blank nor comment."""
        if line[0].isspace():
            self._member(line.strip())
            return
        head, colon, rest = line.partition(":")
        match head.split():
            case ["set", name] if not colon:
                self._block, self._prefixes = {}, [""]
                _put(self._sets, name, self._block)
            case ["top", *names] if names and not colon:
                self._block, self._prefixes = self.fields, [_prefix(name) for name in names]
            case ["values" | "category" as kind, name] if rest.split():
                self._block = None
                _put(self.values if kind == "values" else self.categories, name, tuple(rest.split()))
            case _:
                raise ValueError("expected 'set NAME', 'top NAME ...', 'values FIELD: ...' or 'category NAME: ...'")

    def _member(self, line: str) -> None:
        if line.startswith("+"):
            names, _, places = line[1:].partition(" @ ")
            if not names.split():
                raise ValueError("expected '+ SET ...' or '+ SET @ PLACE ...'")
            for name in names.split():
                self._reuse(name, places.split() or [name])
            return
        kind, _, words = line.partition(":")
        if kind not in _TYPES or not words.split():
            raise ValueError(f"expected '+ SET ...' or 'TYPE: NAME ...' with one of the types {', '.join(sorted(_TYPES))}")
        for word in words.split():
            self._add(word.removesuffix("[]"), Field(kind, word.endswith("[]")))

    def _reuse(self, name: str, places: list[str]) -> None:
        shape = self._sets.get(name)
        if shape is None or shape is self._block:
            raise ValueError(f"no set {name!r} ends above this line")
        for prefix in map(_prefix, places):
            for tail, found in shape.items():
                self._add(prefix + tail, found)

    def _add(self, name: str, found: Field) -> None:
        if self._block is None:
            raise ValueError("a field belongs to a 'set' or 'top' block")
        for prefix in self._prefixes:
            _put(self._block, prefix + name, found)


def _prefix(place: str) -> str:
    return "" if place == "." else place + "."


def _put(target: dict[str, _V], name: str, value: _V) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a name")
    if name in target:
        raise ValueError(f"{name!r} is there twice")
    target[name] = value
