"""``protocol = relp`` and ``relp_tls`` of ``plugins/out_syslog.py``: its frames by themselves, then against scripted receivers on loopback."""

from __future__ import annotations

import collections
import errno
import socket
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.api import Outcome, Parts, Retryable
from loader.deliver import Delivery
from loader.ledger import Ledger
from plugins._syslog.failures import Told
from plugins._syslog.relp_frames import LAST, Unanswered, frame, number_of, syslog_frames, take
from plugins._syslog.sockets import ready
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, configured, encode, number_in
from tests.relp import RelpPeer, acknowledge, cut_after, in_turn, late, mute, refuse
from tests.servers import Certificates, TcpPeer, close_at_once, closed_port, never_read, until

# --- frames


def pieces(data, cuts):
    """Cut ``data`` at the given places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in zip(places, places[1:], strict=False)]


frames = st.tuples(st.integers(0, LAST), st.sampled_from([b"rsp", b"syslog", b"serverclose", b"a" * 32]), st.binary(max_size=40))
cuts = st.lists(st.integers(0, 500), max_size=10)


@given(st.lists(frames, max_size=6), cuts)
def test_frames_are_read_back_however_the_stream_is_cut(wanted, cuts):
    found, buffer = [], b""
    for piece in pieces(b"".join(frame(*one) for one in wanted), cuts):
        buffer += piece
        one, at = take(buffer)
        while one:
            found.append(one)
            buffer = buffer[at:]
            one, at = take(buffer)
    assert (found, buffer) == (wanted, b"")


def test_a_frame_without_data_has_no_blank_and_one_with_a_blank_is_understood():
    assert frame(7, b"close") == b"7 close 0\n"
    assert take(b"5 rsp 0 \n6")[0] == take(b"5 rsp 0\n6")[0] == (5, b"rsp", b"")


@given(st.binary(max_size=60))
@example(b"1 rsp 5\nabc")
@example(b"1234567890 rsp 0\n")
@example(b"1 rsp 999999999 ")
@example(b"1 rsp 2 abc\n")
@example(b"HTTP/1.1 400 Bad Request\r\n")
def test_whatever_a_peer_says_is_a_frame_or_none_or_an_error_with_a_sentence(said):
    account = Unanswered()
    account.sent = 3
    try:
        account.feed(said)
    except Told as why:
        assert "RELP" in str(why) or "was not asked" in str(why)
    assert account.taken <= account.answers <= account.sent


@given(st.integers(LAST - 5, LAST + 5) | st.integers(1, 100), st.lists(st.binary(max_size=20), max_size=8))
def test_messages_are_numbered_and_1_follows_the_last_number(serial, messages):
    found = [take(one)[0] for one in syslog_frames(messages, serial)]
    assert found == [(number_of(serial + at), b"syslog", message) for at, message in enumerate(messages)]
    assert (number_of(1), number_of(LAST), number_of(LAST + 1)) == (1, LAST, 1)


@given(st.data(), st.sampled_from([0, 500, LAST - 5, 2 * LAST - 3]), st.integers(0, 12), cuts)
def test_the_account_of_answers_in_any_order_and_any_pieces(data, before, count, cuts):
    """What is acknowledged is the longest beginning of which each was answered with 200, and nothing else."""
    account = Unanswered()
    account.sent = account.taken = account.answers = before
    account.sent += count
    serials = [before + 1 + at for at in range(count)]
    order = data.draw(st.permutations(serials) | st.just(serials))
    answered = order[: data.draw(st.integers(0, count))]
    refused = set(data.draw(st.lists(st.sampled_from(answered), max_size=3))) if answered else set()
    stream = b"".join(frame(number_of(serial), b"rsp", b"500 no" if serial in refused else b"200 OK") for serial in answered)
    for piece in pieces(stream, cuts):
        account.feed(piece)
    taken = set(answered) - refused
    prefix = next((serial - 1 for serial in serials if serial not in taken), before + count)
    assert (account.taken, account.waiting, account.refused) == (prefix, count - len(answered), dict.fromkeys(refused, "500 no"))


@pytest.mark.parametrize("answer", [b"3 rsp 6 200 OK\n", b"9 rsp 6 200 OK\n", b"1 rsp 6 200 OK\n1 rsp 6 200 OK\n", b"1 syslog 1 x\n"])
def test_an_answer_to_what_was_not_asked_ends_the_session(answer):
    account = Unanswered()
    account.sent = 2
    with pytest.raises(Told, match="was not asked"):
        account.feed(answer)


# --- sessions


def delivery(plugin, **options):
    """Return the engine's part, with short pauses."""
    plugin.__dict__.update({"retry_for": 20.0, "retry_wait": 0.01, **options})
    return Delivery(plugin, None)


def numbered(count, size=0):
    return [b"%06d %s" % (n, b"x" * size) for n in range(count)]


def test_every_message_is_acknowledged_and_the_session_is_closed_as_the_protocol_wants_it(opened):
    with RelpPeer() as peer:
        plugin = opened(protocol="relp", port=peer.port)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n}) for n in range(300)]
        for some in (messages[:100], messages[100:]):
            assert plugin.write(some) == Outcome()
            plugin.flush()
        assert [number_in(message) for message in peer.taken] == list(range(300))
        plugin.close()
        peer.wait(lambda: peer.ended == {0})
        assert peer.received.endswith(b"302 close 0\n")
    assert not peer.failures


def test_bodies_of_several_lines_and_of_none_arrive_as_they_are(opened):
    messages = [b"a\nb\r\n", b"", b"\n", b"1 rsp 6 200 OK\n", bytes(range(256))]
    with RelpPeer() as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(messages)
        plugin.flush()
        assert peer.taken == messages


@pytest.mark.parametrize("window", [1, 3, 1000])
def test_never_more_than_the_window_is_unanswered(opened, window):
    most = []

    def script(receiver):
        receiver.open()
        receiver.connection.socket.settimeout(0.05)
        held = []
        messages = receiver.messages()
        while len(receiver.peer.taken) < 6:
            try:
                held.append(next(messages))
            except TimeoutError:
                most.append(len(held))
                [receiver.take(*one) for one in held]
                held, messages = [], receiver.messages()
                receiver._frames = receiver._read()

    with RelpPeer(script) as peer:
        plugin = opened(protocol="relp", port=peer.port, window=window)
        plugin.write(numbered(6))
        plugin.flush()
        assert max(most) == min(window, 6)
        assert peer.taken == numbered(6)


@pytest.mark.parametrize("tls", [False, True])
def test_neither_side_blocks_the_other_when_both_directions_are_full(opened, certificates, tls):
    """The receiver does not read on until its answers are taken, and its answers are long."""

    def script(receiver):
        receiver.open()
        for number, message in receiver.messages():
            receiver.peer.taken.append(message)
            receiver.answer(number, "200 OK " + "y" * 3000)

    context = certificates.server() if tls else None
    with RelpPeer(script, tls=context, receive_buffer=4096) as peer:
        more = {"ca_file": certificates.ca_file} if tls else {}
        plugin = opened(protocol="relp_tls" if tls else "relp", port=peer.port, window=100_000, **more)
        plugin.write(numbered(4000, 3000))
        plugin.flush()
        assert peer.taken == numbered(4000, 3000)


def test_answers_out_of_order_are_understood(opened):
    with RelpPeer(late(10, lambda held: held[::-1])) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(100))
        plugin.flush()
        assert sorted(peer.taken) == numbered(100)


@pytest.mark.parametrize("reset", [False, True])
def test_what_was_acknowledged_before_a_cut_is_settled(opened, reset):
    with RelpPeer(in_turn(cut_after(50, 30, reset=reset), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(20))
        with pytest.raises(Retryable, match="relp://127.0.0.1"):  # which of the two notices depends on who is faster
            plugin.write(numbered(50)[20:])
            plugin.flush()
        peer.wait(lambda: peer.ended)
        settled = plugin.settled()
        # A reset may overtake answers; what is settled is never more than what the receiver has.
        assert settled <= 30 if reset else settled == 30
        assert plugin.settled() == 0
        plugin.write(numbered(50)[settled:])
        plugin.flush()
        assert sorted(set(peer.taken)) == numbered(50)


def test_the_last_answers_are_read_though_the_end_of_the_connection_is_known(opened):
    with RelpPeer(in_turn(cut_after(40, 40), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(40))
        peer.wait(lambda: peer.ended)
        plugin.write(numbered(60)[40:])  # all before are acknowledged: nothing to complain of
        plugin.flush()
        assert peer.taken == numbered(60)
        assert len(peer.connections) == 2


def test_answers_that_are_there_when_sending_fails_are_read_first(opened):
    with RelpPeer() as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(40))
        peer.wait(lambda: len(peer.taken) == 40)
        session = plugin._transport._session
        assert ready(session._socket, writing=False, patience=5)
        until(lambda: session._socket.recv(65536, socket.MSG_PEEK).endswith(b"41 rsp 6 200 OK\n"))

        def broken(data):
            raise BrokenPipeError(errno.EPIPE, "broken pipe")

        session.alive, session._push = lambda: True, broken  # the answers come between the look and the sending
        with pytest.raises(Retryable, match="broken pipe"):
            plugin.write(numbered(50)[40:])
        assert plugin.settled() == 40


def test_a_failure_after_a_session_that_ended_well_settles_what_both_have_acknowledged(opened):
    with RelpPeer(in_turn(cut_after(40, 40), cut_after(20, 15), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(40))
        peer.wait(lambda: peer.ended)
        with pytest.raises(Retryable):
            plugin.write(numbered(60)[40:])
            plugin.flush()
        assert plugin.settled() == 55


def test_what_a_flush_has_confirmed_is_not_settled_once_more(opened):
    with RelpPeer(in_turn(cut_after(30, 25), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(20))
        plugin.flush()
        with pytest.raises(Retryable):
            plugin.write(numbered(30)[20:])
            plugin.flush()
        assert plugin.settled() == 5


def test_when_the_receiver_says_goodbye_the_next_session_goes_on(opened):
    with RelpPeer(in_turn(cut_after(10, 10, farewell=True), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        engine, ledger = delivery(plugin), Ledger(outputs=(plugin.name,))
        engine.add(numbered(10), ledger)
        engine.flush()
        peer.wait(lambda: peer.ended)
        engine.add(numbered(20)[10:], ledger)
        engine.flush()
        assert peer.taken == numbered(20)


def test_a_receiver_that_never_answers_is_timed_out(opened):
    with RelpPeer(mute) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="200ms")
        plugin.write(numbered(5))
        began = time.monotonic()
        with pytest.raises(Retryable, match="not everything arrived at relp://.*: 5 messages still not acknowledged after 0.2 seconds"):
            plugin.flush()
        assert time.monotonic() - began < 2
        assert plugin.settled() == 0


def test_a_receiver_that_never_answers_is_timed_out_in_write_when_the_window_is_full(opened):
    with RelpPeer(mute) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="200ms", window=3)
        with pytest.raises(Retryable, match="cannot send to relp://.*: 3 messages still not acknowledged"):
            plugin.write(numbered(5))


def test_the_timeout_is_measured_from_the_last_progress(opened):
    def slowly(receiver):
        receiver.open()
        for number, message in receiver.messages():
            receiver.peer.stopped.wait(0.05)
            receiver.take(number, message)

    with RelpPeer(slowly) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="300ms")
        began = time.monotonic()
        plugin.write(numbered(10))
        plugin.flush()
        assert time.monotonic() - began > 0.4
        assert peer.taken == numbered(10)


# --- refusals


def test_a_message_that_is_refused_three_times_is_refused_for_good_and_the_others_go_on(opened):
    messages = numbered(50)
    with RelpPeer(refuse(messages[20])) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        refused = {}

        class Dead:
            def refused(self, output, message, reason, *_):
                refused[message] = reason

        engine, ledger = delivery(plugin), Ledger(outputs=(plugin.name,))
        engine.dead_letter = Dead()
        engine.add(messages, ledger)
        engine.flush()
        assert refused == {messages[20]: "the receiver refuses a message: 500 queue is full"}
        assert (ledger.delivered[plugin.name], ledger.refused[plugin.name]) == (49, 1)
        assert set(peer.taken) == set(messages) - {messages[20]}
        assert peer.seen.count(messages[20]) == 3
        assert max(collections.Counter(peer.taken).values()) == 1, "the others are not sent again with it"


def test_a_message_that_is_taken_the_second_time_is_delivered(opened):
    messages = numbered(30)
    with RelpPeer(refuse(messages[0], 1)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        engine, ledger = delivery(plugin), Ledger(outputs=(plugin.name,))
        engine.add(messages, ledger)
        engine.flush()
        assert set(peer.taken) == set(messages)
        assert ledger.delivered[plugin.name] == 30


def test_the_refusal_of_a_message_that_was_given_up_concerns_nobody(opened):
    with RelpPeer(late(2)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write([b"given up"])
        plugin.settled()
        plugin.write([b"another"])
        plugin.flush()
        assert plugin.settled() == 0
        assert peer.taken == [b"given up", b"another"]


def test_what_was_given_up_is_not_counted_for_what_comes_after_it(opened):
    """A source that fails is forgotten by the engine: its messages must not settle those of the next one."""
    with RelpPeer(in_turn(cut_after(15, 10), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        engine, ledger = delivery(plugin), Ledger(outputs=(plugin.name,))
        engine.add(numbered(10), ledger)
        engine._close_chunk()
        engine._push(confirm=False)
        engine.discard()
        after = Ledger(outputs=(plugin.name,))
        engine.add(numbered(15)[10:], after)
        engine.flush()
        assert after.delivered[plugin.name] == 5
        assert set(peer.taken) == set(numbered(15))


# --- messages in several parts


def test_a_message_in_parts_is_a_frame_for_each_and_counts_as_one(opened):
    messages = [b"one", Parts([b"two/1", b"two/2", b"two/3"]), b"three", Parts([b"four/1", b"four/2"])]
    with RelpPeer(in_turn(cut_after(4, 3), cut_after(4, 4), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        with pytest.raises(Retryable):
            plugin.write(messages)
            plugin.flush()
        assert plugin.settled() == 1, "the second is whole only when all of it is acknowledged"
        with pytest.raises(Retryable):
            plugin.write(messages[1:])
            plugin.flush()
        assert plugin.settled() == 2
        plugin.write(messages[3:])
        plugin.flush()
        assert peer.taken[-2:] == [b"four/1", b"four/2"]


# --- nothing is lost


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 60), st.booleans(), st.booleans()), max_size=4), st.integers(1, 50))
@settings(max_examples=25, deadline=None)
def test_whatever_is_cut_nothing_is_lost_and_at_most_a_window_is_sent_twice(faults, window):
    scripts = [cut_after(taken + min(more, window), taken, reset=reset, farewell=farewell) for taken, more, reset, farewell in faults]
    messages = numbered(100)
    with RelpPeer(in_turn(*scripts, acknowledge)) as peer:
        # What a script keeps waiting ends in a timeout, which is a fault as well.
        plugin = configured(protocol="relp", port=peer.port, window=window, timeout="50ms")
        plugin.open()
        engine, ledger = delivery(plugin, chunk_bytes=150), Ledger(outputs=(plugin.name,))
        engine.sleep = lambda seconds: None
        engine.add(messages, ledger)
        engine.flush()
        plugin.close()
        assert set(peer.taken) == set(messages)
        assert ledger.delivered[plugin.name] == 100
        assert len(peer.taken) - 100 <= window * (len(peer.connections) - 1)
        assert not peer.failures


# --- who answers


def failure(opened, script_or_behaviour, **values):
    peer = TcpPeer(script_or_behaviour)
    with peer, pytest.raises(Retryable) as caught:
        opened(protocol="relp", port=peer.port, **values).write([b"a"])
    assert f"cannot connect to relp://127.0.0.1:{peer.port}: " in str(caught.value)
    return caught.value


def say(data):
    def behave(peer, connection):
        connection.socket.recv(1000)
        connection.socket.sendall(data)
        peer.stopped.wait(5)

    return behave


@pytest.mark.parametrize(
    ("answer", "said", "lasting"),
    [
        (b"220 mail.example.com ready\r\n", "does not speak RELP there: check port and protocol", True),
        (b"\x15\x03\x03\x00\x02\x02\x46", "set protocol = relp_tls", True),
        (b"1 rsp 20 500 no more sessions\n", "refuses the session: 500 no more sessions", True),
        (b"1 rsp 36 200 OK\nrelp_version=0\ncommands=other\n", "does not take the command syslog, only 'other'", True),
        (b"0 serverclose 0\n", "turns the connection away", False),
        (b"2 rsp 6 200 OK\n", "refuses the session", True),
    ],
)
def test_a_receiver_that_answers_the_offer_otherwise(opened, answer, said, lasting):
    why = failure(opened, say(answer))
    assert said in str(why)
    assert why.lasting is lasting


def test_a_receiver_that_hangs_up_on_the_offer(opened):
    assert "does this port speak RELP" in str(failure(opened, close_at_once)) or "ended the connection" in str(failure(opened, close_at_once))


def test_a_receiver_that_does_not_answer_the_offer(opened):
    assert "no answer in time" in str(failure(opened, never_read, timeout="200ms"))


def test_nobody_listens(opened):
    port = closed_port()
    with pytest.raises(Retryable, match=f"cannot connect to relp://127.0.0.1:{port}: connection refused: nothing listens there"):
        opened(protocol="relp", port=port).write([b"a"])


def test_the_answer_to_the_offer_may_come_byte_by_byte(opened):
    def script(receiver):
        next(receiver._frames)
        for byte in b"1 rsp 43 200 OK\nrelp_version=0\ncommands=other,syslog\n":
            receiver.connection.socket.sendall(bytes([byte]))
            receiver.peer.stopped.wait(0.001)
        for number, message in receiver.messages():
            receiver.take(number, message)

    with RelpPeer(script) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write([b"a"])
        plugin.flush()
        assert peer.taken == [b"a"]


# --- TLS


def test_relp_over_tls_with_a_client_certificate(opened, certificates):
    cert_file, key_file = certificates.identity("loader")
    with RelpPeer(in_turn(cut_after(100, 60), acknowledge), tls=certificates.server(ask_client=True)) as peer:
        plugin = opened(protocol="relp_tls", port=peer.port, ca_file=certificates.ca_file, cert_file=cert_file, key_file=key_file)
        engine, ledger = delivery(plugin), Ledger(outputs=(plugin.name,))
        engine.add(numbered(3000, 500), ledger)
        engine.flush()
        assert sorted(set(peer.taken)) == numbered(3000, 500)
        assert len(peer.taken) == 3000, "what was acknowledged before an orderly end is not sent again"


def test_a_missing_client_certificate_lasts(opened, certificates):
    with RelpPeer(tls=certificates.server(ask_client=True)) as peer, pytest.raises(Retryable, match="wants a client certificate") as caught:
        opened(protocol="relp_tls", port=peer.port, ca_file=certificates.ca_file).write([b"a"])
    assert caught.value.lasting
    assert not peer.taken


def test_a_certificate_of_another_authority(opened, certificates, tmp_path):
    with RelpPeer(tls=certificates.server()) as peer, pytest.raises(Retryable, match="not in ca_file") as caught:
        opened(protocol="relp_tls", port=peer.port, ca_file=Certificates(tmp_path).ca_file).write([b"a"])
    assert caught.value.lasting


def test_sockets_are_closed(opened):
    with RelpPeer(in_turn(cut_after(1, 0), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        with pytest.raises(Retryable):
            plugin.write([b"a"])
            plugin.flush()
        plugin.write([b"a"])
        plugin.close()
        until(lambda: len(peer.ended) == 2)
