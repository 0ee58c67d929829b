"""A TCP proxy between Sluice and a receiver that cuts, resets, stalls or delays: in the middle of a frame, wherever one ends.

What each connection has to suffer is an ``Act``; connections that have none are passed through.
"""

from __future__ import annotations

import contextlib
import itertools
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterable

from tests.servers import LOCALHOST, PATIENCE

BLOCK = 65536
MIDDLE = 150  # bytes behind an end of a frame: less than any message, more than any header of a frame


class Link:
    """One connection through the proxy."""

    def __init__(self, client: socket.socket, server: socket.socket, stopped: threading.Event) -> None:
        self.client, self.server, self.stopped = client, server, stopped
        self.broken = False  # whether a message was cut
        self.answers = threading.Thread(target=self._answer, daemon=True)
        self.answers.start()

    def forward(self, count: int | None = None, pause: float = 0.0) -> None:
        """Pass on what the client sends: ``count`` bytes of it, or all. Each block waits for ``pause`` seconds.

        Raises EOFError when there are fewer.
        """
        left = count
        while (left is None or left > 0) and (data := self.client.recv(BLOCK if left is None else min(left, BLOCK))):
            self.stopped.wait(pause)
            self.server.sendall(data)
            left = None if left is None else left - len(data)
        if left:
            raise EOFError

    def to_middle(self, count: int) -> None:
        """Pass on about ``count`` bytes, so that a message is cut: to some bytes behind the next line feed, of which each has at most one."""
        self.forward(count)
        end = b""
        while end != b"\n" and (end := self.client.recv(1)):
            self.server.sendall(end)
        self.forward(MIDDLE)
        self.broken = True

    def answered(self) -> None:
        """Tell the receiver that this is the end, and wait until all its answers have been passed on."""
        self.server.shutdown(socket.SHUT_WR)
        self.answers.join(PATIENCE)

    def reset(self) -> None:
        """End both sides with RST."""
        for side in (self.client, self.server):
            side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        """End both sides; what has not been read is lost."""
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RD)  # wakes the thread that reads the answers
            side.close()

    def _answer(self) -> None:
        with contextlib.suppress(OSError):
            while data := self.server.recv(BLOCK):
                self.client.sendall(data)


Act = Callable[[Link], None]


def passes(link: Link) -> None:
    """Do nothing to it, to its orderly end on both sides."""
    link.forward()
    link.answered()


def delays(seconds: float) -> Act:
    """Let every block wait."""

    def act(link: Link) -> None:
        link.forward(pause=seconds)
        link.answered()

    return act


def cuts(after: int) -> Act:
    """Close in the middle of a message; what the client has sent beyond is lost."""

    def act(link: Link) -> None:
        link.to_middle(after)

    return act


def cuts_in_order(after: int) -> Act:
    """End the connection in the middle of a message, but pass on all answers before the client hears of it."""

    def act(link: Link) -> None:
        link.to_middle(after)
        link.answered()
        link.client.shutdown(socket.SHUT_WR)
        while link.client.recv(BLOCK):
            pass

    return act


def resets(after: int) -> Act:
    """Reset in the middle of a message."""

    def act(link: Link) -> None:
        link.to_middle(after)
        link.reset()

    return act


def stalls(after: int, seconds: float) -> Act:
    """Pass on nothing for a while, in the middle of a message; then go on, if the client is still there."""

    def act(link: Link) -> None:
        link.to_middle(after)
        poll = select.poll()
        poll.register(link.client, select.POLLRDHUP)
        if not poll.poll(seconds * 1000):
            passes(link)

    return act


def stalls_for_good(after: int) -> Act:
    """Pass on nothing any more, from the middle of a message on; that the client half-closes changes nothing."""

    def act(link: Link) -> None:
        link.to_middle(after)
        link.stopped.wait()

    return act


class Proxy:
    """Listens on ``port`` for connections to the port ``to``, and does to them, in turn, what ``acts`` say."""

    def __init__(self, to: int, acts: Iterable[Act]) -> None:
        self.to, self.acts = to, itertools.chain(acts, itertools.repeat(passes))
        self.stopped = threading.Event()
        self.links: list[Link] = []
        self.listener = socket.create_server((LOCALHOST, 0))
        self.port: int = self.listener.getsockname()[1]

    def __enter__(self) -> Proxy:
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(PATIENCE)
        self.listener.close()
        for link in self.links:
            link.close()

    @property
    def broken(self) -> int:
        """How many connections were broken in the middle of a message."""
        return sum(link.broken for link in self.links)

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client, next(self.acts)), daemon=True).start()

    def _serve(self, client: socket.socket, act: Act) -> None:
        try:
            server = socket.create_connection((LOCALHOST, self.to), PATIENCE)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        link = Link(client, server, self.stopped)
        self.links.append(link)
        with contextlib.suppress(OSError, EOFError):
            act(link)
        link.close()
