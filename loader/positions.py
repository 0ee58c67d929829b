"""A regular expression as the automaton of its positions (V. M. Glushkov, 1961): which character may stand behind which (leaf).

A position is one character or class in the pattern; what is repeated a fixed number of times has its positions that many times.
Assertions are taken to hold, and a repetition with a bound to have none: the automaton matches more than the pattern does.
"""

from __future__ import annotations

import dataclasses
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from re import _compiler, _parser  # type: ignore[attr-defined]  # where CPython keeps its own parser
from typing import Any, TypeVar

from loader.regextokens import tokens

T = TypeVar("T")
NICE = "a0 A" + string.printable.strip() + "\t\né☃\x00"  # characters to build texts of, the most readable first
MOST = 1000  # positions; beyond, fixed numbers are taken as any number
WAYS = 2  # how far ways are counted: one, or more


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """A repeated part of the pattern: its positions, from ``first`` to before ``end``, and where it stands with its quantifier."""

    first: int
    end: int
    span: tuple[int, int]

    def covers(self, positions: Iterable[int]) -> bool:
        """Tell whether all of them belong to the part."""
        return all(self.first <= position < self.end for position in positions)


@dataclasses.dataclass(slots=True)
class Fragment:
    """A piece of the pattern: positions it may begin and end with, each in how many ways, and in how many it is empty."""

    first: dict[int, int] = dataclasses.field(default_factory=dict)
    last: dict[int, int] = dataclasses.field(default_factory=dict)
    empty: int = 1


class Positions:
    """The automaton of ``pattern``; raises re.error.

    ``takes[p]`` has a bit for each character of ``alphabet`` that p takes. ``follow[p][q]`` lists the ways from p to q, each by the
    number of the part that is repeated, or -1. ``start`` are the positions that a match may begin with; inner ``parts`` come before outer ones.
    """

    def __init__(self, pattern: str) -> None:
        tree = _parser.parse(pattern)
        self.alphabet = "".join(dict.fromkeys(NICE + pattern))
        self.takes: list[int] = []
        self.follow: dict[int, dict[int, list[int]]] = {}
        self.parts: list[Part] = []
        self._spans = repeated(pattern, bool(tree.state.flags & re.VERBOSE))
        self._numbers: dict[int, int] = {}  # of repetitions in the order in which they end, by the id of their node
        self._masks: dict[str, int] = {}
        self._groups: dict[int, Any] = {}
        self.start = [*self._sequence(tree, tree.state.flags).first]
        if len(self._numbers) != len(self._spans):  # the scan has taken something for what it is not: no name rather than a wrong one
            self.parts = [dataclasses.replace(part, span=(0, len(pattern))) for part in self.parts]

    def text(self, masks: Iterable[int]) -> str:
        """Return a text of one character of each mask."""
        return "".join(self.alphabet[(mask & -mask).bit_length() - 1] if mask else "?" for mask in masks)

    def _sequence(self, items: Iterable[tuple[Any, Any]], flags: int) -> Fragment:
        whole = Fragment()
        for operation, argument in items:
            whole = self._concatenate(whole, self._fragment(operation, argument, flags))
        return whole

    def _fragment(self, operation: Any, argument: Any, flags: int) -> Fragment:
        match str(operation):
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self._position((operation, argument), flags)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, items = argument
                return self._repeat(least, most, items, flags)
            case "SUBPATTERN":
                group, added, removed, items = argument
                self._groups[group] = items
                return self._sequence(items, (flags | added) & ~removed)
            case "BRANCH":
                return _alternate([self._sequence(items, flags) for items in argument[1]])
            case "ASSERT" | "ASSERT_NOT":  # looked into, but nothing follows what is in it
                inside = self._sequence(argument[1], flags)
                return Fragment(inside.first if argument[0] > 0 else {})
            case "ATOMIC_GROUP":
                return self._sequence(argument, flags)
            case "GROUPREF":
                return self._sequence(self._groups.get(argument, ()), flags)
            case "GROUPREF_EXISTS":
                return _alternate([self._sequence(items or (), flags) for items in argument[1:]])
        return Fragment()

    def _position(self, item: tuple[Any, Any], flags: int) -> Fragment:
        place = len(self.takes)
        key = f"{flags}{item}"
        if key not in self._masks:
            state = _parser.State()
            state.flags = flags
            matches = _compiler.compile(_parser.SubPattern(state, [item]), flags).match
            self._masks[key] = sum(1 << bit for bit, character in enumerate(self.alphabet) if matches(character))
        self.takes.append(self._masks[key])
        self.follow[place] = {}
        return Fragment({place: 1}, {place: 1}, 0)

    def _repeat(self, least: int, most: int, items: Any, flags: int) -> Fragment:
        begin = len(self.takes)
        body = self._sequence(items, flags)
        size = max(1, len(self.takes) - begin)
        number = self._numbers.setdefault(id(items), len(self._numbers))
        whole = Fragment()
        for _ in range(least - 1 if len(self.takes) + size * least < MOST else 0):
            whole = self._concatenate(whole, body)
            begin = len(self.takes)
            body = self._sequence(items, flags)
        if most - least > (least == 0):
            self.parts.append(Part(begin, len(self.takes), self._spans[number] if number < len(self._spans) else (0, 0)))
            self._connect(body.last, body.first, len(self.parts) - 1)
        if least == 0:
            body.empty = min(WAYS, body.empty + 1)
        return self._concatenate(whole, body) if most else Fragment()

    def _concatenate(self, one: Fragment, two: Fragment) -> Fragment:
        self._connect(one.last, two.first, -1)
        return Fragment(_sum(one.first, two.first, one.empty), _sum(two.last, one.last, two.empty), min(WAYS, one.empty * two.empty))

    def _connect(self, last: dict[int, int], first: dict[int, int], part: int) -> None:
        for p, ways in last.items():
            for q, more in first.items():
                self.follow[p].setdefault(q, []).extend([part] * min(WAYS, ways * more))


def _alternate(fragments: list[Fragment]) -> Fragment:
    whole = Fragment(empty=0)
    for one in fragments:
        whole = Fragment(_sum(whole.first, one.first, 1), _sum(whole.last, one.last, 1), min(WAYS, whole.empty + one.empty))
    return whole


def _sum(one: dict[int, int], two: dict[int, int], times: int) -> dict[int, int]:
    if not times or not two:
        return one
    return one | {place: min(WAYS, one.get(place, 0) + times * ways) for place, ways in two.items()}


def repeated(pattern: str, verbose: bool) -> list[tuple[int, int]]:
    """Return where something is quantified in the source, with its quantifier, in the order in which they end."""
    found: list[tuple[int, int]] = []
    opened: list[int] = []
    begin = 0
    for token in tokens(pattern, verbose=verbose):
        if token.lastgroup == "many":
            found.append((begin, token.end()))
        elif token.lastgroup == "open":
            opened.append(token.start())
        elif token.lastgroup == "close":
            begin = opened.pop() if opened else 0
        elif token.lastgroup != "nothing":
            begin = token.start()
    return found


def path(starts: Iterable[T], goal: T, edges: Mapping[T, Iterable[T]]) -> list[T]:
    """Return the shortest way from one of ``starts`` to ``goal``, both of them in it; empty when there is none."""
    came: dict[T, T] = {start: start for start in starts}
    queue = list(came)
    for node in queue:
        if node == goal:
            break
        for other in edges[node]:
            if other not in came:
                came[other] = node
                queue.append(other)
    if goal not in came:
        return []
    way = [goal]
    while came[way[-1]] != way[-1]:
        way.append(came[way[-1]])
    return way[::-1]


def components(edges: Mapping[T, Iterable[T]]) -> Iterator[list[T]]:
    """Yield what is strongly connected, each before that from which it can be reached (R. E. Tarjan, 1972)."""
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    stack: list[T] = []
    for root in edges:
        work: list[tuple[T, Iterator[T]]] = [] if root in index else [(root, iter(edges[root]))]
        while work:
            node, rest = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                stack.append(node)
            for other in rest:
                if other not in index:
                    work.append((other, iter(edges[other])))
                    break
                low[node] = min(low[node], low[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    cut = stack.index(node)
                    yield stack[cut:]
                    low |= dict.fromkeys(stack[cut:], len(edges))  # done: above all that are still open
                    del stack[cut:]
