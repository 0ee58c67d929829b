"""What a user sees at the end of a replay."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from loader.cli.wording import counted
from loader.ledger import Ledger
from loader.metrics import NO_TYPE
from loader.replay.tally import Tally

SHOWN = 20  # reasons


def say(console: Console, line: str) -> None:
    """Print a line as it is."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def report(tally: Tally, console: Console, left_over: str, *, dry: bool) -> None:
    """Print one row per log type, why rows were rejected again or kept, and the balance."""
    shown = Table(box=None, padding=(0, 1, 0, 0), header_style="underline")
    shown.add_column("log type", no_wrap=True)
    for heading in ("rows", "made", "excluded", "rejected", "delivered", "kept"):
        shown.add_column(heading, justify="right", no_wrap=True)
    sums = [0] * 6
    for name in sorted({*tally.ledgers, *tally.kept}):
        counts = _counts(tally.ledgers.get(name, Ledger()), tally.kept[name])
        sums = [one + other for one, other in zip(sums, counts, strict=True)]
        shown.add_row(name or NO_TYPE, *(f"{count:,}" for count in counts))
    console.print(shown)
    for (outcome, reason), (count, place) in sorted(tally.why.items(), key=lambda item: -item[1][0])[:SHOWN]:
        say(console, f"{outcome}: {counted(count, 'row')}: {reason} (first: {place})")
    if len(tally.why) > SHOWN:
        say(console, f"and {counted(len(tally.why) - SHOWN, 'more reason')}")
    if tally.objects:
        ended = ", ".join(f"{count:,} {how}" for how, count in sorted(tally.objects.items()))
        say(console, f"objects: {ended}; {_balance(_counts(tally.loaded, 0), 'records')}")
    say(console, f"The account {'balances' if tally.sound else 'does NOT balance'}: {_balance(sums, 'rows')}.")
    if dry:
        say(console, "nothing was sent: this was a dry run")
    if left_over:
        say(console, f"what is left is in {left_over}")


def _counts(ledger: Ledger, kept: int) -> list[int]:
    delivered = ledger.read + ledger.made - ledger.excluded - ledger.turned_away
    return [ledger.read + kept, ledger.made, ledger.excluded, ledger.turned_away, delivered, kept]


def _balance(counts: Sequence[int], noun: str) -> str:
    rows, made, excluded, rejected, delivered, kept = counts
    line = f"{rows:,} {noun}{f' + {made:,} made by hooks' * bool(made)} = {excluded:,} excluded + {rejected:,} rejected + {delivered:,} delivered"
    return f"{line} + {kept:,} kept" if noun == "rows" else line
