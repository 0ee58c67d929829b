"""``faults/proxies.py``: a proxy that did less than it says would prove nothing."""

from __future__ import annotations

import contextlib
import socket
import time

import pytest

from faults import proxies
from faults.proxies import Proxy
from tests.servers import LOCALHOST, PATIENCE, TcpPeer

LINES = b"".join(b"%04d %s\n" % (n, b"x" * 394) for n in range(100))  # 400 bytes each


@contextlib.contextmanager
def through(*acts, behave=None):
    """A peer behind a proxy, and a function that connects to it."""
    with TcpPeer(behave) if behave else TcpPeer() as peer, Proxy(peer.port, acts) as proxy, contextlib.ExitStack() as connections:

        def connect():
            made = connections.enter_context(socket.create_connection((LOCALHOST, proxy.port), PATIENCE))
            made.settimeout(PATIENCE)
            return made

        yield peer, proxy, connect


def echo(peer, connection):
    while data := connection.socket.recv(65536):
        peer.note(connection, data)
    connection.socket.sendall(b"read %d" % len(connection.received))
    connection.close()


def end(connection):
    """Return what still comes, and whether the end was a reset."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        return received, True
    return received, False


def test_a_connection_without_an_act_is_passed_through_with_its_answers():
    with through(behave=echo) as (peer, _, connect):
        connection = connect()
        connection.sendall(LINES)
        connection.shutdown(socket.SHUT_WR)
        assert end(connection) == (b"read 40000", False)
        assert peer.received == LINES


@pytest.mark.parametrize(("act", "reset"), [(proxies.cuts, None), (proxies.resets, True)])
def test_a_connection_is_broken_in_the_middle_of_a_line_and_the_next_one_passes(act, reset):
    with through(act(1000)) as (peer, proxy, connect):
        first = connect()
        first.sendall(LINES[:2000])
        assert reset is None or end(first)[1] is reset
        peer.wait(lambda: len(peer.received) == 1200 + proxies.MIDDLE and peer.ended if act is proxies.cuts else peer.connections)
        assert LINES.startswith(peer.received)
        second = connect()
        second.sendall(b"again\n")
        peer.wait(lambda: peer.received.endswith(b"again\n"))
        assert (len(proxy.links), proxy.broken) == (2, 1)


def test_an_end_in_order_gives_the_client_every_answer_first():
    with through(proxies.cuts_in_order(1000), behave=echo) as (peer, _, connect):
        connection = connect()
        connection.sendall(LINES[:2000])
        assert end(connection) == (b"read %d" % (1200 + proxies.MIDDLE), False)
        assert len(peer.received) == 1200 + proxies.MIDDLE


def test_a_stall_holds_everything_back_for_its_time_and_then_goes_on():
    with through(proxies.stalls(1000, 0.3), behave=echo) as (peer, _, connect):
        connection = connect()
        began = time.monotonic()
        connection.sendall(LINES)
        peer.wait_bytes(len(LINES))
        assert time.monotonic() - began >= 0.3
        assert peer.received == LINES


def test_a_client_that_does_not_wait_for_the_end_of_a_stall_is_let_go():
    with through(proxies.stalls(1000, 60)) as (peer, _, connect):
        connection = connect()
        connection.sendall(LINES[:2000])
        peer.wait_bytes(1200 + proxies.MIDDLE)
        connection.close()
        peer.wait(lambda: peer.ended)


def test_a_connection_that_ends_before_its_place_was_not_broken():
    with through(proxies.cuts(1000)) as (peer, proxy, connect):
        connection = connect()
        connection.sendall(LINES[:800])
        connection.close()
        peer.wait(lambda: peer.ended)
        assert (peer.received, proxy.broken) == (LINES[:800], 0)


def test_a_delay_loses_nothing():
    with through(proxies.delays(0.02)) as (peer, _, connect):
        connection = connect()
        began = time.monotonic()
        connection.sendall(LINES)
        assert peer.wait_bytes(len(LINES)) == LINES
        assert time.monotonic() - began >= 0.02


def test_a_stall_for_good_outlasts_the_half_close_of_a_client():
    with through(proxies.stalls_for_good(1000), behave=echo) as (peer, proxy, connect):
        connection = connect()
        connection.sendall(LINES)
        connection.shutdown(socket.SHUT_WR)
        peer.wait_bytes(1200 + proxies.MIDDLE)
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert (len(peer.received), proxy.broken) == (1200 + proxies.MIDDLE, 1)
