"""A record as pairs: the keys under which its fields go, learned once for each name, and their texts.

A field is found by its dotted name, whether it is nested or the name has dots in it. What one key gets twice becomes a list of both.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from loader.api import Memo, Record
from plugins._text.values import text_of

LONGEST_NAME = 255  # characters; the rest of a longer one is left out
REMEMBERED = 20000  # names
LAST = 2**31


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a field goes: behind ``prefix``, or where ``typed`` says for its text; an empty prefix is nowhere.

    When that is taken by a field of a lower rank, it goes behind ``own``.
    """

    prefix: str
    typed: Memo | None = None
    own: str = ""
    rank: int = LAST


Placing = Callable[[str], Place]
Pairs = tuple[list[str], list[str]]  # prefixes, and the text behind each


class Names(dict[Any, "Names"]):
    """The names below one, each with its place. It grows by those that are asked for, and the tree is bounded."""

    __slots__ = ("path", "place", "prefix", "tree", "typed")

    def __init__(self, path: str | None, place: Place, tree: Tree) -> None:
        self.path, self.place, self.tree, self.prefix, self.typed = path, place, tree, place.prefix, place.typed

    def __missing__(self, key: Any) -> Names:
        path = (str(key) if self.path is None else f"{self.path}.{key}")[:LONGEST_NAME]
        self.tree.grow(1 + len(str(key)) // LONGEST_NAME)
        found = self[key] = Names(path, self.tree.placing(path), self.tree)
        return found


class Tree:
    """All names that were met, from the top of a record down."""

    def __init__(self, placing: Placing) -> None:
        self.placing, self.size = placing, 0
        self.top = Names(None, Place(""), self)

    def grow(self, size: int) -> None:
        """Count one more name, a long one as several; start afresh when there are too many."""
        self.size += size
        if self.size > REMEMBERED:
            self.top.clear()
            self.size = 0


def pairs_of(placing: Placing) -> Callable[[Record], Pairs]:
    """Return ``pairs(record)``: the prefixes in the record's order, none twice, and the text behind each. None has no place."""
    tree = Tree(placing)

    def pairs(record: Record) -> Pairs:
        prefixes: list[str] = []
        texts: list[str] = []
        _walk(record, tree.top, prefixes, texts)
        if len(set(prefixes)) == len(prefixes):
            return prefixes, texts
        return _resolved(record, tree.top)

    return pairs


def _walk(record: Record, names: Names, prefixes: list[str], texts: list[str]) -> None:
    for key, value in record.items():
        below = names[key]
        kind = value.__class__
        if kind is str:
            text = value
        elif kind is int:
            text = str(value)
        elif isinstance(value, dict):
            _walk(value, below, prefixes, texts)
            continue
        elif value is None:
            continue
        else:
            text = text_of(value)
        if below.typed is None:
            prefix = below.prefix
        else:
            prefix, text = below.typed[text]
        if prefix:
            prefixes.append(prefix)
            texts.append(text)


def _resolved(record: Record, names: Names) -> Pairs:
    """Return the pairs of a record in which two fields want the same place.

    A nested field goes before one with dots in its name, which may be of anybody's making; then it is by rank. What finds its own place
    taken too joins what is there.
    """
    found: dict[str, list[str]] = {}
    for _, _, place, text in sorted(_places(record, names), key=lambda one: one[:2]):
        prefix, value = (place.prefix, text) if place.typed is None else place.typed[text]
        if prefix in found and place.own:
            prefix, value = place.own, text
        if prefix:
            found.setdefault(prefix, []).append(value)
    return list(found), [",".join(values) for values in found.values()]


def _places(record: Record, names: Names, dotted: bool = False) -> Iterator[tuple[bool, int, Place, str]]:
    for key, value in record.items():
        below, literal = names[key], dotted or "." in str(key)
        if isinstance(value, dict):
            yield from _places(value, below, literal)
        elif value is not None:
            yield literal, below.place.rank, below.place, text_of(value)
