"""``protocol = tcp`` of ``plugins/out_syslog.py`` against real peers on loopback."""

from __future__ import annotations

import socket
import time

import pytest

from loader.api import Outcome, Retryable
from plugins._syslog import stream
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, encode, number_in, resolves_to, waits_for_end
from tests.servers import TcpPeer, close_at_once, closed_port, cut_after, in_turn, never_read, record, split_lines, split_octets, until


@pytest.mark.parametrize(("framing", "split"), [("lf", split_lines), ("octet", split_octets)])
def test_tcp_sends_every_message_over_one_connection(opened, framing, split):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port, framing=framing)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n}) for n in range(300)]
        for some in (messages[:100], messages[100:]):
            assert plugin.write(some) == Outcome()
            plugin.flush()
        stream = peer.wait_bytes(len(b"".join(messages)))
        assert [number_in(message) for message in split(stream)] == list(range(300))
        plugin.close()
        peer.wait(lambda: peer.ended == {0})


def test_tcp_keeps_idle_connections_alive(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"a\n"])
        assert plugin._transport._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_tcp_tries_every_address_of_the_host(opened, monkeypatch):
    with TcpPeer() as peer:
        plugin = opened(host="siem.example.com", protocol="tcp", port=9)
        resolves_to(monkeypatch, socket.SOCK_STREAM, closed_port(), closed_port(), peer.port)
        plugin.write([b"a\n"])
        peer.wait_bytes(2)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_ipv6(opened, protocol):
    family, kind = socket.AF_INET6, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as peer:
        try:
            peer.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 loopback here")
        if protocol == "tcp":
            peer.listen()
        opened(host="::1", protocol=protocol, port=peer.getsockname()[1]).write([b"a\n"])
        peer.settimeout(5)
        assert (peer if protocol == "udp" else peer.accept()[0]).recv(10) == b"a\n"


def test_tcp_refused_is_retryable_and_says_what_to_do(opened):
    port = closed_port()
    with pytest.raises(Retryable, match=rf"cannot connect to tcp://127.0.0.1:{port}: connection refused: nothing listens there"):
        opened(protocol="tcp", port=port).write([b"a\n"])


def test_an_unknown_host_is_retryable(opened):
    with pytest.raises(Retryable, match="cannot connect to tcp://nowhere.invalid:514: .*check host"):
        opened(host="nowhere.invalid", protocol="tcp").write([b"a\n"])


@pytest.mark.parametrize(
    ("resend", "fresh", "second"),
    [("8m", 5.0, b"one\ntwo\n"), ("8m", 0.0, b"two\n"), ("0", 5.0, b"two\n")],
    ids=["right after a write the program may have died", "when it was idle the program has read all", "resend = 0"],
)
def test_a_closed_peer_is_noticed_before_the_write(opened, monkeypatch, resend, fresh, second):
    monkeypatch.setattr(stream, "FRESH", fresh)
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port, resend=resend)
        plugin.write([b"one\n"])
        plugin.flush()
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        plugin.write([b"two\n"])
        plugin.flush()
        peer.wait_bytes(4 + len(second))
        assert bytes(peer.connections[1].received) == second
        assert plugin.counted == ({"sent again after a connection died": 1} if second.startswith(b"one") else {})


def test_a_peer_that_closed_on_what_was_not_flushed_makes_the_write_fail(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"one\n"])
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        with pytest.raises(Retryable, match="lost the connection .* before everything was known to have arrived"):
            plugin.write([b"two\n"])
        plugin.write([b"one\n", b"two\n"])
        plugin.flush()
        peer.wait_bytes(12)


def test_flush_fails_when_the_peer_has_closed(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"one\n"])
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        with pytest.raises(Retryable, match="not everything arrived at tcp://"):
            plugin.flush()


def test_flush_detects_a_reset(opened):
    with TcpPeer(cut_after(10)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"0123456789 and more\n"])
        peer.wait_bytes(10)
        peer.wait(lambda: peer.ended)
        with pytest.raises(Retryable, match="not everything arrived at tcp://"):
            plugin.flush()


def test_a_cut_in_mid_chunk_loses_nothing_when_the_engine_offers_the_chunk_again(opened):
    messages = [b"%06d %s\n" % (n, b"x" * 1000) for n in range(3000)]
    with TcpPeer(in_turn(cut_after(500_000), cut_after(700_000), record)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        for _ in range(3):
            try:
                plugin.write(messages)
                plugin.flush()
            except Retryable:
                continue
            break
        else:
            pytest.fail("three tries were not enough")
        peer.wait(lambda: len(peer.connections[2].received) == len(b"".join(messages)))
        assert split_lines(bytes(peer.connections[2].received)) == [message[:-1] for message in messages]


def test_a_peer_that_hangs_up_at_once(opened):
    with TcpPeer(close_at_once) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        with pytest.raises(Retryable):  # which of the two notices depends on who is faster
            plugin.write([b"one\n"])
            until(waits_for_end(plugin._transport._socket))
            plugin.flush()


def test_a_peer_that_never_reads_is_timed_out_in_write(opened):
    with TcpPeer(never_read, receive_buffer=4096) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="200ms")
        began = time.monotonic()
        with pytest.raises(Retryable, match="timed out: no answer in time"):
            plugin.write([b"x" * 1000 + b"\n"] * 20_000)
        assert time.monotonic() - began < 5


def test_a_peer_that_never_reads_is_timed_out_in_flush(opened):
    with TcpPeer(never_read, receive_buffer=4096) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="200ms")
        plugin.write([b"x" * 1000 + b"\n"] * 100)
        with pytest.raises(Retryable, match="bytes still not acknowledged after 0.2 seconds"):
            plugin.flush()


def test_a_peer_that_talks_back_is_not_mistaken_for_one_that_closed(opened):
    def chatter(peer, connection):
        connection.socket.sendall(b"welcome\n" * 1000)
        record(peer, connection)

    with TcpPeer(chatter) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        for n in range(10):
            plugin.write([b"%d\n" % n])
            plugin.flush()
        peer.wait_bytes(20)
        assert len(peer.connections) == 1


@pytest.mark.parametrize("size", [600_000, 6_000_000])
@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_sending_to_a_slow_peer_takes_as_long_as_it_takes(opened, certificates, protocol, size):
    """The timeout bounds the wait for progress, not the whole: the smaller size waits in flush, the larger one in write as well."""

    def slowly(peer, connection):
        while left := size - len(connection.received):
            peer.stopped.wait(0.05)
            goal = max(left - size // 12, 0)
            while (left := size - len(connection.received)) > goal:
                peer.note(connection, connection.socket.recv(left - goal))
        record(peer, connection)

    tls = certificates.server() if protocol == "tls" else None
    with TcpPeer(slowly, receive_buffer=65536, tls=tls) as peer:
        more = {"ca_file": certificates.ca_file} if tls else {}
        plugin, began = opened(protocol=protocol, port=peer.port, timeout="400ms", **more), time.monotonic()
        plugin.write([b"x" * 999 + b"\n"] * (size // 1000))
        plugin.flush()
        peer.wait_bytes(size)
        assert time.monotonic() - began > 0.5
