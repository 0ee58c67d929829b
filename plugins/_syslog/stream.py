"""Messages one behind the other on a connection: TCP (RFC 6587), TLS (RFC 5425), and the Unix sockets that take a stream."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
from collections.abc import Sequence

from loader.api import Outcome
from plugins._syslog.failures import retryable
from plugins._syslog.hosts import Dial, Hosts
from plugins._syslog.sockets import drain, hung_up, readable

# What a TLS record holds at most; each slice must make progress within the timeout, however slow the receiver.
SLICE = 16384
CLOSED = "the connection was closed before everything was known to have arrived"


class Stream:
    """One connection, made when first needed and again after it broke.

    Syslog has no acknowledgement of its own. What ``flush`` promises is that the receiver's TCP has everything and the
    receiver had not hung up; a receiver killed with that still unread loses it. A ``plain`` one may have met a port for TLS.
    """

    def __init__(self, hosts: Hosts, dial: Dial[socket.socket], timeout: float, *, plain: bool = False) -> None:
        self._hosts, self._dial, self._timeout, self._plain = hosts, dial, timeout, plain
        self._socket: socket.socket | None = None
        self._owing = self._trusted = False

    @property
    def address(self) -> str:
        """The receiver that is talked to, or all that are tried."""
        return str(self._hosts)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send all messages at one go. Raises Retryable, also when the receiver hung up on what was not flushed yet."""
        connection = self._connection()
        with retryable(self, "cannot send to"):
            self._owing = True
            rest = memoryview(b"".join(messages))
            while rest:
                rest = rest[connection.send(rest[:SLICE]) :]
        return Outcome()

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
        self._hosts.worked()

    def settled(self) -> int:
        """Return 0: what TCP has acknowledged need not have been read."""
        return 0

    def drop(self) -> None:
        """Close at once; what is on the way may or may not arrive. The next connection is to another host, where there is one."""
        self._hosts.failed()
        self._forget()

    def close(self) -> None:
        """Close, telling the receiver that this is the end (RFC 5425 section 4.4: close_notify)."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                # Anything left unread would turn our close into a reset, which can cost the receiver its last messages.
                hung_up(self._socket)
                self._socket.settimeout(0)
                if isinstance(self._socket, ssl.SSLSocket):
                    with contextlib.suppress(ssl.SSLWantReadError):
                        self._socket.unwrap()
                self._socket.shutdown(socket.SHUT_WR)
        self._forget()

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
                self._forget()
        with retryable(self, "cannot connect to"):
            if self._socket is None:
                self._socket = self._hosts.connect(self._dial, self._timeout)
            elif not self._owing and self._hosts.due and (anew := self._hosts.renew(self._dial, self._timeout)):
                self.close()
                anew.settimeout(self._timeout)  # that of the trial was shorter
                self._socket = anew
        return self._socket

    def _judged(self, connection: socket.socket) -> None:
        """Before a plain connection is trusted for the first time, give a receiver that speaks TLS the time to refuse what it got."""
        if not self._plain or self._trusted:
            return
        if readable(connection, min(self._timeout, 0.1)):
            answer = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            if answer in (b"", b"\x15"):  # hung up, or a TLS alert (RFC 8446 section 5.1)
                raise ConnectionAbortedError(errno.ECONNABORTED, "the receiver refuses what it gets: does this port want protocol = tls?")
        self._trusted = True
