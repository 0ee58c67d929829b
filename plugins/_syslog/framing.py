"""How one message ends and the next begins: not at all (RFC 5426), by counting octets (RFC 5425, RFC 6587) or by a line feed (RFC 6587)."""

from __future__ import annotations

from collections.abc import Callable

from loader.api import Encode, Record
from plugins._syslog.header import Head

Frame = Callable[[Head, Encode], Encode]

LINE_FEED = 10


def bare(head: Head, encode: Encode) -> Encode:
    """One message per datagram (RFC 5426 section 3.1): nothing is added."""
    return lambda record: head(record) + encode(record)


def octets(head: Head, encode: Encode) -> Encode:
    """``MSG-LEN SP SYSLOG-MSG`` (RFC 5425 section 4.3, RFC 6587 section 3.4.1): any body passes."""

    def pack(record: Record) -> bytes:
        before, body = head(record), encode(record)
        return b"%d %b%b" % (len(before) + len(body), before, body)

    return pack


def lines(head: Head, encode: Encode) -> Encode:
    """A line feed after each message (RFC 6587 section 3.4.2); one inside the body would end it early and becomes a space."""

    def pack(record: Record) -> bytes:
        body = encode(record)
        if LINE_FEED in body:  # as a number: five times as fast as looking for bytes
            body = body.replace(b"\n", b" ")
        return b"".join((head(record), body, b"\n"))

    return pack


FRAMES: dict[str, Frame] = {"none": bare, "octet": octets, "lf": lines}
