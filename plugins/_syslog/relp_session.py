"""One RELP connection: opened by an offer, fed with frames while its answers are read, closed by a farewell."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import time
from collections.abc import Sequence

from plugins._syslog.failures import Told
from plugins._syslog.relp_frames import OFFER, Frame, Unanswered, frame, take
from plugins._syslog.sockets import ready

BLOCK = 65536
SLICE = 16384  # of what is sent over TLS: each must make progress within the timeout, however slow the receiver
QUICK = getattr(socket, "TCP_QUICKACK", 0)  # Linux; it lasts until the next pause, and is asked for anew
MANY, PAUSE = 100, 0.001  # answers come one by one: while so many are missing they are read some at a time
FAREWELL = 1.0  # seconds that the receiver has to answer a close; nothing depends on it
WAITS = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Session:
    """Sends frames and reads answers as both become possible: neither side can block the other. All of it raises OSError.

    Any wait ends with TimeoutError when for ``timeout`` seconds nothing was sent and nothing answered.
    """

    def __init__(self, connection: socket.socket, timeout: float) -> None:
        self.account = Unanswered()
        self.timeout, self._socket = timeout, connection
        self._socket.settimeout(0)
        self._progress = time.monotonic()
        self._tls = isinstance(connection, ssl.SSLSocket)
        self._slice = SLICE if self._tls else 2**30

    def open(self) -> None:
        """Agree with the receiver on RELP version 0 and the command ``syslog``."""
        self._push(frame(1, b"open", OFFER))
        number, command, answer = self._answer()
        if number == 0 and command == b"serverclose":
            raise ConnectionAbortedError(errno.ECONNABORTED, "the receiver turns the connection away")
        code, _, said = answer.partition(b" ")
        if (number, command) != (1, b"rsp") or code != b"200":
            raise Told(f"the receiver refuses the session: {_text(answer)}", lasting=True)
        offers = dict(line.partition("=")[::2] for line in _text(said).splitlines()[1:])
        if "syslog" not in offers.get("commands", "syslog").split(","):
            raise Told(f"the receiver does not take the command syslog, only {offers['commands']!r}", lasting=True)
        self.account.sent = self.account.taken = self.account.answers = 1

    def send(self, frames: Sequence[bytes], window: int) -> int:
        """Send frames, of which never more than ``window`` are unanswered; returns how many: not all when the receiver has refused a message."""
        at = 0
        while at < len(frames) and not self.account.refused:
            room = window - self.account.waiting
            if room <= 0:
                self.wait_for(window // 2)
                continue
            some = frames[at : at + room]
            at += len(some)
            self.account.sent += len(some)
            self._push(b"".join(some))
        return at

    def wait_for(self, most: int = 0) -> None:
        """Wait until at most so many messages are unanswered."""
        while self.account.waiting > most:
            self._wait(writing=False)
            if self.account.waiting - most > MANY:
                time.sleep(PAUSE)
            self._read()

    def alive(self) -> bool:
        """Whether the receiver is still there; raises OSError when it is not, and something is unanswered."""
        try:
            while self._read():
                pass
        except OSError:
            if self.account.waiting:
                raise
            return False
        return True

    def last_words(self) -> None:
        """Read what the receiver has sent before the connection broke: answers, which spare duplicates."""
        with contextlib.suppress(OSError):
            while self._read():
                pass

    def close(self) -> None:
        """Say goodbye, and give the receiver a moment to answer, lest our end overtakes its own."""
        with contextlib.suppress(OSError):
            self.timeout = min(self.timeout, FAREWELL)
            self.account.sent += 1
            self._push(frame(self.account.sent, b"close"))
            self.wait_for()
        self.drop()

    def drop(self) -> None:
        """Close at once."""
        self._socket.close()

    def _push(self, data: bytes) -> None:
        rest = memoryview(data)
        self._progress = time.monotonic()
        while rest:
            try:
                rest = rest[self._socket.send(rest[: self._slice]) :]
            except WAITS as why:
                self._wait(writing=not isinstance(why, ssl.SSLWantReadError))
                self._read()
            else:
                self._progress = time.monotonic()

    def _read(self) -> bool:
        """Read what has come, without waiting; False when that is nothing."""
        some = False
        while True:
            try:
                data = self._socket.recv(BLOCK)
            except WAITS:
                return some
            if not data:
                raise ConnectionAbortedError(errno.ECONNABORTED, "the connection was closed")
            before = self.account.answers
            self.account.feed(data)
            if self.account.answers > before:
                self._progress = time.monotonic()
            if self.account.closing:
                raise ConnectionAbortedError(errno.ECONNABORTED, "the receiver has ended the session")
            some = True
            if len(data) < BLOCK and not self._tls:
                return some

    def _wait(self, *, writing: bool) -> None:
        if QUICK:  # the receiver's small answers wait for our TCP to acknowledge the one before, which it would put off by 40 ms
            self._socket.setsockopt(socket.IPPROTO_TCP, QUICK, 1)
        left = self._progress + self.timeout - time.monotonic()
        if not ready(self._socket, writing=writing, patience=left):
            what = f"{self.account.waiting} messages still not acknowledged" if self.account.sent else "the offer of a session still not answered"
            raise TimeoutError(f"{what} after {self.timeout:g} seconds")

    def _answer(self) -> Frame:
        """Return the first frame of the receiver."""
        buffer = b""
        while True:
            try:
                data = self._socket.recv(BLOCK)
            except WAITS:
                self._wait(writing=False)
                continue
            if not data:
                raise Told("the connection was closed before the session began: does this port speak RELP, or want protocol = relp_tls?")
            buffer += data
            if buffer.startswith(b"\x15\x03"):  # an alert (RFC 8446 section 5.1)
                raise Told("the receiver speaks TLS there: set protocol = relp_tls", lasting=True)
            found, end = take(buffer)
            if found:
                self.account.feed(buffer[end:])
                return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
