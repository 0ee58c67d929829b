"""Worker processes for a run of any command: tasks in, accounts out, until all are done or a signal asks the run to stop."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import multiprocessing.sharedctypes
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from concurrent import futures

from loader import pace, worker
from loader.assembly import Settings
from loader.config import Config
from loader.crew import TICK, Crew
from loader.engine import Engine, Task
from loader.ledger import Account
from loader.sharing import Shared

log = logging.getLogger(__name__)
OK, SOME_FAILED, USAGE, STOPPED = 0, 1, 2, 130
PATIENCE = 4.0  # seconds that workers have to put down what they are at, when the run is to end

Moved = Callable[[int, int], None]  # told the sums of records and bytes read so far


class Signalled(BaseException):
    """A signal asks the run to stop."""


def prepared(config: Config, input_name: str) -> Engine:
    """Return the engine that a run is planned with, its ledger on disk known to work; raises ConfigError."""
    engine = Engine(config, input_name)
    engine.use_ledger()
    engine.journal.check()
    return engine


def run(
    tasks: Iterable[Task | None], config: Config, input_name: str, settings: Settings, take: Callable[[Account], None], moved: Moved, *, most: int = 0
) -> int:
    """Run all tasks on ``workers`` processes, at most ``most``, and hand their accounts to ``take``; returns 0, or an exit code when the
    run was stopped: by a signal, or because nothing more can be delivered.
    """
    count = settings.workers or cores()
    count = max(1, min(count, most) if most else count)
    figures = multiprocessing.sharedctypes.RawArray("q", count * worker.FIGURES)
    shared = Shared((name for name in config.plugins if name.startswith("out_")), pace.FIELDS)
    crew = Crew(_maker(config, input_name, figures, shared), worker.run, workers=count, tries=settings.tries)
    stopped = 0
    with _stoppable():
        try:
            for account in crew.accounts(tasks, lambda: moved(*_sums(figures))):
                take(account)
                if account.stop:
                    stopped = SOME_FAILED
                    break
        except Signalled as why:
            log.warning("stopped by %s: what is in work is put down; what has arrived of it is not sent again", why)
            stopped = STOPPED
        finally:
            if stopped:
                _put_down(crew, figures, take)
            crew.close(PATIENCE)
            shared.close()
    return stopped


def _maker(config: Config, input_name: str, figures: MutableSequence[int], shared: Shared) -> Callable[[int], futures.Executor]:
    """Return what starts the process of a worker, told its number."""
    level = logging.getLogger().level

    def make(number: int) -> futures.Executor:
        offset = number * worker.FIGURES
        arguments = (config, input_name, level, figures, offset, shared)
        return futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), worker.start, arguments)

    return make


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into Signalled, once: what comes later must not interrupt the end."""
    asked = [signal.SIGINT, signal.SIGTERM]

    def stop(number: int, frame: object) -> None:
        for other in asked:
            signal.signal(other, signal.SIG_IGN)
        raise Signalled(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _sums(figures: Sequence[int]) -> tuple[int, int]:
    return sum(figures[worker.RECORDS :: worker.FIGURES]), sum(figures[worker.BYTES :: worker.FIGURES])


def _put_down(crew: Crew, figures: Sequence[int], take: Callable[[Account], None]) -> None:
    """Have the workers stop at the next chunk, take the accounts of where they are, and kill what does not end in time."""
    deadline = time.monotonic() + PATIENCE
    _signal(figures, signal.SIGTERM)
    for account in crew.ending(PATIENCE, lambda: _signal(figures, signal.SIGTERM)):  # again: one that was just being started has not heard it
        take(account)
    crew.close(max(TICK, deadline - time.monotonic()))  # they take their leave of their destinations
    _signal(figures, signal.SIGKILL)


def _signal(figures: Sequence[int], number: int) -> int:
    """Send a signal to all workers, and return how many there are."""
    found = 0
    for pid in figures[worker.PID :: worker.FIGURES]:
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
                found += 1
    return found
