"""RELP as bytes: frames, and the account of what is not answered yet. No socket, no clock.

The protocol is that of rsyslog's relp.html, version 0: ``TXNR SP COMMAND SP DATALEN [SP DATA] LF``. A command is answered by a
``rsp`` frame of the same number, whose data begin with a code: 200 for taken, 500 for not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from plugins._syslog.failures import Told

LAST = 999_999_999  # the largest transaction number; 1 follows
LONGEST = 128 * 1024  # bytes of an answer; those to a message have a dozen
LINE_FEED = 10
OFFER = b"relp_version=0\nrelp_software=sluice\ncommands=syslog"
HEAD = re.compile(rb"([0-9]{1,9}) ([A-Za-z]{1,32}) ([0-9]{1,9})([ \n])")
BEGUN = re.compile(rb"[0-9]{1,9}(?: (?:[A-Za-z]{1,32}(?: [0-9]{0,9})?)?)?")
USUAL = re.compile(rb"(?:[0-9]{1,9} rsp 6 200 OK\n)+")

Frame = tuple[int, bytes, bytes]  # number, command and data


def frame(number: int, command: bytes, data: bytes = b"") -> bytes:
    """Return one frame."""
    return b"%d %b %d %b\n" % (number, command, len(data), data) if data else b"%d %b 0\n" % (number, command)


def take(buffer: bytes, start: int = 0) -> tuple[Frame | None, int]:
    """Return the frame at ``start`` and where the next begins, or None while it is not complete; raises Told when it can be none."""
    head = HEAD.match(buffer, start)
    if head is None:
        if start < len(buffer) and not BEGUN.fullmatch(buffer, start):
            said = buffer[start : start + 40]
            raise Told(f"the receiver does not speak RELP there: check port and protocol (it says {said!r})", lasting=True)
        return None, start
    length = int(head[3])
    if length > LONGEST:
        raise Told(f"the receiver announces an answer of {length} bytes, which is no RELP")
    begin = head.end() if head[4] == b" " else head.end() - 1  # without data there may be no blank either
    end = begin + length
    if length and begin != head.end():
        raise Told("the receiver's frame has no data where it says so, which is no RELP")
    if end >= len(buffer):
        return None, start
    if buffer[end] != LINE_FEED:
        raise Told("the receiver's frame does not end where it says, which is no RELP")
    return (int(head[1]), head[2], buffer[begin:end]), end + 1


def number_of(serial: int) -> int:
    """Return the transaction number of the nth command of a connection, counted from 1."""
    return (serial - 1) % LAST + 1


def syslog_frames(messages: Sequence[bytes], serial: int) -> list[bytes]:
    """Return the frames of messages whose first is the nth command of the connection."""
    first = number_of(serial)
    if first + len(messages) <= LAST and all(messages):
        return [b"%d syslog %d %b\n" % (number, len(one), one) for number, one in enumerate(messages, first)]
    return [frame(number_of(at), b"syslog", one) for at, one in enumerate(messages, serial)]


class Unanswered:
    """The commands of one connection by their serial, counted from 1: how many were sent, and which are answered."""

    def __init__(self) -> None:
        self.sent = self.answers = 0
        self.taken = 0  # all up to this one are answered with 200
        self.refused: dict[int, str] = {}  # by serial, in the words of the receiver
        self.closing = False  # the receiver has said that it is about to end the connection
        self._early: set[int] = set()  # taken before one with a lower serial was answered
        self._rest = b""

    @property
    def waiting(self) -> int:
        """How many commands are not answered."""
        return self.sent - self.answers

    @property
    def settled(self) -> bool:
        """Whether every command was answered with 200."""
        return not self.waiting and not self.refused

    def took(self, serials: Iterable[int]) -> bool:
        """Tell whether each of these is answered with 200."""
        return all(serial <= self.taken or serial in self._early for serial in serials)

    def dismiss(self, serial: int) -> None:
        """Go on behind a refused command as behind one that was taken."""
        del self.refused[serial]
        self._take(serial)

    def feed(self, data: bytes) -> None:
        """Take what the receiver has sent, cut anywhere; raises Told when it is no RELP."""
        buffer = self._rest + data if self._rest else data
        start = self._bulk(buffer)
        while True:
            found, start = take(buffer, start)
            if found is None:
                self._rest = buffer[start:]
                return
            self._answer(*found)

    def _bulk(self, buffer: bytes) -> int:
        """Take the usual at one go: answers of 200 in the order of the commands. Return where the rest begins."""
        run = USUAL.match(buffer)
        if run is None or self._early or self.refused:
            return 0
        numbers = list(map(int, run[0].replace(b" rsp 6 200 OK", b"").split()))
        first = number_of(self.taken + 1)
        if len(numbers) > self.waiting or numbers != list(range(first, first + len(numbers))):
            return 0
        self.taken += len(numbers)
        self.answers += len(numbers)
        return run.end()

    def _answer(self, number: int, command: bytes, data: bytes) -> None:
        if command == b"serverclose":
            self.closing = True
            return
        serial = self.taken + 1 + (number - number_of(self.taken + 1)) % LAST
        if command != b"rsp" or serial > self.sent or serial in self._early or serial in self.refused:
            raise Told(f"the receiver answers what was not asked: {command.decode()} {number}")
        self.answers += 1
        if data.partition(b" ")[0] != b"200":
            self.refused[serial] = data.decode("utf-8", "replace") or "no reason given"
            return
        self._take(serial)

    def _take(self, serial: int) -> None:
        self._early.add(serial)
        while self.taken + 1 in self._early:
            self.taken += 1
            self._early.discard(self.taken)
