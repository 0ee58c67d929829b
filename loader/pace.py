"""How fast a destination gets messages: a rate that all workers share and, where it has a lower end, one that follows the destination.

Turns: a write is cut into portions worth SLOT seconds of the rate, in whole messages, and each takes a turn: from when the rate has room
for it. The next turn begins where its worth ends, whoever takes it: the generic cell rate algorithm (ITU-T I.371), in which a cell that
comes too early waits. So turns go first come, first served; a worker with nothing to send takes none, and its share is the others'. In
any window of w seconds go at most w + 2 * SLOT seconds' worth and one message: one portion, and SLOT that was left over.

The law where there is a lower end (additive increase, multiplicative decrease; all workers together). The rate begins at the lower end.

- While what is written arrives, it rises by RAISE of the highest rate a second, but by no more than GROWTH of itself: from a fiftieth to the
  highest in less than half a minute. It stays where a worker has paused before a turn that it need not wait for: then it is neither the
  rate nor the destination that holds messages back.
- A failure halves it. A write or a flush that takes longer than SLOT and than SLOWER times the quickest of its kind in the last one to two
  minutes takes a quarter off. After a fall it stays for a second: workers that meet the same trouble count once.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import logging
import math
import time
from collections.abc import Callable, MutableSequence, Sequence

SLOT = 0.1  # seconds
RAISE, GROWTH = 0.05, 0.25  # a second, of the highest rate and of the one in force
SLOWER = 4
FAILED, SLOW = 0.5, 0.75  # what is left of the rate
CALM = 1.0  # seconds after a fall in which the rate stays
MEMORY = 60.0  # seconds after which the quickest write of before begins to be forgotten
FIELDS = 5  # numbers that workers share
MESSAGES, OCTETS, SHARE, MOVED, FELL = range(FIELDS)  # when the next turn begins by either rate; the share in force; when it moved, when it fell

log = logging.getLogger(__name__)


class Pace:
    """The rate of one destination: ``messages`` and ``octets`` a second, 0 being no limit, and the lowest rate of messages, 0 where the rate
    is to stay. The rate of octets moves in proportion.

    Where workers share one, each has a Pace with the same numbers in ``state``. A worker that is killed may leave any of them as it
    was before or behind a turn: that costs the others a turn, and nothing else.
    """

    def __init__(
        self, name: str, messages: float, octets: float = 0, lowest: float = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name, self.messages, self.octets, self.clock = name, messages, octets, clock
        self.least = min(lowest / messages, 1.0) if messages and lowest else 1.0
        self.state: MutableSequence[float] = [0.0] * FIELDS
        self.lock: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
        self.pressed, self.ended = False, -math.inf
        self.quickest = {"write": Quickest(), "flush": Quickest()}

    def join(self, state: MutableSequence[float], lock: contextlib.AbstractContextManager[object]) -> None:
        """Share ``state`` with the workers that have it too. Zeros are a beginning."""
        self.state, self.lock = state, lock

    @property
    def share(self) -> float:
        """The part of the rates that is in force."""
        return self.state[SHARE] or self.least

    def portion(self, messages: Sequence[bytes]) -> int:
        """Return how many of the first messages make one turn: at least one."""
        seconds = SLOT * self.share
        count = min(len(messages), math.ceil(self.messages * seconds)) if self.messages else len(messages)
        if self.octets:
            ends = list(itertools.accumulate(map(len, messages[:count])))
            count = max(bisect.bisect_right(ends, self.octets * seconds), 1)
        return count

    def turn(self, messages: int, octets: int) -> float:
        """Take the next turn for a portion of that many; returns the seconds until it begins."""
        share = self.share
        worths = [(MESSAGES, messages / (self.messages * share))] if self.messages else []
        if self.octets:
            worths.append((OCTETS, octets / (self.octets * share)))
        with self.lock:
            now = self.clock()
            start = max(now, *(self.state[field] for field, _ in worths))
            for field, worth in worths:
                self.state[field] = max(self.state[field], start - SLOT) + worth
        self.pressed = start > now or now - self.ended < SLOT
        return start - now

    def took(self, doing: str, seconds: float) -> None:
        """Learn that a ``write`` or a ``flush`` has ended well, and how long that took."""
        if self.least == 1:
            return
        self.ended = self.clock()
        usual = self.quickest[doing].learn(seconds, self.ended)
        if seconds > max(SLOT, SLOWER * usual):
            self._fall(SLOW, f"a {doing} takes {seconds:.2f} seconds")
        elif self.pressed:
            self._rise()

    def failed(self) -> None:
        """Learn that the destination did not take what it was offered."""
        if self.least < 1:
            self._fall(FAILED, "it fails")

    def _rise(self) -> None:
        with self.lock:
            now = self.clock()
            elapsed = now - max(self.state[MOVED], self.state[FELL] + CALM)
            if elapsed > 0:
                self.state[SHARE] = min(self.share + min(RAISE, GROWTH * self.share) * min(elapsed, CALM), 1.0)
                self.state[MOVED] = now

    def _fall(self, left: float, why: str) -> None:
        with self.lock:
            now, before = self.clock(), self.share
            if now - self.state[FELL] < CALM:
                return
            self.state[SHARE] = max(before * left, self.least)
            self.state[FELL] = now
        if before > self.least:
            log.info("%s: %s; it gets %.4g messages a second from now on", self.name, why, self.messages * self.share)


class Quickest:
    """The shortest of the times of the last one to two spans of MEMORY."""

    def __init__(self) -> None:
        self.before = self.current = math.inf
        self.since = -math.inf

    def learn(self, seconds: float, now: float) -> float:
        """Take a time, and return the shortest, that one included."""
        if now - self.since > MEMORY:
            self.before, self.current, self.since = self.current, math.inf, now
        self.current = min(self.current, seconds)
        return min(self.before, self.current)
