"""Watchdog: a block that takes too long is left, whatever it does, and nothing of that remains behind it."""

from __future__ import annotations

import gc
import random
import re
import signal
import threading
import time
import timeit
import weakref
from collections.abc import Iterator

import pytest

from loader.errors import Overdue
from loader.watchdog import within

ATTACK = "a" * 40 + "b"


@pytest.fixture(autouse=True)
def untouched() -> Iterator[None]:
    """Every test leaves handler and timer as they were."""
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def took(begin: float) -> float:
    return time.monotonic() - begin


def spin(seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        pass


@pytest.mark.parametrize(
    ("method", "pattern", "text"),
    [
        ("match", r"(a+)+$", ATTACK),
        ("fullmatch", r"(a|a)*", ATTACK),
        ("search", r"\s+$", " " * 500_000 + "x"),
        ("match", r".*.*.*.*=", "a" * 5000),
        ("match", r"(?:(?:(?:.*)*)*)*x", ATTACK),
    ],
)
def test_a_pattern_that_runs_away_is_interrupted(method: str, pattern: str, text: str) -> None:
    begin = time.monotonic()
    with pytest.raises(Overdue, match=r"not done within 0\.05 seconds"), within(0.05):
        getattr(re.compile(pattern), method)(text)
    assert 0.05 <= took(begin) < 2


def test_so_are_python_code_and_system_calls() -> None:
    for work in (lambda: sum(1 for _ in iter(int, 1)), lambda: time.sleep(60)):
        with pytest.raises(Overdue), within(0.02):
            work()


def test_what_is_done_in_time_is_left_alone() -> None:
    with within(60):
        assert re.match(r"(a+)+$", "aaa")
    with within(0.02):
        pass
    time.sleep(0.05)


def test_no_limit_is_no_limit() -> None:
    with within(0):
        assert signal.getitimer(signal.ITIMER_REAL)[0] == 0


def test_errors_of_the_block_pass_as_they_are() -> None:
    for error in (KeyError, KeyboardInterrupt):
        with pytest.raises(error), within(60):
            raise error


def test_a_block_that_swallows_the_alarm_is_told_again_and_in_the_end_all_the_same() -> None:
    told = 0
    with pytest.raises(Overdue), within(0.02):
        while told < 3:
            try:
                time.sleep(60)
            except Exception:  # noqa: BLE001, PERF203
                told += 1
    assert told == 3


def test_what_a_block_makes_of_the_alarm_is_an_alarm_still() -> None:
    with pytest.raises(Overdue) as caught, within(0.02):
        try:
            time.sleep(60)
        except Overdue:
            raise ValueError("mine") from None
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_earliest_end_of_nested_blocks_counts() -> None:
    begin = time.monotonic()
    with pytest.raises(Overdue, match="0.05"), within(0.05), within(60), within(120):
        time.sleep(60)
    assert took(begin) < 2


def test_an_outer_block_goes_on_with_its_own_limit_behind_an_inner_one() -> None:
    begin = time.monotonic()
    with pytest.raises(Overdue, match="0.2"), within(0.2):
        for _ in range(3):
            with pytest.raises(Overdue, match=r"0\.02"), within(0.02):
                time.sleep(60)
        assert took(begin) < 0.2
        time.sleep(60)
    assert 0.2 <= took(begin) < 2


def test_a_timer_and_a_handler_of_others_are_put_back_and_what_is_due_meanwhile_comes_behind_the_block() -> None:
    rung: list[float] = []

    def ring(number: int, frame: object) -> None:
        rung.append(time.monotonic())

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 60, 7)
        with within(5):
            assert signal.getsignal(signal.SIGALRM) is not ring
        delay, interval = signal.getitimer(signal.ITIMER_REAL)
        assert 59 < delay <= 60
        assert interval == 7
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        with within(5):
            time.sleep(0.03)
            assert not rung
        deadline = time.monotonic() + 2
        while not rung and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(rung) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_an_alarm_of_somebody_else_is_no_reason_to_stop() -> None:
    with within(60):
        signal.raise_signal(signal.SIGALRM)


def test_out_of_the_main_thread_nothing_is_limited() -> None:
    done: list[str] = []

    def work() -> None:
        with within(0.01):
            time.sleep(0.05)
        done.append("all of it")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == ["all of it"]


def torn(seconds: float) -> None:
    """Enter a block that is never left, as when the exception of another signal comes before the first statement of ``__exit__``."""
    within(seconds).__enter__()


def test_a_block_that_was_torn_off_raises_nothing_later() -> None:
    torn(0.02)
    time.sleep(0.1)


def test_nor_does_it_limit_the_next() -> None:
    torn(0.02)
    with within(60):
        time.sleep(0.1)


@pytest.mark.parametrize("seed", range(4))
def test_an_alarm_at_any_moment_never_comes_later_than_its_block(seed: int) -> None:
    """Thousands of blocks that end as their time does: the alarm arrives while entering, working and leaving."""
    moments = random.Random(seed)
    overdue = escaped = 0
    for _ in range(2000):
        left = False
        try:
            with within(moments.uniform(1e-6, 100e-6)):
                spin(moments.uniform(0, 120e-6))
            left = True
            for _ in range(100):
                pass
        except Overdue:
            escaped += left
            overdue += not left
    assert 0 < overdue < 2000
    assert escaped == 0


@pytest.mark.parametrize("seed", range(2))
def test_neither_does_one_of_nested_blocks(seed: int) -> None:
    moments = random.Random(seed)
    for _ in range(2000):
        try:
            with within(moments.uniform(1e-6, 200e-6)):
                try:
                    with within(moments.uniform(1e-6, 100e-6)):
                        spin(moments.uniform(0, 120e-6))
                except Overdue:
                    pass
        except Overdue:
            pass
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_nothing_of_the_block_is_held_on_to() -> None:
    class Large:
        pass

    def block() -> weakref.ref[Large]:
        large = Large()
        with within(60):
            return weakref.ref(large)

    gc.disable()
    try:
        assert block()() is None
    finally:
        gc.enable()


def test_a_block_costs_far_less_than_a_chunk() -> None:
    def block() -> None:
        with within(60):
            pass

    assert min(timeit.repeat(block, number=2000, repeat=5)) / 2000 < 1e-3  # some microseconds; coverage traces
