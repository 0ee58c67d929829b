"""One source through its plan, chunk by chunk, into the outputs' deliveries. The heart: it should not grow."""

from __future__ import annotations

from collections.abc import Callable

from loader.api import Blocks
from loader.batch import OVERDUE, Source
from loader.dispatch import Dispatch
from loader.errors import LimitExceeded
from loader.ledger import Ledger
from loader.plan import Done, Plan

MOST_OVERDUE = 100  # of one source: with the default limits some minutes


def run(plan: Plan, source: Source, blocks: Blocks, ledger: Ledger, dispatch: Dispatch, progress: Callable[[Ledger], None]) -> None:
    """Read all records of ``source`` that are wanted, and account for them in ``ledger``; raises SourceError and DeliveryError."""
    number = 0
    for raws in plan.read(_counted(blocks, ledger)):
        if not dispatch.begun:
            dispatch.begin(source)
            ledger.place = (plan.name, source.bucket, source.key)
        for first, portion in dispatch.portions(raws, number):
            done = plan.run(portion, source, first)
            count(done, ledger)
            dispatch.take(done, source, plan.name, first, ledger)
            dispatch.checkpoint(first + done.read)
            progress(ledger)
        number += raws.count
        ledger.passed = dispatch.passed(number)
        if dispatch.stop is not None and number >= dispatch.stop:
            break
        if ledger.flags[OVERDUE] > MOST_OVERDUE:
            raise LimitExceeded(f"{MOST_OVERDUE} records took too long: index.py check tells which patterns of {plan.name} go back and forth")


def count(done: Done, ledger: Ledger) -> None:
    """Account for what the steps of a plan made of records; where they go is told by the dispatch."""
    ledger.read += done.read
    ledger.made += done.made
    ledger.excluded += done.excluded
    ledger.flags.update(done.flags)
    ledger.rules.update(done.rules)


def _counted(blocks: Blocks, ledger: Ledger) -> Blocks:
    for block in blocks:
        ledger.bytes_in += len(block)
        yield block
