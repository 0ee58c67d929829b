"""Delivery: whatever an output does, every message ends confirmed or in the dead letter, or the delivery says that it failed."""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import deliver
from loader.api import Outcome, Output
from loader.dead_letter import DeadLetter
from loader.deliver import Backoff, Delivery
from loader.errors import DeliveryError, OutputClosed, Retryable, Stopped, Unrecoverable
from loader.ledger import Ledger
from tests import drivers

DOWN = "down"


class Clock:
    """Time passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, pause: float) -> None:
        self.pauses.append(pause)
        self.now += pause


@dataclasses.dataclass
class Step:
    """What the output does at one call: raise, or take all but what these masks say (a mask bit a message)."""

    error: type[Exception] | None = None
    retry: int = 0
    refuse: int = 0


class ScriptedOutput(Output):
    """Follows a script, then takes everything. What it took since its last flush is lost when it fails: a connection that breaks."""

    def __init__(self, writes: Sequence[Step] = (), flushes: Sequence[Step] = ()) -> None:
        self.writes, self.flushes = collections.deque(writes), collections.deque(flushes)
        self.offered: list[list[bytes]] = []
        self.unconfirmed: list[bytes] = []
        self.confirmed: list[bytes] = []

    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.offered.append(list(messages))
        step = self.writes.popleft() if self.writes else Step()
        if step.error:
            if step.error is not Unrecoverable:
                self.unconfirmed.clear()
            raise step.error(DOWN)
        retry = [at for at in range(len(messages)) if step.retry >> at & 1]
        refused = {at: f"refused {at}" for at in range(len(messages)) if step.refuse >> at & 1 and at not in retry}
        self.unconfirmed += [message for at, message in enumerate(messages) if at not in retry and at not in refused]
        return Outcome(retry, refused)

    def flush(self) -> None:
        step = self.flushes.popleft() if self.flushes else Step()
        if step.error:
            self.unconfirmed.clear()
            raise step.error(DOWN)
        self.confirmed += self.unconfirmed
        self.unconfirmed.clear()


class Always(ScriptedOutput):
    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.offered.append(list(messages))
        raise Retryable(DOWN)


def delivery(output: Output, **options: str) -> tuple[Delivery, drivers.MemoryOutput, Clock]:
    drivers.configured(output, "out_test", **options)
    dead, clock = drivers.MemoryOutput(), Clock()
    drivers.configured(dead, "out_dead")
    return Delivery(output, DeadLetter(dead), clock, clock.sleep), dead, clock


def dead_messages(one: Delivery, dead: drivers.MemoryOutput) -> list[dict[str, Any]]:
    assert one.dead_letter is not None
    one.dead_letter.delivery.flush()
    return [json.loads(row) for row in dead.messages]


BITS = st.integers(0, 31)
STEPS = st.lists(
    st.one_of(
        st.builds(Step),
        st.builds(Step, retry=BITS, refuse=BITS),
        st.sampled_from([Step(Retryable), Step(Unrecoverable), Step(DeliveryError), Step(OutputClosed)]),
    ),
    max_size=6,
)
FLUSHES = st.lists(st.sampled_from([Step(), Step(Retryable), Step(Retryable), Step(OutputClosed)]), max_size=4)
GIVEN = st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5), st.booleans()), max_size=6)  # which ledger, how many, flush after


@settings(deadline=None, max_examples=300)
@given(GIVEN, STEPS, FLUSHES, st.sampled_from(["1k", "9", "1"]), st.sampled_from([10, 2**23]), st.sampled_from(["0", "0.5", "20"]))
def test_every_message_ends_confirmed_or_refused_exactly_once_counted_or_the_delivery_fails(
    batches: list[tuple[int, int, bool]], writes: list[Step], flushes: list[Step], chunk_bytes: str, window: int, rate: str
) -> None:
    output = ScriptedOutput(writes, flushes)
    one, dead, _ = delivery(output, chunk_bytes=chunk_bytes, rate=rate)
    ledgers = [Ledger(("out_test",)) for _ in range(3)]
    owner: dict[bytes, Ledger] = {}
    failed = False
    before, deliver.WINDOW = deliver.WINDOW, window
    try:
        for which, count, flush in batches:
            messages = [b"m%03d\n" % (len(owner) + n) for n in range(count)]
            owner |= dict.fromkeys(messages, ledgers[which])
            ledgers[which].read += count
            one.add(messages, ledgers[which])
            if flush:
                one.flush()
        one.flush()
    except DeliveryError:
        failed = True
        one.discard()
    finally:
        deliver.WINDOW = before
    confirmed, refused = set(output.confirmed), [row["message"].encode() for row in dead_messages(one, dead)]
    assert len(refused) == len(set(refused))
    for ledger in ledgers:
        mine = {message for message, its in owner.items() if its is ledger}
        assert ledger.delivered["out_test"] == len(mine & confirmed)
        assert ledger.refused["out_test"] == len(mine & set(refused))
        assert ledger.missing("out_test") >= 0
        assert ledger.balances() or failed
    assert not confirmed & set(refused)
    if not failed:
        assert confirmed | set(refused) == set(owner)


@settings(deadline=None)
@given(GIVEN, st.integers(1, 40))
def test_order_is_kept_and_chunks_stay_within_their_bytes(batches: list[tuple[int, int, bool]], chunk_bytes: int) -> None:
    output = ScriptedOutput()
    one, _, _ = delivery(output, chunk_bytes=str(chunk_bytes))
    sent = []
    for _, count, flush in batches:
        messages = [b"m%03d" % (len(sent) + n) for n in range(count)]
        sent += messages
        one.add(messages, Ledger(("out_test",)))
        if flush:
            one.flush()
    one.flush()
    assert output.confirmed == sent
    assert all(len(b"".join(messages)) <= chunk_bytes or len(messages) == 1 for messages in output.offered)


def test_what_was_not_confirmed_is_offered_again_after_a_failed_flush_and_what_was_is_not() -> None:
    output = ScriptedOutput(flushes=[Step(), Step(Retryable), Step()])
    one, _, clock = delivery(output, chunk_bytes="1")
    ledger = Ledger(("out_test",))
    one.add([b"a"], ledger)
    one.flush()
    one.add([b"b", b"c"], ledger)
    one.flush()
    assert output.offered == [[b"a"], [b"b"], [b"c"], [b"b"], [b"c"]]
    assert ledger.delivered["out_test"] == 3
    assert len(clock.pauses) == 1


def test_a_broken_write_offers_again_what_was_written_before_it_and_not_confirmed() -> None:
    output = ScriptedOutput([Step(), Step(Retryable)])
    one, _, _ = delivery(output, chunk_bytes="1")
    one.add([b"a", b"b"], Ledger(("out_test",)))
    one.flush()
    assert output.offered == [[b"a"], [b"b"], [b"a"], [b"b"]]
    assert output.confirmed == [b"a", b"b"]


def test_only_the_messages_asked_for_again_are_offered_again() -> None:
    output = ScriptedOutput([Step(), Step(retry=0b101), Step(retry=0b10)])
    one, _, clock = delivery(output)
    ledger = Ledger(("out_test",))
    one.add([b"0"], ledger)
    one._close_chunk()
    one.add([b"a", b"b", b"c"], ledger)
    one.flush()
    assert output.offered == [[b"0"], [b"a", b"b", b"c"], [b"a", b"c"], [b"c"]]
    assert ledger.delivered["out_test"] == 4
    assert len(clock.pauses) == 2


@pytest.mark.parametrize("step", [Step(refuse=0b111), Step(Unrecoverable)])
def test_a_chunk_of_which_nothing_is_taken_goes_to_the_dead_letter_with_the_reason(step: Step) -> None:
    output = ScriptedOutput([step])
    one, dead, clock = delivery(output)
    ledger = Ledger(("out_test",), read=4)
    one.add([b"a", b"b", b"\xff"], ledger)
    one.flush()
    one.add([b"good"], ledger)
    one.flush()
    reasons = ["down"] * 3 if step.error else [f"refused {at}" for at in range(3)]
    rows = dead_messages(one, dead)
    assert [(row["stage"], row["output"], row["reason"]) for row in rows] == [("deliver", "out_test", why) for why in reasons]
    assert [(row["message"], row.get("encoding")) for row in rows] == [("a", None), ("b", None), ("/w==", "base64")]
    assert ledger.balances()
    assert (ledger.refused["out_test"], ledger.delivered["out_test"]) == (3, 1)
    assert clock.pauses == []


def test_all_asked_for_again_is_no_failure_of_what_was_written_before() -> None:
    output = ScriptedOutput([Step(retry=1)])
    one, _, _ = delivery(output)
    ledger = Ledger(("out_test",), read=1)
    one.add([b"a"], ledger)
    one.flush()
    assert output.offered == [[b"a"], [b"a"]]
    assert ledger.balances()


def test_it_asks_for_confirmation_each_time_a_window_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "WINDOW", 3)
    output = ScriptedOutput()
    one, _, _ = delivery(output, chunk_bytes="1")
    ledger = Ledger(("out_test",))
    for at in range(1, 101):
        one.add([b"x"], ledger)
        assert at - ledger.delivered["out_test"] <= 4  # the window, and the chunk that filled it


@pytest.mark.parametrize("calls", ["write", "flush"])
def test_it_gives_up_after_retry_for_then_fails_at_once_until_something_succeeds(calls: str) -> None:
    down = [Step(Retryable)] * 1000
    output = ScriptedOutput(**{"writes" if calls == "write" else "flushes": down})
    one, _, clock = delivery(output, retry_for="60s", retry_wait="10s")
    ledger = Ledger(("out_test",))
    one.add([b"a"], ledger)
    with pytest.raises(DeliveryError, match="down; gave up after 60 seconds") as why:
        one.flush()
    assert not isinstance(why.value, Retryable)
    assert clock.now == pytest.approx(1060, abs=0.01)
    assert max(clock.pauses) <= 10
    tried = len(output.offered)
    one.discard()
    for _ in range(3):
        one.add([b"b"], ledger)
        with pytest.raises(DeliveryError, match="gave up"):
            one.flush()
        one.discard()
    assert clock.now == pytest.approx(1060, abs=0.01)
    assert len(output.offered) == tried + 3
    output.writes.clear()
    output.flushes.clear()
    one.add([b"c"], ledger)
    one.flush()
    output.writes.append(Step(Retryable))
    one.add([b"d"], ledger)
    one.flush()
    assert output.confirmed == [b"c", b"d"]
    assert dict(ledger.delivered) == {"out_test": 2}


@pytest.mark.parametrize(("jitter", "pauses"), [(1.0, [0.25, 0.5, 1, 2, 3, 3, 3, 3]), (0.5, [0.125, 0.25, 0.5, 1, 1.5, 1.5, 1.5, 1.5])])
def test_pauses_double_up_to_their_cap_shortened_by_at_most_half(jitter: float, pauses: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver.random, "uniform", lambda low, high: jitter if low <= jitter <= high else pytest.fail("outside"))
    clock = Clock()
    backoff = Backoff(3, 1000, clock)
    assert [backoff.next() for _ in pauses] == pauses
    backoff.succeeded()
    assert backoff.next() == pauses[0]


class OneByOne(ScriptedOutput):
    """Takes one message, and breaks; or asks for all but the one that it refuses."""

    def __init__(self, *, refusing: bool) -> None:
        super().__init__()
        self.refusing = refusing

    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.offered.append(list(messages))
        return Outcome(range(1, len(messages)), {0: "no"}) if self.refusing else Outcome()

    def flush(self) -> None:
        if not self.refusing and len(self.offered[-1]) > 1:
            raise Retryable(DOWN)

    def settled(self) -> int:
        return 1


@pytest.mark.parametrize("refusing", [False, True])
def test_a_destination_that_goes_on_a_message_at_a_time_is_not_down(refusing: bool) -> None:
    one, _, clock = delivery(OneByOne(refusing=refusing), retry_for="2s")
    ledger = Ledger(("out_test",))
    one.add([b"%d" % n for n in range(60)], ledger)
    one.flush()
    assert clock.now > 1005, "longer than retry_for, from the first failure to the last"
    assert (ledger.delivered["out_test"], ledger.refused["out_test"]) == ((0, 60) if refusing else (60, 0))


def test_a_retry_for_of_nothing_tries_once() -> None:
    one, _, clock = delivery(Always(), retry_for="0")
    one.add([b"a"], Ledger())
    with pytest.raises(DeliveryError, match="gave up after 0 seconds"):
        one.flush()
    assert clock.pauses == []


class Lasting(Retryable):
    lasting = True


def test_what_somebody_has_to_mend_first_fails_soon_and_is_tried_again_by_what_comes_later() -> None:
    output = ScriptedOutput([Step(Lasting)] * 1000)
    one, _, clock = delivery(output, retry_for="5m")
    one.add([b"a"], Ledger(("out_test",)))
    with pytest.raises(DeliveryError, match="down; gave up after 3 seconds"):
        one.flush()
    assert sum(clock.pauses) == pytest.approx(3)
    one.discard()
    output.writes.clear()
    one.add([b"b"], Ledger(("out_test",)))
    one.flush()
    assert output.confirmed == [b"b"]


def test_a_pause_never_outlasts_retry_for() -> None:
    clock = Clock()
    backoff = Backoff(1000, 1, clock)
    while (pause := backoff.next()) is not None:
        clock.sleep(pause)
        assert clock.now <= 1001


def test_a_dead_letter_that_refuses_fails_the_delivery() -> None:
    """Nothing stands behind it, so the source must not be acknowledged."""
    output, dead = ScriptedOutput([Step(refuse=1)]), ScriptedOutput([Step(refuse=1)])
    drivers.configured(output, "out_test")
    drivers.configured(dead, "out_dead", chunk_bytes="1")
    one = Delivery(output, DeadLetter(dead))
    ledger = Ledger(("out_test",), read=1)
    one.add([b"a"], ledger)
    with pytest.raises(DeliveryError, match="out_dead refuses a record: refused 0"):
        one.flush()
    assert not ledger.balances()


def test_bytes_out_counts_what_was_packed_once_whatever_is_sent_again() -> None:
    output = ScriptedOutput([Step(Retryable), Step(retry=0b1)])
    one, _, _ = delivery(output)
    ledger = Ledger(("out_test",))
    one.add([b"abc", b"de"], ledger)
    one.flush()
    assert ledger.bytes_out == 5


def test_discarding_forgets_what_is_not_confirmed() -> None:
    output = ScriptedOutput()
    one, _, _ = delivery(output)
    first, second = Ledger(("out_test",), read=1), Ledger(("out_test",), read=1)
    one.add([b"a"], first)
    one.discard()
    one.add([b"b"], second)
    one.flush()
    assert output.offered == [[b"b"]]
    assert (first.balances(), second.balances()) == (False, True)


def test_an_error_of_no_known_kind_passes_through() -> None:
    """The engine's seam around a source takes it: unknown means not acknowledged."""
    one, _, _ = delivery(ScriptedOutput([Step(ZeroDivisionError)]))
    one.add([b"a"], Ledger())
    with pytest.raises(ZeroDivisionError):
        one.flush()


def timed(output: ScriptedOutput, clock: Clock) -> list[tuple[float, int]]:
    """Note when how many messages are offered."""
    times: list[tuple[float, int]] = []
    write = output.write

    def noted(messages: Sequence[bytes]) -> Outcome:
        times.append((clock.now - 1000, len(messages)))
        return write(messages)

    output.write = noted  # type: ignore[method-assign]
    return times


def test_an_output_without_a_rate_has_no_pace() -> None:
    one, _, clock = delivery(ScriptedOutput())
    one.add([b"x"] * 1000, Ledger())
    one.flush()
    assert one.pace is None
    assert clock.pauses == []


def test_messages_go_no_faster_than_the_rate_in_portions_of_a_tenth_of_a_second() -> None:
    output = ScriptedOutput()
    one, _, clock = delivery(output, rate="50")
    times = timed(output, clock)
    ledger = Ledger(("out_test",))
    one.add([b"m%02d" % n for n in range(23)], ledger)
    assert [count for _, count in times] == [5, 5, 5, 5, 3]
    assert [when for when, _ in times] == pytest.approx([0, 0, 0.1, 0.2, 0.3])  # after a pause a portion is at hand
    one.flush()
    assert output.confirmed == [b"m%02d" % n for n in range(23)]


def test_bytes_go_no_faster_than_their_rate_and_what_is_sent_again_counts_again() -> None:
    output = ScriptedOutput(flushes=[Step(Retryable)])
    one, _, clock = delivery(output, rate_bytes="100", retry_wait="0")
    times = timed(output, clock)
    one.add([b"0123456789"] * 4, Ledger())
    one.flush()
    assert [when for when, _ in times] == pytest.approx([0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])


def test_what_goes_at_a_rate_does_not_wait_for_a_full_chunk_and_is_confirmed_about_every_second() -> None:
    output = ScriptedOutput()
    one, _, clock = delivery(output, rate="10")
    ledger = Ledger(("out_test",))
    one.add([b"x"], ledger)
    assert output.offered == [[b"x"]]
    one.add([b"x"] * 99, ledger)
    assert 1 + 99 - 12 <= ledger.delivered["out_test"] < 100
    assert clock.now == pytest.approx(1009.8)


class Slow(ScriptedOutput):
    """Takes its time."""

    clock: Clock
    takes = 0.0

    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.clock.now += self.takes
        return super().write(messages)


def test_a_rate_with_a_lower_end_rises_while_all_is_well_and_falls_with_failures_and_slowness() -> None:
    output = Slow()
    one, _, clock = delivery(output, rate="1000", rate_min="20", retry_for="10m")
    output.clock = clock
    assert one.pace is not None
    one.add([b"x"] * 20000, Ledger())
    assert one.pace.share == 1
    output.takes = 0.5
    one.add([b"x"] * 400, Ledger())
    assert 0.2 < one.pace.share < 0.5
    output.takes = 0
    for trouble in (Step(Retryable), Step(retry=1)):
        one.flush()
        clock.now += 10
        share = one.pace.share
        output.writes.append(trouble)
        one.add([b"x"], Ledger())
        assert one.pace.share == share / 2


def test_what_is_not_sent_when_a_pause_is_cut_short_is_not_counted() -> None:
    """The run is to end: what has not arrived is sent by the next one."""
    output = ScriptedOutput()
    one, _, clock = delivery(output, rate="10")
    ledger = Ledger(("out_test",), read=30)

    def stop(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 1000.8:
            raise Stopped("stopped")

    one.sleep = stop
    with pytest.raises(Stopped):
        one.add([b"m%02d" % n for n in range(30)], ledger)
    with pytest.raises(Stopped):
        one.flush()
    one.discard()
    assert (len(output.offered), ledger.delivered["out_test"]) == (9, 0)
    assert not ledger.balances()


def test_the_dead_letter_has_the_rate_of_its_own_section_or_none() -> None:
    dead = drivers.MemoryOutput()
    drivers.configured(dead, "out_dead")
    output = ScriptedOutput()
    drivers.configured(output, "out_test", rate="1000")
    letter, clock = DeadLetter(dead), Clock()
    one = Delivery(output, letter, clock, clock.sleep)
    assert one.pace is not None
    assert letter.delivery.pace is None
    drivers.configured(dead, "out_dead", rate="5")
    assert DeadLetter(dead).delivery.pace is not None


def test_a_chunk_whose_refusals_the_dead_letter_does_not_take_still_stands_in_line() -> None:
    class Down:
        def refused(self, output: str, message: bytes, reason: str, ledger: Ledger) -> None:
            raise Stopped("stopped while the dead letter was waited for")

    class Picky(drivers.MemoryOutput):
        def write(self, messages: Sequence[bytes]) -> Outcome:
            super().write(messages)
            return Outcome(refused={1: "no"})

    output = drivers.configured(Picky(), "out")
    assert isinstance(output, Picky)
    one, ledger = Delivery(output, Down(), sleep=lambda seconds: None), Ledger(("out",), read=3)
    one.add([b"a", b"b", b"c"], ledger)
    for _ in range(2):
        with pytest.raises(Stopped):
            one.flush()
    assert output.calls == [[b"a", b"b", b"c"]] * 2
    assert (one.settled, ledger.missing("out"), ledger.refused["out"]) == (0, 3, 0)


def test_a_receiver_that_takes_but_never_confirms_is_waited_for_once_and_not_for_every_object() -> None:
    class Hanging(drivers.MemoryOutput):
        def flush(self) -> None:
            raise Retryable("not everything arrived")

    now, waits = 0.0, 0

    def sleep(seconds: float) -> None:
        nonlocal now, waits
        now, waits = now + seconds, waits + 1

    output = drivers.configured(Hanging(), "out_x", retry_for="60s", retry_wait="10s", chunk_bytes="10")
    assert isinstance(output, Hanging)
    delivery = Delivery(output, None, lambda: now, sleep)
    ends = []
    for _ in range(4):
        with pytest.raises(DeliveryError):
            delivery.add([b"x" * 20] * 3, Ledger(("out_x",)))
            delivery.flush()
        delivery.discard()
        ends.append(now)
    assert 59 <= ends[0] <= 61
    assert ends[1:] == [ends[0]] * 3
