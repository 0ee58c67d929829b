"""What the messages of a queue that are in hand still owe, and what becomes of each once it owes nothing (leaf).

A message is deleted when every source it names ended done or skipped. One that cannot be loaded for good is quarantined, then left in
the queue or deleted; what may pass is put back, and comes again a little later. What stays in the queue is held until the run ends: else
it would come again and again.
"""

from __future__ import annotations

import collections
import dataclasses
import random
from collections.abc import Callable, Hashable

from loader.batch import Carried, Source
from loader.errors import CORRUPT, DELIVERY, POISON, STOPPED
from loader.ledger import DONE, FAILED, Account
from loader.queues.held import Held, Identity, Report, Work, identity_of, is_exact
from loader.queues.notice import Message, Notice
from loader.queues.receipts import Receipts

LEAVE, DELETE = "leave", "delete"
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 600.0
MARGIN = 1.0  # seconds until a queue has heard that a message is put back
REMEMBERED = 100_000  # messages and objects that are done, to know them when they come again
UNDELIVERED = "not delivered"


@dataclasses.dataclass(frozen=True, slots=True)
class Policy:
    """What the options of a queue say. ``visibility`` is in seconds; ``max_receives`` bounds the tries of what may pass."""

    visibility: int = 300
    max_receives: int = 6
    poison: str = LEAVE
    not_understood: str = LEAVE
    filtered: str = DELETE
    ack: bool = True


class InFlight:
    """Everything in hand of the queue ``name``. ``read`` tells what a message asks for. ``reports`` wait until somebody writes them."""

    def __init__(
        self, name: str, policy: Policy, read: Callable[[Message], Notice], jitter: Callable[[float, float], float] = random.uniform
    ) -> None:
        self.name, self.policy, self.read, self.jitter = name, policy, read, jitter
        self.receipts = Receipts(policy.visibility)
        self.notes, self.counts = self.receipts.notes, self.receipts.counts
        self.waiting: collections.deque[Work] = collections.deque()
        self.working: dict[int, Work] = {}
        self.held: dict[str, Held] = {}  # by the id of the message, as the next
        self.deferred: dict[str, tuple[Held, float]] = {}  # those put back, and until when they do not come again
        self.reports: list[Report] = []
        self.undelivered = 0  # sources in a row that an output did not take
        self._position = 0
        self._named: dict[Identity, Work] = {}
        self._deleted: dict[Hashable, None] = {}
        self._done: dict[Hashable, None] = {}

    @property
    def busy(self) -> bool:
        """Tell whether any source waits or is loaded."""
        return bool(self.waiting or self.working)

    def receive(self, message: Message, now: float) -> bool:
        """Take a message in; tells whether it brought anything new."""
        if message.id in self._deleted:  # handed out before the queue heard of it, or its receipt had ended
            self.receipts.deletes[message.receipt] = message.id
            return False
        if held := self.held.get(message.id):
            self.receipts.renew(held.handout, message, now)
            return False
        if message.id in self.deferred:
            held, _ = self.deferred.pop(message.id)
            self.receipts.renew(held.handout, message, now)
            asked, held.again = [source for source, _ in held.again.values()], {}
        else:
            self.counts["received"] += 1
            held = Held(self.receipts.keep(message, now))
            asked = self._asked(held, message)
        self.held[message.id] = held
        for source in asked:
            self._owe(held, source)
        if not held.owes:
            self._conclude(held, now)
        return True

    def _asked(self, held: Held, message: Message) -> list[Source]:
        notice = self.read(message)
        self.notes += [f"message {message.id} asks for nothing: {why}" for why in notice.nothing]
        if notice.unknown:
            source = Carried(self.name, message.id, body=message.body.encode("utf-8", "surrogatepass"))
            reason = f"the message is not understood: {'; '.join(notice.unknown)}"
            account = Account(self._next_position(), source.uri, source.key, status=FAILED, reason=reason, failure=CORRUPT)
            self.reports.append(Report(account, source, quarantine=True))
            held.kept = "not understood" if self.policy.not_understood == LEAVE else ""
        held.wanted = bool(notice.nothing or notice.unknown)
        return notice.sources

    def _owe(self, held: Held, source: Source) -> None:
        """Have a source loaded for a message, unless it is done, or asked for already."""
        identity = identity_of(source)
        if identity in self._done:
            held.wanted = True
            return
        work = self._named.get(identity)
        if work is None or (work.begun and not is_exact(source)):  # of the same name, and maybe written anew since
            work = self._named[identity] = Work(self._next_position(), source)
            self.waiting.append(work)
        if held not in work.holders:
            work.holders.append(held)
        held.owes.add(work.position)

    def _next_position(self) -> int:
        self._position += 1
        return self._position

    def next(self) -> Work | None:
        """Return what is to be loaded next; None when nothing waits."""
        if not self.waiting:
            return None
        work = self.waiting.popleft()
        work.begun = True
        self.working[work.position] = work
        return work

    def ended(self, account: Account, now: float) -> None:
        """Note how a source ended, and answer the messages that waited for nothing else."""
        work = self.working.pop(account.position)
        if self._named.get(identity_of(work.source)) is work:
            del self._named[identity_of(work.source)]
        if account.failure == STOPPED:
            return
        self._settle(work, account)
        for held in work.holders:
            held.owes.discard(work.position)
            if not held.owes:
                self._conclude(held, now)

    def _settle(self, work: Work, account: Account) -> None:
        """Say what the end of a source means for its messages."""
        last = all(held.handout.message.receives >= self.policy.max_receives for held in work.holders)
        self.undelivered = self.undelivered + 1 if account.failure == DELIVERY else 0 if account.status == DONE else self.undelivered
        if account.status != FAILED:
            wanted = account.status == DONE or bool(account.log_type and account.ledger.outputs)
            if wanted and is_exact(work.source):
                _remember(self._done, identity_of(work.source))
            self._mark(work, Report(account, work.source), wanted=wanted)
        elif account.failure == DELIVERY:
            self._mark(work, Report(account, work.source), UNDELIVERED)
        elif account.failure in POISON or last:
            if account.failure not in POISON:
                account.reason += f"; given up at max_receives = {self.policy.max_receives}"
            self._mark(work, Report(account, work.source, quarantine=True), "cannot be loaded" if self.policy.poison == LEAVE else "")
        else:
            for held in work.holders:
                held.again[identity_of(work.source)] = work.source, account

    def _mark(self, work: Work, report: Report, kept: str = "", *, wanted: bool = True) -> None:
        """Report the end of a source, and note on its messages whether they stay in the queue for it."""
        self.reports.append(report)
        for held in work.holders:
            held.wanted |= wanted
            held.kept = kept or held.kept

    def _conclude(self, held: Held, now: float) -> None:
        """Decide about a message that owes nothing any more."""
        if held.again and held.kept != UNDELIVERED:
            self._defer(held, now)
            return
        if not held.wanted and self.policy.filtered == LEAVE:
            held.kept = held.kept or "of no log type"
        if not self.policy.ack:
            held.kept = held.kept or "done, and left for ack = no"
        if held.kept:
            self.counts[held.kept] += 1
            return
        del self.held[held.handout.message.id]
        _remember(self._deleted, held.handout.message.id)
        self.receipts.delete(held.handout)

    def _defer(self, held: Held, now: float) -> None:
        """Put a message back for a while that grows with the times it was handed out."""
        message = held.handout.message
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(message.receives - 1, 32))
        pause = max(1, round(self.jitter(longest / 2, longest)))
        del self.held[message.id]
        self.receipts.give_back(held.handout, pause)
        self.deferred[message.id] = held, now + pause + MARGIN
        self.counts["put back to be tried again"] += 1
        reasons = "; ".join(dict.fromkeys(account.reason for _, account in held.again.values()))
        self.notes.append(f"message {message.id} comes again in {pause} s, this was try {message.receives}: {reasons}")

    def give_back(self) -> None:
        """Let others have at once what is in hand, and report what may have passed but was not tried again."""
        for held in (*self.held.values(), *(held for held, _ in self.deferred.values())):
            self.reports += [Report(account, source) for source, account in held.again.values()]
        for held in self.held.values():
            self.counts["put back unfinished"] += bool(held.owes)
            self.receipts.give_back(held.handout, 0)
        self.held.clear()
        self.deferred.clear()
        self.waiting.clear()


def _remember(what: dict[Hashable, None], key: Hashable) -> None:
    """Add a key to those that are known; the oldest is forgotten."""
    what[key] = None
    if len(what) > REMEMBERED:
        del what[next(iter(what))]
