"""What the transports ask of sockets and of the operating system."""

from __future__ import annotations

import select
import selectors
import socket
import ssl
import struct
import sys
import time

if sys.platform == "linux":
    import fcntl
    import termios

# After a minute of silence the peer is asked whether it is there: firewalls keep the connection, and its death is known before the next write.
KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 6))


def url(scheme: str, host: str, port: int) -> str:
    """Return the address as people write it, an IPv6 one in brackets."""
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def connected(host: str, port: int, timeout: float) -> socket.socket:
    """Connect to the first address of the host, IPv6 or IPv4, that answers; the name is resolved anew. Raises OSError."""
    made = socket.create_connection((host, port), timeout)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def readable(connection: socket.socket, patience: float) -> bool:
    """Wait until there is something to read, an end included, for at most ``patience`` seconds."""
    with selectors.DefaultSelector() as selector:
        selector.register(connection, selectors.EVENT_READ)
        return bool(selector.select(patience))


def ready(connection: socket.socket, *, writing: bool, patience: float) -> bool:
    """Wait until there is something to read or, where asked for, room to write; False when ``patience`` seconds are over."""
    poll = select.poll()
    poll.register(connection, select.POLLIN | (select.POLLOUT if writing else 0))
    return bool(poll.poll(max(0.0, patience) * 1000))


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


def unacknowledged(connection: socket.socket) -> int:
    """Return how many bytes the peer's TCP has not acknowledged, or the reader of a Unix socket not read (SIOCOUTQ); 0 where that is not told."""
    if sys.platform != "linux":
        return 0
    answer: tuple[int] = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))
    return answer[0]


def drain(connection: socket.socket, timeout: float) -> None:
    """Wait until nothing is unacknowledged, or the peer has closed; raises TimeoutError when that number has not fallen for the timeout."""
    left, pause = unacknowledged(connection), 0.0002
    deadline = time.monotonic() + timeout
    while left:
        if readable(connection, pause) and hung_up(connection):
            return
        pause = min(pause * 2, 0.02)
        now, before = time.monotonic(), left
        left = unacknowledged(connection)
        if left < before:
            deadline = now + timeout
        elif now > deadline:
            raise TimeoutError(f"{left} bytes still not acknowledged after {timeout:g} seconds")
