"""``plugins/_syslog/relp_offered.py`` and what ``relp.py`` makes of it: what the receiver has acknowledged is not sent again, and nothing is lost."""

from __future__ import annotations

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import Parts, Retryable
from loader.deliver import Delivery
from loader.ledger import Ledger
from plugins._syslog import relp
from plugins._syslog.relp_frames import Unanswered, frame, number_of, take
from tests.plugins.syslog_output import configured
from tests.relp import RelpPeer, acknowledge, in_turn, late, refuse
from tests.servers import until


class Dead:
    """A dead letter."""

    def __init__(self):
        self.messages = []

    def refused(self, output, message, reason, *_):
        self.messages.append(message)


def delivery(plugin, **options):
    plugin.__dict__.update({"retry_for": 300.0, "retry_wait": 30.0, **options})
    one, now = Delivery(plugin, Dead()), [0.0]
    one.backoff.clock, one.sleep = lambda: now[0], lambda seconds: now.__setitem__(0, now[0] + seconds)
    return one


def numbered(count):
    return [b"%06d" % n for n in range(count)]


class Simulation:
    """A receiver without a network. It answers in any order, refuses some messages for some time or for good, and breaks off at any moment."""

    def __init__(self, seed, bad):
        self.random, self.bad = random.Random(seed), dict(bad)
        self.acknowledged, self.twice, self.seen = set(), [], set()
        self.faults = self.random.randrange(12)


class Simulated:
    """A session with it, in the place of one over a socket."""

    world: Simulation

    def __init__(self, connection, timeout):
        self.account, self.timeout = Unanswered(), timeout
        self.account.sent = self.account.taken = self.account.answers = 1
        self.held, self.dead = [], False

    def open(self):
        pass

    def drop(self):
        self.dead = True

    close = drop

    def last_words(self):
        if self.world.random.random() < 0.5:
            self._answer(self.world.random.randrange(len(self.held) + 1))

    def alive(self):
        self._break()
        self._answer(self.world.random.randrange(len(self.held) + 1))
        if not self.held and self.world.faults and self.world.random.random() < 0.2:
            self.world.faults -= 1
            return False
        return True

    def send(self, frames, window):
        at = 0
        while at < len(frames) and not self.account.refused:
            while self.account.waiting >= window:
                self._answer(1)
            assert not self.dead
            (number, command, message), _ = take(frames[at])
            assert (number, command) == (number_of(self.account.sent + 1), b"syslog")
            self.account.sent += 1
            at += 1
            if message in self.world.acknowledged:
                self.world.twice.append(message)
            self.world.seen.add(message)
            self.held.append((number, message))
            self._break()
            self._answer(self.world.random.choice([0, 0, 1, 3]))
        return at

    def wait_for(self, most=0):
        while self.account.waiting > most:
            self._break()
            self._answer(1)

    def _break(self):
        if self.world.faults and self.world.random.random() < 0.03:
            self.world.faults -= 1
            raise ConnectionResetError("reset")

    def _answer(self, count):
        for _ in range(min(count, len(self.held))):
            number, message = self.held.pop(self.world.random.randrange(len(self.held)))
            left = self.world.bad.get(message, 0)
            if left:
                self.world.bad[message] = left - 1
            else:
                self.world.acknowledged.add(message)
            self.account.feed(frame(number, b"rsp", b"500 no" if left else b"200 OK"))


@given(st.integers(0, 2**32), st.dictionaries(st.integers(0, 79), st.sampled_from([1, 2, 99]), max_size=6), st.integers(1, 60), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_and_what_is_acknowledged_is_never_sent_again(seed, bad, window, in_parts):
    messages = numbered(80)
    offered = [Parts([one, one + b"/2"]) if in_parts and place % 3 == 0 else one for place, one in enumerate(messages)]
    world = Simulation(seed, {messages[place]: times for place, times in bad.items()})
    plugin = configured(protocol="relp", port=1, window=window, reconnect_after=str(seed % 2))
    plugin.open()
    session, relp.Session = relp.Session, type("Session", (Simulated,), {"world": world})
    plugin._transport._dial_socket = lambda peer, timeout: None
    try:
        engine, ledger = delivery(plugin, chunk_bytes=world.random.choice([1, 60, 10_000])), Ledger(outputs=(plugin.name,))
        for start in range(0, 80, 20):
            engine.add(offered[start : start + 20], ledger)
            if world.random.random() < 0.5:
                engine.flush()
        engine.flush()
    finally:
        relp.Session = session
    refused = {bytes(one) for one in engine.dead_letter.messages}
    assert refused == {bytes(offered[place]) for place, times in bad.items() if times == 99}
    wanted = {piece for one in offered if bytes(one) not in refused for piece in (one.pieces if isinstance(one, Parts) else (one,))}
    assert wanted <= world.acknowledged
    assert (ledger.delivered[plugin.name], ledger.refused[plugin.name]) == (80 - len(refused), len(refused))
    whole = [one for one in world.twice if not in_parts]
    assert whole == [], "parts of a message go out again with the part that is missing"


def test_a_refusal_that_is_the_last_word_of_a_session_is_not_taken_for_an_acknowledgement(opened):
    def script(receiver):
        receiver.open()
        for number, message in receiver.messages():
            receiver.answer(number, "500 no") if message == b"000001" else receiver.take(number, message)
            if message == b"000002":
                break
        receiver.connection.close()
        receiver.peer.finished(receiver.connection)

    with RelpPeer(in_turn(script, acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(3))
        peer.wait(lambda: peer.ended)
        session = plugin._transport._session
        until(lambda: not session.alive())
        with pytest.raises(Retryable, match="refuses a message: 500 no"):
            plugin.write([b"000003"])
        assert plugin.settled() == 1
        plugin.write([b"000001", b"000002", b"000003"])
        plugin.flush()
        assert peer.taken == [b"000000", b"000002", b"000001", b"000003"]


def test_a_session_with_a_refusal_is_not_left_for_a_better_one(opened):
    with RelpPeer(refuse(b"000001", 1)) as peer:
        plugin = opened(protocol="relp", port=peer.port, reconnect_after="1h")
        plugin.write(numbered(3))
        session = plugin._transport._session
        until(lambda: session.alive() and session.account.refused)
        plugin._transport._hosts._since -= 3601
        with pytest.raises(Retryable, match="refuses a message"):
            plugin.write([b"000003"])
        assert plugin.settled() == 1


def test_the_refusal_of_a_message_that_was_given_up_does_not_stop_those_behind_it(opened):
    def script(receiver):
        receiver.open()
        messages = receiver.messages()
        old, _ = next(messages)
        for number, message in messages:
            receiver.take(number, message)
            if message == b"000000":
                receiver.answer(old, "500 no")

    with RelpPeer(script) as peer:
        plugin = opened(protocol="relp", port=peer.port, window=2)
        plugin.write([b"given up"])
        plugin.settled()
        plugin.write(numbered(10))
        plugin.flush()
        assert peer.taken == numbered(10)


def test_a_receiver_that_refuses_many_messages_is_not_taken_for_one_that_is_down(opened):
    bad = set(numbered(40)[::2])

    def script(receiver):
        receiver.open()
        for number, message in receiver.messages():
            receiver.answer(number, "500 no") if message in bad else receiver.take(number, message)

    with RelpPeer(script) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        engine, ledger = delivery(plugin, retry_for=3.0), Ledger(outputs=(plugin.name,))
        engine.add(numbered(40), ledger)
        engine.flush()
        assert engine.dead_letter.messages == numbered(40)[::2]
        assert sorted(peer.taken) == numbered(40)[1::2], "each once"


def test_what_was_acknowledged_behind_a_gap_is_not_sent_again(opened):
    def script(receiver):
        receiver.open()
        held = [*itertools.islice(receiver.messages(), 10)]
        for number, message in held[3:]:
            receiver.take(number, message)
        receiver.connection.close()
        receiver.peer.finished(receiver.connection)

    with RelpPeer(in_turn(script, acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port)
        plugin.write(numbered(10))
        with pytest.raises(Retryable):
            plugin.flush()
        assert plugin.settled() == 0
        plugin.write(numbered(12))
        plugin.flush()
        assert sorted(peer.taken) == numbered(12)


def test_after_a_source_was_given_up_the_same_bytes_are_sent_again(opened):
    """They may be another record: only what the engine offers again after a failure counts as what it was."""
    with RelpPeer(in_turn(late(4, lambda held: held[1:]), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="200ms")
        plugin.write(numbered(4))
        with pytest.raises(Retryable):
            plugin.flush()
        assert plugin.settled() == 0
        plugin.settled()  # the engine gives up
        plugin.write(numbered(4))
        plugin.flush()
        assert peer.taken == [*numbered(4)[1:], *numbered(4)]


def test_other_messages_than_those_expected_are_all_sent(opened):
    with RelpPeer(in_turn(late(4, lambda held: held[1:]), acknowledge)) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="200ms")
        plugin.write(numbered(4))
        with pytest.raises(Retryable):
            plugin.flush()
        plugin.settled()
        plugin.write([b"other", *numbered(4)])
        plugin.flush()
        assert peer.taken == [*numbered(4)[1:], b"other", *numbered(4)]


# --- progress


def test_only_answers_are_progress(opened):
    def script(receiver):
        receiver.open()
        number, _ = next(receiver.messages())
        for byte in b"%d rsp 100 200 OK" % number + b"." * 60:
            receiver.connection.socket.sendall(bytes([byte]))
            if receiver.peer.stopped.wait(0.05):
                return

    with RelpPeer(script) as peer:
        plugin = opened(protocol="relp", port=peer.port, timeout="300ms")
        plugin.write([b"a"])
        began = time.monotonic()
        with pytest.raises(Retryable, match="1 messages still not acknowledged after 0.3 seconds"):
            plugin.flush()
        assert time.monotonic() - began < 2


def test_an_offer_that_nobody_answers_is_told_as_that(opened):
    def script(receiver):
        receiver.peer.stopped.wait(5)

    with RelpPeer(script) as peer, pytest.raises(Retryable, match="the offer of a session still not answered after 0.2 seconds"):
        opened(protocol="relp", port=peer.port, timeout="200ms").write([b"a"])


def test_a_slow_receiver_in_tls_makes_progress_with_every_slice(opened, certificates):
    def script(receiver):
        receiver.open()
        while receiver.connection.socket.recv(16384):
            receiver.peer.stopped.wait(0.002)

    with RelpPeer(script, tls=certificates.server()) as peer:
        plugin = opened(protocol="relp_tls", port=peer.port, ca_file=certificates.ca_file, timeout="300ms")
        began = time.monotonic()
        plugin.write([b"x" * 8_000_000])
        assert time.monotonic() - began > 0.4, "longer than the timeout"
