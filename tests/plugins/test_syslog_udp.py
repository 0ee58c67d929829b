"""``protocol = udp`` of ``plugins/out_syslog.py`` against real peers on loopback."""

from __future__ import annotations

import socket

import pytest

from loader.api import Outcome, Retryable
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, encode, resolves_to
from tests.servers import LOCALHOST, UdpPeer, closed_port


def test_udp_sends_one_datagram_a_message(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n}) for n in range(20)]
        assert plugin.write(messages) == Outcome()
        plugin.flush()
        assert peer.take(20) == messages


def test_udp_refuses_what_no_datagram_holds_and_sends_the_rest(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port, max_message_bytes=1000)
        outcome = plugin.write([b"a" * 1000, b"b" * 1001, b"c"])
        assert list(outcome.refused) == [1]
        assert not outcome.retry
        assert "1001 bytes are more than max_message_bytes = 1000" in outcome.refused[1]
        assert peer.take(2) == [b"a" * 1000, b"c"]


def test_udp_takes_the_largest_datagram_there_is(opened):
    with UdpPeer() as peer:
        outcome = opened(port=peer.port).write([b"a" * 65507, b"b" * 65508])
        assert list(outcome.refused) == [1]
        assert peer.take(1) == [b"a" * 65507]


def test_udp_refuses_what_the_system_calls_too_large(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        plugin.most = plugin.room = 10**6
        assert "70000 bytes do not fit a datagram" in plugin.write([b"a" * 70000, b"b"]).refused[0]
        assert peer.take(1) == [b"b"]


@pytest.mark.parametrize("host", [LOCALHOST, "localhost"])
def test_udp_to_a_closed_port_is_retryable(opened, host):
    port = closed_port(socket.SOCK_DGRAM)
    plugin = opened(host=host, port=port)
    for count in (1, 3):
        with pytest.raises(Retryable, match=rf"cannot send to udp://{host}:{port}: .*check host, port and protocol"):
            plugin.write([b"message"] * count)


def test_udp_tries_the_next_address_after_a_refusal(opened, monkeypatch):
    """``localhost`` may be ::1 and 127.0.0.1, and the receiver listens on one of them."""
    with UdpPeer() as peer:
        plugin = opened(host="siem.example.com", port=9)
        resolves_to(monkeypatch, socket.SOCK_DGRAM, closed_port(socket.SOCK_DGRAM), peer.port)
        with pytest.raises(Retryable):
            plugin.write([b"message"])
        plugin.write([b"message"])
        assert peer.take(1) == [b"message"]


def test_udp_flush_sees_a_late_refusal(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        plugin.write([b"first"])
        peer.take(1)
    plugin._transport._socket.send(b"into the void")
    with pytest.raises(Retryable, match="refused"):
        plugin.flush()
