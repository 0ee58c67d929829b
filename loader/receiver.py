"""A syslog receiver for looking and testing: UDP and TCP on one port, both framings, one thread."""

from __future__ import annotations

import collections
import contextlib
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import TracebackType

Sink = Callable[[bytes], None]

# HEADER and STRUCTURED-DATA of RFC 5424 section 6, as loosely as needed to find APP-NAME and MSG.
MESSAGE = re.compile(rb'<\d{1,3}>\d{1,2} \S+ \S+ (\S+) \S+ \S+ (?:-|(?:\[(?:[^\]\\"]|"(?:[^"\\]|\\.)*")*\])+)(?: (.*))?', re.DOTALL)
GRACE = 1.0


class FramingError(ValueError):
    """The bytes of a connection are not syslog messages; says what is wrong with them."""


class Frames:
    """Finds the messages in one TCP stream (RFC 6587 section 3.4): octet counting when it starts with a digit, else line feeds."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._counted: bool | None = None
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that ``data`` completes; raises FramingError after those before the mistake."""
        if self._counted is None and (data := data.lstrip(b"\n")):
            self._counted = data[:1].isdigit()
        self._held += data
        if self._counted:
            yield from self._octets()
        elif b"\n" in data:
            yield from self._lines()
        if not self._counted and len(self._held) > self._max_bytes:
            raise FramingError(f"more than {self._max_bytes} bytes without a line feed: does the sender end its messages?")

    def end(self) -> Iterator[bytes]:
        """Yield a last line without line feed; raises FramingError when a counted message is cut."""
        if self._held and self._counted:
            raise FramingError(f"the connection ended within a message, {len(self._held)} bytes after it began")
        if self._held:
            yield bytes(self._held)

    def _lines(self) -> Iterator[bytes]:
        *lines, rest = bytes(self._held).split(b"\n")
        self._held[:] = rest
        for line in lines:
            if len(line) > self._max_bytes:
                raise FramingError(f"a line of {len(line)} bytes, more than --max-bytes = {self._max_bytes}")
            if line:
                yield line

    def _octets(self) -> Iterator[bytes]:
        start, digits = 0, len(str(self._max_bytes))
        try:
            while start < len(self._held):
                count, blank, _ = bytes(self._held[start : start + digits + 1]).partition(b" ")
                if not re.fullmatch(rb"[1-9][0-9]*", count) or (not blank and len(count) > digits) or int(count) > self._max_bytes:
                    seen = bytes(self._held[start : start + 20])
                    raise FramingError(f"expected the length of a message (up to {self._max_bytes}) and a blank, found {seen!r}")
                begin = start + len(count) + 1
                if not blank or len(self._held) < begin + int(count):
                    break
                start = begin + int(count)
                yield bytes(self._held[begin:start])
        finally:
            del self._held[:start]


class Receiver:
    """Takes messages over UDP and TCP on one port. ``run`` does it until ``stop``; as a context manager it runs in a thread.

    Each message goes to ``sink`` (by default it is kept in ``messages``); ``limit`` ends the run after so many. What is wrong with
    a connection goes to ``troubles`` and ``complain``, and ends that connection only.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        max_bytes: int = 16 * 1024**2,
        limit: int = 0,
        sink: Sink | None = None,
        complain: Callable[[str], None] | None = None,
    ) -> None:
        self.messages: list[bytes] = []
        self.troubles: list[str] = []
        self.apps: collections.Counter[str] = collections.Counter()
        self.received = self.bytes = self.connections = 0
        self._sink, self._complain = sink or self.messages.append, complain or (lambda text: None)
        self._max_bytes, self._limit = max_bytes, limit
        self._stopping = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._selector = selectors.DefaultSelector()
        self._tcp, self._udp = listening(host, port)
        self._wake, self._waker = socket.socketpair()
        self.host, self.port = self._tcp.getsockname()[:2]
        for made, act in ((self._tcp, self._accept), (self._udp, self._datagrams), (self._wake, self._woken)):
            made.setblocking(False)
            self._selector.register(made, selectors.EVENT_READ, act)

    def run(self) -> None:
        """Receive until ``stop`` or the limit; what had arrived by then is still taken."""
        deadline = float("inf")
        while not self._full() and time.monotonic() < deadline:
            ready = self._selector.select(0 if self._stopping else None)
            for key, _ in ready:
                key.data()
            if self._stopping:
                deadline = min(deadline, time.monotonic() + GRACE)
                if not ready:
                    break

    def stop(self) -> None:
        """Make ``run`` return; may be called from any thread and from a signal handler."""
        self._stopping = True
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"!")

    def wait(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until ``count`` messages have come; False when they have not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self.received >= count, timeout)

    def close(self) -> None:
        """Close every socket."""
        for key in list((self._selector.get_map() or {}).values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        self._waker.close()

    def __enter__(self) -> Receiver:
        self._thread = threading.Thread(target=self.run, name="listen", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
        if self._thread:
            self._thread.join()
        self.close()

    def _full(self) -> bool:
        return bool(self._limit) and self.received >= self._limit

    def _woken(self) -> None:
        self._wake.recv(64)

    def _take(self, message: bytes) -> None:
        if self._full():
            return
        self._sink(message)
        header = MESSAGE.match(message)
        self.apps[header[1].decode("utf-8", "replace") if header else "(not RFC 5424)"] += 1
        self.bytes += len(message)
        with self._changed:
            self.received += 1
            self._changed.notify_all()

    def _datagrams(self) -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(256):
                message = self._udp.recv(65535)
                if len(message) > self._max_bytes:
                    self._trouble(f"udp: a datagram of {len(message)} bytes, more than --max-bytes = {self._max_bytes}")
                elif message:
                    self._take(message)

    def _accept(self) -> None:
        try:
            connection, address = self._tcp.accept()
        except OSError:  # it has gone again
            return
        connection.setblocking(False)
        self.connections += 1
        frames, name = Frames(self._max_bytes), f"tcp from {address[0]}:{address[1]}"
        self._selector.register(connection, selectors.EVENT_READ, lambda: self._read(connection, frames, name))

    def _read(self, connection: socket.socket, frames: Frames, name: str) -> None:
        try:
            data = connection.recv(262144)
        except BlockingIOError:
            return
        except OSError as why:
            self._trouble(f"{name}: {why}")
            self._hang_up(connection)
            return
        try:
            for message in frames.feed(data) if data else frames.end():
                self._take(message)
        except FramingError as why:
            self._trouble(f"{name}: closed: {why}")
            data = b""
        if not data:
            self._hang_up(connection)

    def _hang_up(self, connection: socket.socket) -> None:
        self._selector.unregister(connection)
        connection.close()

    def _trouble(self, text: str) -> None:
        self.troubles.append(text)
        self._complain(text)


def listening(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Return a TCP and a UDP socket bound to one port, any free one when it is 0; raises OSError."""
    for tries_left in range(20 if port == 0 else 1, 0, -1):
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        tcp = socket.create_server(address[:2], family=family, backlog=128)
        udp = socket.socket(family, socket.SOCK_DGRAM)
        try:
            # Room for a burst: what does not fit is lost without a sign. The kernel gives what it allows.
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 1024**2)
            udp.bind(tcp.getsockname())
        except OSError:  # with port 0, the number may be free for TCP and taken for UDP: try another
            tcp.close()
            udp.close()
            if tries_left == 1:
                raise
        else:
            return tcp, udp
    raise AssertionError("unreachable")
