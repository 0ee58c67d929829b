"""Work that may take only so long, at no cost to what the work is made of (leaf).

``re`` looks for signals while it matches (every few thousand steps), so an alarm whose handler raises ends even a pattern that
backtracks without end. The same goes for Python code and for system calls (PEP 475); not for one long call into other C code.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, ClassVar

from loader.errors import Overdue

AGAIN = 0.1  # seconds until the alarm is repeated, for a block that has swallowed it
SOON = 1e-6  # a timer of 0 would be none
UNLIMITED: contextlib.AbstractContextManager[None] = contextlib.nullcontext()


def within(seconds: float) -> contextlib.AbstractContextManager[None]:
    """Let a with-block take ``seconds`` (0: as long as it likes); one that takes longer raises Overdue, also when it has swallowed it.

    Blocks may be nested: the earliest end counts. A handler of SIGALRM and a timer that others have set are put back behind the
    block. Where there is nothing to be done, out of the main thread or without POSIX timers, the block is not limited.

    Let the block be a call: no ``yield`` in it, and no loop (see ``_forsake``).
    """
    return _Limit(seconds) if seconds > 0 and possible() else UNLIMITED


def possible() -> bool:
    """Tell whether ``within`` can limit anything here."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


class _Limit:
    """One with-block. ``current`` is the innermost that is being worked on: an alarm means it, or comes too late and nothing."""

    __slots__ = ("block", "deadline", "fired", "handler", "outer", "seconds", "started", "timer")
    current: ClassVar[_Limit | None] = None

    def __init__(self, seconds: float) -> None:
        self.seconds, self.fired = seconds, False

    def __enter__(self) -> None:
        self.block = sys._getframe(1)
        _forsake(self.block)
        self.outer = outer = _Limit.current
        self.handler: Any = signal.signal(signal.SIGALRM, _alarm) if outer is None else None
        self.started = monotonic()
        self.deadline = self.started + self.seconds
        if outer is not None and outer.deadline < self.deadline:
            self.deadline, self.seconds = outer.deadline, outer.seconds
        _Limit.current = self
        self.timer = signal.setitimer(signal.ITIMER_REAL, max(SOON, self.deadline - self.started), AGAIN)

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None) -> None:
        self.leave()
        if self.fired and (kind is None or (issubclass(kind, Exception) and not issubclass(kind, Overdue))):
            raise Overdue(self.seconds) from why

    def leave(self) -> None:
        """Put back what was before. From the first statement on, an alarm that is still on its way finds nothing of this block."""
        outer = _Limit.current = self.outer
        del self.block  # a frame that refers to itself would wait for the garbage collector
        if outer is not None:
            signal.setitimer(signal.ITIMER_REAL, max(SOON, outer.deadline - monotonic()), AGAIN)
            return
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self.handler or signal.SIG_DFL)
        delay, interval = self.timer
        if delay:
            signal.setitimer(signal.ITIMER_REAL, max(SOON, delay - (monotonic() - self.started)), interval)


OWN = (_Limit.__enter__.__code__, _Limit.__exit__.__code__, _Limit.leave.__code__)


def _alarm(_number: int, frame: FrameType | None) -> None:
    """Raise Overdue in the block, but not in what enters and leaves it: what is under way there goes on, and ``__exit__`` raises."""
    _forsake(frame)
    limit = _Limit.current
    if limit is None or monotonic() < limit.deadline:
        return
    limit.fired = True
    if not _holds(frame, limit.block):
        raise Overdue(limit.seconds)


def _holds(frame: FrameType | None, block: FrameType) -> bool:
    """Tell whether an exception now would come between a lock's taking and its release: then the next alarm is soon enough."""
    if frame is None or _package(frame) in ("threading", "logging"):
        return True
    while frame is not None and frame is not block:
        if frame.f_code in OWN or _package(frame) == "coverage":
            return True
        frame = frame.f_back
    return False


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _forsake(frame: FrameType | None) -> None:
    """Leave blocks that ``frame`` is not inside of any more.

    The exception of a signal may come before the first statement of ``__exit__``. And Python 3.12 and 3.13 pass by ``__exit__`` and
    ``except`` when it comes at the end of some loops that stand in the block: their exception tables miss the jump back.
    """
    while (limit := _Limit.current) is not None:
        above = frame
        while above is not None and above is not limit.block:
            above = above.f_back
        if above is not None:
            return
        limit.leave()
