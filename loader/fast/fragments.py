"""What the generated functions look fragments up in."""

from __future__ import annotations

from typing import Any

from loader.fast.layout import Cell
from loader.fast.leaves import value_of

BOUND = 8192
CHUNKS = 64  # values of what chunks have, for which fragments are remembered apart
LONGEST = 512  # characters of a text in a key
TEXTS = frozenset({str, bytes})


class Fragments(dict[Any, Any]):
    """``fragments[key]``: the text of the only fragment of a cell, else a tuple of texts, remembered until BOUND others are.

    The key is the one input, or a tuple of several. ``missed`` counts what was not remembered.
    """

    __slots__ = ("cell", "combines", "missed", "of_json", "texts", "within")

    def __init__(self, cell: Cell, *, of_json: bool) -> None:
        self.cell, self.of_json, self.missed = cell, of_json, 0
        self.texts, self.combines = cell.texts(), cell.combines
        self.within: dict[Any, Within] = {}

    def of(self, *rest: Any) -> Within:
        """Return the same by a shorter key: without the last inputs, which have these values."""
        if rest not in self.within:
            if len(self.within) >= CHUNKS:
                self.within.clear()
            self.within[rest] = Within(self, rest)
        return self.within[rest]

    def compute(self, key: Any) -> Any:
        """Return the texts for a key."""
        values = key if len(self.cell.inputs) != 1 else (key,)
        if self.of_json:
            values = tuple(map(value_of, values))
        found = self.texts(values)
        return found[0] if len(found) == 1 else found

    def __missing__(self, key: Any) -> Any:
        self.missed += 1
        found = self.compute(key)
        if not _is_long(key):
            if len(self) >= BOUND:
                self.clear()
            self[key] = found
        return found


class Within(dict[Any, Any]):
    """The fragments of records that have the ``rest`` of their inputs in common."""

    __slots__ = ("rest", "whole")

    def __init__(self, whole: Fragments, rest: tuple[Any, ...]) -> None:
        self.whole, self.rest = whole, rest

    def __missing__(self, key: Any) -> Any:
        own = key if len(self.whole.cell.inputs) - len(self.rest) > 1 else (key,)
        found = self.whole[(*own, *self.rest)]
        if not _is_long(key):
            if len(self) >= BOUND:
                self.clear()
            self[key] = found
        return found


def _is_long(key: Any) -> bool:
    """Tell whether a key has a long text in it, or the JSON of a large value: thousands of them would fill the memory."""
    if key.__class__ is tuple:
        return any(map(_is_long, key))
    return key.__class__ in TEXTS and len(key) > LONGEST
