"""The RFC 5424 header, and how any header is composed: once per log type, completed with the time of each record."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from typing import Any

from loader.api import Memo, Record
from plugins._syslog.settings import Identity, Part, Setting, remembered

Head = Callable[[Record], bytes]
Segment = tuple[Sequence[Setting], Callable[..., bytes]]  # settings, and what makes bytes of the values of their fields
Stamp = Callable[[Any], bytes | None]  # what makes bytes of @timestamp, None where it is no time

NIL = b"-"
# HOSTNAME, APP-NAME, PROCID and MSGID of section 6, as characters at most.
LENGTHS = (255, 48, 128, 32)

_STAMP = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_UNPRINTABLE = re.compile(r"[^!-~]")


def printable(text: str, length: int) -> bytes:
    """Return ``text`` as PRINTUSASCII of at most ``length`` characters, ``_`` for every other one; ``-`` when empty (section 6)."""
    return _UNPRINTABLE.sub("_", text[:length]).encode("ascii") or NIL


def timestamp(value: Any) -> bytes:
    """Return ``value`` unchanged when it is a TIMESTAMP of section 6.2.3, else ``-``."""
    match = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return NIL
    if match[1] > "28":
        try:
            datetime.date.fromisoformat(value[:10])
        except ValueError:
            return NIL
    return bytes(value, "ascii")


def rfc5424(identity: Identity, structured: Part | None = None) -> Head:
    """Return ``head(record)``: the message up to MSG (section 6). ``structured`` gives STRUCTURED-DATA; without it there is none."""
    names = (identity.hostname, identity.app_name, identity.procid, identity.msgid)
    end = b" - " if structured is None else b" "

    def opening(*values: Any) -> bytes:
        facility, severity = identity.codes(*values)
        return b"<%d>1 " % (facility * 8 + severity)

    def middle(*values: Any) -> bytes:
        texts = [wanted.chosen(value) for value, wanted in zip(values, names, strict=True)]
        return b" %b %b %b %b" % tuple(map(printable, texts, LENGTHS)) + end

    head = composed(((identity.facility, identity.severity), opening), (names, middle), timestamp, lambda: NIL)
    if structured is None:
        return head
    return lambda record: b"%b%b " % (head(record), structured(record))


def composed(before: Segment, after: Segment, stamp: Stamp, missing: Callable[[], bytes]) -> Head:
    """Return a header of two segments around the time of the record: ``stamp(@timestamp)``, or ``missing()`` where that gives None."""
    if not any(wanted.path for wanted in (*before[0], *after[0])):
        return stamped(remembered(*before)({}), remembered(*after)({}), stamp, missing)
    first, time, last = remembered(*before), stamped(b"", b"", stamp, missing), remembered(*after)
    return lambda record: first(record) + time(record) + last(record)


def stamped(before: bytes, after: bytes, stamp: Stamp, missing: Callable[[], bytes]) -> Head:
    """Return a function from a record to its time between two constants, so that one look-up gives a constant header whole."""

    def whole(value: Any) -> bytes | None:
        found = stamp(value)
        return None if found is None else before + found + after

    heads = Memo(whole, 2048)

    def head(record: Record) -> bytes:
        try:
            found: bytes | None = heads[record.get("@timestamp")]
        except TypeError:  # a list or a dict: no hash, and no time either
            found = None
        return before + missing() + after if found is None else found

    return head
