"""What a dead TCP or TLS connection may not have delivered is sent again: ``plugins/_syslog/tail.py``, then over loopback."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import Retryable
from loader.deliver import Delivery
from loader.ledger import Ledger
from plugins._syslog.sockets import readable
from plugins._syslog.tail import Tail
from tests.plugins.syslog_output import configured
from tests.servers import TcpPeer, in_turn, never_read, record, until

AGAIN = "sent again after a connection died"


@given(st.lists(st.tuples(st.sampled_from(["sent", "flushed", "died", "ended"]), st.integers(1, 30)), max_size=30), st.integers(0, 60))
def test_what_was_flushed_last_comes_again_in_order_and_nothing_else(steps, most):
    """The model: a connection's flushed messages, cut at the front as soon as what is behind them makes up ``most``."""
    told = []
    tail, flushed, pending, lost, number = Tail(most, told.append), [], [], [], 0
    for step, size in steps:
        if step == "sent":
            number += 1
            pending.append(b"%05d" % number * size)
            tail.sent([pending[-1]], len(pending[-1]))
        elif step == "flushed":
            flushed, pending = flushed + pending, []
            while flushed and sum(map(len, flushed[1:])) >= most:
                flushed.pop(0)
            tail.flushed()
        elif step == "died":
            lost, flushed, pending = lost + flushed, [], []
            tail.died()
            told.clear()
            assert tail.again() == b"".join(lost)
            assert told == ([len(lost)] if lost else [])
            flushed, lost = lost, []
        else:
            flushed, pending = [], []
            tail.ended()
    assert bool(tail) is bool(flushed or pending and most)


def numbered(count, size=20):
    return [b"%06d %s\n" % (n, b"x" * size) for n in range(count)]


def read_some(count):
    """Read so many bytes, and die with the rest unread when that is let happen."""

    def behave(peer, connection):
        while len(connection.received) < count and (data := connection.socket.recv(count - len(connection.received))):
            peer.note(connection, data)
        peer.held.wait(10)
        connection.reset()
        peer.finished(connection)

    return behave


class DyingPeer(TcpPeer):
    """One whose first connections die when ``held`` is set."""

    def __init__(self, *behaviours, **options):
        super().__init__(in_turn(*behaviours, record), **options)
        self.held = threading.Event()


def lines(peer):
    """The whole lines that the receivers' program has read, connection after connection."""
    return [line for one in peer.connections for line in bytes(one.received).split(b"\n")[:-1]]


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_what_the_receiver_had_not_read_when_it_was_killed_is_sent_again(opened, certificates, protocol, caplog):
    tls = certificates.server() if protocol == "tls" else None
    messages = numbered(1000)
    with DyingPeer(read_some(100), tls=tls) as peer, caplog.at_level(logging.WARNING):
        plugin = opened(protocol=protocol, framing="lf", port=peer.port, **({"ca_file": certificates.ca_file} if tls else {}))
        plugin.write(messages)
        plugin.flush()  # its TCP has all of it
        peer.held.set()
        peer.wait(lambda: peer.ended)
        with contextlib.suppress(Retryable):
            plugin.write([b"after\n"])
            plugin.flush()
        plugin.write([b"after\n"])
        plugin.flush()
        peer.wait(lambda: b"after" in lines(peer))
        assert set(lines(peer)) >= {message[:-1] for message in messages}
        assert plugin.counted == {AGAIN: 1000}
    assert [found.getMessage() for found in caplog.records] == [
        "out_syslog: a connection died: 1000 messages that may not have been read there are sent again"
    ]


def test_what_was_not_flushed_is_left_to_the_engine(opened):
    with DyingPeer(read_some(10)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"flushed\n"])
        plugin.flush()
        plugin.write([b"not flushed\n"])
        peer.held.set()
        with pytest.raises(Retryable):
            peer.wait(lambda: peer.ended)
            plugin.write([b"more\n"])
            plugin.flush()
        plugin.write([b"not flushed\n"])
        plugin.flush()
        peer.wait(lambda: len(peer.connections) == 2 and bytes(peer.connections[1].received) == b"flushed\nnot flushed\n")


def test_a_second_death_sends_it_once_more(opened):
    with DyingPeer(read_some(10), read_some(10)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write(numbered(10))
        plugin.flush()
        peer.held.set()
        peer.wait(lambda: peer.ended == {0})
        for _ in range(3):
            try:
                plugin.write([b"after\n"])
                plugin.flush()
            except Retryable:
                continue
            if len(peer.connections) == 3:
                break
            peer.wait(lambda: len(peer.ended) == 2)
        plugin.close()
        peer.wait(lambda: b"after" in lines(peer) and len(peer.connections) == 3)
        assert set(lines(peer)) >= {message[:-1] for message in numbered(10)}


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_at_the_end_the_receiver_closes_when_it_has_read_all(opened, certificates, protocol):
    tls = certificates.server() if protocol == "tls" else None

    def late(peer, connection):
        peer.stopped.wait(0.2)
        record(peer, connection)

    with TcpPeer(late, tls=tls) as peer:
        plugin = opened(protocol=protocol, framing="lf", port=peer.port, **({"ca_file": certificates.ca_file} if tls else {}))
        plugin.write(numbered(1000))
        plugin.flush()
        plugin.close()
        assert peer.received == b"".join(numbered(1000)), "closed is read"
        assert len(peer.connections) == 1


def test_a_tls_receiver_that_ends_without_a_word_of_goodbye_has_read_all(opened, certificates, monkeypatch, caplog):
    """As rsyslog does: a FIN, and no close_notify of its own, here before ours is looked after."""
    unwrap = ssl.SSLSocket.unwrap

    def late(connection):
        try:
            return unwrap(connection)
        except ssl.SSLWantReadError:
            assert readable(connection, 5)
            return unwrap(connection)

    def rude(peer, connection):
        while data := connection.socket.recv(65536):
            peer.note(connection, data)
        socket.close(connection.socket.detach())

    monkeypatch.setattr(ssl.SSLSocket, "unwrap", late)
    with TcpPeer(rude, tls=certificates.server()) as peer:
        plugin = opened(protocol="tls", framing="lf", port=peer.port, ca_file=certificates.ca_file)
        plugin.write(numbered(10))
        plugin.flush()
        plugin.close()
        assert peer.received == b"".join(numbered(10)), "and not twice"
        assert len(peer.connections) == 1
    assert not caplog.records


def test_a_receiver_that_dies_at_the_end_gets_the_tail_again(opened):
    with DyingPeer(read_some(100)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write(numbered(1000))
        plugin.flush()
        peer.held.set()
        plugin.close()
        assert set(lines(peer)) == {message[:-1] for message in numbered(1000)}
        assert plugin.counted == {AGAIN: 1000}


def test_a_receiver_that_dies_at_the_end_for_good_is_told(opened, monkeypatch, caplog):
    monkeypatch.setattr("plugins._syslog.stream.COMEBACK", 0.3)
    with DyingPeer(read_some(100)) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="200ms")
        plugin.write(numbered(1000))
        plugin.flush()
        peer.held.set()
        peer.wait(lambda: peer.ended)
    with caplog.at_level(logging.ERROR):
        plugin.close()
    assert [found.getMessage() for found in caplog.records] == [
        f"tcp://127.0.0.1:{peer.port} died and does not come back: it may not have read the last that it was sent"
    ]


def stalled(peer, connection):
    """Take what fits into the buffers, and neither read it nor close."""
    peer.held.wait(10)
    connection.socket.close()


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_what_a_receiver_stalled_with_at_the_end_is_sent_again(opened, certificates, protocol, caplog):
    tls = certificates.server() if protocol == "tls" else None
    with DyingPeer(stalled, tls=tls) as peer:
        plugin = opened(protocol=protocol, framing="lf", port=peer.port, timeout="500ms", **({"ca_file": certificates.ca_file} if tls else {}))
        plugin.write(numbered(1000))
        plugin.flush()  # its TCP has all of it
        plugin.close()
        assert bytes(peer.connections[1].received) == b"".join(numbered(1000))
        assert plugin.counted == {AGAIN: 1000}
        peer.held.set()
    assert not [found for found in caplog.records if found.levelno >= logging.ERROR]


def test_a_receiver_that_never_closes_gets_it_twice_and_is_told(opened, caplog):
    with TcpPeer(never_read) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="100ms")
        plugin.write([b"a\n"])
        plugin.flush()
        began = time.monotonic()
        with caplog.at_level(logging.ERROR):
            plugin.close()
        assert 0.2 <= time.monotonic() - began < 2
        assert len(peer.connections) == 2
    assert [found.getMessage() for found in caplog.records] == [
        f"tcp://127.0.0.1:{peer.port} never closes (resend = 0 is for one that cannot): it may not have read the last that it was sent"
    ]


def test_without_a_tail_nobody_is_waited_for(opened):
    with TcpPeer(never_read) as peer:
        plugin = opened(protocol="tcp", port=peer.port, resend="0")
        plugin.write([b"a\n"])
        plugin.flush()
        began = time.monotonic()
        plugin.close()
        assert time.monotonic() - began < 1


def test_the_next_host_gets_what_the_dead_one_may_not_have_read(opened):
    with DyingPeer(read_some(10)) as first, TcpPeer() as second:
        plugin = opened(host=f"127.0.0.1:{first.port}, 127.0.0.1:{second.port}", protocol="tcp")
        plugin.write(numbered(10))
        plugin.flush()
        first.held.set()
        first.wait(lambda: first.ended)
        with pytest.raises(Retryable):
            until(lambda: not plugin.write([b"after\n"]) or plugin.flush())
        plugin.write([b"after\n"])
        plugin.flush()
        second.wait(lambda: second.received == b"".join(numbered(10)) + b"after\n")


@given(st.lists(st.integers(0, 3000), max_size=3), st.integers(1, 40))
@settings(max_examples=15, deadline=None)
def test_whenever_a_receiver_dies_with_less_than_the_tail_unread_nothing_is_lost(deaths, chunk):
    messages = numbered(200)
    with DyingPeer(*map(read_some, deaths)) as peer:
        peer.held.set()
        plugin = configured(protocol="tcp", port=peer.port, chunk_bytes=str(chunk * 30), retry_for="20s", retry_wait="10ms", resend="64k")
        plugin.open()
        engine, ledger = Delivery(plugin, None, sleep=lambda seconds: None), Ledger(outputs=(plugin.name,))
        for start in range(0, 200, 20):
            engine.add(messages[start : start + 20], ledger)
            engine.flush()
        plugin.close()
        assert ledger.delivered[plugin.name] == 200
        assert set(lines(peer)) >= {message[:-1] for message in messages}
