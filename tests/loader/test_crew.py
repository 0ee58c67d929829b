"""The crew: every task ends exactly once, however many workers die on the way."""

from __future__ import annotations

import collections
import contextlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from pathlib import Path

import pytest

from loader.batch import Carried, Source
from loader.crew import Crew
from loader.engine import Task
from loader.errors import STOPPED, ConfigError, Problem
from loader.ledger import DONE, FAILED, Account

SPAWN = multiprocessing.get_context("spawn")


def task(position: int, key: str = "fine") -> Task:
    return Task(position, Source("b", key))


def work(one: Task) -> Account:
    """What a worker does, by the task's key: ``kill``, ``kill-once PATH``, ``wrong``, ``raise``, or nothing special."""
    what, _, path = one.source.key.partition(" ")
    if what == "kill" or (what == "kill-once" and not Path(path).exists()):
        if path:
            Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "stopped-once" and not Path(path).exists():
        Path(path).touch()
        return Account(one.position, one.source.uri, one.source.key, status=FAILED, failure=STOPPED)
    if what == "tries":
        return Account(one.position, one.source.uri, one.source.key, reason=str(one.tries))
    if what == "wrong":
        raise ConfigError(Problem("bad credentials", section="in_s3"))
    if what == "raise":
        raise ZeroDivisionError
    return Account(one.position, one.source.uri, one.source.key)


def processes(number: int) -> futures.Executor:
    return futures.ProcessPoolExecutor(1, SPAWN)


def threads(number: int) -> futures.Executor:
    return futures.ThreadPoolExecutor(1)


@contextlib.contextmanager
def crew_of(make: Callable[[int], futures.Executor], workers: int, *, tries: int = 2, run: Callable[[Task], Account] = work) -> Iterator[Crew]:
    crew = Crew(make, run, workers=workers, tries=tries)
    try:
        yield crew
    finally:
        crew.close()


def accounts(make: Callable[[int], futures.Executor], workers: int, tasks: Iterable[Task], *, tries: int = 2) -> dict[int, Account]:
    """Run the tasks and return their accounts by position, each of which there is once."""
    with crew_of(make, workers, tries=tries) as crew:
        found = list(crew.accounts(tasks))
    assert max(collections.Counter(account.position for account in found).values(), default=1) == 1
    return {account.position: account for account in found}


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("count", [0, 1, 50])
def test_all_tasks_end_exactly_once_in_threads(workers: int, count: int) -> None:
    found = accounts(threads, workers, map(task, range(count)))
    assert sorted(found) == list(range(count))
    assert {account.status for account in found.values()} <= {DONE}


def test_all_tasks_end_exactly_once_in_processes() -> None:
    assert sorted(accounts(processes, 2, map(task, range(20)))) == list(range(20))


def test_a_task_that_kills_its_worker_each_time_fails_with_the_reason_and_all_others_are_done_once() -> None:
    tasks = [task(n, "kill" if n in (0, 5) else "fine") for n in range(12)]
    found = accounts(processes, 2, tasks)
    assert sorted(found) == list(range(12))
    lost = [position for position, account in found.items() if account.status == FAILED]
    assert sorted(lost) == [0, 5]
    assert found[5].reason.startswith("its worker died 2 times on this object: killed, or out of memory")
    assert (found[5].uri, found[5].key) == ("s3://b/kill", "kill")


def test_a_task_that_kills_its_worker_once_is_done_at_the_next_try(tmp_path: Path) -> None:
    found = accounts(processes, 1, [task(0), task(1, f"kill-once {tmp_path}/seen"), task(2)])
    assert {position: account.status for position, account in found.items()} == {0: DONE, 1: DONE, 2: DONE}
    assert (tmp_path / "seen").exists()


def test_a_worker_that_somebody_else_has_stopped_is_replaced_and_its_tasks_are_done(tmp_path: Path) -> None:
    found = accounts(processes, 1, [task(0), task(1, f"stopped-once {tmp_path}/seen"), task(2)])
    assert {position: account.status for position, account in found.items()} == {0: DONE, 1: DONE, 2: DONE}


def test_a_feed_that_has_nothing_right_now_is_asked_again() -> None:
    def feed() -> Iterator[Task | None]:
        yield None
        yield task(0)
        yield None
        yield None
        yield task(1)

    with crew_of(threads, 2) as crew:
        assert sorted(account.position for account in crew.accounts(feed())) == [0, 1]


def test_what_is_in_work_at_the_end_is_waited_for_only_so_long_and_what_waits_is_taken_back() -> None:
    gate = threading.Event()

    def held(one: Task) -> Account:
        if one.position:
            assert gate.wait(10)
        return work(one)

    with crew_of(threads, 2, run=held) as crew:
        assert next(crew.accounts(map(task, range(9)))).position == 0
        began = time.monotonic()
        assert list(crew.ending(0.3)) == []
        assert 0.2 < time.monotonic() - began < 2
        gate.set()
        assert {account.position for account in crew.ending(5)} <= {1, 2, 3, 4}


def test_with_one_try_a_task_is_not_tried_again(tmp_path: Path) -> None:
    found = accounts(processes, 1, [task(0, f"kill-once {tmp_path}/seen"), task(1)], tries=1)
    assert (found[0].status, found[1].status) == (FAILED, DONE)
    assert "died 1 times" in found[0].reason


def test_a_configuration_error_of_a_worker_ends_the_run() -> None:
    with crew_of(processes, 1) as crew, pytest.raises(ConfigError) as why:
        list(crew.accounts([task(0), task(1, "wrong"), task(2)]))
    assert why.value.problems == [Problem("bad credentials", section="in_s3")]


def test_an_error_that_should_not_be_is_not_swallowed() -> None:
    with crew_of(threads, 1) as crew, pytest.raises(ZeroDivisionError):
        list(crew.accounts([task(0, "raise")]))


def test_no_more_is_taken_from_the_list_than_the_workers_hold() -> None:
    """A list of millions is not queued as a whole, and what is stopped early is not lost in a queue."""
    gate, taken = threading.Event(), 0

    def feed() -> Iterator[Task]:
        nonlocal taken
        for taken in range(1, 101):
            yield task(taken)

    def held(one: Task) -> Account:
        assert gate.wait(10)
        return work(one)

    with crew_of(threads, 2, run=held) as crew:
        ended = crew.accounts(feed(), lambda: seen.append(taken) or (len(seen) > 1 and gate.set()) or None)
        seen: list[int] = []
        first = next(ended)
        assert seen[0] == 6
        assert first.position in (1, 2)  # each worker holds two, oldest first, and a third is chosen for it
        assert len(list(ended)) == 99


def test_a_worker_is_told_what_it_gets_next() -> None:
    told: list[tuple[int, str | None]] = []

    def note(one: Task) -> Account:
        told.append((one.position, one.upcoming and one.upcoming.key))
        return work(one)

    with crew_of(threads, 1, run=note) as crew:
        assert len(list(crew.accounts(task(n, f"k{n}") for n in range(5)))) == 5
    assert told == [(0, "k1"), (1, "k2"), (2, "k3"), (3, "k4"), (4, None)]


def test_a_worker_is_not_told_of_what_comes_with_its_bytes() -> None:
    told = []

    def note(one: Task) -> Account:
        told.append(one.upcoming)
        return work(one)

    with crew_of(threads, 1, run=note) as crew:
        assert len(list(crew.accounts(Task(n, Carried("queue", f"m{n}", body=b"x")) for n in range(3)))) == 3
    assert told == [None] * 3


def test_what_was_chosen_for_a_busy_worker_goes_to_one_that_has_nothing() -> None:
    gate, by = threading.Event(), {}

    def held(one: Task) -> Account:
        by[one.position] = threading.get_ident()
        if one.position == 0:
            assert gate.wait(10)
        return work(one)

    with crew_of(threads, 2, run=held) as crew:
        ended = []
        for account in crew.accounts(map(task, range(6))):
            ended.append(account.position)
            if len(ended) == 4:  # all but the one that is in work and the one that waits behind it
                gate.set()
    assert sorted(ended) == list(range(6))
    assert sorted(ended[:4]) == [1, 3, 4, 5]
    assert by[4] == by[1] != by[0]


def test_what_was_chosen_for_a_worker_that_dies_is_done_once(tmp_path: Path) -> None:
    found = accounts(processes, 1, [task(0, f"kill-once {tmp_path}/seen"), *map(task, range(1, 5))])
    assert {position: account.status for position, account in found.items()} == dict.fromkeys(range(5), DONE)


def test_the_caller_is_ticked_while_all_workers_are_busy() -> None:
    gate, ticks = threading.Event(), 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            gate.set()

    def held(one: Task) -> Account:
        assert gate.wait(10)
        return work(one)

    with crew_of(threads, 1, run=held) as crew:
        assert len(list(crew.accounts([task(0)], tick))) == 1
    assert ticks >= 3


def test_closing_cancels_what_has_not_begun() -> None:
    gate, begun = threading.Event(), []

    def held(one: Task) -> Account:
        begun.append(one.position)
        if one.position:
            assert gate.wait(10)
        return work(one)

    crew = Crew(threads, held, workers=1)
    ended = crew.accounts(map(task, range(5)))
    assert next(ended).position == 0
    crew.close()
    gate.set()
    for lane in crew.lanes:
        lane.executor.shutdown(wait=True)
    assert begun in ([0], [0, 1])


def test_closing_waits_until_idle_workers_are_gone() -> None:
    """Else the interpreter's own end meets an executor that is just ending, and shows a traceback."""
    crew = Crew(processes, work, workers=2)
    assert len(list(crew.accounts(map(task, range(4))))) == 4
    processes_of = [process for lane in crew.lanes for process in lane.executor._processes.values()]
    managers = [lane.executor._executor_manager_thread for lane in crew.lanes]
    crew.close(10)
    assert not any(process.is_alive() for process in processes_of)
    assert not any(manager.is_alive() for manager in managers)


def test_closing_does_not_wait_for_what_is_in_work_longer_than_told() -> None:
    gate = threading.Event()
    crew = Crew(threads, work, workers=1)
    crew.lanes[0].executor.submit(gate.wait, 10)
    began = time.monotonic()
    crew.close(0.1)
    assert time.monotonic() - began < 5
    gate.set()


def test_workers_are_told_to_end_again_and_again() -> None:
    """One that was just being started when the others were told has not heard it."""
    stop, told = threading.Event(), []

    def tick() -> None:
        told.append(1)
        if len(told) == 2:
            stop.set()

    def until_told(one: Task) -> Account:
        assert stop.wait(10)
        return work(one)

    with crew_of(threads, 1, run=until_told) as crew:
        crew.lanes[0].given.append((crew.lanes[0].executor.submit(until_told, task(0)), task(0)))
        while not crew.lanes[0].given[0][0].running():
            time.sleep(0.01)
        assert [account.position for account in crew.ending(9, tick)] == [0]


def test_a_worker_that_is_killed_while_idle_costs_no_task() -> None:
    with crew_of(processes, 1) as crew:

        def feed() -> Iterator[Task | None]:
            yield task(0)
            yield None
            executor = crew.lanes[0].executor
            os.kill(executor.submit(os.getpid).result(20), signal.SIGKILL)
            with pytest.raises(futures.BrokenExecutor):
                executor.submit(os.getpid).result(20)
            yield from (task(1), task(2))

        assert sorted((account.position, account.status) for account in crew.accounts(feed())) == [(0, DONE), (1, DONE), (2, DONE)]
