"""Loopback peers for tests: they record what they get, or misbehave in one way each. All ends are waited for, none slept for."""

from __future__ import annotations

import contextlib
import datetime
import re
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

import trustme

LOCALHOST = "127.0.0.1"
PATIENCE = 10.0


class Connection:
    """One accepted connection and all bytes read from it."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket, self.received = sock, bytearray()

    def close(self) -> None:
        """End it in an orderly way: a close_notify for TLS, then FIN."""
        with contextlib.suppress(OSError):
            if isinstance(self.socket, ssl.SSLSocket):
                self.socket.settimeout(0)
                with contextlib.suppress(OSError, ValueError):  # the latter: the client has taken it down already
                    self.socket.unwrap()
            # Not closed: the thread that reads from it must not meet its number again as that of another socket.
            self.socket.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End it with RST."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # close() alone does not end a connection that another thread is reading from
        raw = self.socket.detach()
        socket.close(raw)


Behaviour = Callable[["TcpPeer", Connection], None]


def record(peer: TcpPeer, connection: Connection) -> None:
    """Read to the end, then close as well."""
    while data := connection.socket.recv(65536):
        peer.note(connection, data)
    connection.close()
    peer.finished(connection)


def cut_after(count: int) -> Behaviour:
    """Read ``count`` bytes, then reset."""

    def behave(peer: TcpPeer, connection: Connection) -> None:
        while len(connection.received) < count and (data := connection.socket.recv(count - len(connection.received))):
            peer.note(connection, data)
        connection.reset()
        peer.finished(connection)

    return behave


def close_at_once(peer: TcpPeer, connection: Connection) -> None:
    """Hang up without a word."""
    connection.close()


def never_read(peer: TcpPeer, connection: Connection) -> None:
    """Hold the connection and read nothing."""
    peer.stopped.wait(PATIENCE)


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first connection gets the first behaviour, and so on; the last is repeated."""

    def behave(peer: TcpPeer, connection: Connection) -> None:
        index = peer.connections.index(connection)
        behaviours[min(index, len(behaviours) - 1)](peer, connection)

    return behave


class TcpPeer:
    """A TCP or TLS server on loopback that treats each connection as ``behave`` says, in a thread of its own."""

    def __init__(self, behave: Behaviour = record, *, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> None:
        self.behave, self.tls = behave, tls
        self.connections: list[Connection] = []
        self.failures: list[str] = []
        self.ended: set[int] = set()
        self.changed, self.stopped = threading.Condition(), threading.Event()
        self.listener = socket.socket()
        if receive_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.listener.bind((LOCALHOST, 0))
        self.listener.listen()
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> TcpPeer:
        self.threads[0].start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stopped.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join(PATIENCE)
        assert not self.threads[0].is_alive(), "the accepting thread hangs"
        self.listener.close()
        for thread in self.threads[1:]:
            while thread.is_alive():
                # A handshake may be under way: what it makes of the socket appears among the connections later.
                for connection in list(self.connections):
                    with contextlib.suppress(OSError):
                        connection.socket.shutdown(socket.SHUT_RDWR)
                thread.join(0.02)
        for connection in self.connections:
            connection.socket.close()

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            sock.settimeout(PATIENCE)
            # An end without close_notify is an error here: the stream may have been cut (RFC 5425 section 4.4).
            connection = Connection(self.tls.wrap_socket(sock, server_side=True, suppress_ragged_eofs=False) if self.tls else sock)
        except OSError as why:
            sock.close()
            with self.changed:
                self.failures.append(str(why))
                self.changed.notify_all()
            return
        with self.changed:
            self.connections.append(connection)
            self.changed.notify_all()
        with contextlib.suppress(OSError):
            self.behave(self, connection)

    def note(self, connection: Connection, data: bytes) -> None:
        """Record what was read."""
        with self.changed:
            connection.received += data
            self.changed.notify_all()

    def finished(self, connection: Connection) -> None:
        """Record that the connection has ended, by the client or, where that is the behaviour, by us."""
        with self.changed:
            self.ended.add(self.connections.index(connection))
            self.changed.notify_all()

    def wait(self, is_true: Callable[[], object]) -> None:
        """Wait until something recorded makes ``is_true`` true."""
        with self.changed:
            assert self.changed.wait_for(is_true, PATIENCE), f"not in time; so far {self.received[-200:]!r}, failures {self.failures}"

    def wait_bytes(self, count: int) -> bytes:
        """Wait for ``count`` bytes over all connections and return them."""
        self.wait(lambda: len(self.received) >= count)
        return self.received

    @property
    def received(self) -> bytes:
        """All that came, connection after connection."""
        return b"".join(bytes(connection.received) for connection in list(self.connections))


class UdpPeer:
    """Records datagrams."""

    def __init__(self, host: str = LOCALHOST) -> None:
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.settimeout(PATIENCE)
        self.port: int = self.socket.getsockname()[1]

    def __enter__(self) -> UdpPeer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.socket.close()

    def take(self, count: int) -> list[bytes]:
        """Wait for ``count`` datagrams."""
        return [self.socket.recv(65535) for _ in range(count)]


def closed_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port of loopback where nothing listens."""
    with socket.socket(socket.AF_INET, kind) as sock:
        sock.bind((LOCALHOST, 0))
        port: int = sock.getsockname()[1]
        return port


def until(is_true: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for something that only the operating system or another process knows and does not tell."""
    deadline = time.monotonic() + patience
    while not is_true():
        assert time.monotonic() < deadline, "not in time"
        threading.Event().wait(0.005)


class Certificates:
    """An authority and what it signs, as files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.authority = folder, trustme.CA()
        self.ca_file = folder / "ca.pem"
        folder.mkdir(parents=True, exist_ok=True)
        self.authority.cert_pem.write_to_path(self.ca_file)

    def server(
        self, *names: str, expired: bool = False, ask_client: bool = False, newest: ssl.TLSVersion | None = None, tickets: bool = True
    ) -> ssl.SSLContext:
        """Return a server's context with a certificate for ``names`` (loopback by default)."""
        past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
        cert = self.authority.issue_cert(*(names or ("localhost", LOCALHOST)), not_after=past if expired else None)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cert.configure_cert(context)
        if ask_client:
            context.verify_mode = ssl.CERT_REQUIRED
            self.authority.configure_trust(context)
        if newest:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = min(newest, ssl.TLSVersion.TLSv1_2), newest
        if not tickets:
            context.num_tickets = 0
        return context

    def identity(self, name: str, *, password: bytes = b"") -> tuple[Path, Path]:
        """Return the files of a certificate for ``name`` and of its key, encrypted when there is a password."""
        cert = self.authority.issue_cert(name)
        cert_file, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert_file.write_bytes(b"".join(blob.bytes() for blob in cert.cert_chain_pems))
        key_file.write_bytes(encrypted(cert.private_key_pem.bytes(), password) if password else cert.private_key_pem.bytes())
        return cert_file, key_file


def encrypted(key: bytes, password: bytes) -> bytes:
    """Return a PEM key encrypted."""
    from cryptography.hazmat.primitives import serialization as how

    loaded = how.load_pem_private_key(key, None)
    return loaded.private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.BestAvailableEncryption(password))


def split_octets(stream: bytes) -> list[bytes]:
    """Decode octet counting (RFC 6587 section 3.4.1) strictly; raises ValueError for anything else, a cut message included."""
    messages = []
    while stream:
        match = re.match(rb"([1-9][0-9]*) ", stream)
        if not match or len(stream) < match.end() + int(match[1]):
            raise ValueError(f"not a counted message: {stream[:40]!r}")
        messages.append(stream[match.end() : match.end() + int(match[1])])
        stream = stream[match.end() + int(match[1]) :]
    return messages


def split_lines(stream: bytes) -> list[bytes]:
    """Decode line feeds (RFC 6587 section 3.4.2) strictly."""
    *messages, rest = stream.split(b"\n")
    if rest:
        raise ValueError(f"the last message has no line feed: {rest[:40]!r}")
    return messages
