"""Rows of the dead letter, tried again through today's configuration.

A record's text goes through the log type that its key has today, under its old number, so that ids stay equal. Where the text alone does not
do (it is cut, or parsing takes what stands around it), the object is read again, and that record is taken of it. A message goes to its
output as it is; an object is loaded. What could not be tried is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from loader import pipeline
from loader.dispatch import Dispatch
from loader.engine import Engine, Task
from loader.errors import DELIVERY, POISON, STOPPED, ConfigError, DeliveryError, Overdue, Stopped
from loader.ledger import DONE, SKIPPED, Account, Ledger
from loader.plan import Plan
from loader.rejects import DELIVER, RECORD_STAGES, SOURCE, Row
from loader.replay.tally import REJECTED, Tally
from loader.replay.texts import Entry, Group, Texts
from loader.route import Route, Router
from loader.watchdog import within

Line = tuple[str, bytes]  # where it stands, for people; and the line


class Forced(Router):
    """Gives every key one log type."""

    def __init__(self, log_type: str) -> None:
        super().__init__([])
        self.log_type = log_type

    def route(self, key: str) -> Route:
        """Return that log type."""
        return Route(self.log_type)


class Replay:
    """Tries rows again by ``engine``, and tells its ``tally``. Lines that could not be tried go to ``keep``.

    With ``dry`` nothing is sent. ``pulse`` is called between pieces of work, and may raise Stopped.
    """

    def __init__(self, engine: Engine, keep: Callable[[bytes], None], *, dry: bool = False, pulse: Callable[[], None] = lambda: None) -> None:
        self.engine, self.keep, self.dry, self.pulse = engine, keep, dry, pulse
        self.tally = Tally()
        self._now = Tally()
        self.texts = Texts(engine)

    def take(self, lines: Iterable[Line]) -> None:
        """Try the rows in these lines again: on return all is delivered, and the tally has it.

        Raises DeliveryError when a destination stays down, and Stopped: what was in hand may have arrived, and the tally has none of it.
        """
        self._now = Tally()
        records: list[Entry] = []
        messages: list[Entry] = []
        objects: list[Entry] = []
        for entry in self._read(lines):
            {DELIVER: messages, SOURCE: objects}.get(entry.row.stage, records).append(entry)
        try:
            self._settle([*map(self._run, self._groups(records)), *self._send(messages)])
            for entry in objects:
                self._load(entry)
            self._settle([])
        except BaseException:
            for delivery in (*self.engine.deliveries.values(), self.engine.dead_letter.delivery):
                delivery.discard()
            raise
        self.tally.add(self._now)

    def _read(self, lines: Iterable[Line]) -> Iterator[Entry]:
        for place, line in lines:
            try:
                row = Row.of(line)
            except ValueError as why:
                self._keep(Entry(place, line, Row("")), f"the line is no row: {why}")
                continue
            if row.stage in {*RECORD_STAGES, DELIVER, SOURCE}:
                yield Entry(place, line, row)
            else:
                self._keep(Entry(place, line, row), f"there is nothing to try in a row of stage {row.stage!r}")

    def _keep(self, entry: Entry, reason: str, log_type: str = "") -> None:
        self._now.keep(log_type or entry.row.log_type, reason, entry.place)
        if not self.dry:
            self.keep(entry.line.rstrip(b"\r\n"))

    def _settle(self, ledgers: list[tuple[str, Ledger]]) -> None:
        """Have everything confirmed, then count it; with each ledger, where its first row stands."""
        if not self.dry:
            for delivery in (*self.engine.deliveries.values(), self.engine.dead_letter.delivery):
                delivery.flush()
        for place, ledger in ledgers:
            self._now.take(ledger)
            for output, count in ledger.refused.items():
                self._now.tell(REJECTED, f"deliver: refused by {output}", place, count)

    def _groups(self, entries: Iterable[Entry]) -> list[Group]:
        """Put rows together that can run at once; one that is there twice runs twice."""
        found: dict[tuple[object, ...], Group] = {}
        for entry in entries:
            plan = self._plan(entry)
            if plan is None:
                continue
            row, source, alone = entry.row, entry.row.source(), self.texts.are_enough(plan, entry.row)
            same = (plan.name, source.bucket, source.key, source.etag, source.modified, row.version, alone, row.carrier is None)
            turn = 0
            while row.record in (group := found.setdefault((*same, turn), Group(plan, source, alone))).entries:
                turn += 1
            group.entries[row.record] = entry
        return list(found.values())

    def _plan(self, entry: Entry) -> Plan | None:
        """Return the plan of the log type that the row's key has today; a row without one is kept."""
        row = entry.row
        try:
            with within(self.engine.settings.match_seconds):
                route = Route(row.log_type) if row.direct and row.log_type in self.engine.plans else self.engine.router.route(row.key)
        except Overdue:
            route = Route("", "an s3_key pattern takes too long for its key: see index.py check")
        plan = self.engine.plans.get(route.log_type)
        if plan is not None and plan.outputs:
            return plan
        self._keep(entry, f"no output matches log type {plan.name}" if plan else route.reason, route.log_type)
        return None

    def _run(self, group: Group) -> tuple[str, Ledger]:
        """Run the records of a group, hand them out, and return their ledger, which balances once all is confirmed."""
        plan, source = group.plan, group.source
        ledger = Ledger(tuple(plan.outputs), place=(plan.name, source.bucket, source.key))
        dispatch = Dispatch([self.engine.deliveries[name] for name in plan.outputs], self.engine.dead_letter)
        dispatch.begin(source)
        for first, raws in self.texts.chunks(group, lambda entry, reason: self._keep(entry, reason, plan.name)):
            self.pulse()
            done = plan.run(raws, source, first)
            pipeline.count(done, ledger)
            for reject in done.rejects:
                self._now.tell(REJECTED, f"{reject.stage}: {reject.reason}", group.entries[reject.number].place)
            if self.dry:
                ledger.rejected += len(done.rejects)
                ledger.delivered.update({name: len(messages) for name, messages in zip(plan.outputs, done.packed, strict=True)})
                continue
            dispatch.take(done, source, plan.name, first, ledger)
            if failures := dispatch.failures():
                raise DeliveryError(failures)
        return next(iter(group.entries.values())).place, ledger

    def _send(self, entries: list[Entry]) -> Iterator[tuple[str, Ledger]]:
        """Hand messages to their outputs, and yield their ledgers."""
        for entry in entries:
            row = entry.row
            delivery = self.engine.deliveries.get(row.output)
            if delivery is None:
                self._keep(entry, f"there is no output {row.output!r} any more")
                continue
            self.pulse()
            ledger = Ledger((row.output,), read=1, place=(row.log_type, row.bucket, row.key))
            if self.dry:
                ledger.delivered[row.output] += 1
            else:
                delivery.add([row.message], ledger)
            yield entry.place, ledger

    def _load(self, entry: Entry) -> None:
        """Load an object again, as a line of a list."""
        if self.dry:
            self._now.objects["to load"] += 1
            return
        try:
            if not entry.row.direct:
                self.texts.open_input()
        except ConfigError as why:
            self._keep(entry, f"the object cannot be read: {why}")
            return
        account = self.engine.run(Task(0, entry.row.wanted()), lambda ledger: self.pulse())
        self._conclude(entry, account)

    def _conclude(self, entry: Entry, account: Account) -> None:
        if account.failure == STOPPED:
            raise Stopped(account.reason)
        if account.failure == DELIVERY or account.stop:
            raise DeliveryError(account.reason)
        if account.failure in POISON:
            self._now.objects["failed"] += 1
            self._now.tell(REJECTED, account.reason, entry.place)
            self.engine.dead_letter.quarantined(entry.row.wanted(), account.reason, account.log_type)
        elif account.status == DONE or (account.status == SKIPPED and account.reason.startswith("done already")):
            self._now.objects["done"] += 1
            self._now.loaded.add(account.ledger)
        else:
            self._keep(entry, account.reason, account.log_type)
