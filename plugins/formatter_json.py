"""``format = json``: the record as one line of compact JSON (RFC 8259), UTF-8."""

from __future__ import annotations

from typing import Any

import orjson

from loader.api import Encode, Formatter, LogType, Record


class JsonFormatter(Formatter):
    """Encode a record as JSON."""

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``; values JSON has no type for are written as their text."""
        dumps = orjson.dumps

        def encode(record: Record) -> bytes:
            try:
                return dumps(record)
            except TypeError:
                return awkward(record)

        return encode


def awkward(record: Record) -> bytes:
    """Encode a record with values, keys or texts that JSON does not have; raises RecursionError when it contains itself."""
    try:
        return orjson.dumps(record, str, orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return orjson.dumps(_plain(record), str)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(str(key)): _plain(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(below) for below in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return orjson.Fragment(str(value))
    return value
