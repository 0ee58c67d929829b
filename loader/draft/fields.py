"""The fields of records by their dotted names, with the values they have in a sample."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from loader.batch import Record

DEEP = 8
KEPT = 400  # values of a field that are looked at
PATH = re.compile(r"[\w@#/:+*-]+(?:\.[\w@#/:+*-]+)*")  # names that a section can say: no blanks, commas, brackets

Fields = dict[str, list[Any]]


def fields(records: Iterable[Record]) -> Fields:
    """Return the plain values, and lists of such, by path; objects are walked, of lists of objects the first.

    >>> fields([{"a": {"b": 1}, "c": [{"d": "x"}]}, {"a": {"b": 2}}])
    {'a.b': [1, 2], 'c.0.d': ['x']}
    """
    found: Fields = {}
    for record in records:
        for path, value in _walk(record, "", DEEP):
            values = found.setdefault(path, [])
            if len(values) < KEPT:
                values.append(value)
    return {path: values for path, values in found.items() if PATH.fullmatch(path)}


def _walk(value: Any, above: str, deep: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and deep:
        for key, below in value.items():
            if "." not in key:  # such a member has no path
                yield from _walk(below, f"{above}.{key}" if above else key, deep - 1)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        yield from _walk(value[0], f"{above}.0", deep - 1)
    elif value not in (None, [], {}):
        yield above, value


def flat(values: Sequence[Any]) -> list[Any]:
    """Return values with those of lists in place of the lists."""
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def plain(name: str) -> str:
    """Return a name as tables of names have it: letters and digits alone.

    >>> plain("cs(User-Agent)"), plain("source_IP.Address")
    ('csuseragent', 'sourceipaddress')
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())
