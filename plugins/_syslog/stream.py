"""Messages one behind the other on a connection: TCP (RFC 6587), TLS (RFC 5425), and the Unix sockets that take a stream."""

from __future__ import annotations

import contextlib
import errno
import logging
import socket
import ssl
import time
from collections.abc import Sequence

from loader.api import TAKEN, Outcome
from plugins._syslog.failures import retryable
from plugins._syslog.hosts import Dial, Hosts
from plugins._syslog.sockets import drain, hung_up, readable
from plugins._syslog.tail import Tail

# What a TLS record holds at most; each slice must make progress within the timeout, however slow the receiver.
SLICE = 16384
CLOSED = "the connection was closed before everything was known to have arrived"
VERDICT = 0.1  # seconds after a connection was made, and written to at once, in which a port for TLS refuses what is none
FRESH = 5.0  # seconds after a write in which the end of a connection is not taken for one that idleness has brought about
SILENT = 2  # connections whose receiver did not close in answer to our half-close, after which no more are tried
FAREWELL = 1.5  # seconds to connect to a receiver that died at the end
COMEBACK, PAUSE = 3.0, 0.2  # seconds for which one that dies just then is waited for, and between two tries
logger = logging.getLogger(__name__)


class Stream:
    """One connection, made when first needed and again after it broke.

    Syslog has no acknowledgement of its own. What ``flush`` promises is that the receiver's TCP has everything and the
    receiver had not hung up. Its program may die before it has read that: therefore the ``tail`` of a connection that died
    is sent again on the next one. A ``plain`` connection may have met a port for TLS.
    """

    def __init__(self, hosts: Hosts, dial: Dial[socket.socket], timeout: float, tail: Tail, *, plain: bool = False) -> None:
        self._hosts, self._dial, self._timeout, self._tail, self._plain = hosts, dial, timeout, tail, plain
        self._socket: socket.socket | None = None
        self._owing = self._trusted = False
        self._written = self._begun = 0.0
        self._silent = 0

    @property
    def address(self) -> str:
        """The receiver that is talked to, or all that are tried."""
        return str(self._hosts)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send all messages at one go. Raises Retryable, also when the receiver hung up on what was not flushed yet."""
        connection = self._connection()
        with retryable(self, "cannot send to"):
            self._owing = True
            data = b"".join(messages)
            self._tail.sent(messages, len(data))
            _send(connection, data)
            self._written = time.monotonic()
        return TAKEN

    def flush(self) -> None:
        """Return once the receiver's TCP has acknowledged all and the receiver is still there; raises Retryable."""
        if self._socket is None:
            return
        with retryable(self, "not everything arrived at"):
            drain(self._socket, self._timeout)
            self._judged(self._socket)
            if hung_up(self._socket):
                raise ConnectionAbortedError(errno.ECONNABORTED, CLOSED)
        self._owing = False
        self._tail.flushed()
        self._hosts.worked()

    def settled(self) -> int:
        """Return 0: what TCP has acknowledged need not have been read."""
        return 0

    def drop(self) -> None:
        """Close at once; what is on the way may or may not arrive. The next connection is to another host, where there is one."""
        self._tail.died()
        self._hosts.failed()
        self._forget()

    def close(self) -> None:
        """End the connection. That the receiver closes as well shows that it has read everything; where it does not, the tail is sent again, once."""
        self._part()
        deadline = time.monotonic() + COMEBACK
        while self._tail and self._silent < SILENT and time.monotonic() < deadline:
            try:
                self._connect(min(self._timeout, FAREWELL))
            except OSError:
                time.sleep(PAUSE)
            self._part()
        if self._tail:
            why = "never closes (resend = 0 is for one that cannot)" if self._silent >= SILENT else "died and does not come back"
            logger.error("%s %s: it may not have read the last that it was sent", self.address, why)

    def _part(self) -> None:
        """Half-close (RFC 5425 section 4.4: after a close_notify), and wait for the other half, if something may not have been read.

        A receiver that has not closed within the timeout counts as dead: it may have stalled with all of it in its buffers.
        """
        connection, self._socket = self._socket, None
        if connection is None:
            return
        try:
            # Anything left unread would turn our close into a reset, which can cost the receiver its last messages.
            if hung_up(connection):
                self._left()
                return
            connection.settimeout(0)
            if isinstance(connection, ssl.SSLSocket):
                # Many receivers, rsyslog among them, answer with a plain FIN: where it is here already, OpenSSL calls that an EOF.
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLEOFError):
                    connection.unwrap()
                connection = socket.socket(fileno=connection.detach())
            connection.shutdown(socket.SHUT_WR)
            if self._tail:
                _wait_for_end(connection, self._timeout)
            self._tail.ended()
        except OSError as why:
            self._silent += isinstance(why, TimeoutError)
            self._tail.died()
        finally:
            connection.close()
            self._forget()

    def _left(self) -> None:
        """The receiver has closed. Linux would have sent a reset if something was not read; but a program may die with what it had read."""
        if time.monotonic() - self._written < FRESH:
            self._tail.died()
        else:
            self._tail.ended()

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._owing, self._trusted = None, False, False

    def _connection(self) -> socket.socket:
        """Return a connection whose receiver had not hung up a moment ago."""
        with retryable(self, "lost the connection to"):
            if self._socket is not None and hung_up(self._socket):
                if self._owing:
                    raise ConnectionAbortedError(errno.ECONNABORTED, CLOSED)
                self._left()
                self._forget()
        with retryable(self, "cannot connect to"):
            if self._socket is None:
                return self._connect(self._timeout)
            if not self._owing and self._hosts.due and (anew := self._hosts.renew(self._dial, self._timeout)):
                self._part()
                self._begin(anew)
                return anew
        return self._socket

    def _connect(self, timeout: float) -> socket.socket:
        return self._begin(self._hosts.connect(self._dial, timeout))

    def _begin(self, connection: socket.socket) -> socket.socket:
        """Go on with a new connection, which gets first what the one before it may not have delivered."""
        connection.settimeout(self._timeout)
        self._socket, self._begun = connection, time.monotonic()
        if data := self._tail.again():
            self._owing, self._written = True, time.monotonic()
            _send(connection, data)
        return connection

    def _judged(self, connection: socket.socket) -> None:
        """Before a plain connection is trusted for the first time, give a receiver that speaks TLS the time to refuse what it got."""
        if not self._plain or self._trusted:
            return
        left = self._begun + min(self._timeout, VERDICT) - time.monotonic()  # of a larger load that time has passed by now
        if readable(connection, max(left, 0)):
            answer = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            if answer in (b"", b"\x15"):  # hung up, or a TLS alert (RFC 8446 section 5.1)
                raise ConnectionAbortedError(errno.ECONNABORTED, "the receiver refuses what it gets: does this port want protocol = tls?")
        self._trusted = True


def _send(connection: socket.socket, data: bytes) -> None:
    rest = memoryview(data)
    most = SLICE if isinstance(connection, ssl.SSLSocket) else len(data)
    while rest:
        rest = rest[connection.send(rest[:most]) :]


def _wait_for_end(connection: socket.socket, patience: float) -> None:
    """Wait until the other side has closed as well; raises OSError when it has reset, TimeoutError when it has done neither."""
    deadline = time.monotonic() + patience
    while readable(connection, max(0.0, deadline - time.monotonic())):
        if not connection.recv(65536):
            return
    raise TimeoutError(f"not closed within {patience:g} seconds")
