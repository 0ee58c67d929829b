"""Example texts of a regular expression, each branch and each optional part of it at least once: keys as a log type would have them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from re import _constants as op  # type: ignore[attr-defined]  # the parser of re: private, and the same from 3.11 to 3.13
from re import _parser  # type: ignore[attr-defined]
from typing import Any

FAVOURITES = "a1x-_/. A"
LONGEST = 500  # characters of an example
CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdigit,
    op.CATEGORY_NOT_DIGIT: lambda character: not character.isdigit(),
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    op.CATEGORY_WORD: lambda character: character.isalnum() or character == "_",
    op.CATEGORY_NOT_WORD: lambda character: not (character.isalnum() or character == "_"),
}


def examples(pattern: re.Pattern[str], limit: int = 12) -> list[str]:
    """Return texts in which the pattern is found, the plainest first; few or none where it asks for what stands around it."""
    parsed = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    found = dict.fromkeys(text for text in _sequence(parsed, limit) if len(text) <= LONGEST)
    return [text for text in found if pattern.search(text)]


def named_groups(pattern: str) -> dict[str, Any]:
    """Return what stands in each named group of a pattern, as ``re`` parses it; raises re.error."""
    parsed = _parser.parse(pattern)
    contents: dict[int, Any] = {}
    pending = [parsed]
    while pending:
        for kind, value in pending.pop():
            if kind is op.SUBPATTERN and value[0]:
                contents[value[0]] = value[-1]
            pending += [value[1]] if kind in (op.ASSERT, op.ASSERT_NOT) else _parts(kind, value)
    return {name: contents[number] for name, number in parsed.state.groupdict.items()}


def holds(pattern: Any, test: Callable[[str], bool]) -> bool:
    """Tell whether a part of a parsed pattern can match a text that has one of the printable characters passing ``test``."""
    characters = [chr(code) for code in range(32, 127) if test(chr(code))]
    return any(_admits(kind, value, characters, test) for kind, value in pattern)


def _admits(kind: Any, value: Any, characters: list[str], test: Callable[[str], bool]) -> bool:
    if kind in (op.IN, op.LITERAL, op.NOT_LITERAL, op.ANY):
        matches = _matcher(kind, value)
        return any(map(matches, characters))
    if kind in (op.GROUPREF, op.GROUPREF_EXISTS):
        return True
    return any(holds(part, test) for part in _parts(kind, value))


def _parts(kind: Any, value: Any) -> Sequence[Any]:
    """Return the sequences inside an element that stand for text."""
    if kind is op.BRANCH:
        return list(value[1])
    if kind is op.SUBPATTERN:
        return [value[-1]]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        return [value[2]]
    return [value] if kind is op.ATOMIC_GROUP else []


def _sequence(elements: Iterable[Any], limit: int) -> list[str]:
    """Return texts of a sequence: the plainest of each element, then one element varied at a time."""
    parts = [_element(kind, value, limit) for kind, value in elements]
    base = [part[0] if part else "" for part in parts]
    found = ["".join(base)]
    for place, part in enumerate(parts):
        for other in part[1:]:
            if len(found) < limit:
                found.append("".join([*base[:place], other, *base[place + 1 :]]))
    return found


def _element(kind: Any, value: Any, limit: int) -> list[str]:
    """Return texts of one element; '' stands for what looks around or back."""
    inner = [_sequence(part, limit) for part in _parts(kind, value)]
    if kind is op.BRANCH:  # the plainest of each branch first
        return [texts[0] for texts in inner] + [text for texts in inner for text in texts[1:]]
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        lowest, highest, _ = value
        counts = dict.fromkeys([max(lowest, min(1, highest)), lowest])
        return [text * count for count in counts for text in inner[0] if len(text) * count <= LONGEST] or [""]
    if inner:
        return inner[0]
    if kind in (op.IN, op.LITERAL, op.NOT_LITERAL, op.ANY):
        matches = _matcher(kind, value)
        return [next((character for character in _characters(kind, value) if matches(character)), "")]
    return [""]


def _characters(kind: Any, value: Any) -> Iterable[str]:
    if kind is op.LITERAL:
        return [chr(value)]
    named = [item for item in value if item[0] in (op.LITERAL, op.RANGE)] if kind is op.IN else []
    return [*FAVOURITES, *map(chr, range(32, 127)), *(chr(code if what is op.LITERAL else code[0]) for what, code in named)]


def _matcher(kind: Any, value: Any) -> Callable[[str], bool]:
    """Return the test of one character."""
    if kind is op.LITERAL:
        return lambda character: ord(character) == value
    if kind is op.NOT_LITERAL:
        return lambda character: ord(character) != value
    if kind is op.ANY:
        return lambda character: character != "\n"
    negated = any(what is op.NEGATE for what, _ in value)
    return lambda character: any(_in(what, code, character) for what, code in value) != negated


def _in(what: Any, code: Any, character: str) -> bool:
    if what is op.LITERAL:
        return ord(character) == int(code)
    if what is op.RANGE:
        return int(code[0]) <= ord(character) <= int(code[1])
    return what is op.CATEGORY and bool(CATEGORIES[code](character))
