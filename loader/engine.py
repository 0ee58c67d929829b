"""One worker: sources in, plans applied, outputs flushed, each source's account returned.

Building an engine reads every option and compiles every log type, so that all mistakes are known before the first record. The engines of
worker processes are built behind that (``checked``), and compile the log types that occur.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import time
import traceback
from collections.abc import Callable

from loader import inputs, pipeline
from loader.ahead import Ahead
from loader.api import Blocks, Input
from loader.assembly import HOME, Assembly
from loader.batch import Carried, Source
from loader.claims import Claims
from loader.config import Config
from loader.dead_letter import DeadLetter
from loader.deliver import Delivery
from loader.dispatch import Dispatch
from loader.errors import CORRUPT, DELIVERY, TRANSIENT, ConfigError, DeliveryError, OutputClosed, Overdue, SourceError, SourceSkipped, Stopped
from loader.journal import Entry, Journal
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.plan import Plan
from loader.route import Route
from loader.sharing import Shared
from loader.stages.decode import decode
from loader.watchdog import within

__all__ = ["HOME", "Engine", "Task"]


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One line of work: its position in the list, and the source. ``tries`` counts the workers that have died on it.

    ``upcoming`` is the source that the worker will most likely be given next.
    """

    position: int
    source: Source
    tries: int = 0
    upcoming: Source | None = None


class Engine:
    """Everything one process needs to load sources, from one configuration."""

    def __init__(self, config: Config, input_name: str, *, pause: Callable[[float], None] = time.sleep, checked: bool = False) -> None:
        self.config, self.input_name = config, input_name
        self.journal, self.claims, self.pause = Journal(""), Claims(""), pause
        self.forms: dict[str, str] = {}
        self.ahead: Ahead | None = None
        self.assembly = Assembly(config, input_name, checked=checked)
        self.assembly.require()
        self.settings, self.plans, self.router = self.assembly.settings, self.assembly.plans, self.assembly.router
        dead = self.assembly.dead
        assert dead is not None
        self.dead_letter = DeadLetter(dead, sleep=pause)
        self.deliveries = {output.name: Delivery(output, self.dead_letter, sleep=pause) for output in self.assembly.outputs}

    def run(self, task: Task, progress: Callable[[Ledger], None] = lambda ledger: None) -> Account:
        """Load one source to its end and return its account; never raises but ConfigError."""
        began = time.monotonic()
        source = task.source
        try:
            route = self._route(source)
        except Overdue:
            route = Route("", "")
            account = Account(task.position, source.uri, source.key, "", FAILED, "an s3_key pattern takes too long for this key: see index.py check")
        else:
            account = Account(task.position, source.uri, source.key, route.log_type, SKIPPED, route.reason)
        if route.log_type:
            account.status, account.reason = DONE, ""
            self._load_alone(task, self.plans[route.log_type], account, progress)
        account.seconds = time.monotonic() - began
        return account

    def _route(self, source: Source) -> Route:
        """Return the log type of a source; raises Overdue."""
        with within(self.settings.match_seconds):
            return Route(source.log_type) if isinstance(source, Carried) else self.router.route(source.key)

    def _load_alone(self, task: Task, plan: Plan, account: Account, progress: Callable[[Ledger], None]) -> None:
        """Load a source that nobody else is at: where that can be known, for what an output has then need not be sent to it again."""
        lasting = any(self.deliveries[name].output.lasting for name in plan.outputs)
        try:
            with self.claims.of(task.source) if lasting else contextlib.nullcontext():
                self._load(task, plan, account, progress)
        except Stopped as why:  # while it waited
            account.status, account.reason, account.failure = FAILED, str(why), why.failure

    def _load(self, task: Task, plan: Plan, account: Account, progress: Callable[[Ledger], None]) -> None:
        source, ledger = task.source, Ledger(outputs=tuple(plan.outputs))
        account.ledger = ledger
        deliveries = [self.deliveries[name] for name in plan.outputs]
        if not deliveries:
            account.status, account.reason = SKIPPED, f"no output matches log type {plan.name}"
            return
        entry = self._entry(source, plan, fresh=self.settings.force and not task.tries)
        dispatch = Dispatch(deliveries, self.dead_letter, entry.begin, entry.note)
        whole = False
        try:
            try:
                source.done = entry.done(len(deliveries))
                blocks, _ = decode(self._blocks(task), self.settings.max_object_bytes)
                pipeline.run(plan, source, blocks, ledger, dispatch, progress)
                whole = True
            finally:  # what was read of a source that breaks still arrives
                dispatch.flush(ledger)
            _conclude(account, dispatch.failures())
        except ConfigError:
            raise
        except (Exception, SystemExit) as why:  # noqa: BLE001  # the seam around a source
            _cut_short(account, why, dispatch.failures())
        if account.status == FAILED:
            dispatch.discard()
        if account.status != SKIPPED:
            entry.end(account, dispatch.marks(ledger, whole=whole))

    def _look(self) -> None:
        """Look whether the run is to end, while bytes are waited for; raises Stopped."""
        try:
            self.pause(0.0)
        except Stopped:
            raise Stopped("stopped while its bytes were waited for: the next run goes on behind what has arrived") from None

    def _entry(self, source: Source, plan: Plan, *, fresh: bool) -> Entry:
        """Return what the ledger on disk has of a source."""
        outputs = [self.deliveries[name].output for name in plan.outputs]
        lasting = {output.name: output.destination for output in outputs if output.lasting}
        return Entry(self.journal, source, plan.name, lasting, form=self._form(plan.name), fresh=fresh)

    def _blocks(self, task: Task) -> Blocks:
        """Return the bytes of a source; where the input reads ahead, the next one follows behind them."""
        if isinstance(task.source, Carried):
            return iter((task.source.body,))
        if self.ahead is None:
            return self.input.read(task.source)
        blocks = self.ahead.read(task.source)
        self.ahead.expect(self._upcoming(task))
        return blocks

    def _upcoming(self, task: Task) -> Source | None:
        """Return the next source as it will be asked for; None where that is not known, or it will not be read."""
        source = task.upcoming
        if source is None or isinstance(source, Carried):
            return None
        try:
            route = self._route(source)
        except Overdue:
            return None
        if not route.log_type or not (plan := self.plans[route.log_type]).outputs:
            return None
        source.done = self._entry(source, plan, fresh=self.settings.force).done(len(plan.outputs))
        return source

    def share(self, shared: Shared) -> None:
        """From now on keep to rates and locks that all workers of the run share."""
        for delivery in (*self.deliveries.values(), self.dead_letter.delivery):
            name = delivery.output.name
            delivery.output.lock = shared.lock()
            if delivery.pace and name in shared.names:
                delivery.pace.join(shared.numbers(name), shared.lock(name))

    def _form(self, log_type: str) -> str:
        """Return what stands for the section of a log type: under another, an object may be cut into other records."""
        if log_type not in self.forms:
            values = self.config.types[log_type].values
            told = [log_type, self.settings.max_record_bytes, *sorted(values.items())]
            self.forms[log_type] = hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return self.forms[log_type]

    def use_ledger(self) -> None:
        """From now on skip what the ledger on disk knows to have arrived, and go on where it was cut off."""
        self.journal = Journal(self.settings.state, keep=self.settings.remember)
        self.claims = Claims(self.settings.state, self.pause)

    def open_input(self) -> None:
        """Open the input; raises ConfigError. Apart from building, so that checking a configuration needs no credentials."""
        self.input: Input = inputs.create(self.config, self.assembly.registry, self.input_name)
        self.input.open()
        if self.input.ahead:
            self.ahead = Ahead(self.input.read, self._look)

    def settle(self) -> None:
        """Let the garbage collector pass over what is here for good, and look at what is new more seldom.

        Records are trees, which need no collector, and each has some twenty dicts: at its usual pace it takes a quarter of the time.
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000, 20, 100)

    def close(self) -> None:
        """Close all plugins, and the ledger."""
        if self.ahead is not None:
            self.ahead.close()
        self.assembly.close()
        self.journal.close()
        self.claims.close()


def _cut_short(account: Account, why: BaseException, failures: str) -> None:
    """Say in the account what has ended a source before its time; ``failures`` are those of its outputs."""
    account.status, account.reason = FAILED, str(why)
    if isinstance(why, SourceSkipped):
        account.status = SKIPPED
    elif isinstance(why, SourceError):
        account.failure = why.failure
    elif isinstance(why, DeliveryError):
        account.reason, account.failure, account.stop = failures or str(why), DELIVERY, isinstance(why, OutputClosed)
    else:
        account.reason = f"unexpected {type(why).__name__}: {why}"
        account.failure = TRANSIENT if isinstance(why, (OSError, MemoryError)) else CORRUPT  # the machine's trouble, such as a full disk, passes
        account.detail = "".join(traceback.format_exception(why))


def _conclude(account: Account, failures: str) -> None:
    """Say in the account what is worth knowing of a source that was read to its end."""
    ledger = account.ledger
    if failures:
        account.status, account.reason, account.failure = FAILED, failures, DELIVERY
    elif not ledger.balances():
        account.status, account.failure = FAILED, CORRUPT
        account.reason = f"the account does not balance: {', '.join(f'{ledger.missing(name)} missing at {name}' for name in ledger.outputs)}"
    elif not ledger.read and not ledger.passed:
        account.reason = "empty: no records"
    elif ledger.turned_away:
        account.reason = f"{ledger.turned_away} of {ledger.read} records rejected"
    if ledger.passed and not account.reason:
        account.reason = f"resumed: {ledger.passed} records had arrived before"
