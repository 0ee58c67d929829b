"""``format = json``: the record as one line of compact JSON (RFC 8259), UTF-8, nested or with dotted names.

Besides what JSON escapes by itself, the controls that it need not escape (DEL and C1, which terminals obey) and the separators of lines
and paragraphs of Unicode are escaped: the values stay the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import orjson

from loader.api import CONTROL, Encode, Formatter, LogType, Option, Record, flag

LONGEST_NAME = 255  # characters of a dotted name; the rest of a longer one is left out


class JsonFormatter(Formatter):
    """Encode a record as JSON."""

    nested = Option(flag, "yes", doc='Objects as they are; no: `{"source.ip": ...}`. Lists stay, and what has one name twice becomes a list.')

    def open(self) -> None:
        """Note whether the shape of bodies is that of records."""
        self.compact = self.nested

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``; values JSON has no type for are written as their text."""
        return plain if self.nested else encoder(dotted)


def encoder(change: Callable[[Record], Record]) -> Encode:
    """Return a function that encodes what ``change`` makes of a record."""
    return lambda record: plain(change(record))


def plain(record: Record, dumps: Callable[[Any], bytes] = orjson.dumps) -> bytes:
    """Encode a record; raises RecursionError when it contains itself."""
    try:
        body = dumps(record)
    except TypeError:
        body = awkward(record)
    if body.isascii() and b"\x7f" not in body:
        return body
    return CONTROL.sub(_escaped, body) if b"\xc2" in body or b"\xe2\x80" in body or b"\x7f" in body else body


def _escaped(control: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % ord(control[0].decode())


def dotted(record: Record) -> Record:
    """Return the fields of a record by their dotted names; lists, and what is in them, stay."""
    found: Record = {}
    again: dict[str, list[Any]] = {}  # further values of a name
    _flatten(record, "", found, again)
    for name, values in again.items():
        first = found[name]
        found[name] = [*(first if isinstance(first, list) else [first]), *values]
    return found


def _flatten(record: Record, above: str, found: Record, again: dict[str, list[Any]]) -> None:
    for key, value in record.items():
        name = f"{above}{key}"[:LONGEST_NAME]
        if isinstance(value, dict) and value:
            _flatten(value, f"{name}.", found, again)
        elif name not in found:
            found[name] = value
        else:
            again.setdefault(name, []).extend(value if isinstance(value, list) else [value])


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
