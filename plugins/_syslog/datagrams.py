"""One message per datagram: UDP (RFC 5426), and the Unix sockets that take datagrams."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any

from loader.api import Outcome, Parts
from plugins._syslog.failures import retryable
from plugins._syslog.hosts import Hosts, Peer
from plugins._syslog.sockets import drain

Find = Callable[[Peer], list[tuple[int, Any]]]  # families and addresses of a peer


def resolved(peer: Peer) -> list[tuple[int, Any]]:
    """Return all addresses of a peer's name."""
    found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)
    return [(family, address) for family, _, _, _, address in found]


class Datagrams:
    """Nothing answers a datagram but a refusal, and only from a machine that is up (ICMP), or this one.

    After a refusal the next address of the host is tried, after the last one the next host.
    """

    def __init__(self, hosts: Hosts, timeout: float, find: Find = resolved) -> None:
        self._hosts, self._timeout, self._find = hosts, timeout, find
        self._socket: socket.socket | None = None
        self._turn, self._addresses = 0, 1

    @property
    def address(self) -> str:
        """The receiver that is talked to, or all that are tried."""
        return str(self._hosts)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send each message; refuse for good those that fit no datagram. Raises Retryable when the receiver refuses."""
        refused: dict[int, str] = {}
        with retryable(self, "cannot send to"):
            connection = self._connection()
            for position, message in enumerate(messages):
                pieces = message.pieces if isinstance(message, Parts) else (message,)
                if not self._fits(connection, pieces):
                    refused[position] = f"{max(map(len, pieces))} bytes do not fit a datagram to {self.address}: lower max_message_bytes"
            self._raise_pending()
        return Outcome(refused=refused)

    def flush(self) -> None:
        """Look once more for a refusal, once the reader of a Unix socket has taken all; UDP acknowledges nothing."""
        with retryable(self, "cannot send to"):
            if self._socket is not None and self._socket.family == socket.AF_UNIX:
                drain(self._socket, self._timeout)
            self._raise_pending()
        self._hosts.worked()

    def settled(self) -> int:
        """Return 0: nobody knows."""
        return 0

    def drop(self) -> None:
        """Close; the next write tries the next address of the host, or the next host."""
        self._turn += 1
        if self._turn >= self._addresses:
            self._turn = 0
            self._hosts.failed()
        self.close()

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connection(self) -> socket.socket:
        if self._socket is None:
            self._socket = self._hosts.connect(self._dial, self._timeout)
        elif self._hosts.due:
            self._turn = 0
            if anew := self._hosts.renew(self._dial, self._timeout):
                self.close()
                self._socket = anew
        return self._socket

    def _dial(self, peer: Peer, timeout: float) -> socket.socket:
        found = self._find(peer)
        self._addresses, start = len(found), self._turn % len(found)
        failure: OSError = OSError("the name has no address")
        for family, address in found[start:] + found[:start]:
            made = socket.socket(family, socket.SOCK_DGRAM)
            try:
                made.settimeout(timeout)
                made.connect(address)
            except OSError as why:
                made.close()
                failure = why
            else:
                return made
        raise failure

    def _fits(self, connection: socket.socket, pieces: Sequence[bytes]) -> bool:
        """Send all pieces of a message; False when the system says that one is too large."""
        try:
            for piece in pieces:
                connection.send(piece)
        except OSError as why:
            if why.errno == errno.EMSGSIZE:
                return False
            raise
        return True

    def _raise_pending(self) -> None:
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) if self._socket else 0
        if code:
            raise OSError(code, os.strerror(code))
