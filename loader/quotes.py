"""Which groups of a regular expression may match a double quote (leaf): the others need no escaping in JSON."""

from __future__ import annotations

import re
from re import _constants as codes  # type: ignore[attr-defined]  # no promise of Python's: what is not known counts as yes
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

QUOTE = ord('"')
FREE = {codes.CATEGORY_DIGIT, codes.CATEGORY_SPACE, codes.CATEGORY_WORD}  # categories without a quote


def quoting(pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the named groups that may match a double quote."""
    numbers = {number: name for name, number in pattern.groupindex.items()}
    found: set[str] = set()
    try:
        _walk(parser.parse(pattern.pattern, pattern.flags), numbers, found)
    except Exception:  # noqa: BLE001  # the form has changed: all of them may
        return frozenset(numbers.values())
    return frozenset(found)


def _walk(items: Any, numbers: dict[int, str], found: set[str]) -> bool:
    """Tell whether items may match a quote, noting the groups in them that may."""
    return any([_may(code, value, numbers, found) for code, value in items])  # noqa: C419  # all of them are walked


def _may(code: Any, value: Any, numbers: dict[int, str], found: set[str]) -> bool:
    if code in (codes.LITERAL, codes.NOT_LITERAL):
        return bool((value == QUOTE) == (code is codes.LITERAL))
    if code is codes.IN:
        return _in(value)
    if code is codes.SUBPATTERN:
        may = _walk(value[-1], numbers, found)
        if may and value[0] in numbers:
            found.add(numbers[value[0]])
        return may
    if code is codes.BRANCH:
        return any([_walk(branch, numbers, found) for branch in value[1]])  # noqa: C419  # all of them are walked
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
        return _walk(value[2], numbers, found)
    if code in (codes.ASSERT_NOT, codes.ASSERT):
        _walk(value[1], numbers, found)  # what it looks at is none of the match, but groups in it are
        return False
    if code is codes.AT:
        return False
    if code is codes.ANY:
        return True
    raise ValueError(code)


def _in(value: Any) -> bool:
    negated = bool(value) and value[0][0] is codes.NEGATE
    inside = any(_item(code, what) for code, what in value[1 if negated else 0 :])
    return inside != negated


def _item(code: Any, what: Any) -> bool:
    if code is codes.LITERAL:
        return bool(what == QUOTE)
    if code is codes.RANGE:
        return bool(what[0] <= QUOTE <= what[1])
    return what not in FREE
