"""A receiver of RELP on loopback, written from the protocol's description alone, that follows a script."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator

from tests.servers import Connection, TcpPeer

Script = Callable[["Receiver"], None]
OFFERS = "relp_version=0\nrelp_software=scripted\ncommands=syslog"


class Receiver:
    """The receiver's side of one connection. ``taken`` of the peer has what it has acknowledged, over all connections."""

    def __init__(self, peer: RelpPeer, connection: Connection) -> None:
        self.peer, self.connection = peer, connection
        self.number = peer.connections.index(connection)
        self.last = 0
        self._frames = self._read()

    def open(self, answer: str = f"200 OK\n{OFFERS}") -> None:
        """Answer the offer of a session."""
        number, command, data = next(self._frames)
        assert (number, command) == (1, "open"), (number, command, data)
        offers = dict(line.split("=", 1) for line in data.decode().splitlines())
        assert offers["relp_version"] == "0"
        assert "syslog" in offers["commands"].split(",")
        self.answer(1, answer)

    def messages(self) -> Iterator[tuple[int, bytes]]:
        """Yield messages with their numbers, until the session is closed, which is answered."""
        for number, command, data in self._frames:
            if command == "close":
                self.answer(number, "")
                self.say(0, "serverclose", "")
                self.connection.close()
                self.peer.finished(self.connection)
                return
            assert command == "syslog", command
            self.peer.seen.append(data)
            yield number, data

    def take(self, number: int, message: bytes) -> None:
        """Keep a message and acknowledge it."""
        with self.peer.changed:
            self.peer.taken.append(message)
            self.peer.changed.notify_all()
        self.answer(number, "200 OK")

    def answer(self, number: int, text: str) -> None:
        self.say(number, "rsp", text)

    def say(self, number: int, command: str, text: str) -> None:
        data = text.encode()
        self.connection.socket.sendall(f"{number} {command} {len(data)}".encode() + (b" " + data if data else b"") + b"\n")

    def _read(self) -> Iterator[tuple[int, str, bytes]]:
        buffer = b""
        while data := self.connection.socket.recv(65536):
            self.peer.note(self.connection, data)
            buffer += data
            while found := re.match(rb"(\d{1,9}) ([a-zA-Z]{1,32}) (\d{1,9})", buffer):
                length, start = int(found[3]), found.end()
                if length:
                    start += 1
                if len(buffer) < start + length + 1:
                    break
                assert buffer[start + length : start + length + 1] == b"\n", buffer[: start + length + 20]
                assert int(found[1]) == self.last % 999_999_999 + 1, "a number left out"
                self.last = int(found[1])
                yield self.last, found[2].decode(), buffer[start : start + length]
                buffer = buffer[start + length + 1 :]
            assert found or re.fullmatch(rb"[0-9a-zA-Z ]{0,53}", buffer), buffer[:60]
        self.peer.finished(self.connection)


def acknowledge(receiver: Receiver) -> None:
    """Take every message."""
    receiver.open()
    for number, message in receiver.messages():
        receiver.take(number, message)


def cut_after(count: int, acknowledged: int = 10**9, *, reset: bool = False, farewell: bool = False) -> Script:
    """Read ``count`` messages, acknowledge the first of them, and end the connection."""

    def script(receiver: Receiver) -> None:
        receiver.open()
        for position, (number, message) in enumerate(receiver.messages()):
            if position < acknowledged:
                receiver.take(number, message)
            if position + 1 == count:
                break
        if farewell:
            receiver.say(0, "serverclose", "")
        receiver.connection.reset() if reset else receiver.connection.close()
        receiver.peer.finished(receiver.connection)

    return script


def late(count: int, order: Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]] = list) -> Script:
    """Answer when ``count`` messages have come, in the given order."""

    def script(receiver: Receiver) -> None:
        receiver.open()
        held = []
        for one in receiver.messages():
            held.append(one)
            if len(held) == count:
                for number, message in order(held):
                    receiver.take(number, message)
                held = []

    return script


def refuse(message: bytes, times: int = 10**9, text: str = "500 queue is full") -> Script:
    """Refuse a message so many times over all connections, and take the others."""

    def script(receiver: Receiver) -> None:
        receiver.open()
        for number, found in receiver.messages():
            if found == message and receiver.peer.seen.count(message) <= times:
                receiver.answer(number, text)
            else:
                receiver.take(number, found)

    return script


def mute(receiver: Receiver) -> None:
    """Read all and answer nothing but the offer."""
    receiver.open()
    for _ in receiver.messages():
        pass


def in_turn(*scripts: Script) -> Script:
    """The first connection gets the first script, and so on; the last is repeated."""
    return lambda receiver: scripts[min(receiver.number, len(scripts) - 1)](receiver)


class RelpPeer(TcpPeer):
    """A receiver that treats each connection as its script says."""

    def __init__(self, script: Script = acknowledge, *, tls: ssl.SSLContext | None = None, receive_buffer: int = 0) -> None:
        self.script = script
        self.seen: list[bytes] = []
        self.taken: list[bytes] = []
        super().__init__(_follow, tls=tls, receive_buffer=receive_buffer)


def _follow(peer: TcpPeer, connection: Connection) -> None:
    assert isinstance(peer, RelpPeer)
    try:
        peer.script(Receiver(peer, connection))
    except AssertionError as why:
        peer.failures.append(str(why))
        raise
