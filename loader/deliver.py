"""Delivery to one output: gather, write, read the outcome, back off, offer again, dead-letter, settle the ledgers.

Outputs never wait and never count; all of that is here. What was written since the output last confirmed (``flush``) is kept,
and offered again after a failure: duplicates before loss.
"""

from __future__ import annotations

import bisect
import collections
import itertools
import logging
import math
import random
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from loader.api import Outcome, Output
from loader.chunk import Chunk
from loader.errors import DeliveryError, Retryable, Unrecoverable
from loader.ledger import Ledger
from loader.pace import Pace

FIRST_WAIT = 0.25
WINDOW = 8 * 1024**2  # bytes written before the output is asked to confirm
SOON = 3.0  # seconds for which a destination is waited for that somebody has to mend first: a certificate, a wrong port
INTERVAL = 1.0  # seconds after which it is asked in any case, at the next chunk
log = logging.getLogger(__name__)


class Backoff:
    """Pauses that double up to ``cap``, with jitter, until ``limit`` seconds have passed since the first failure."""

    def __init__(self, cap: float, limit: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.cap, self.limit, self.clock = cap, limit, clock
        self.pause, self.since, self.exhausted = FIRST_WAIT, 0.0, False

    def next(self, limit: float = math.inf) -> float | None:
        """Return how long to wait before the next try, or None when the time is up; ``limit`` may shorten it."""
        now = self.clock()
        self.since = self.since or now
        left = self.since + min(self.limit, limit) - now
        if self.exhausted or left <= 0:
            self.exhausted = True  # from now on fail at once, until something succeeds
            return None
        pause, self.pause = min(self.pause, self.cap), min(self.pause * 2, self.cap)
        if pause >= left:
            self.exhausted = True  # one last try, at the end
            return left
        return pause * random.uniform(0.5, 1)  # noqa: S311  # jitter, no secret

    def succeeded(self) -> None:
        """Start afresh."""
        self.pause, self.since, self.exhausted = FIRST_WAIT, 0.0, False


class Refusals(Protocol):
    """Takes the messages that an output refuses for good."""

    def refused(self, output: str, message: bytes, reason: str, ledger: Ledger) -> None: ...  # noqa: D102


class Delivery:
    """One output with its open chunk and its unconfirmed ones."""

    def __init__(
        self,
        output: Output,
        dead_letter: Refusals | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.output, self.dead_letter, self.clock, self.sleep = output, dead_letter, clock, sleep
        self.confirmed = clock()
        self.backoff = Backoff(output.retry_wait, output.retry_for, clock)
        self.pace = Pace(output.name, output.rate, output.rate_bytes, output.rate_min, clock) if output.rate or output.rate_bytes else None
        self.open = Chunk()
        self.unwritten: collections.deque[Chunk] = collections.deque()
        self.written: list[Chunk] = []
        self.window = 0
        self.given = 0

    @property
    def settled(self) -> int:
        """How many of the messages that were given, counted from the first, were each taken or refused; right until some are discarded."""
        return min((chunk.serial for chunk in (*self.written, *self.unwritten, self.open) if chunk.messages), default=self.given)

    def add(self, messages: list[bytes], ledger: Ledger) -> None:
        """Take packed messages; they are written as chunks fill. Raises DeliveryError when the output stays down."""
        ends = [0, *itertools.accumulate(map(len, messages))]
        ledger.bytes_out += ends[-1]
        start = 0
        while start < len(messages):
            fit = bisect.bisect_right(ends, ends[start] + self.output.chunk_bytes - self.open.size, start) - 1
            if not self.open.messages:
                fit = max(fit, start + 1)  # one that is larger than a chunk goes alone
            if fit > start:
                if not self.open.messages:
                    self.open.serial = self.given
                self.open.add(messages[start:fit], ends[fit] - ends[start], ledger)
                self.given += fit - start
                start = fit
            if self.pace or start < len(messages) or self.open.size >= self.output.chunk_bytes:
                self._close_chunk()
                self._push(confirm=self.window >= WINDOW or self.clock() - self.confirmed > INTERVAL)

    def flush(self) -> None:
        """Write what is left and have the output confirm all of it; raises DeliveryError when it does not."""
        self._close_chunk()
        self._push(confirm=True)

    def discard(self) -> None:
        """Forget what is not confirmed: its ledgers will not balance."""
        self.open, self.written, self.window = Chunk(), [], 0
        self.unwritten.clear()
        self.output.settled()  # it counts anew: what it was given before must not be taken for what it is given next

    def _close_chunk(self) -> None:
        if self.open.messages:
            self.unwritten.append(self.open)
            self.open = Chunk()

    def _push(self, *, confirm: bool) -> None:
        while True:
            try:
                while self.unwritten:
                    if again := self._write_paced(self.pace) if self.pace else self._write(self.unwritten[0]):
                        self._wait(Retryable(f"{self.output.name} asked for {again} messages again"))
                if confirm:
                    if self.written:
                        self._confirm()
                    self.backoff.succeeded()  # not before: a receiver that hangs takes what its buffers hold
                return
            except Retryable as why:
                self.unwritten.extendleft(reversed(self.written))
                self.written, self.window = [], 0
                if arrived := self.output.settled():
                    self._settle_first(arrived)
                    self.backoff.succeeded()  # it takes messages, though not all
                self._wait(why)

    def _write(self, chunk: Chunk) -> int:
        """Offer a chunk and return how many of its messages are to be offered again: they then stand first in line."""
        try:
            outcome = self.output.write(chunk.messages)
        except Unrecoverable as why:
            outcome = Outcome(refused=dict.fromkeys(range(len(chunk.messages)), str(why)))
        self._refuse(chunk, outcome.refused)  # where the dead letter fails, the chunk still stands in line
        self.unwritten.popleft()
        again = set(outcome.retry) - outcome.refused.keys()
        left = again | outcome.refused.keys()
        taken = chunk.pick([at for at in range(len(chunk.messages)) if at not in left]) if left else chunk
        self.written.append(taken)
        self.window += taken.size
        if again:
            self.unwritten.appendleft(chunk.pick(sorted(again)))
        return len(again)

    def _write_paced(self, pace: Pace) -> int:
        """Cut a portion off the first chunk and offer it at its turn; what takes long is confirmed meanwhile."""
        if self.written and self.clock() - self.confirmed > INTERVAL:
            self._confirm()
        count = pace.portion(self.unwritten[0].messages)
        if count < len(self.unwritten[0].messages):
            self.unwritten.extendleft(reversed(self.unwritten.popleft().split(count)))
        chunk = self.unwritten[0]
        if pause := pace.turn(len(chunk.messages), chunk.size):
            self.sleep(pause)
        began = self.clock()
        again = self._write(chunk)
        if not again:
            pace.took("write", self.clock() - began)
        return again

    def _confirm(self) -> None:
        began = self.clock()
        self.output.flush()
        self._settle()
        self.confirmed = self.clock()
        self.backoff.succeeded()
        if self.pace:
            self.pace.took("flush", self.confirmed - began)

    def _settle(self) -> None:
        for chunk in self.written:
            for ledger, count in chunk.counts():
                ledger.delivered[self.output.name] += count
        self.written, self.window = [], 0

    def _settle_first(self, count: int) -> None:
        """Settle the first messages in line, which the destination is known to have in spite of a failure."""
        while count > 0 and self.unwritten:
            arrived, rest = self.unwritten.popleft().split(count)
            count -= len(arrived.messages)
            self.written.append(arrived)
            if rest.messages:
                self.unwritten.appendleft(rest)
        self._settle()

    def _refuse(self, chunk: Chunk, refused: Mapping[int, str]) -> None:
        for position, reason in refused.items():
            if self.dead_letter is None:
                raise DeliveryError(f"{self.output.name} refuses a record: {reason}")
            self.dead_letter.refused(self.output.name, chunk.messages[position], reason, chunk.ledger_at(position))
        for position in refused:
            chunk.ledger_at(position).refused[self.output.name] += 1
            self.backoff.succeeded()  # an answer, and one message less: a destination that refuses many is not down

    def _wait(self, why: Retryable) -> None:
        if self.pace:
            self.pace.failed()
        limit = min(self.backoff.limit, SOON) if why.lasting else self.backoff.limit
        pause = self.backoff.next(limit)
        if pause is None:
            raise DeliveryError(f"{why}; gave up after {limit:g} seconds") from why
        log.warning("%s; trying again in %.1f seconds", why, pause)
        self.sleep(pause)
