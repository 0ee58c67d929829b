"""A queue emptied: messages in, tasks out, accounts in, answers out.

One thread receives and one keeps receipts valid and gives answers, so that neither a slow object nor a slow destination costs a message
its receipt. The thread that runs the crew only asks for tasks and hands accounts in.
"""

from __future__ import annotations

import collections
import functools
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Self

from loader.api import Queue
from loader.deliver import Backoff
from loader.engine import Task
from loader.errors import ConfigError, DeliveryError, SourceDenied, SourceError, SourceGone
from loader.ledger import Account
from loader.queues import reading
from loader.queues.held import Report
from loader.queues.inflight import InFlight

EMPTY = 2  # polls in a row that bring nothing new, after which the queue counts as empty
NAP = 0.5  # seconds between two looks at what is to be answered, and between polls that do not wait themselves
LONGEST_PAUSE = 60.0  # seconds between requests to a queue that does not answer
PATIENCE = 3.0  # seconds that a poll and the last answers may take once the run is over
UNDELIVERED = 3  # sources in a row that no output takes, after which nothing more is received
log = logging.getLogger(__name__)


class Drain:
    """Empties ``queue``, which is open, for ``workers`` workers: inside ``with``, run ``tasks()`` and hand their accounts to ``take``."""

    def __init__(self, queue: Queue, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.queue, self.workers, self.clock = queue, workers, clock
        read = functools.partial(reading.read, places=queue.places)
        if queue.direct:
            read = functools.partial(reading.direct, queue=queue.title, log_type=queue.log_type)
        self.inflight = InFlight(queue.title, queue.policy, read)
        self.failure = ""  # why the run ends before the queue is empty
        self.over, self.closed = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._unwritten = 0  # reports that are being written, or could not be
        self._quiet: collections.deque[float] = collections.deque(maxlen=EMPTY)  # when the latest polls began that brought nothing new
        self._ends: collections.deque[float] = collections.deque()  # when sources ended, of the last second
        self._nap = min(NAP, queue.policy.visibility / 12)
        self._threads = [threading.Thread(target=self._run, args=(work,), daemon=True) for work in (self._receive, self._keep)]

    def __enter__(self) -> Self:
        """Receive for the first time, so that a queue that cannot be read is known before anything starts; raises ConfigError."""
        try:
            self._poll()
        except (SourceGone, SourceDenied) as why:
            raise ConfigError(str(why)) from why
        except SourceError as why:
            log.warning("%s", why)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        """Answer what is done, and give the rest back at once."""
        self.over.set()
        receiver, keeper = self._threads
        receiver.join(PATIENCE)
        self.closed.set()
        keeper.join(PATIENCE)
        with self._lock:
            self.inflight.give_back()
        deadline = self.clock() + PATIENCE
        while not self._answered() and self.clock() < deadline:
            self._answer()
            if not self._answered():
                time.sleep(NAP / 5)
        if left := len(self.inflight.receipts.deletes):
            log.warning("%s: %d messages that are done could not be deleted: they come again", self.queue.title, left)

    def tasks(self) -> Iterator[Task | None]:
        """Yield tasks as long as there is work, None where there is none right now."""
        while not self.failure or self.inflight.undelivered < UNDELIVERED:
            with self._lock:
                over = self.over.is_set()
                work = self.inflight.next()
            if work is None and over:
                return
            yield Task(work.position, work.source) if work else None

    def take(self, account: Account) -> None:
        """Note how a task ended."""
        with self._lock:
            now = self.clock()
            self.inflight.ended(account, now)
            self._ends.append(now)
            if self.inflight.undelivered >= UNDELIVERED:
                self._fail(f"nothing more is received, for the last {UNDELIVERED} objects could not be delivered: {account.reason}")

    def report(self, write: Callable[[Report], None]) -> None:
        """Have ``write`` take how sources have ended since the last time, and log what was noted meanwhile."""
        with self._lock:
            self._unwritten += len(self.inflight.reports)  # first of all: a signal may end this anywhere
            found, self.inflight.reports = self.inflight.reports, []
            notes, self.inflight.notes[:] = self.inflight.notes[:], []
        for note in notes:
            log.info("%s: %s", self.queue.title, note)
        for one in found:
            try:
                write(one)
                self._unwritten -= 1
            except DeliveryError as why:  # from now on nothing is deleted
                self._fail(f"the dead letter cannot be written: {why}")

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as why:  # the run must not wait for a thread that is gone
            log.exception("%s", self.queue.title)
            self._fail(f"unexpected {type(why).__name__}: {why}")

    def _fail(self, why: str) -> None:
        """Receive nothing more; what is in work goes on."""
        self.failure = self.failure or why
        self.over.set()

    def _paused(self, why: SourceError, backoff: Backoff) -> float:
        """Tell the user, and return how long to wait; when the time is up, the run is to end."""
        pause = backoff.next()
        if pause is None:
            self._fail(str(why))
            return 0.0
        log.warning("%s; asking again in %.1f seconds", why, pause)
        return pause

    # --- the thread that receives

    def _receive(self) -> None:
        backoff = Backoff(LONGEST_PAUSE, self.queue.retry_for, self.clock)
        while not self.over.is_set():
            with self._lock:
                if self._empty():
                    self.over.set()
                    return
                room = self._room()
            if room <= 0:
                self.over.wait(NAP / 50)
                continue
            try:
                self._poll(room)
                backoff.succeeded()
            except SourceError as why:
                self.over.wait(self._paused(why, backoff))

    def _room(self) -> int:
        """Return how many sources more may wait: what is done in a second, and at least one for each worker."""
        now = self.clock()
        while self._ends and self._ends[0] < now - 1:
            self._ends.popleft()
        return max(self.workers, len(self._ends)) - len(self.inflight.waiting)

    def _poll(self, room: int = 1) -> None:
        began = self.clock()
        messages = self.queue.fetch(min(room, self.queue.most))
        with self._lock:
            if self.closed.is_set():
                late = messages
            else:
                late, now = [], self.clock()
                new = [self.inflight.receive(message, now) for message in messages]
        if late:  # the run has not waited for them
            self.queue.hide({message.receipt: 0 for message in late})
        elif any(new):
            self._quiet.clear()
        else:
            self._quiet.append(began)
            if (left := min(NAP, self.queue.wait or NAP) - (self.clock() - began)) > 0:
                self.over.wait(left)

    def _empty(self) -> bool:
        """Tell whether nothing is in work, and polls find nothing, though all that was put back could have come again."""
        latest = max((until for _, until in self.inflight.deferred.values()), default=0.0)
        return not self.inflight.busy and len(self._quiet) == EMPTY and self._quiet[0] >= latest

    # --- the thread that answers

    def _keep(self) -> None:
        backoff, pause = Backoff(min(LONGEST_PAUSE, self.queue.policy.visibility / 12), math.inf, self.clock), self._nap
        while not self.closed.wait(pause):
            if failure := self._answer():
                pause = self._paused(failure, backoff)
            else:
                backoff.succeeded()
                pause = self._nap

    def _answered(self) -> bool:
        with self._lock:
            return not self.inflight.receipts.deletes and not self.inflight.receipts.hides

    def _answer(self) -> SourceError | None:
        """Extend what is in hand, delete what is done, hide what is put back; returns why some of it is to be done again."""
        receipts = self.inflight.receipts
        with self._lock:
            began = self.clock()
            due, hides = receipts.due(began), dict(receipts.hides)
            told = not self._unwritten and not any(report.quarantine for report in self.inflight.reports)  # the dead letter has them by then
            deletes = dict.fromkeys(receipts.deletes if told else (), 0)
        failures = [
            self._in_batches(self.queue.hide, due, lambda receipt: receipts.extended(receipt, began + due[receipt])),
            self._in_batches(lambda batch: self.queue.delete([*batch]), deletes, receipts.deleted),
            self._in_batches(self.queue.hide, hides, lambda receipt: receipts.hides.pop(receipt, None)),
        ]
        return next(filter(None, failures), None)

    def _in_batches(
        self, call: Callable[[Mapping[str, int]], Mapping[str, SourceError]], entries: Mapping[str, int], taken: Callable[[str], object]
    ) -> SourceError | None:
        """Give answers as the queue takes them, and note each that it has taken; returns why some are to be given again."""
        failure = None
        todo = list(entries)
        for start in range(0, len(todo), Queue.most):
            batch = {receipt: entries[receipt] for receipt in todo[start : start + Queue.most]}
            try:
                refused = call(batch)
            except SourceError as why:
                return why
            with self._lock:
                for receipt in batch:
                    refusal = refused.get(receipt)
                    if refusal is None:
                        taken(receipt)
                    elif isinstance(refusal, SourceGone):
                        self.inflight.receipts.invalid(receipt, str(refusal))
                    else:
                        failure = refusal
        return failure

