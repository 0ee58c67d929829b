"""Datagrams and streams to a syslog receiver, and how far each can tell that it has what was sent."""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import ssl
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from loader.api import Outcome, Retryable
from plugins._syslog.tls import explain

if sys.platform == "linux":
    import fcntl
    import termios

# What a TLS record holds at most; each slice must make progress within the timeout, however slow the receiver.
SLICE = 16384


class Transport(Protocol):
    """What the output needs of a way to the receiver."""

    address: str

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send framed messages; raises Retryable."""

    def flush(self) -> None:
        """Return once the receiver has them as far as can be told; raises Retryable."""

    def drop(self) -> None:
        """Give the connection up, whatever its state."""

    def close(self) -> None:
        """End the connection in an orderly way."""


@contextlib.contextmanager
def _retryable(transport: Transport, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as why:
        transport.drop()
        raise Retryable(f"{doing} {transport.address}: {explain(why)}") from why


def url(scheme: str, host: str, port: int) -> str:
    """Return the address as people write it, an IPv6 one in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


class Datagrams:
    """One message per datagram (RFC 5426). Nothing answers but an ICMP refusal, and only from a machine that is up."""

    def __init__(self, host: str, port: int, timeout: float, most: int) -> None:
        self.address = url("udp", host, port)
        self._peer, self._timeout, self._most = (host, port), timeout, most
        self._socket: socket.socket | None = None
        self._turn = 0

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send each message; refuse for good those that fit no datagram. Raises Retryable when the receiver refuses."""
        refused: dict[int, str] = {}
        with _retryable(self, "cannot send to"):
            self._socket = self._socket or self._connect()
            for position, message in enumerate(messages):
                if len(message) > self._most or not self._fits(message):
                    refused[position] = (
                        f"{len(message)} bytes do not fit a datagram to {self.address} (max_message_bytes = {self._most}): "
                        "use protocol = tcp or tls, or send fewer fields"
                    )
            self._raise_pending()
        return Outcome(refused=refused)

    def flush(self) -> None:
        """Look once more for a refusal; a datagram is not acknowledged otherwise."""
        with _retryable(self, "cannot send to"):
            self._raise_pending()

    def drop(self) -> None:
        """Close; the next write tries the next address of the host."""
        self._turn += 1
        self.close()

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        found = socket.getaddrinfo(*self._peer, type=socket.SOCK_DGRAM)
        start = self._turn % len(found)
        failure: OSError = OSError("the name has no address")
        for family, kind, protocol, _, address in found[start:] + found[:start]:
            made = socket.socket(family, kind, protocol)
            try:
                made.settimeout(self._timeout)
                made.connect(address)
            except OSError as why:
                made.close()
                failure = why
            else:
                return made
        raise failure

    def _fits(self, message: bytes) -> bool:
        assert self._socket is not None
        try:
            self._socket.send(message)
        except OSError as why:
            if why.errno == errno.EMSGSIZE:
                return False
            raise
        return True

    def _raise_pending(self) -> None:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if self._socket else 0
        if code:
            raise OSError(code, errno.errorcode.get(code, str(code)))


class Stream:
    """One connection over TCP (RFC 6587) or TLS (RFC 5425), made when first needed and again after it broke.

    Syslog has no acknowledgement of its own. What ``flush`` promises is that the receiver's TCP has everything and the
    receiver had not hung up; a receiver killed with that still unread loses it.
    """

    def __init__(self, host: str, port: int, timeout: float, context: ssl.SSLContext | None = None, server_name: str = "") -> None:
        self.address = url("tls" if context else "tcp", host, port)
        self._peer, self._timeout, self._context, self._server_name = (host, port), timeout, context, server_name or host
        self._socket: socket.socket | None = None
        self._owing = self._trusted = False

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send all messages at one go. Raises Retryable, also when the receiver hung up on what was not flushed yet."""
        connection = self._connection()
        with _retryable(self, "cannot send to"):
            self._owing = True
            rest = memoryview(b"".join(messages))
            while rest:
                rest = rest[connection.send(rest[:SLICE]) :]
        return Outcome()

    def flush(self) -> None:
        """Return once the receiver's TCP has acknowledged all and the receiver is still there; raises Retryable."""
        if self._socket is None:
            return
        with _retryable(self, "not everything arrived at"):
            self._drain(self._socket)
            self._judged(self._socket)
            if hung_up(self._socket):
                raise ConnectionAbortedError(errno.ECONNABORTED, "the connection was closed before everything was known to have arrived")
        self._owing = False

    def drop(self) -> None:
        """Close at once; what is on the way may or may not arrive."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._owing, self._trusted = None, False, False

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
        self.drop()

    def _connection(self) -> socket.socket:
        """Return a connection whose receiver had not hung up a moment ago."""
        with _retryable(self, "lost the connection to"):
            if self._socket is not None and hung_up(self._socket):
                if self._owing:
                    raise ConnectionAbortedError(errno.ECONNABORTED, "the connection was closed before everything was known to have arrived")
                self.drop()
        with _retryable(self, "cannot connect to"):
            self._socket = self._socket or self._connect()
        return self._socket

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._peer, self._timeout)
        try:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._secure(connection, self._context) if self._context else connection
        except OSError:
            connection.close()
            raise

    def _secure(self, connection: socket.socket, context: ssl.SSLContext) -> ssl.SSLSocket:
        began = time.monotonic()
        secured = context.wrap_socket(connection, server_hostname=self._server_name)
        if secured.version() == "TLSv1.3":
            # In TLS 1.3 the receiver judges our certificate only after our side of the handshake is done. Its session
            # tickets, or its alert, follow within a round trip: wait for them, lest a refusal comes after a flush.
            took = time.monotonic() - began
            readable(secured, min(self._timeout, 0.2 + 2 * took))
            try:
                gone = hung_up(secured)
            except OSError:
                secured.close()
                raise
            if gone:
                secured.close()
                raise ConnectionAbortedError(errno.ECONNABORTED, "closed right after the handshake, as when it wants another cert_file")
        return secured

    def _judged(self, connection: socket.socket) -> None:
        """Before a plain connection is trusted for the first time, give a receiver that speaks TLS the time to refuse what it got."""
        if self._context or self._trusted:
            return
        if readable(connection, min(self._timeout, 0.1)):
            answer = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
            if answer in (b"", b"\x15"):  # hung up, or a TLS alert (RFC 8446 section 5.1)
                raise ConnectionAbortedError(errno.ECONNABORTED, "the receiver refuses what it gets: does this port want protocol = tls?")
        self._trusted = True

    def _drain(self, connection: socket.socket) -> None:
        """Wait until nothing is unacknowledged; raises TimeoutError when that number has not fallen for the timeout."""
        left, pause = unacknowledged(connection), 0.0002
        deadline = time.monotonic() + self._timeout
        while left:
            if readable(connection, pause) and hung_up(connection):
                return
            pause = min(pause * 2, 0.02)
            now, before = time.monotonic(), left
            left = unacknowledged(connection)
            if left < before:
                deadline = now + self._timeout
            elif now > deadline:
                raise TimeoutError(f"{left} bytes still not acknowledged after {self._timeout:g} seconds")


def unacknowledged(connection: socket.socket) -> int:
    """Return how many bytes sent the peer's TCP has not acknowledged (SIOCOUTQ); 0 where the platform does not tell."""
    if sys.platform != "linux":
        return 0
    answer: tuple[int] = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))
    return answer[0]


def readable(connection: socket.socket, patience: float) -> bool:
    """Wait until there is something to read, an end included, for at most ``patience`` seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(patience))


def hung_up(connection: socket.socket) -> bool:
    """True when the peer has closed, without waiting; raises OSError when it has reset. A receiver's chatter is thrown away."""
    patience = connection.gettimeout()
    connection.settimeout(0)
    try:
        return any(not connection.recv(65536) for _ in range(16))
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False
    finally:
        connection.settimeout(patience)
