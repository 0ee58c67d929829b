"""``loader/receiver.py``: what streams and datagrams become, and that one bad sender harms no other."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.receiver import Frames, FramingError, Receiver

LINE = b"<134>1 2024-05-24T07:32:05Z host app - id - {}"


def connected(receiver):
    return socket.create_connection((receiver.host, receiver.port), 5)


def fed(frames, stream, step):
    found = []
    for start in range(0, len(stream), step):
        found += frames.feed(stream[start : start + step])
    return [*found, *frames.end()]


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=6), st.integers(1, 40))
def test_counted_octets_come_back_however_they_are_cut(messages, step):
    stream = b"".join(b"%d %b" % (len(message), message) for message in messages)
    assert fed(Frames(100), stream, step) == messages


@given(st.lists(st.binary(max_size=50).map(lambda body: b"<1>" + body.replace(b"\n", b"")), max_size=6), st.integers(1, 40), st.integers(1, 3))
def test_lines_come_back_however_they_are_cut(messages, step, feeds):
    stream = b"\n" * (feeds - 1) + b"".join(message + b"\n" * feeds for message in messages)
    assert fed(Frames(100), stream, step) == messages


def test_a_stream_of_lines_stays_one_even_when_a_line_starts_with_a_digit():
    frames = Frames(100)
    assert [*frames.feed(b"\n<1>a\n"), *frames.feed(b"12 b\n")] == [b"<1>a", b"12 b"]


def test_a_last_line_without_line_feed_is_taken_but_a_cut_count_is_not():
    assert fed(Frames(100), b"<1>a\n<1>b", 99) == [b"<1>a", b"<1>b"]
    with pytest.raises(FramingError, match="ended within a message"):
        fed(Frames(100), b"5 <1>a", 99)


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        (b"5 <1>aa<1>b\n", "expected the length of a message"),
        (b"05 <1>aa", "expected the length"),
        (b"101 x", "up to 100"),
        (b"1000 x", "expected the length"),
        (b"12345678901234567890", "expected the length"),
        (b"5<1>aa", "expected the length"),
        (b"x" * 101, "without a line feed"),
        (b"x" * 101 + b"\n", "more than --max-bytes"),
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_wrong_framing_is_named(stream, said, step):
    if step == 1000 or "max-bytes" not in said:
        with pytest.raises(FramingError, match=said):
            fed(Frames(100), stream, step)
    else:
        with pytest.raises(FramingError):
            fed(Frames(100), stream, step)


def test_messages_before_the_mistake_are_kept():
    frames, found = Frames(100), []
    with pytest.raises(FramingError):
        found.extend(frames.feed(b"1 a1 b?"))
    stream = Frames(100).feed(b"1 a1 b?")
    assert [next(stream), next(stream)] == [b"a", b"b"]


def test_the_largest_message_is_taken():
    assert list(Frames(100).feed(b"100 " + b"x" * 100)) == [b"x" * 100]
    assert list(Frames(100).feed(b"x" * 100 + b"\n")) == [b"x" * 100]


def test_both_protocols_and_framings_on_one_port():
    with Receiver() as receiver, connected(receiver) as lines, connected(receiver) as counted, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        lines.sendall(LINE + b" 1\n\n" + LINE + b" 2\n")
        counted.sendall(b"%d %b" % (len(LINE), LINE))
        datagrams.sendto(LINE + b" 4", (receiver.host, receiver.port))
        assert receiver.wait(4)
    assert sorted(receiver.messages) == [LINE, LINE + b" 1", LINE + b" 2", LINE + b" 4"]
    assert (receiver.received, receiver.connections, receiver.troubles) == (4, 2, [])
    assert receiver.bytes == len(b"".join(receiver.messages))
    assert receiver.apps == {"app": 4}


def test_a_bad_connection_is_closed_and_the_others_go_on():
    with Receiver(max_bytes=1000) as receiver, connected(receiver) as good, connected(receiver) as bad:
        good.sendall(LINE + b"\n")
        assert receiver.wait(1)
        bad.sendall(b"7 is not what follows")
        assert bad.recv(1) == b""
        good.sendall(LINE + b"\n")
        assert receiver.wait(3)
    assert receiver.messages == [LINE, b"is not ", LINE]
    assert len(receiver.troubles) == 1
    assert "expected the length of a message (up to 1000) and a blank, found b'what follows'" in receiver.troubles[0]


def test_what_is_not_rfc_5424_is_counted_as_such():
    with Receiver() as receiver, connected(receiver) as sender:
        sender.sendall(b'<13>May 24 07:32:05 host su: hello\n<134>1 - - app2 - - [a@1 b="]\\""][c] hello\n<134>1 - - app3 - - -\n')
        assert receiver.wait(3)
    assert receiver.apps == {"(not RFC 5424)": 1, "app2": 1, "app3": 1}


def test_stop_takes_what_had_arrived():
    receiver = Receiver()
    with connected(receiver) as sender:
        sender.sendall((LINE + b"\n") * 1000)
        receiver.stop()
        receiver.run()
    receiver.close()
    assert receiver.received == 1000


def test_the_limit_is_exact():
    receiver = Receiver(limit=3)
    with connected(receiver) as sender:
        sender.sendall((LINE + b"\n") * 10)
        receiver.run()
    receiver.close()
    assert len(receiver.messages) == 3


def test_a_large_datagram_and_one_beyond_the_limit():
    with Receiver(max_bytes=50_000) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x" * 50_001, (receiver.host, receiver.port))
        sender.sendto(b"x" * 50_000, (receiver.host, receiver.port))
        assert receiver.wait(1)
    assert [len(message) for message in receiver.messages] == [50_000]
    assert "a datagram of 50001 bytes" in receiver.troubles[0]


def test_ipv6():
    try:
        receiver = Receiver("::1")
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with receiver, connected(receiver) as sender:
        sender.sendall(LINE + b"\n")
        assert receiver.wait(1)
