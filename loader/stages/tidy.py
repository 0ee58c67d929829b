"""Take out of a finished record what says nothing, and clip what no index takes.

Removed at any depth: None, '', '-', 'null', '[]', and empty lists and objects, also a list of one empty text; an object emptied
so goes too. Texts in lists stay, and so does an object emptied within a list.
"""

from __future__ import annotations

from typing import Any

from loader.batch import Batch

EMPTY = frozenset({"", "-", "null", "[]"})
LARGE_RECORD = 65536  # bytes of JSON below which no single text can be too long for an index
LONGEST_TEXT = 32766  # bytes: the longest term Lucene indexes
CLIPPED = "<<TRUNCATED>>"


def tidy(batch: Batch) -> None:
    """Tidy every record in place."""
    for record in batch.records:
        _tidy_object(record)


def _tidy_object(record: dict[str, Any]) -> None:
    dead = []
    for key, value in record.items():
        kind = value.__class__
        if kind is str:
            if value in EMPTY:
                dead.append(key)
        elif kind is dict:
            _tidy_object(value)
            if not value:
                dead.append(key)
        elif kind is list:
            if not value or value == [""]:
                dead.append(key)
            else:
                _tidy_list(value)
        elif value is None:
            dead.append(key)
    for key in dead:
        del record[key]


def _tidy_list(values: list[Any]) -> None:
    for value in values:
        kind = value.__class__
        if kind is dict:
            _tidy_object(value)
        elif kind is list:
            _tidy_list(value)


def clip(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with over-long texts cut, a marker at their end; ``@message`` is left whole. Lists are not searched."""
    return {key: value if key == "@message" else _clipped(value) for key, value in record.items()}


def _clipped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clipped(below) for key, below in value.items()}
    if isinstance(value, str) and len(raw := value.encode()) >= LONGEST_TEXT:
        return raw[: LONGEST_TEXT - len(CLIPPED)].decode("utf-8", "ignore") + CLIPPED
    return value
