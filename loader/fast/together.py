"""Which inputs hardly vary, even all together: what depends on them takes one look-up then, and neighbours become one text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from loader.frames import Columns, fields_of
from loader.paths import reader

SAMPLE = 1024
NEW = 0.01  # combinations that the second half of the sample has and the first half has not, as a share of its records
TOO_OFTEN = 0.03  # of the look-ups that miss: a miss makes all texts
AT_FIRST = 0.15  # the same where nothing is remembered yet
PLAIN = frozenset({str, int, type(None)})  # no two of them are equal, as True, 1 and 1.0 are
Asked = tuple[str, ...]  # the inputs of a look-up


def sampled(names: Iterable[str], rows: Sequence[Any], columns: Columns | None) -> dict[str, list[Any]]:
    """Return the values of inputs in the first records, in step: of columns, or what JSON objects have at paths."""
    if columns is None:
        return {name: [*map(_plain, map(reader(name), rows[:SAMPLE]))] for name in names}
    found = [cut for row in rows[:SAMPLE] if (cut := fields_of(columns.split, row)) is not None and len(cut) == len(columns.names)]
    cells = dict(zip(columns.names, zip(*found, strict=True), strict=False))
    return {name: [*cells[name]] for name in names if name in cells}


def hardly_varying(looked_up: Sequence[Asked], values: Mapping[str, Sequence[Any]]) -> list[Asked]:
    """Return groups of inputs for look-ups that can be one, each of two at the least.

    The values of a group, taken together, have hardly any combination in the second half of the sample that is new there.
    """
    columns = {asked: _numbered([values[name] for name in asked]) for asked in looked_up if values.keys() >= {*asked}}
    left = sorted(filter(lambda asked: _is_steady(columns[asked]), columns), key=lambda asked: len({*columns[asked]}))
    groups: list[Asked] = []
    while left:
        group, left = _group(left, columns)
        if len(group) > 1:
            groups.append(tuple(sorted({name for asked in group for name in asked})))
    return groups


def _group(left: Sequence[Asked], columns: Mapping[Asked, Sequence[int]]) -> tuple[list[Asked], list[Asked]]:
    """Return what goes together with the first, and what is left."""
    joint, group, others = columns[left[0]], [left[0]], []
    for asked in left[1:]:
        tried = _numbered([joint, columns[asked]])
        if _is_steady(tried):
            group.append(asked)
            joint = tried
        else:
            others.append(asked)
    return group, others


def _is_steady(numbers: Sequence[int]) -> bool:
    """Tell whether hardly anything in the second half is new there."""
    half = len(numbers) // 2
    return half > 0 and len({*numbers[half:]} - {*numbers[:half]}) <= NEW * half


def _numbered(columns: Sequence[Sequence[Any]]) -> list[int]:
    """Return a number for each combination of the values of columns, in step."""
    known: dict[Any, int] = {}
    return [known.setdefault(values, len(known)) for values in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return value if value.__class__ in PLAIN else repr(value)
