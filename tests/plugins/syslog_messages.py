"""What tests of syslog messages share: an output that packs and sends nothing, and readers of RFC 5424 and of what SIEMs split at."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from loader.api import LogType, Option, Record
from loader.options import declared
from plugins._syslog.framing import FRAMES
from plugins._syslog.message import Frame, Message

CLOUDTRAIL = LogType("cloudtrail", {"index_name": "log-aws-cloudtrail"})
RECORD = {"@timestamp": "2024-05-24T07:32:05.123456+00:00", "event": {"action": "AssumeRole"}, "message": "grün"}


class Packed(Message):
    """A syslog output without a transport."""

    framing = Option(str, "none", doc="none, lf, octet, nul.")
    datagram = Option(int, "0", doc="What no message exceeds.")

    def frame(self) -> Frame:
        return FRAMES[self.framing]

    def largest(self) -> int:
        return self.datagram


def configured(**values: Any) -> Packed:
    """Return the output with its options read, as the registry does it."""
    plugin = Packed()
    plugin.name = "out_syslog"
    plugin.__dict__.update(
        {name: option.read(str(values[name]) if name in values else None) for name, option in declared(Packed, Option).items() if name != "host"}
    )
    return plugin


def encode(record: Record) -> bytes:
    return json.dumps(record, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")


def message_of(record: Record = RECORD, log_type: LogType = CLOUDTRAIL, **values: Any) -> bytes:
    """Return the message that the options make of a record."""
    return configured(**values).prepare(log_type, encode)(record)


@dataclasses.dataclass
class Rfc5424:
    """A message, read by the ABNF of section 6, written anew."""

    pri: int
    timestamp: str
    hostname: str
    app_name: str
    procid: str
    msgid: str
    data: list[tuple[str, list[tuple[str, str]]]]
    msg: bytes


HEADER = re.compile(
    rb"<(0|[1-9][0-9]{0,2})>1"
    rb" (-|[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-2][0-9]:[0-5][0-9]))"
    rb" ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) "
)
SD_NAME = rb"[!-~]{1,32}"


def read_5424(message: bytes) -> Rfc5424:
    """Read a message character by character; raises AssertionError where it leaves the grammar."""
    found = HEADER.match(message)
    assert found, message
    at = found.end()
    data, at = read_elements(message, at)
    assert at == len(message) or message[at : at + 1] == b" ", message[at:]
    pri, *rest = (part.decode() for part in found.groups())
    assert int(pri) <= 191
    return Rfc5424(int(pri), *rest, data, message[at + 1 :])


def read_elements(message: bytes, at: int) -> tuple[list[tuple[str, list[tuple[str, str]]]], int]:
    if message[at : at + 1] == b"-":
        return [], at + 1
    data = []
    while message[at : at + 1] == b"[":
        name, at = read_name(message, at + 1)
        pairs = []
        while message[at : at + 1] == b" ":
            key, at = read_name(message, at + 1)
            assert message[at : at + 2] == b'="', message[at:]
            at += 2
            value = bytearray()
            while message[at : at + 1] != b'"':
                if message[at : at + 1] == b"\\" and message[at + 1 : at + 2] in (b'"', b"\\", b"]"):
                    at += 1
                else:
                    assert message[at : at + 1] not in (b"", b"]"), "an unescaped bracket"
                value += message[at : at + 1]
                at += 1
            pairs.append((key, value.decode()))
            at += 1
        assert message[at : at + 1] == b"]", message[at:]
        at += 1
        data.append((name, pairs))
    assert data, message
    assert len({name for name, _ in data}) == len(data), "an SD-ID twice"
    return data, at


def read_name(message: bytes, at: int) -> tuple[str, int]:
    end = at
    while 33 <= message[end] <= 126 and message[end] not in b'="]':
        end += 1
    assert 1 <= end - at <= 32, message[at:]
    return message[at:end].decode(), end


def split_octets(stream: bytes) -> list[bytes]:
    found = []
    while stream:
        count, _, stream = stream.partition(b" ")
        assert count.isdigit() and len(stream) >= int(count)
        found.append(stream[: int(count)])
        stream = stream[int(count) :]
    return found


def split_at(end: bytes, stream: bytes) -> list[bytes]:
    assert stream.endswith(end) or not stream
    return stream.split(end)[:-1]
