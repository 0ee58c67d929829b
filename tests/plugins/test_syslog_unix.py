"""``protocol = unix`` of ``plugins/out_syslog.py`` against real sockets of this machine."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import Outcome, Parts, Retryable
from tests.plugins.syslog_messages import read_5424
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, configured, encode, number_in


@pytest.fixture
def listening(tmp_path):
    """Return a function that listens on a path, with datagrams or a stream."""
    sockets = []

    def listen(kind, name="log"):
        made = socket.socket(socket.AF_UNIX, kind)
        made.settimeout(10)
        made.bind(str(tmp_path / name))
        if kind == socket.SOCK_STREAM:
            made.listen()
        sockets.append(made)
        return made

    yield listen
    for one in sockets:
        one.close()


def packed(plugin, count):
    pack = plugin.prepare(CLOUDTRAIL, encode)
    return [pack({**RECORD, "n": n}) for n in range(count)]


def collected(connection, into):
    """Read a stream to its end in a thread."""

    def read():
        accepted = connection.accept()[0]
        with accepted:
            while data := accepted.recv(65536):
                into.append(data)

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def test_a_socket_of_datagrams_gets_one_a_message(opened, listening, tmp_path):
    receiver = listening(socket.SOCK_DGRAM)
    plugin = opened(protocol="unix", path=tmp_path / "log")
    messages = packed(plugin, 5)
    assert plugin.write(messages) == Outcome()
    assert [receiver.recv(65536) for _ in range(5)] == messages
    plugin.flush()
    assert [number_in(message) for message in messages] == list(range(5))


@pytest.mark.parametrize(("framing", "end"), [("auto", b"\n"), ("lf", b"\n"), ("nul", b"\0")])
def test_a_socket_that_takes_a_stream_gets_ended_messages(opened, listening, tmp_path, framing, end):
    receiver, found = listening(socket.SOCK_STREAM), []
    thread = collected(receiver, found)
    plugin = opened(protocol="unix", path=tmp_path / "log", framing=framing)
    messages = packed(plugin, 300)
    plugin.write(messages[:100])
    plugin.write([Parts(messages[100:200]), *messages[200:]])
    plugin.flush()
    plugin.close()
    thread.join(10)
    assert b"".join(found) == b"".join(message + end for message in messages)


@given(st.binary(max_size=100) | st.text(alphabet="\0\n a").map(str.encode), st.sampled_from([("auto", b"\n"), ("nul", b"\0")]))
def test_no_body_can_end_its_message_early(body, framing):
    name, end = framing
    message = configured(protocol="unix", framing=name).prepare(CLOUDTRAIL, lambda record: body)(RECORD)
    assert end not in message
    assert read_5424(message).msg == body.replace(end, b" ")


def test_parts_are_datagrams_of_their_own(opened, listening, tmp_path):
    receiver = listening(socket.SOCK_DGRAM)
    opened(protocol="unix", path=tmp_path / "log").write([b"one", Parts([b"two/1", b"two/2"])])
    assert [receiver.recv(100) for _ in range(3)] == [b"one", b"two/1", b"two/2"]


def test_a_datagram_that_is_too_large_is_refused_and_the_rest_sent(opened, listening, tmp_path):
    receiver = listening(socket.SOCK_DGRAM)
    outcome = opened(protocol="unix", path=tmp_path / "log").write([b"a", b"b" * 4_000_000, b"c"])
    assert list(outcome.refused) == [1]
    assert "4000000 bytes do not fit a datagram to unix:" in outcome.refused[1]
    assert [receiver.recv(100) for _ in range(2)] == [b"a", b"c"]


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_receiver_that_does_not_read_is_timed_out(opened, listening, tmp_path, kind):
    listening(kind)
    plugin = opened(protocol="unix", path=tmp_path / "log", timeout="200ms")
    began = time.monotonic()
    with pytest.raises(Retryable, match="unix:.*: .*no answer in time"):
        plugin.write([b"x" * 1000] * 1000)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_flush_waits_until_the_receiver_has_read(opened, listening, tmp_path, kind):
    listening(kind)
    plugin = opened(protocol="unix", path=tmp_path / "log", timeout="200ms")
    plugin.write([b"x" * 100])
    with pytest.raises(Retryable, match="bytes still not acknowledged"):
        plugin.flush()


def test_no_socket_is_retryable_and_says_where(opened, tmp_path):
    with pytest.raises(Retryable, match=f"cannot connect to unix:{tmp_path}/log: no such file or directory"):
        opened(protocol="unix", path=tmp_path / "log").write([b"a"])


def test_a_socket_that_comes_back_as_another_kind_is_used_as_that(opened, listening, tmp_path):
    receiver = listening(socket.SOCK_DGRAM)
    plugin = opened(protocol="unix", path=tmp_path / "log")
    plugin.write([b"one"])
    assert receiver.recv(100) == b"one"
    receiver.close()
    (tmp_path / "log").unlink()
    stream = listening(socket.SOCK_STREAM)
    with pytest.raises(Retryable):
        plugin.write([b"two"])
    plugin.write([b"two"])
    assert stream.accept()[0].recv(100) == b"two\n"
