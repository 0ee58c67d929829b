"""What is sent: numbered records in gzipped objects; and what became of them at the receiver, to the byte."""

from __future__ import annotations

import collections
import dataclasses
import gzip
from collections.abc import Iterable

import orjson

TYPE = """
[faults]
s3_key = faults/
file_format = text
log_pattern = (?P<time>\\S+) (?P<client>\\S+) (?P<id>\\d+) (?P<text>.*)
timestamp_key = time
timestamp_format = iso8601
ecs = source.ip message
source.ip = client
message = text
"""
FILLER = "a record as long as those of a load balancer, so that a chunk holds about as many of them. " * 3 + "."


@dataclasses.dataclass(frozen=True)
class Load:
    """``objects`` objects with ``each`` records."""

    objects: int
    each: int

    @property
    def records(self) -> int:
        """How many there are in all."""
        return self.objects * self.each

    def line(self, number: int) -> str:
        """Return the raw text of a record."""
        return f"2024-05-24T08:{number // 60 % 60:02}:{number % 60:02}Z 192.0.2.{number % 256} {number} {FILLER}"

    def key(self, index: int) -> str:
        """Return the key of an object."""
        return f"faults/2024/05/24/part-{index:04}.log.gz"

    def body(self, index: int, more: int = 0) -> bytes:
        """Return an object; with ``more``, a later version of it that has so many of its first records a second time, at its end."""
        numbers = [*range(index * self.each, (index + 1) * self.each), *range(index * self.each, index * self.each + more)]
        return gzip.compress("".join(f"{self.line(number)}\n" for number in numbers).encode(), 1, mtime=0)

    def tally(self, messages: Iterable[bytes]) -> Tally:
        """Count what a receiver has: each message must be whole, and hold the record as it was sent."""
        times: collections.Counter[int] = collections.Counter()
        broken = 0
        for message in messages:
            number = self._number(message)
            times[number] += 1
            broken += number < 0
        del times[-1]
        return Tally(self.records, len(times), sum(times.values()) - len(times), broken)

    def _number(self, message: bytes) -> int:
        """Return the number of the record that a message has, or -1: it was cut, or is none of ours."""
        try:
            text = orjson.loads(message[message.index(b"{") :])["event"]["original"]
            number = int(text.split(" ", 3)[2])
        except (ValueError, KeyError, IndexError, TypeError):
            return -1
        return number if 0 <= number < self.records and text == self.line(number) else -1


@dataclasses.dataclass(frozen=True)
class Tally:
    """What arrived: ``received`` distinct records of those ``sent``, ``duplicated`` ones beside them, ``broken`` messages."""

    sent: int
    received: int
    duplicated: int
    broken: int

    @property
    def lost(self) -> int:
        """How many records did not arrive."""
        return self.sent - self.received
