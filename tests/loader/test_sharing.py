"""What workers share: numbers that all see, and locks that a kill -9 opens. With real processes."""

from __future__ import annotations

import collections
import errno
import fcntl
import multiprocessing
import multiprocessing.connection
import os
import time
from collections.abc import Callable

import pytest

from loader import pace
from loader.pace import Pace
from loader.sharing import Lock, Shared

SPAWN = multiprocessing.get_context("spawn")
Pipe = multiprocessing.connection.Connection
PATIENCE = 20.0


def free(lock: Lock) -> bool:
    """Tell whether this process could have the lock at once."""
    try:
        fcntl.lockf(lock.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, lock.at)
    except OSError as why:
        assert why.errno in (errno.EAGAIN, errno.EACCES)
        return False
    fcntl.lockf(lock.descriptor, fcntl.LOCK_UN, 1, lock.at)
    return True


def joined(shared: Shared, rate: float, clock: Callable[[], float] = time.monotonic) -> Pace:
    one = Pace("out_a", rate, clock=clock)
    one.join(shared.numbers("out_a"), shared.lock("out_a"))
    return one


def die_in_a_turn(shared: Shared, pipe: Pipe) -> None:
    def clock() -> float:  # read while the turn is being taken
        pipe.send(os.getpid())
        time.sleep(60)
        return 0.0

    joined(shared, 10, clock).turn(1, 1)


def take_turns(shared: Shared, pipe: Pipe, number: int) -> None:
    one = joined(shared, 300)
    pipe.send(number)
    pipe.recv()
    taken = []
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        count = one.portion([b"x"] * 1000)
        time.sleep(one.turn(count, count))
        taken.append((time.monotonic(), number, count))
    pipe.send(taken)


@pytest.fixture
def shared() -> Shared:
    return Shared(["out_a", "out_b"], pace.FIELDS)


def test_a_worker_killed_in_the_middle_of_a_turn_does_not_keep_the_lock(shared: Shared) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = SPAWN.Process(target=die_in_a_turn, args=(shared, theirs))
    process.start()
    try:
        assert ours.poll(PATIENCE)
        ours.recv()
        assert not free(shared.lock("out_a"))
        assert free(shared.lock("out_b"))
        assert free(shared.lock())
    finally:
        process.kill()
        process.join(PATIENCE)
    assert process.exitcode == -9
    assert free(shared.lock("out_a"))
    assert joined(shared, 10).turn(1, 1) == 0


def test_processes_share_a_rate_fairly_and_nobody_receives_more_than_it(shared: Shared) -> None:
    pipes, processes = [], []
    for number in range(3):
        ours, theirs = multiprocessing.Pipe()
        pipes.append(ours)
        processes.append(SPAWN.Process(target=take_turns, args=(shared, theirs, number)))
        processes[-1].start()
    try:
        assert all(pipe.poll(PATIENCE) and pipe.recv() == number for number, pipe in enumerate(pipes))
        for pipe in pipes:
            pipe.send("go")
        assert all(pipe.poll(PATIENCE) for pipe in pipes)
        taken = sorted(turn for pipe in pipes for turn in pipe.recv())
    finally:
        for process in processes:
            process.kill()
            process.join(PATIENCE)
    each: collections.Counter[int] = collections.Counter()
    for _, number, count in taken:
        each[number] += count
    began, ended = taken[0][0], taken[-1][0]
    assert taken[-1][2] == 30
    assert each.total() <= 300 * (ended - began + 3 * pace.SLOT)
    assert each.total() >= 300 * (ended - began) * 0.8  # of a machine that may be busy
    assert max(each.values()) - min(each.values()) <= 90  # three turns of five


def test_what_one_writes_all_read_and_each_name_has_its_own(shared: Shared) -> None:
    shared.numbers("out_a")[pace.SHARE] = 0.5
    assert shared.numbers("out_a")[pace.SHARE] == 0.5
    assert list(shared.numbers("out_b")) == [0.0] * pace.FIELDS
    assert len({(lock.descriptor, lock.at) for lock in (shared.lock(), shared.lock("out_a"), shared.lock("out_b"))}) == 3


def test_nothing_is_left_behind(shared: Shared) -> None:
    assert os.fstat(shared.lock().descriptor).st_nlink == 0
    shared.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(shared.lock().descriptor)


def test_no_names_share_nothing() -> None:
    empty = Shared([], pace.FIELDS)
    with empty.lock():
        assert empty.names == []
    empty.close()
