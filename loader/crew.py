"""Many workers: hands tasks to executors, one a worker, and collects their accounts; a worker that dies costs its object a retry.

Each worker has an executor of its own, so that a death breaks one of them and names its task. Nothing is shared but the work,
the accounts that come back, and a few numbers that a worker writes and the parent reads.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures

from loader.batch import Carried
from loader.engine import Task
from loader.errors import STOPPED, TRANSIENT
from loader.ledger import FAILED, Account

AHEAD = 2  # tasks a worker holds: one in work, one waiting; a third is chosen for it, so that it knows with each what comes next
TICK = 0.25
END = object()


@dataclasses.dataclass(slots=True)
class Lane:
    """One worker: its executor, and what it was given, oldest first. What is ``chosen`` for it next it is told of, but may not get."""

    executor: futures.Executor
    given: collections.deque[tuple[futures.Future[Account], Task]] = dataclasses.field(default_factory=collections.deque)
    chosen: collections.deque[Task] = dataclasses.field(default_factory=collections.deque)


class Crew:
    """Runs tasks on ``workers`` executors made by ``make(number)``; an object is tried ``tries`` times when workers die on it."""

    def __init__(self, make: Callable[[int], futures.Executor], run: Callable[[Task], Account], *, workers: int, tries: int = 2) -> None:
        self.make, self.run, self.tries = make, run, tries
        self.lanes = [Lane(make(number)) for number in range(workers)]
        self.deaths: collections.Counter[int] = collections.Counter()
        self.again: collections.deque[Task] = collections.deque()  # tasks of workers that have died

    def accounts(self, tasks: Iterable[Task | None], tick: Callable[[], None] = lambda: None) -> Iterator[Account]:
        """Yield the account of every task, as they are finished; ``tick`` is called several times a second meanwhile.

        A None among ``tasks`` says that there is nothing right now: they are asked again a little later.
        """
        feed = iter(tasks)
        more = True
        while True:
            more = self._hand_out(feed) if more or self.again or any(lane.chosen for lane in self.lanes) else False
            running = [future for lane in self.lanes for future, _ in itertools.islice(lane.given, 1)]
            if not running and not more:
                return
            if running:
                futures.wait(running, TICK, futures.FIRST_COMPLETED)
            else:
                time.sleep(TICK)
            tick()
            yield from self.collected()

    def _hand_out(self, feed: Iterator[Task | None]) -> bool:
        """Give each worker its tasks, the first one of each first; returns whether there may be more later."""
        more = self._choose(feed)
        for lane in self.lanes:
            self._fill(lane)
        for idle in (lane for lane in self.lanes if not lane.given):
            if other := next((lane for lane in self.lanes if lane.chosen), None):
                idle.chosen.append(other.chosen.pop())
                self._fill(idle)
        return more

    def _choose(self, feed: Iterator[Task | None]) -> bool:
        """Choose what each worker gets, and one more for each; returns whether there may be more later."""
        for depth in range(1, AHEAD + 2):
            for lane in self.lanes:
                while len(lane.given) + len(lane.chosen) < depth:
                    task = self.again.popleft() if self.again else next(feed, END)
                    if task is END:
                        return False
                    if not isinstance(task, Task):
                        return True
                    lane.chosen.append(task)
        return True

    def _fill(self, lane: Lane) -> None:
        while lane.chosen and len(lane.given) < AHEAD:
            task = lane.chosen.popleft()
            following = lane.chosen[0].source if lane.chosen else None
            task = dataclasses.replace(task, upcoming=None if isinstance(following, Carried) else following)  # whose bytes come with it
            lane.given.append((self._submit(lane, task), task))

    def collected(self) -> Iterator[Account]:
        """Yield the accounts that are there by now."""
        for number, lane in enumerate(self.lanes):
            yield from self._collect(number, lane)

    def ending(self, patience: float, tick: Callable[[], object] = lambda: None) -> Iterator[Account]:
        """Take back what nobody has begun, and yield the accounts of what is in work until all are there or ``patience`` seconds have passed.

        ``tick`` is called several times a second meanwhile.
        """
        deadline = time.monotonic() + patience
        for lane in self.lanes:
            lane.given = collections.deque(pair for pair in lane.given if not pair[0].cancel())
        while (left := deadline - time.monotonic()) > 0:
            running = [future for lane in self.lanes for future, _ in lane.given]
            if not running:
                return
            futures.wait(running, min(left, TICK), futures.FIRST_COMPLETED)
            tick()
            for lane in self.lanes:
                while lane.given and lane.given[0][0].done():
                    future, _ = lane.given.popleft()
                    with contextlib.suppress(futures.BrokenExecutor):
                        yield future.result()

    def close(self, patience: float = TICK) -> None:
        """Let idle workers end, and wait for that at most ``patience`` seconds; what is in work goes on.

        A program that exits just while an executor ends would show a traceback (Python 3.11).
        """
        deadline = time.monotonic() + patience
        ends = [threading.Thread(target=lane.executor.shutdown, kwargs={"cancel_futures": True}, daemon=True) for lane in self.lanes]
        for end in ends:
            end.start()
        for end in ends:
            end.join(max(0.0, deadline - time.monotonic()))

    def _submit(self, lane: Lane, task: Task) -> futures.Future[Account]:
        try:
            return lane.executor.submit(self.run, task)
        except futures.BrokenExecutor as why:  # it died idle, or on the task before: told apart when that is collected
            broken: futures.Future[Account] = futures.Future()
            broken.set_exception(why)
            return broken

    def _collect(self, number: int, lane: Lane) -> Iterator[Account]:
        while lane.given and lane.given[0][0].done():
            future, task = lane.given.popleft()
            try:
                account = future.result()
            except futures.BrokenExecutor:
                account = None
            if account is not None and account.failure != STOPPED:
                yield account
                continue
            # dead, or told by somebody else to end: what it held goes to its successor
            self.again.extend(waiting for _, waiting in lane.given)
            lane.given.clear()
            lane.executor.shutdown(wait=False)
            lane.executor = self.make(number)
            self.deaths[task.position] += 1
            lost = self.deaths[task.position] >= self.tries
            if not lost:
                self.again.append(dataclasses.replace(task, tries=self.deaths[task.position]))
            self.again.extend(lane.chosen)
            lane.chosen.clear()
            if lost:
                yield self._lost(task)

    def _lost(self, task: Task) -> Account:
        source = task.source
        reason = f"its worker died {self.deaths[task.position]} times on this object: killed, or out of memory (fewer --workers need less)"
        return Account(task.position, source.uri, source.key, status=FAILED, reason=reason, failure=TRANSIENT)
