"""An object fetched as ranges: in order, whole, in bounded memory, and without a trace when it is left early."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import SourceError
from plugins._aws.ranges import Bytes, in_order, spread
from tests.servers import until

DATA = bytes(range(256)) * 4


class Service:
    """Gives ranges of DATA in blocks; ``refuse`` has the ranges, by their start, that fail instead. Notes who is at work."""

    def __init__(self, block: int = 7, refuse: dict[int, Exception] | None = None) -> None:
        self.block, self.refuse = block, refuse or {}
        self.lock = threading.Lock()
        self.begun: list[tuple[int, int]] = []
        self.open = self.most = self.given = 0
        self.gate: threading.Event | None = None

    def fetch(self, start: int, stop: int) -> Bytes:
        with self.lock:
            self.begun.append((start, stop))
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            if start in self.refuse:
                raise self.refuse[start]
            for at in range(start, stop, self.block):
                self.given += 1
                yield DATA[at : min(at + self.block, stop)]
                if self.gate is not None:
                    assert self.gate.wait(10)
        finally:
            with self.lock:
                self.open -= 1


def stream(closed: list[bool]) -> Bytes:
    try:
        for at in range(0, len(DATA), 10):
            yield DATA[at : at + 10]
    finally:
        closed.append(True)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 1024), st.integers(30, 400), st.integers(1, 8), st.integers(1, 300))
def test_ranges_come_in_order_and_whole_however_they_are_cut(start: int, size: int, part: int, most: int, block: int) -> None:
    service = Service(block)
    assert b"".join(in_order(service.fetch, start, size, part, most)) == DATA[start:size]
    assert sorted(service.begun) == [(at, min(at + part, size)) for at in range(start, size, part)]
    assert service.most <= most


def test_a_range_comes_while_it_is_fetched_and_no_more_are_there_than_allowed() -> None:
    service = Service(block=50)
    service.gate = threading.Event()
    blocks = in_order(service.fetch, 0, 1000, 100, 3)
    assert next(blocks) == DATA[:50]
    until(lambda: len(service.begun) == 3)
    time.sleep(0.05)
    assert sorted(service.begun) == [(0, 100), (100, 200), (200, 300)]
    service.gate.set()
    until(lambda: service.open == 0)
    assert len(service.begun) == 3  # they are fetched, and wait
    assert next(blocks) == DATA[50:100]
    assert next(blocks) == DATA[100:150]
    until(lambda: len(service.begun) == 4)
    assert b"".join(blocks) == DATA[150:1000]


def test_an_error_comes_where_its_range_would_and_ends_the_others() -> None:
    service = Service(refuse={300: SourceError("broke off")})
    blocks = in_order(service.fetch, 0, 1000, 100, 4)
    got = bytearray()
    with pytest.raises(SourceError, match="broke off"):
        for block in blocks:
            got += block
    assert bytes(got) == DATA[:300]
    until(lambda: service.open == 0)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    service = Service()
    service.gate = threading.Event()
    blocks = in_order(service.fetch, 0, 1000, 100, 4)
    next(blocks)
    assert threading.active_count() == before + 4
    blocks.close()
    service.gate.set()
    until(lambda: threading.active_count() == before)
    assert service.open == 0
    assert len(service.begun) == 4
    assert service.given <= 8  # of 60: each has ended at the block it was at


class Clock:
    """The seconds that a stream lets wait for a block, and that each is worked on."""

    def __init__(self, waits: float = 1.0, works: float = 0.0) -> None:
        self.now, self.steps = 0.0, itertools.cycle((waits, works))

    def __call__(self) -> float:
        self.now, now = self.now + next(self.steps), self.now
        return now


def spreading(closed: list[bool], service: Service, clock: Callable[[], float]) -> Bytes:
    return spread(stream(closed), service.fetch, len(DATA), 200, 3, clock)


def test_the_stream_gives_two_parts_and_is_let_go_when_ranges_come() -> None:
    closed: list[bool] = []
    service = Service()
    blocks = spreading(closed, service, Clock())
    assert b"".join(next(blocks) for _ in range(40)) == DATA[:400]
    assert (closed, service.begun) == ([], [])
    assert next(blocks) == DATA[400:407]
    assert closed == [True]
    assert b"".join(blocks) == DATA[407:]
    assert sorted(service.begun)[0] == (400, 600)


def test_a_stream_that_is_faster_than_the_work_is_left_as_it_is() -> None:
    closed: list[bool] = []
    service = Service()
    assert b"".join(spreading(closed, service, Clock(waits=1.0, works=1.1))) == DATA
    assert (closed, service.begun) == ([True], [])


def test_a_stream_that_becomes_slow_gives_way_then() -> None:
    service = Service()
    blocks = spreading([], service, clock := Clock(waits=1.0, works=1.1))
    got = [next(blocks) for _ in range(55)]
    clock.steps = itertools.cycle((1.1, 1.0))
    assert b"".join([*got, *blocks]) == DATA
    assert sorted(service.begun) == [(800, 1000), (1000, 1024)]


def test_the_end_of_a_slow_stream_is_not_worth_a_range() -> None:
    service = Service()
    assert b"".join(spread(stream([]), service.fetch, len(DATA), 400, 3, Clock())) == DATA
    assert service.begun == []


@pytest.mark.parametrize("error", [SourceError("the service cannot resume (it ignores Range)"), SourceError("SlowDown")])
def test_the_stream_goes_on_alone_where_the_first_range_fails(error: SourceError) -> None:
    closed: list[bool] = []
    service = Service(refuse={400: error})
    assert b"".join(spreading(closed, service, Clock())) == DATA
    assert closed == [True]
    until(lambda: service.open == 0)
    assert len(service.begun) <= 3


def test_a_later_range_that_fails_is_an_error() -> None:
    service = Service(refuse={600: SourceError("was replaced while it was read")})
    with pytest.raises(SourceError, match="replaced"):
        list(spreading([], service, Clock()))


@pytest.mark.parametrize("blocks_read", [1, 40, 41, 60])
def test_closing_at_any_point_closes_the_stream_and_ends_the_threads(blocks_read: int) -> None:
    before, closed = threading.active_count(), list[bool]()
    service = Service()
    blocks = spreading(closed, service, Clock())
    for _ in range(blocks_read):
        next(blocks)
    blocks.close()
    assert closed == [True]
    until(lambda: threading.active_count() == before)


@pytest.mark.parametrize("fails", [ValueError("a mistake of ours"), MemoryError()])
def test_any_other_error_comes_out_too(fails: Exception) -> None:
    made: Callable[[], object] = lambda: list(in_order(Service(refuse={100: fails}).fetch, 0, 300, 100, 2))  # noqa: E731
    with pytest.raises(type(fails)):
        made()
