"""One worker: sources in, plans applied, outputs flushed, each source's account returned.

Building an engine reads every option and compiles every log type, so that all mistakes are known before the first record.
"""

from __future__ import annotations

import dataclasses
import gc
import time
import traceback
from collections.abc import Callable

from loader import pipeline
from loader.api import Input
from loader.assembly import HOME, Assembly
from loader.batch import Source
from loader.config import Config
from loader.deliver import DeadLetter, Delivery
from loader.errors import ConfigError, DeliveryError, OutputClosed, Overdue, SourceError, SourceSkipped
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.plan import Plan
from loader.route import Route
from loader.stages.decode import decode
from loader.watchdog import within

__all__ = ["HOME", "Engine", "Task"]


@dataclasses.dataclass(frozen=True, slots=True)
class Task:
    """One line of work: its position in the list, and the source."""

    position: int
    source: Source


class Engine:
    """Everything one process needs to load sources, from one configuration."""

    def __init__(self, config: Config, input_name: str) -> None:
        self.config, self.input_name = config, input_name
        self.assembly = Assembly(config, input_name)
        self.assembly.require()
        self.settings, self.plans, self.router = self.assembly.settings, self.assembly.plans, self.assembly.router
        dead = self.assembly.dead
        assert dead is not None
        self.dead_letter = DeadLetter(dead)
        self.deliveries = {output.name: Delivery(output, self.dead_letter) for output in self.assembly.outputs}

    def run(self, task: Task, progress: Callable[[Ledger], None] = lambda ledger: None) -> Account:
        """Load one source to its end and return its account; never raises but ConfigError."""
        began = time.monotonic()
        source = task.source
        try:
            with within(self.settings.match_seconds):
                route = self.router.route(source.key)
        except Overdue:
            route = Route("", "")
            account = Account(task.position, source.uri, source.key, "", FAILED, "an s3_key pattern takes too long for this key: see index.py check")
        else:
            account = Account(task.position, source.uri, source.key, route.log_type, SKIPPED, route.reason)
        if route.log_type:
            account.status, account.reason = DONE, ""
            self._load(source, self.plans[route.log_type], account, progress)
        account.seconds = time.monotonic() - began
        return account

    def _load(self, source: Source, plan: Plan, account: Account, progress: Callable[[Ledger], None]) -> None:
        ledger = account.ledger = Ledger(outputs=tuple(plan.outputs))
        deliveries = [self.deliveries[name] for name in plan.outputs]
        if not deliveries:
            account.status, account.reason = SKIPPED, f"no output matches log type {plan.name}"
            return
        try:
            try:
                blocks, _ = decode(self.input.read(source), self.settings.max_object_bytes)
                pipeline.run(plan, source, blocks, ledger, (deliveries, self.dead_letter), progress)
            finally:  # what was read of a source that breaks still arrives
                for delivery in (*deliveries, self.dead_letter.delivery):
                    delivery.flush()
            _conclude(account)
        except SourceSkipped as why:
            account.status, account.reason = SKIPPED, str(why)
        except (SourceError, DeliveryError) as why:
            account.status, account.reason, account.stop = FAILED, str(why), isinstance(why, OutputClosed)
        except ConfigError:
            raise
        except (Exception, SystemExit) as why:  # noqa: BLE001  # the seam around a source
            account.status, account.reason = FAILED, f"unexpected {type(why).__name__}: {why}"
            account.detail = traceback.format_exc()
        if account.status == FAILED:
            for delivery in (*deliveries, self.dead_letter.delivery):
                delivery.discard()

    def open_input(self) -> None:
        """Open the input; raises ConfigError. Apart from building, so that checking a configuration needs no credentials."""
        plugin = self.assembly.registry.create(self.config, self.input_name)
        plugin.open()
        assert isinstance(plugin, Input)
        self.input = plugin

    def settle(self) -> None:
        """Let the garbage collector pass over what is here for good, and look at what is new more seldom.

        Records are trees, which need no collector, and each has some twenty dicts: at its usual pace it takes a quarter of the time.
        """
        gc.collect()
        gc.freeze()
        gc.set_threshold(200_000, 20, 100)

    def close(self) -> None:
        """Close all plugins."""
        self.assembly.close()


def _conclude(account: Account) -> None:
    """Say in the account what is worth knowing of a source that was read to its end."""
    ledger = account.ledger
    if not ledger.balances():
        account.status = FAILED
        account.reason = f"the account does not balance: {', '.join(f'{ledger.missing(name)} missing at {name}' for name in ledger.outputs)}"
    elif not ledger.read:
        account.reason = "empty: no records"
    elif ledger.turned_away:
        account.reason = f"{ledger.turned_away} of {ledger.read} records rejected"
