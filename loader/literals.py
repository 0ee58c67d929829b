"""Texts without which a regular expression cannot be found: to ask for one of them is far cheaper than to search (leaf, pure).

The pattern is read as ``re`` reads it. What is not understood is passed over: a text may be missing, none is wrong.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from re import _constants as op  # type: ignore[attr-defined]  # the parser of re: private, and the same from 3.11 to 3.13
from re import _parser  # type: ignore[attr-defined]
from typing import Any

SHORTEST = 2  # characters of a text that is worth to be asked for
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)


def required(pattern: re.Pattern[str]) -> list[str]:
    r"""Return texts that all stand in every text in which ``pattern`` is found.

    >>> required(re.compile(r"(?:^|/)(?:aws-service=)?flowlogs/\d{4}\.gz$"))
    ['flowlogs/', '.gz']
    """
    if pattern.flags & re.IGNORECASE:
        return []
    return _texts(_parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG))


def _texts(items: Iterable[tuple[Any, Any]]) -> list[str]:
    runs = ("".join(run) for is_text, run in itertools.groupby(_letters(items), bool) if is_text)
    return [text for text in dict.fromkeys(runs) if len(text) >= SHORTEST]


def _letters(items: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield the characters that every match has in this order, and an empty text wherever something may stand between them."""
    for kind, value in items:
        if kind is op.LITERAL:
            yield chr(value)
        elif kind is op.SUBPATTERN and not value[1] & re.IGNORECASE:
            yield from _letters(value[-1])
        elif kind in REPEATS and value[0]:
            yield from ("", *_letters(value[-1]), "")
        elif kind is op.BRANCH:
            yield from ("", *_shared(value[1]), "")
        elif kind is not op.AT:  # a place in the text takes no room
            yield ""


def _shared(branches: Iterable[Iterable[tuple[Any, Any]]]) -> str:
    """Return the longest text that all branches require, each somewhere; empty when there is none."""
    first, *others = map(_texts, branches)
    pieces = (text[start:end] for text in first for start, end in itertools.combinations(range(len(text) + 1), 2) if end - start >= SHORTEST)
    return next((one for one in sorted(pieces, key=len, reverse=True) if all(any(one in text for text in other) for other in others)), "")
