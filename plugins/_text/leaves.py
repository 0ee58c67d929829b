"""A record as pairs: the keys under which its fields go, learned once for each name, and their texts.

A field is found by its dotted name, whether it is nested or the name has dots in it. What one key gets twice becomes a list of both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loader.api import Record
from plugins._text.shapes import Pairs, Place, Shapes
from plugins._text.values import text_of

LONGEST_NAME = 255  # characters; the rest of a longer one is left out
REMEMBERED = 20000  # names

Placing = Callable[[str], Place]


class Names(dict[Any, "Names"]):
    """The names below one, each with its place. It grows by those that are asked for, and the tree is bounded."""

    __slots__ = ("literal", "path", "place", "tree")
    __hash__ = object.__hash__  # type: ignore[assignment]  # each is itself, whatever is below it
    __eq__ = object.__eq__

    def __init__(self, path: str | None, place: Place, tree: Tree, *, literal: bool = False) -> None:
        self.path, self.place, self.tree, self.literal = path, place, tree, literal

    def __missing__(self, key: Any) -> Names:
        path = (str(key) if self.path is None else f"{self.path}.{key}")[:LONGEST_NAME]
        self.tree.grow(1 + len(str(key)) // LONGEST_NAME)
        found = self[key] = Names(path, self.tree.placing(path), self.tree, literal=self.literal or "." in str(key))
        return found


class Tree:
    """All names that were met, from the top of a record down."""

    def __init__(self, placing: Placing) -> None:
        self.placing, self.size, self.shapes = placing, 0, Shapes()
        self.top = Names(None, Place(""), self)

    def grow(self, size: int) -> None:
        """Count one more name, a long one as several; start afresh when there are too many."""
        self.size += size
        if self.size > REMEMBERED:
            self.top.clear()
            self.shapes.clear()
            self.size = 0


def pairs_of(placing: Placing) -> Callable[[Record], Pairs]:
    """Return ``pairs(record)``: the prefixes in the record's order, none twice, and the text behind each. None has no place.

    Of two fields that want the same place, a nested one goes before one with dots in its name, which may be of anybody's making; then it is
    by rank. What finds its own place taken too joins what is there.
    """
    tree = Tree(placing)

    def pairs(record: Record) -> Pairs:
        names: list[Names] = []
        texts: list[str] = []
        _walk(record, tree.top, names, texts)
        return tree.shapes.pairs(tuple(names), texts)

    return pairs


def _walk(record: Record, above: Names, names: list[Names], texts: list[str]) -> None:
    for key, value in record.items():
        below = above[key]
        kind = value.__class__
        if kind is str:
            text = value
        elif kind is int:
            text = str(value)
        elif isinstance(value, dict):
            _walk(value, below, names, texts)
            continue
        elif value is None:
            continue
        else:
            text = text_of(value)
        names.append(below)
        texts.append(text)
