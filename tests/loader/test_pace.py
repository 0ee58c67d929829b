"""The rate of a destination: it holds in every window, is shared fairly, stays between its bounds and finds what the destination takes."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.pace import CALM, FELL, FIELDS, GROWTH, MESSAGES, OCTETS, RAISE, SHARE, SLOT, Pace, Quickest

MANY = [b"0123456789"] * 600  # what a worker has to send: always more than a portion


@dataclasses.dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclasses.dataclass
class Destination:
    """Takes ``capacity`` messages a second, one after the other, and has room for ``room`` more that wait."""

    clock: Clock
    capacity: float = 1e9
    room: float = 1
    delay: float = 0.0005
    free: float = 0.0  # when it will have done all that it was given

    def write(self, count: int) -> float:
        """Return how long it takes until there was room for as many."""
        self.free = max(self.free, self.clock.now) + count / self.capacity
        return max(self.free - self.room / self.capacity - self.clock.now, 0) + self.delay

    def flush(self) -> float:
        return max(self.free - self.clock.now, 0) + self.delay


@dataclasses.dataclass
class Run:
    """Workers that share a rate and send all they can, unless they are idle."""

    clock: Clock
    sent: list[tuple[float, int, int]] = dataclasses.field(default_factory=list)  # when, which worker, how many
    rates: list[tuple[float, float]] = dataclasses.field(default_factory=list)

    def worker(self, number: int, pace: Pace, destination: Destination, idle: float = 0) -> Iterator[float]:
        confirmed = self.clock.now
        yield number * 0.003
        while True:
            yield idle
            count = pace.portion(MANY)
            yield pace.turn(count, count * 10)
            self.sent.append((self.clock.now, number, count))
            began = self.clock.now
            yield destination.write(count)
            pace.took("write", self.clock.now - began)
            if self.clock.now - confirmed > 1:
                began = self.clock.now
                yield destination.flush()
                pace.took("flush", self.clock.now - began)
                confirmed = self.clock.now
            self.rates.append((self.clock.now, pace.messages * pace.share))

    def go(self, workers: list[Iterator[float]], seconds: float) -> None:
        until = self.clock.now + seconds
        due = [(self.clock.now, number) for number in range(len(workers))]
        while due and due[0][0] < until:
            self.clock.now, number = heapq.heappop(due)
            heapq.heappush(due, (self.clock.now + next(workers[number]), number))
        self.clock.now = until

    def count(self, since: float, until: float = float("inf")) -> int:
        return sum(count for when, _, count in self.sent if since <= when < until)


def paces(number: int, clock: Clock, messages: float, octets: float = 0, lowest: float = 0) -> list[Pace]:
    state = [0.0] * FIELDS
    made = [Pace("out_test", messages, octets, lowest, clock) for _ in range(number)]
    for one in made:
        one.join(state, one.lock)
    return made


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0.3, 3000) | st.just(0.0),
    st.floats(5, 50000) | st.just(0.0),
    st.lists(st.sampled_from([0.0, 0.0, 0.05, 0.7, 3.0]), min_size=1, max_size=5),
)
def test_no_window_has_more_than_the_rate_and_a_fifth_of_a_second_of_it(messages: float, octets: float, idle: list[float]) -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    shared = paces(len(idle), run.clock, messages or (0 if octets else 1), octets)
    run.go([run.worker(n, one, destination, idle[n]) for n, one in enumerate(shared)], 4 if messages > 300 else 12)
    for rate, worth in ((shared[0].messages, 1), (octets, 10)):
        for (first, start), (last, end) in itertools.combinations(enumerate(run.sent), 2) if rate else ():
            if last - first in (1, 2, 3, 10, 40):
                amount = sum(count for _, _, count in run.sent[first : last + 1]) * worth
                portion = rate * SLOT + worth
                assert amount <= rate * (end[0] - start[0] + SLOT) + portion * 1.0001


@pytest.mark.parametrize("workers", [1, 2, 5, 16])
@pytest.mark.parametrize(("messages", "octets"), [(250, 0), (0, 20000), (37, 5000), (5000, 0)])
def test_workers_share_the_whole_rate_fairly(workers: int, messages: float, octets: float) -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    run.go([run.worker(n, one, destination) for n, one in enumerate(paces(workers, run.clock, messages, octets))], 60)
    rate = min(messages or 1e9, octets / 10 or 1e9)
    each = [sum(count for _, who, count in run.sent if who == number) for number in range(workers)]
    assert sum(each) == pytest.approx(rate * 60, rel=0.02)
    assert each == pytest.approx([rate * 60 / workers] * workers, rel=0.1)


def test_the_share_of_an_idle_worker_is_the_others() -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    run.go([run.worker(n, one, destination, 30.0 * (n == 0)) for n, one in enumerate(paces(3, run.clock, 100))], 30)
    assert run.count(1000) == pytest.approx(3000, rel=0.02)


def test_a_rate_below_one_is_a_message_now_and_then() -> None:
    run = Run(Clock())
    run.go([run.worker(0, paces(1, run.clock, 0.2)[0], Destination(run.clock))], 21)
    assert [(round(when - 1000), count) for when, _, count in run.sent] == [(0, 1), (5, 1), (10, 1), (15, 1), (20, 1)]


def test_a_message_of_more_bytes_than_a_turn_has_goes_alone_and_is_waited_for() -> None:
    (pace,) = paces(1, Clock(), 0, 100)
    assert pace.portion([b"x" * 1000, b"y"]) == 1
    assert pace.portion([b"x" * 4, b"y" * 6, b"z"]) == 2
    assert pace.turn(1, 1000) == 0
    assert pace.turn(1, 1) == pytest.approx(10 - SLOT)  # SLOT was left over


@settings(deadline=None, max_examples=60)
@given(
    st.floats(1, 100),
    st.floats(0.5, 1000),
    st.lists(st.tuples(st.sampled_from(["turn", "write", "flush", "failed"]), st.integers(0, 2), st.floats(0, 5)), max_size=80),
)
def test_whatever_happens_a_rate_that_moves_stays_between_its_ends(lowest: float, above: float, events: list[tuple[str, int, float]]) -> None:
    clock = Clock()
    shared = paces(3, clock, lowest + above, 0, lowest)
    for event, which, amount in events:
        clock.now += amount
        if event == "turn":
            assert shared[which].turn(10, 10) >= 0
        elif event == "failed":
            shared[which].failed()
        else:
            shared[which].took(event, amount / 3)
        assert lowest * 0.9999 <= shared[0].messages * shared[0].share <= (lowest + above) * 1.0001


@settings(deadline=None, max_examples=40)
@given(st.floats(0.1, 0.9), st.integers(1, 6), st.sampled_from([1.0, 30.0, 400.0]))
def test_it_finds_what_the_destination_takes_and_stays_near_it(part: float, workers: int, room: float) -> None:
    """The climb takes half a minute at most; what fills the destination's buffers comes on top."""
    run, capacity = Run(Clock()), 1000 * part
    destination = Destination(run.clock, capacity, room)
    run.go([run.worker(n, one, destination) for n, one in enumerate(paces(workers, run.clock, 1000, 0, 20))], 100)
    settled = [rate for when, rate in run.rates if when > 1030]
    assert max(settled) <= capacity * 1.8
    assert sum(settled) / len(settled) == pytest.approx(capacity, rel=0.25)
    assert run.count(1030, 1100) >= capacity * 70 * 0.75


def test_a_destination_that_takes_all_gets_the_highest_rate_within_half_a_minute() -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    run.go([run.worker(n, one, destination) for n, one in enumerate(paces(2, run.clock, 200, 0, 4))], 30)
    assert run.rates[0][1] == pytest.approx(4, abs=1)
    assert next(when for when, rate in run.rates if rate == 200) == pytest.approx(1024, abs=2)


def test_it_follows_a_destination_that_becomes_slower_and_recovers() -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    workers = [run.worker(n, one, destination) for n, one in enumerate(paces(3, run.clock, 1000, 0, 20))]
    run.go(workers, 30)
    destination.capacity = 100
    run.go(workers, 15)
    assert max(rate for when, rate in run.rates if when > 1040) <= 200
    destination.capacity = 1e9
    run.go(workers, 25)
    assert run.rates[-1][1] == 1000


def test_a_way_that_becomes_longer_for_good_is_what_is_usual_after_two_minutes() -> None:
    run = Run(Clock())
    destination = Destination(run.clock)
    workers = [run.worker(n, one, destination) for n, one in enumerate(paces(2, run.clock, 100, 0, 5))]
    run.go(workers, 30)
    destination.delay = 0.15  # another continent
    run.go(workers, 10)
    assert run.rates[-1][1] < 60
    run.go(workers, 150)
    assert run.rates[-1][1] == 100


def test_a_failure_halves_the_rate_once_a_second_whoever_meets_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = Clock()
    shared = paces(4, clock, 100, 0, 10)
    shared[0].state[SHARE] = 1.0
    rates = []
    for _ in range(5):
        clock.now += CALM
        for one in shared:
            one.failed()
        rates.append(shared[3].messages * shared[3].share)
    assert rates == [50, 25, 12.5, 10, 10]
    assert [record.getMessage() for record in caplog.records][::3] == [
        "out_test: it fails; it gets 50 messages a second from now on",
        "out_test: it fails; it gets 10 messages a second from now on",
    ]


def test_what_takes_longer_than_usual_takes_a_quarter_off_and_what_always_takes_long_does_not() -> None:
    clock = Clock()
    (pace,) = paces(1, clock, 100, 0, 10)
    pace.state[SHARE] = 0.8
    for seconds, share in ((0.2, 0.8), (0.3, 0.8), (0.79, 0.8), (0.81, 0.6)):
        clock.now += CALM
        pace.took("flush", seconds)
        assert pace.share == pytest.approx(share)
    clock.now += CALM
    pace.took("write", 0.81)  # its kind has no other yet
    assert pace.share == pytest.approx(0.6)


def test_it_rises_only_while_turns_are_waited_for() -> None:
    clock = Clock()
    (pace,) = paces(1, clock, 100, 0, 10)
    grown = 0.1 * (1 + GROWTH)
    for waiting, share in ((False, 0.1), (True, grown), (True, grown * (1 + GROWTH)), (False, grown * (1 + GROWTH))):
        clock.now += CALM
        pace.state[MESSAGES] = clock.now + 5 * waiting
        pace.turn(1, 1)
        pace.took("write", 0.001)
        assert pace.share == pytest.approx(share)


def test_from_a_fifth_on_it_rises_by_a_twentieth_of_the_highest_a_second() -> None:
    clock = Clock()
    (pace,) = paces(1, clock, 100, 0, 10)
    pace.state[SHARE], pace.ended = 0.4, clock.now
    pace.turn(1, 1)
    shares = []
    for _ in range(20):
        clock.now += CALM / 2
        pace.took("write", 0.001)
        shares.append(pace.share)
    assert shares[0] == pytest.approx(0.4 + RAISE * CALM)  # not more at once, however long ago it moved
    assert shares[1:6] == pytest.approx([shares[0] + RAISE * CALM / 2 * n for n in range(1, 6)])


def test_a_rate_that_does_not_move_learns_nothing() -> None:
    (pace,) = paces(1, Clock(), 100)
    for _ in range(3):
        pace.turn(50, 50)
        pace.took("write", 10)
        pace.failed()
    assert (pace.share, pace.state[SHARE], pace.state[FELL]) == (1, 0, 0)


def test_the_rate_of_bytes_moves_in_proportion() -> None:
    clock = Clock()
    (pace,) = paces(1, clock, 100, 1000, 10)
    assert pace.turn(1, 100) == 0
    assert pace.state[OCTETS] == pytest.approx(clock.now - SLOT + 100 / (1000 * 0.1))


@pytest.mark.parametrize("field", range(FIELDS))
def test_a_turn_that_a_killed_worker_has_half_taken_costs_the_others_that_turn(field: int) -> None:
    """Whichever of its numbers was written last: the others may wait for what it would have sent, and go on."""
    before, clock = paces(1, Clock(), 100, 1000, 10)[0], Clock()
    before.turn(10, 100)
    after = list(before.state)
    after[FELL] = after[SHARE] = 0.0
    for written in (after[: field + 1] + [0.0] * (FIELDS - field - 1), [0.0] * field + after[field:]):
        (pace,) = paces(1, clock, 100, 1000, 10)
        pace.join(written, pace.lock)
        assert pace.turn(1, 10) <= 10 / (100 * 0.1)
        pace.failed()
        pace.took("write", 0)


def test_the_quickest_of_long_ago_is_forgotten() -> None:
    quickest = Quickest()
    times = ((3, 0), (1, 10), (2, 50), (5, 70), (4, 100), (6, 140), (7, 250))
    assert [quickest.learn(seconds, now) for seconds, now in times] == [3, 1, 1, 1, 1, 4, 6]
