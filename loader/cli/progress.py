"""What a user sees of a load: a bar that moves on a terminal, plain lines elsewhere, and one table at the end; all on stderr."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Sequence
from typing import Self

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from loader.cli import rules_met
from loader.cli.wording import counted
from loader.ledger import FAILED, Account
from loader.metrics import Totals
from loader.results import Results
from loader.rules.rule import Rule

EVERY = 10.0  # seconds between plain lines
SHOWN = 10  # failures told while the run goes on


def stderr() -> Console:
    """Return a console on standard error; lines are not folded where no terminal has a width."""
    console = Console(stderr=True, emoji=False)
    return console if console.is_terminal else Console(stderr=True, width=160, emoji=False)


class Display:
    """Objects, records, rate and time left, while a run goes on. ``objects`` is None where nobody knows how many there will be."""

    def __init__(self, objects: int | None, skipped: int = 0, console: Console | None = None) -> None:
        self.console = console or stderr()
        self.objects, self.ended_objects, self.failed = objects, 0, 0
        self.records = self.bytes = 0
        self.began = self.said = time.monotonic()
        if skipped:
            self.console.print(f"{skipped:,} objects of the list are in finish.log and are skipped")
        self.bar = Progress(
            SpinnerColumn(), TextColumn("objects"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f}/s"), TextColumn("[red]{task.fields[failed]}[/red]"), TimeElapsedColumn(), TimeRemainingColumn(),
            console=self.console, disable=not self.console.is_terminal,
        )  # fmt: skip
        self.task = self.bar.add_task("load", total=objects, records=0, rate=0.0, failed="")

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.bar.stop()

    def ended(self, account: Account) -> None:
        """Note that an object has ended."""
        self.ended_objects += 1
        if account.status == FAILED:
            self.failed += 1
            self._complain(account)
        self._show()

    def _complain(self, account: Account) -> None:
        """Print why an object failed: the first few, for they are often alike, and error_debug.log has all."""
        if self.failed <= SHOWN:
            text = f"failed: {account.uri}: {account.reason.removeprefix(f'{account.uri}: ')}"
            self.bar.console.print(text, style="red", markup=False, highlight=False, soft_wrap=True)
        elif self.failed == SHOWN + 1:
            self.bar.console.print("more objects fail: error_debug.log has the reasons", style="red", soft_wrap=True)

    def moved(self, records: int, octets: int) -> None:
        """Note how far the workers are."""
        self.records, self.bytes = records, octets
        self._show()

    def _show(self) -> None:
        now = time.monotonic()
        rate = self.records / max(now - self.began, 0.001)
        failed = f"{self.failed} failed" if self.failed else ""
        self.bar.update(self.task, completed=self.ended_objects, records=self.records, rate=rate, failed=failed)
        if not self.console.is_terminal and now - self.said >= EVERY:
            self.said = now
            left = (now - self.began) / self.ended_objects * (self.objects - self.ended_objects) if self.objects and self.ended_objects else None
            remaining = f", about {left:,.0f} s left" if left is not None else ""
            objects = f"{self.ended_objects:,}{f' of {self.objects:,}' if self.objects is not None else ''} objects"
            self.console.print(f"{objects}, {self.records:,} records, {rate:,.0f}/s{remaining}{', ' * bool(failed)}{failed}", soft_wrap=True)


def table(
    totals: Totals, files: Results, objects: int, *, rejects: str = "", rules: Sequence[Rule] = (), console: Console | None = None
) -> None:
    """Print one row per log type, what was mended, the balance, and where the rest is told."""
    console = console or stderr()
    shown = Table(box=None, padding=(0, 1, 0, 0), header_style="underline")
    shown.add_column("log type", no_wrap=True)
    for heading in ("objects", "bytes in", "bytes out", "read", "excluded", "rejected", "delivered"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for name, total in sorted(totals.by_type.items()):
        ledger = total.ledger
        failed = f" ({total.objects[FAILED]:,} failed)" if total.objects[FAILED] else ""
        counts = (f"{n:,}" for n in (ledger.read, ledger.excluded, total.rejected, total.delivered))
        shown.add_row(name, f"{sum(total.objects.values()):,}{failed}", decimal(ledger.bytes_in), decimal(ledger.bytes_out), *counts)
    console.print(shown)
    for line in (*_notes(totals), *rules_met.lines(totals, rules, datetime.datetime.now(datetime.UTC))):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if rejected := sum(total.rejected for total in totals.by_type.values()):
        console.print(f"{counted(rejected, 'rejected record')}: {rejects} has the text and the reason", highlight=False, soft_wrap=True)
    console.print(totals.balance(), style="" if totals.sound else "bold red", highlight=False, soft_wrap=True)
    ended = sum(sum(total.objects.values()) for total in totals.by_type.values())
    if ended < objects:
        console.print(f"{counted(objects - ended, 'object')} not loaded: --resume goes on", soft_wrap=True)
    if totals.failed:
        which = "them" if not files.unlisted else "those that are no messages"
        listed = f"{files.error_path} lists {which} (load it with -l), " if files.error_path.exists() else ""
        where = f"{listed}{files.debug_path} says why"
        console.print(f"{counted(totals.failed, 'object')} failed: {where}", soft_wrap=True)


def _notes(totals: Totals) -> Iterator[str]:
    """Yield what was skipped, mended, passed over and cut short, and how the outputs differ."""
    for reason, count in totals.skipped.most_common():
        yield f"skipped {counted(count, 'object')}: {reason}"
    for name, total in sorted(totals.by_type.items()):
        yield from (f"{name}: {flag}: {counted(count, 'record')}" for flag, count in sorted(total.ledger.flags.items()) if count)
    if passed := sum(total.ledger.passed for total in totals.by_type.values()):
        yield f"passed over {counted(passed, 'record')} that had arrived in an earlier try"
    yield from totals.by_output()
    if totals.cut_short:
        yield f"cut short: {counted(totals.cut_short, 'object')}, of which {counted(totals.arrived, 'record')} arrived, beside those above"
