"""How one message ends and the next begins: not at all (RFC 5426, RELP), by counting octets (RFC 5425), by a line feed or NUL (RFC 6587)."""

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


def zeros(head: Head, encode: Encode) -> Encode:
    """A NUL after each message (RFC 6587 section 3.4.2), for bodies of several lines; one inside the body becomes a space."""

    def pack(record: Record) -> bytes:
        body = encode(record)
        if 0 in body:
            body = body.replace(b"\0", b" ")
        return b"".join((head(record), body, b"\0"))

    return pack


def endless(frame: Frame) -> Frame:
    """The same without the byte at the end, for a socket of which it is not known yet whether it takes a stream or datagrams."""

    def framed(head: Head, encode: Encode) -> Encode:
        pack = frame(head, encode)
        return lambda record: pack(record)[:-1]

    return framed


FRAMES: dict[str, Frame] = {"none": bare, "octet": octets, "lf": lines, "nul": zeros}
LOCAL: dict[str, tuple[Frame, bytes]] = {"lf": (endless(lines), b"\n"), "nul": (endless(zeros), b"\0")}
