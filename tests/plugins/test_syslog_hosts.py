"""Several receivers: failover, balance, and when a better one is looked for. ``plugins/_syslog/hosts.py``, then over loopback."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import Retryable
from plugins._syslog.failures import Told
from plugins._syslog.hosts import FIRST_REST, LONGEST_REST, PROBE, Hosts, Peer, host_names
from tests.plugins.syslog_output import waits_for_end
from tests.relp import RelpPeer
from tests.servers import LOCALHOST, TcpPeer, UdpPeer, closed_port, until

A, B, C = (Peer("tcp", name, 514) for name in "abc")


class World:
    """A clock that is set by hand, and receivers that are up or down."""

    def __init__(self, *peers, **options):
        self.now, self.up, self.tried = 1000.0, set(peers), []
        self.hosts = Hosts(peers, clock=lambda: self.now, **options)

    def dial(self, peer, timeout):
        self.tried.append((peer, timeout))
        if peer not in self.up:
            raise ConnectionRefusedError(111, "connection refused")
        return peer

    def connect(self):
        return self.hosts.connect(self.dial, 10.0)

    def renew(self):
        return self.hosts.renew(self.dial, 10.0)


@given(
    st.lists(st.tuples(st.sampled_from(["siem.example.com", "a-1", "192.0.2.7", "[2001:db8::1]"]), st.integers(0, 65535)), max_size=4),
    st.sampled_from([",", " ", ", "]),
)
def test_a_list_of_hosts_is_read_back(hosts, separator):
    written = separator.join(f"{host}:{port}" if port else host for host, port in hosts)
    assert host_names(written) == [(host.strip("[]"), port) for host, port in hosts]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("tcp://siem.example.com:514", "write the name alone"), (":514", "neither name:port nor an IPv6 address"), ("[]:514", "neither name:port"),
        ("siem.example.com:514:1", "neither name:port nor"), ("siem.example.com:", "a port that is not between"), ("[::1]:0", "a port that is not"),
    ],
)  # fmt: skip
def test_what_is_no_host_is_told_at_once(written, said):
    with pytest.raises(ValueError, match=said):
        host_names(f"192.0.2.7, {written}")


def test_an_ipv6_address_needs_no_brackets_when_it_has_no_port():
    assert host_names("2001:db8::1, ::1 [::1]:6514") == [("2001:db8::1", 0), ("::1", 0), ("::1", 6514)]


def test_the_first_that_answers_is_taken_and_one_that_failed_is_not_tried_again_for_a_while():
    world = World(A, B, C)
    assert world.connect() == A
    world.up = {B, C}
    world.hosts.failed()
    assert world.connect() == B
    world.hosts.failed()
    assert world.connect() == C
    assert [peer for peer, _ in world.tried] == [A, B, C], "A and B rest"
    world.now += FIRST_REST
    world.hosts.failed()
    assert world.connect() == B


def test_when_all_rest_the_one_that_rests_shortest_is_tried_first():
    world = World(A, B)
    world.up = set()
    with pytest.raises(Told, match="tcp://a:514: connection refused: .*; tcp://b:514: connection refused"):
        world.connect()
    world.up = {A, B}
    assert world.connect() in (A, B)


def test_a_peer_rests_longer_each_time_and_not_at_all_after_it_worked():
    world = World(A, B)
    rests = []
    for _ in range(10):
        world.hosts._current = A
        world.hosts.failed()
        rests.append(world.hosts._rests[A][0] - world.now)
    assert all(FIRST_REST / 2 * 2**n <= rest or rest >= LONGEST_REST / 2 for n, rest in enumerate(rests))
    assert max(rests) <= LONGEST_REST
    world.hosts._current = A
    world.hosts.worked()
    assert not world.hosts._rests


def test_one_host_alone_is_always_tried_and_its_own_error_raised():
    world = World(A)
    world.up = set()
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            world.connect()
    assert len(world.tried) == 3


def test_after_a_time_the_first_is_used_again_and_the_trial_is_short():
    world = World(A, B, renew_after=300.0)
    world.up = {B}
    assert world.connect() == B
    assert not world.hosts.due
    world.now += 300
    assert world.hosts.due
    assert world.renew() == B, "it is made anew, for its name may have moved"
    world.up = {A, B}
    world.now += 300
    assert world.renew() == A
    assert world.tried[-1] == (A, PROBE)
    assert not world.hosts.due


def test_a_connection_is_kept_when_nothing_better_answers():
    world = World(A, B, C, renew_after=300.0)
    world.up = {B}
    world.connect()
    world.up = {C}
    world.now += 300
    assert world.renew() is None
    assert C not in [peer for peer, _ in world.tried[2:]], "one that comes later is no better"
    assert not world.hosts.due


def test_no_connection_is_made_anew_when_the_option_is_0():
    world = World(A)
    world.connect()
    world.now += 10**9
    assert not world.hosts.due


def test_with_balance_each_process_begins_elsewhere_and_moves_on(monkeypatch):
    first = []
    for pid in (4711, 4712, 4713, 4714):
        monkeypatch.setattr(os, "getpid", lambda pid=pid: pid)
        first.append(World(A, B, C, balance=True).connect())
    assert sorted(map(str, first[:3])) == sorted(map(str, (A, B, C)))
    assert first[3] == first[0]
    world = World(A, B, C, balance=True, renew_after=300.0)
    seen = [world.connect()]
    for _ in range(3):
        world.now += 300
        seen.append(world.renew())
    assert set(seen[:3]) == {A, B, C}
    assert seen[3] == seen[0]


def test_a_failure_lasts_only_when_each_of_the_hosts_says_so():
    verdict = ssl.SSLCertVerificationError("no")
    verdict.verify_code = 20
    for failures, lasting in (([verdict, verdict], True), ([verdict, ConnectionRefusedError()], False)):

        def dial(peer, timeout, failures=failures):
            raise failures["ab".index(peer.host)]

        with pytest.raises(Told) as caught:
            Hosts([A, B]).connect(dial, 1.0)
        assert caught.value.lasting is lasting


# --- over loopback


@pytest.mark.parametrize(("protocol", "kind"), [("tcp", TcpPeer), ("relp", RelpPeer)])
def test_the_next_host_takes_over_when_one_dies_and_nothing_is_lost(opened, protocol, kind):
    end = b"\n" if protocol == "tcp" else b""
    with kind() as second:
        with kind() as first:
            plugin = opened(host=f"{LOCALHOST}:{closed_port()}, {LOCALHOST}:{first.port}, {LOCALHOST}:{second.port}", protocol=protocol)
            plugin.write([b"one" + end])
            plugin.flush()
            first.wait_bytes(4)
            assert plugin._transport.address == f"{protocol}://{LOCALHOST}:{first.port}"
        for _ in range(1000):  # it may take some until this side knows
            with contextlib.suppress(Retryable):
                plugin.write([b"two" + end])
                plugin.flush()
            if plugin._transport.address == f"{protocol}://{LOCALHOST}:{second.port}":
                break
        second.wait(lambda: b"two" in second.received)


def test_when_no_host_answers_all_are_named(opened):
    ports = closed_port(), closed_port()
    said = rf"cannot connect to tcp://{LOCALHOST}:{ports[0]}, tcp://{LOCALHOST}:{ports[1]}: tcp://{LOCALHOST}:{ports[0]}: connection refused: "
    with pytest.raises(Retryable, match=said):
        opened(host=f"{LOCALHOST}:{ports[0]},{LOCALHOST}:{ports[1]}", protocol="tcp").write([b"a\n"])


def test_udp_goes_to_the_next_host_after_a_refusal(opened):
    with UdpPeer() as peer:
        plugin = opened(host=f"{LOCALHOST}:{closed_port(socket.SOCK_DGRAM)},{LOCALHOST}:{peer.port}")
        with pytest.raises(Retryable):
            plugin.write([b"message"])
        plugin.write([b"message"])
        plugin.flush()
        assert peer.take(1) == [b"message"]


@pytest.mark.parametrize("protocol", ["tcp", "udp", "relp"])
def test_a_name_that_leads_elsewhere_is_followed_after_a_while(opened, monkeypatch, protocol):
    kind = {"tcp": TcpPeer, "udp": UdpPeer, "relp": RelpPeer}[protocol]
    real = socket.getaddrinfo
    with kind() as old, kind() as new:
        ports = [old.port]
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *rest, **more: real(LOCALHOST, ports[0], *rest, **more))
        plugin = opened(host="siem.example.com", protocol=protocol, reconnect_after="1h")
        hosts = plugin._transport._hosts
        clock = [hosts._clock()]
        hosts._clock = lambda: clock[0]
        plugin.write([b"one\n"])
        plugin.flush()
        ports[0] = new.port
        plugin.write([b"two\n"])
        clock[0] += 3601
        if protocol == "tcp":
            plugin.write([b"three\n"])  # what is not flushed yet keeps the old connection
        plugin.flush()
        plugin.write([b"four\n"])
        plugin.flush()
        if protocol == "udp":
            assert (old.take(2), new.take(1)) == ([b"one\n", b"two\n"], [b"four\n"])
        else:
            new.wait(lambda: b"four" in new.received)
            old.wait(lambda: (b"three" in old.received or protocol == "relp") and old.ended)
            assert b"four" not in old.received


def test_a_host_that_is_back_is_used_again(opened):
    with TcpPeer() as second, socket.socket() as first:
        first.bind((LOCALHOST, 0))
        port = first.getsockname()[1]
        plugin = opened(host=f"{LOCALHOST}:{port},{LOCALHOST}:{second.port}", protocol="tcp", reconnect_after="1h")
        plugin.write([b"one\n"])
        plugin.flush()
        hosts = plugin._transport._hosts
        hosts._clock = lambda clock=hosts._clock: clock() + 3600
        first.listen()
        plugin.write([b"two\n"])
        assert first.accept()[0].recv(10) == b"two\n"
        assert plugin._transport.address == f"tcp://{LOCALHOST}:{port}"
        second.wait(lambda: second.ended)


def test_an_idle_connection_that_the_receiver_closed_is_no_failure_of_the_host(opened):
    with TcpPeer() as first, TcpPeer() as second:
        plugin = opened(host=f"{LOCALHOST}:{first.port},{LOCALHOST}:{second.port}", protocol="tcp")
        plugin.write([b"one\n"])
        plugin.flush()
        first.wait_bytes(4)
        first.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        plugin.write([b"two\n"])
        plugin.flush()
        first.wait_bytes(8)
