"""Rows: a case is played, its result counted, judged and printed."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from faults.bounds import NO_BOUND
from faults.load import Load, Tally
from faults.receivers import Missing, Receiver
from faults.scenarios import Case
from faults.service import Service
from faults.stage import Stage

LOAD = Load(objects=40, each=1500)
UDP = "ok: udp may lose what meets a full buffer, or nobody"
COLUMNS = ("fault", "receiver", "protocol", "sent", "received", "lost", "duplicated", "at most", "cut", "seconds", "")


@dataclasses.dataclass(frozen=True)
class Row:
    """What became of a case. ``bound`` is the most duplicates that it may have made; ``wrong`` is empty when all is as it must be."""

    case: Case
    tally: Tally
    bound: int
    seconds: float
    wrong: str = ""
    skipped: str = ""

    def cells(self) -> list[str]:
        """Return what the table shows."""
        case, tally = self.case, self.tally
        counts = (tally.received, tally.lost, tally.duplicated)
        bound = "-" if self.bound == NO_BOUND else f"{self.bound:,}"
        verdict = (self.skipped or self.wrong or (UDP if case.protocol == "udp" else "ok")).splitlines()[0][:80]
        shown = [f"{tally.sent:,}", *(f"{count:,}" for count in counts), bound, f"{tally.broken:,}", f"{self.seconds:.1f}"]
        return [case.fault, case.receiver, case.protocol, *([""] * len(shown) if self.skipped else shown), verdict]


def play(case: Case, service: Service, folder: Path, load: Load = LOAD) -> Row:
    """Play a case in an empty folder, and judge it."""
    began, wrong, bound = time.monotonic(), "", 0
    try:
        with Receiver(case.receiver, case.protocol, folder / "receiver") as receiver:
            stage = Stage(load, service, receiver, folder)
            try:
                case.play(stage)
            except AssertionError as why:
                wrong = str(why) or "an assertion of the scenario failed"
            tally = stage.tally()
            bound = case.bound(stage)
            stage.remove()
    except Missing as why:
        return Row(case, Tally(0, 0, 0, 0), 0, 0.0, skipped=str(why))
    return Row(case, tally, bound, time.monotonic() - began, wrong or _misses(case, tally, bound))


def _misses(case: Case, tally: Tally, bound: int) -> str:
    """Return what of a result is not as promised."""
    if case.protocol != "udp" and tally.lost:
        return f"{tally.lost} records are lost"
    return f"{tally.duplicated} records came twice, and {bound} may" if tally.duplicated > bound else ""


def show(rows: Iterable[Row], console: Console | None = None) -> None:
    """Print the table."""
    table = Table(title="Faults: what was sent, and what a real receiver has of it")
    for name in COLUMNS:
        table.add_column(name, justify="left" if name in ("fault", "receiver", "protocol", "") else "right")
    for row in rows:
        table.add_row(*row.cells())
    (console or Console(width=180)).print(table)
