"""What runs in a worker process: one engine, built at the first task, and the numbers it shows to the parent."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import multiprocessing.util
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, MutableSequence

from loader import log
from loader.config import Config
from loader.engine import Engine, Task
from loader.errors import STOPPED, Stopped
from loader.ledger import FAILED, Account, Ledger
from loader.sharing import Shared

PID, RECORDS, BYTES = range(3)
FIGURES = 3  # numbers a worker shows
NAP = 0.2  # seconds after which one that waits looks whether the run is to end
NOT_BEGUN = "stopped before it was begun"

_engine: Engine | None = None
_config: tuple[Config, str] | None = None
_figures: MutableSequence[int] = [0] * FIGURES
_shared: Shared | None = None
_stopping = threading.Event()


def start(config: Config, input_name: str, level: int, figures: MutableSequence[int], offset: int, shared: Shared | None = None) -> None:
    """Prepare a worker process. It leaves Ctrl-C to its parent, and ends when the parent is gone."""
    global _config, _figures, _shared  # noqa: PLW0603  # one worker a process
    sys.stdout = sys.stderr  # what a hook prints is no document
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _put_down)
    log.configure(level)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _config, _shared = (config, input_name), shared
    _figures = _Slice(figures, offset)
    _figures[PID] = os.getpid()


def run(task: Task) -> Account:
    """Load one source; raises ConfigError when the input cannot be opened at all."""
    global _engine  # noqa: PLW0603  # built once, kept for the next task
    if _stopping.is_set():
        return Account(task.position, task.source.uri, task.source.key, status=FAILED, reason=NOT_BEGUN, failure=STOPPED)
    if _engine is None:
        assert _config is not None
        engine = Engine(*_config, pause=_wait_for_destination, checked=True)
        if _shared is not None:
            engine.share(_shared)
        engine.use_ledger()
        engine.open_input()
        engine.settle()
        multiprocessing.util.Finalize(None, engine.close, exitpriority=100)
        _engine = engine
    before = (_figures[RECORDS], _figures[BYTES])

    def show(ledger: Ledger) -> None:
        if _stopping.is_set():
            raise Stopped(f"stopped after {ledger.read:,} records: the next run goes on behind what has arrived")
        _figures[RECORDS], _figures[BYTES] = before[0] + ledger.read, before[1] + ledger.bytes_in

    account = _engine.run(task, show)
    _figures[RECORDS], _figures[BYTES] = before[0] + account.ledger.read, before[1] + account.ledger.bytes_in
    return account


def _put_down(number: int, frame: object) -> None:
    """Have the source in work end at its next chunk, and waits for a destination at once."""
    _stopping.set()


def pause(seconds: float, check: Callable[[], None]) -> None:
    """Sleep; ``check``, which may raise, is called at both ends and now and then."""
    deadline = time.monotonic() + seconds
    check()
    while (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, NAP))
        check()


def _wait_for_destination(seconds: float) -> None:
    """Sleep; raises Stopped when the run is to end."""
    pause(seconds, _check)


def _check() -> None:
    if _stopping.is_set():
        raise Stopped("stopped while the destination was waited for: the next run goes on behind what has arrived")


class _Slice(list[int]):
    """A worker's own part of the shared numbers: writes go through."""

    def __init__(self, shared: MutableSequence[int], offset: int) -> None:
        super().__init__(shared[offset : offset + FIGURES])
        self.shared, self.offset = shared, offset

    def __setitem__(self, index: int, value: int) -> None:  # type: ignore[override]
        super().__setitem__(index, value)
        self.shared[self.offset + index] = value


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        logging.getLogger(__name__).error("the parent process is gone; stopping")
        os._exit(1)
