"""What a user is told at the end of a load: one table, and what is worth knowing beside it; on stderr."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from loader.cli import rules_met
from loader.cli.wording import counted
from loader.ledger import FAILED
from loader.metrics import Totals
from loader.results import Results
from loader.rules.rule import Rule


def stderr() -> Console:
    """Return a console on standard error; lines are not folded where no terminal has a width."""
    console = Console(stderr=True, emoji=False)
    return console if console.is_terminal else Console(stderr=True, width=160, emoji=False)


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
