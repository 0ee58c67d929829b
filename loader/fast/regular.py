"""Asks whole columns of a chunk whether their values are as they mostly are: a few steps in C, where a question to each record is one in Python.

Rows that are otherwise are set apart.
"""

from __future__ import annotations

import collections
import itertools
import logging
import socket
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from loader.errors import Overdue
from loader.fast.leaves import Odd
from loader.frames import fields_of
from loader.stages import typed
from loader.stages.tidy import NOTHING

LONG = 18  # digits of which every number is a long
IN_VAIN = 3  # chunks in a row with too much that is irregular, after which no more are tried
TOO_MUCH = 0.3  # of a chunk: then asking costs more than it saves
Column = Sequence[Any]
log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """What values may be: whether all of a column are, and whether one is. The first is quick, and may be False where all are."""

    all_are: Callable[[Column], bool]
    is_one: Callable[[Any], bool]


def columns(split: Callable[[str], Any], kinds: Sequence[Kind | None], rows: Sequence[str], texts: Sequence[str]) -> list[Column]:
    """Return the places, the rows, the texts, and each field of the rows that have a field for each of ``kinds``, of that kind."""
    try:
        cut = [*map(split, rows)]
    except Overdue:
        raise
    except Exception:  # noqa: BLE001  # one that cannot be cut is set apart
        cut = [fields_of(split, row) for row in rows]
    found: list[Column] = [range(len(rows)), rows, texts]
    try:
        fields = [*zip(*cut, strict=True)]
        whole = len(fields) == len(kinds)
    except (TypeError, ValueError):
        whole = False
    if not whole:
        keep = [one is not None and len(one) == len(kinds) for one in cut]
        found = _kept(found, keep)
        fields = [*zip(*itertools.compress(cut, keep), strict=True)] or [()] * len(kinds)
    found += fields
    asked = [(place, kind) for place, kind in enumerate(kinds, len(found) - len(kinds)) if kind is not None]
    for place, kind in sorted(asked, key=lambda one: one[1] is not SOMETHING):  # this takes the least, and may leave nothing to find
        if not kind.all_are(found[place]):
            found = _kept(found, [*map(kind.is_one, found[place])])
    return found


def _kept(found: Iterable[Column], keep: Sequence[bool]) -> list[Column]:
    return [*found] if all(keep) else [[*itertools.compress(one, keep)] for one in found]


class ByColumns:
    """Takes a chunk through the function for regular rows, and the others through the one for any row, until these are too many.

    ``numbered``: the number of a record may be written into it. All else is that of the function in use.
    """

    def __init__(self, regular: Any, anyway: Any, *, numbered: bool, title: str = "records") -> None:
        self.regular, self.anyway, self.numbered, self.title = regular, anyway, numbered, title
        self.in_vain = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.anyway if self.in_vain >= IN_VAIN else self.regular, name)

    def __call__(self, rows: Sequence[str], texts: Sequence[str], *rest: Any) -> Any:
        """Return what the function for any row returns: messages by output, places of odd rows, rules that are met."""
        if self.in_vain >= IN_VAIN:
            return self.anyway(rows, texts, *rest)
        places: Sequence[int] = ()
        try:
            packed, odd, places = self.regular(rows, texts, *rest)
        except Overdue:
            raise
        except Odd:  # a table that fails for the whole chunk: told by the other function
            pass
        except Exception as why:  # noqa: BLE001  # a mistake of ours costs speed, and no record
            told = f"{type(why).__name__}: {why}; nothing is lost, it is left out from now on, which is slower; please report it"
            log.warning("the function for %s by columns has failed: %s", self.title, told, exc_info=log.isEnabledFor(logging.DEBUG))
            self.in_vain = IN_VAIN
            return self.anyway(rows, texts, *rest)
        self.in_vain = self.in_vain + 1 if len(rows) - len(places) > TOO_MUCH * len(rows) else 0
        if not places:
            return self.anyway(rows, texts, *rest)
        if len(places) < len(rows):
            others = sorted({*range(len(rows))}.difference(places))
            for part in [[at] for at in others] if self.numbered else [others]:
                self._fill(packed, odd, part, rows, texts, rest)
        return packed, odd, []

    def _fill(self, packed: Any, odd: list[int], part: list[int], rows: Sequence[str], texts: Sequence[str], rest: tuple[Any, ...]) -> None:
        """Put what the other function makes of some rows in their places; the number of the first one stands before the last argument."""
        *constants, number, dirty = rest
        found, left, _ = self.anyway([rows[at] for at in part], [texts[at] for at in part], *constants, number + part[0], dirty)
        for messages, made in zip(packed, found, strict=True):
            for at, message in zip(part, made, strict=True):
                messages[at] = message
        odd += [part[at] for at in left]


def all_digits(column: Column) -> bool:
    """Tell whether all values are whole numbers that JSON writes as they stand."""
    try:
        digits = "".join(column)
    except TypeError:  # a field that is not there
        return False
    if not (digits.isascii() and digits.isdecimal()) or "" in column or max(map(len, column)) > LONG:
        return False
    spaced = f" {'  '.join(column)} "
    return " 0" not in spaced or " 0" not in spaced.replace(" 0 ", "")


def is_digits(value: Any) -> bool:
    """Tell whether a value is a whole number that JSON writes as it stands."""
    return value.__class__ is str and value.isdecimal() and value.isascii() and (value[0] != "0" or value == "0") and len(value) <= LONG


def all_addresses(column: Column) -> bool:
    """Tell whether all values are addresses of IPv4."""
    try:
        collections.deque(map(socket.inet_pton, itertools.repeat(socket.AF_INET), column), 0)
    except (OSError, TypeError, ValueError):
        return False
    return True


def is_address(value: Any) -> bool:
    """Tell whether a value is an address; without a memo, for those that hardly repeat."""
    try:
        typed.to_address(value)
    except (OSError, TypeError, ValueError):
        return False
    return True


def is_something(value: Any) -> bool:
    """Tell whether a value says something."""
    return value not in NOTHING


DIGITS, ADDRESS, SOMETHING = Kind(all_digits, is_digits), Kind(all_addresses, is_address), Kind(NOTHING.isdisjoint, is_something)
