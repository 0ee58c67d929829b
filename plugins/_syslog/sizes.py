"""What becomes of a message that is larger than its receiver takes: made smaller, cut, or split. Sizes are bytes, header included, framing not.

All of this is for the rare message; those that fit pay one comparison.
"""

from __future__ import annotations

import collections
import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

from loader.api import Encode, ParseError, Parts, Record

MARKER = "...[cut]"
SHORTEST = 64  # bytes of a text that are kept whatever the size: addresses, ids and times stay whole
FEWEST = 4  # items of a list that are kept likewise
LEAST = 32  # bytes of a body below which a header leaves no room worth having

Wrap = Callable[[bytes, bytes], bytes]  # framing, of a header and a body


@dataclasses.dataclass(slots=True)
class Sizer:
    """Makes a record's message fit ``most`` bytes. ``policy``: shrink, cut, split. ``counted`` gets what was done.

    ``element`` begins the structured data by which pieces are told, where the header can have it; else the same stands before each piece.
    """

    most: int
    policy: str
    counted: collections.Counter[str]
    name: str = ""
    element: bytes = b""

    def fitted(self, record: Record, head: bytes, encode: Encode, wrap: Wrap) -> bytes | None:
        """Return the packed message, or Parts of it; None when that cannot be."""
        body, space = encode(record), self.most - len(head)
        if space < LEAST:
            return None
        if self.policy == "split":
            return self._split(head, body, wrap)
        found = self._shrunk(record, encode, space) if self.policy == "shrink" else None
        if found is None:
            found = cut(body, space)
            self._count("cut")
        return wrap(head, found)

    def _count(self, what: str) -> None:
        self.counted[f"{what} to fit {self.name}"] += 1

    def _shrunk(self, record: Record, encode: Encode, space: int) -> bytes | None:
        """Return a body that is whole in its form: without the raw text, or with its texts shortened as little as need be."""
        lean = without_raw(record)
        if lean is not None:
            try:
                body = encode(lean)
            except ParseError:  # a form that is the raw text
                body = b""
            if body and len(body) <= space:
                self._count("raw text left out")
                return body
            record = lean if body else record
        found = shortened(record, encode, space)
        if found is not None:
            self._count("texts shortened")
        return found

    def _split(self, head: bytes, body: bytes, wrap: Wrap) -> bytes | None:
        """Return the pieces of a body, each behind the header with an id, its number and how many there are."""
        mark = hashlib.sha256(head + body).hexdigest()[:12].encode()
        for digits in range(1, 8):
            longest = self._label(head, mark, b"9" * digits, b"9" * digits)
            if self.most - len(longest) < LEAST:
                return None
            pieces = cut_up(body, self.most - len(longest))
            if len(pieces) < 10**digits:
                break
        count = b"%d" % len(pieces)
        self._count("split")
        return Parts(wrap(self._label(head, mark, b"%d" % number, count), piece) for number, piece in enumerate(pieces, 1))

    def _label(self, head: bytes, mark: bytes, number: bytes, count: bytes) -> bytes:
        told = b' id="%b" n="%b" of="%b"]' % (mark, number, count)
        if not self.element:
            return head + b"[part" + told + b" "
        return (head.removesuffix(b" ") if head.endswith(b"] ") else head.removesuffix(b"- ")) + self.element + told + b" "


def without_raw(record: Record) -> Record | None:
    """Return the record without its raw text (``@message``, ``event.original``), None when it has none. The record stays as it is."""
    event = record.get("event")
    original = isinstance(event, dict) and "original" in event
    if not original and "@message" not in record:
        return None
    lean = {name: value for name, value in record.items() if name != "@message"}
    if isinstance(event, dict) and original:
        lean["event"] = {name: value for name, value in event.items() if name != "original"}
    return lean


def shortened(record: Record, encode: Encode, space: int) -> bytes | None:
    """Return the body with long texts, and long lists, cut to the largest length at which it fits; None when it never does."""
    low, high = SHORTEST, longest(record)
    best = encode(trimmed(record, low))
    if len(best) > space:
        return None
    while high - low > low // 64:
        middle = (low + high + 1) // 2
        body = encode(trimmed(record, middle))
        if len(body) <= space:
            best, low = body, middle
        else:
            high = middle - 1
    return best


def longest(value: Any) -> int:
    """Return what ``trimmed`` leaves everything as it is with."""
    if isinstance(value, dict):
        return max(map(longest, value.values()), default=0)
    if isinstance(value, list):
        return max(SHORTEST * len(value) // FEWEST, *map(longest, value), 0)
    return len(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else 0


def trimmed(value: Any, most: int) -> Any:
    """Return ``value`` with texts of at most ``most`` bytes, the marker included, and lists in proportion. Nothing is changed in place."""
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass") if len(value) * 4 > most else b""
        return cut(raw, most).decode("utf-8", "ignore") if len(raw) > most else value
    if isinstance(value, dict):
        return {name: trimmed(below, most) for name, below in value.items()}
    if isinstance(value, list):
        return [trimmed(below, most) for below in value[: most * FEWEST // SHORTEST]]
    return value


def cut(body: bytes, most: int) -> bytes:
    """Return ``body`` in at most ``most`` bytes: cut at a character, and not behind a backslash, with the marker at its end."""
    if len(body) <= most:
        return body
    end = boundary(body, most - len(MARKER))
    return body[:end].rstrip(b"\\") + MARKER.encode()


def cut_up(body: bytes, most: int) -> list[bytes]:
    """Return ``body`` in pieces of at most ``most`` bytes, none of which begins within a character."""
    pieces, start = [], 0
    while start < len(body):
        end = boundary(body, start + most)
        pieces.append(body[start:end])
        start = end
    return pieces


def boundary(body: bytes, at: int) -> int:
    """Return the last place up to ``at`` that is not within a character of UTF-8; ``at`` itself where the bytes are no UTF-8."""
    if at >= len(body):
        return len(body)
    return next((at - back for back in range(min(4, at + 1)) if body[at - back] & 0xC0 != 0x80), at)
