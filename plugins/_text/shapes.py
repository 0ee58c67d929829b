"""Where the fields of a record go, learned once for each shape: the fields it has, in their order.

Most records of a log type have one of a few shapes. What the fields hold matters only where a key takes one kind of text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from loader.api import Memo

LAST = 2**31
SHAPES = 1024  # that are remembered
OFTEN = 2  # times that a shape has to come for that to be worth it
Pairs = tuple[Sequence[str], list[str]]  # prefixes, and the text behind each
Plan = tuple[list[str], Callable[[list[str]], list[str]]]  # prefixes, and what picks the text behind each
Ordered = list[tuple[str, list[int]]]  # prefixes, and the places of the texts behind each


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a field goes: behind ``prefix``, or where ``typed`` says for its text; an empty prefix is nowhere.

    When that is taken by a field of a lower rank, it goes behind ``own``.
    """

    prefix: str
    typed: Memo | None = None
    own: str = ""
    rank: int = LAST


class Name(Protocol):
    """A field of records; ``literal`` where a key on the way to it has dots in it."""

    @property
    def place(self) -> Place: ...  # noqa: D102
    @property
    def literal(self) -> bool: ...  # noqa: D102


class _Shape(NamedTuple):
    typed: list[tuple[int, Memo]]
    plans: dict[tuple[str, ...], Plan]  # by the prefixes that these get


class Shapes(dict[Any, _Shape]):
    """By the names of a record: where the texts are whose keys take one kind of text, and what follows from the prefixes that these get.

    Where shapes hardly repeat, none is remembered any more.
    """

    __slots__ = ("asked", "in_vain")

    def __init__(self) -> None:
        self.asked, self.in_vain = 0, False

    def pairs(self, names: tuple[Name, ...], texts: list[str]) -> Pairs:
        """Return the prefixes and the texts of a record's fields."""
        self.asked += 1
        typed, plans = self.get(names) or self._shape(names)
        told = [memo[texts[at]] for at, memo in typed]
        variant = tuple([prefix for prefix, _ in told])
        plan = plans.get(variant)
        every = [*texts, *[text for _, text in told]]
        if plan is None:
            ordered = _ordered(names, [at for at, _ in typed], variant)
            if self.in_vain:
                found = [every[places[0]] if len(places) == 1 else ",".join([every[at] for at in places]) for _, places in ordered]
                return [prefix for prefix, _ in ordered], found
            if len(plans) >= SHAPES:
                plans.clear()
            plan = plans[variant] = _planned(ordered)
        prefixes, pick = plan
        return prefixes, pick(every)

    def _shape(self, names: tuple[Name, ...]) -> _Shape:
        """Return what is to be remembered of a shape."""
        found = _Shape([(at, name.place.typed) for at, name in enumerate(names) if name.place.typed is not None], {})
        if self.in_vain:
            return found
        if len(self) >= SHAPES:
            self.in_vain = self.asked < OFTEN * SHAPES
            self.asked = 0
            self.clear()
        self[names] = found
        return found


def _ordered(names: Sequence[Name], typed: Sequence[int], variant: Sequence[str]) -> Ordered:
    """Return the prefixes with the places of their texts: those of the record's, and behind them those of ``typed``."""
    wanted = [(name.place.prefix, at) for at, name in enumerate(names)]
    for number, (at, prefix) in enumerate(zip(typed, variant, strict=True)):
        wanted[at] = prefix, len(names) + number
    prefixes = [prefix for prefix, _ in wanted if prefix]
    if len({*prefixes}) == len(prefixes):
        return [(prefix, [at]) for prefix, at in wanted if prefix]
    found: dict[str, list[int]] = {}
    for at in sorted(range(len(names)), key=lambda at: (names[at].literal, names[at].place.rank)):
        prefix, text = wanted[at]
        if prefix in found and names[at].place.own:
            prefix, text = names[at].place.own, at
        if prefix:
            found.setdefault(prefix, []).append(text)
    return [*found.items()]


def _planned(ordered: Ordered) -> Plan:
    """Return the prefixes, and a function that gives the text behind each."""
    joined = [(at, places) for at, (_, places) in enumerate(ordered) if len(places) > 1]
    first = itemgetter(0, 0, *[places[0] for _, places in ordered])  # with at least two it gives a tuple

    def pick(texts: list[str]) -> list[str]:
        found = [*first(texts)[2:]]
        for at, places in joined:
            found[at] = ",".join([texts[place] for place in places])
        return found

    return [prefix for prefix, _ in ordered], pick if ordered else lambda texts: []
