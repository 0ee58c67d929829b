"""One source through its plan, chunk by chunk, into the outputs' deliveries. The heart: it should not grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loader.api import Blocks
from loader.batch import OVERDUE, Source
from loader.deliver import DeadLetter, Delivery
from loader.errors import LimitExceeded
from loader.ledger import Ledger
from loader.plan import Plan

MOST_OVERDUE = 100  # of one source: with the default limits some minutes
WaysOut = tuple[Sequence[Delivery], DeadLetter]


def run(plan: Plan, source: Source, blocks: Blocks, ledger: Ledger, ways_out: WaysOut, progress: Callable[[Ledger], None]) -> None:
    """Read all records of ``source`` and account for them in ``ledger``. ``deliveries`` are in step with ``plan.outputs``."""
    deliveries, dead_letter = ways_out
    for raws in plan.read(_counted(blocks, ledger)):
        done = plan.run(raws, source, ledger.read)
        ledger.read += done.read
        ledger.made += done.made
        ledger.excluded += done.excluded
        ledger.flags.update(done.flags)
        ledger.rules.update(done.rules)
        if done.rejects:
            dead_letter.rejected(source, plan.name, done.rejects)
            ledger.rejected += len(done.rejects)
        for delivery, messages in zip(deliveries, done.packed, strict=True):
            if messages:
                delivery.add(messages, ledger)
        progress(ledger)
        if ledger.flags[OVERDUE] > MOST_OVERDUE:
            raise LimitExceeded(f"{MOST_OVERDUE} records took too long: index.py check tells which patterns of {plan.name} go back and forth")


def _counted(blocks: Blocks, ledger: Ledger) -> Blocks:
    for block in blocks:
        ledger.bytes_in += len(block)
        yield block
