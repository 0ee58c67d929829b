"""Unix sockets: whether one takes datagrams or a stream is found out by trying, as logger(1) does."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator, Sequence

from loader.api import Outcome, Parts, Retryable
from plugins._syslog.datagrams import Datagrams
from plugins._syslog.failures import retryable
from plugins._syslog.hosts import Hosts, Peer
from plugins._syslog.stream import Stream
from plugins._syslog.tail import Tail


class Local:
    """A socket of this machine. On a stream each message ends with ``end``, which must not occur in it."""

    def __init__(self, path: str, timeout: float, end: bytes) -> None:
        self._peer, self._timeout, self._end = Peer("unix", path), timeout, end
        self._hosts = Hosts([self._peer])
        self._found: Datagrams | Stream | None = None

    @property
    def address(self) -> str:
        """The path, as ``unix:/dev/log``."""
        return str(self._peer)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send each message. Raises Retryable; one that is too large for a datagram is refused."""
        if self._found is None:
            with retryable(self, "cannot connect to"):
                self._found = self._look()
        try:
            return self._found.write([*self._ended(messages)] if isinstance(self._found, Stream) else messages)
        except Retryable:
            self._found = None  # what listens there next may be of the other kind
            raise

    def flush(self) -> None:
        """Return once the other process has read everything, as far as can be told; raises Retryable."""
        if self._found is not None:
            self._found.flush()

    def settled(self) -> int:
        """Return 0: only the whole is known to have been read."""
        return 0

    def drop(self) -> None:
        """Forget of which kind it is."""
        self._found = None

    def close(self) -> None:
        """Close the socket."""
        if self._found is not None:
            self._found.close()
        self._found = None

    def _look(self) -> Datagrams | Stream:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(self._peer.host)
            except OSError as why:
                if why.errno == errno.EPROTOTYPE:
                    return Stream(self._hosts, _dial, self._timeout, Tail(0))
                raise
        return Datagrams(self._hosts, self._timeout, lambda peer: [(socket.AF_UNIX, peer.host)])

    def _ended(self, messages: Sequence[bytes]) -> Iterator[bytes]:
        for message in messages:
            for piece in message.pieces if isinstance(message, Parts) else (message,):
                yield piece + self._end


def _dial(peer: Peer, timeout: float) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout)
        made.connect(peer.host)
    except OSError:
        made.close()
        raise
    return made
