"""What became of the rows of a replay, by log type, and why (leaf)."""

from __future__ import annotations

import collections
import dataclasses
from typing import Self

from loader.ledger import Ledger

REASONS = 200  # that are told apart: some quote what they refuse
OTHERS = "other reasons"
REJECTED, KEPT = "rejected again", "kept"


@dataclasses.dataclass(slots=True)
class Tally:
    """Records by their ledgers, and rows that were kept. ``why`` has by outcome and reason how many, and the first place.

    ``objects`` were loaded again, by how they ended; ``loaded`` has the records of those that are done.
    """

    ledgers: dict[str, Ledger] = dataclasses.field(default_factory=dict)  # by log type
    kept: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)  # likewise
    objects: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    loaded: Ledger = dataclasses.field(default_factory=Ledger)
    why: dict[tuple[str, str], tuple[int, str]] = dataclasses.field(default_factory=dict)
    unsound: list[str] = dataclasses.field(default_factory=list)  # objects whose account does not balance

    def take(self, ledger: Ledger) -> None:
        """Add what became of records of one object."""
        self.ledgers.setdefault(ledger.place[0], Ledger()).add(ledger)
        if not ledger.balances():
            self.unsound.append(f"s3://{ledger.place[1]}/{ledger.place[2]}")

    def tell(self, outcome: str, reason: str, place: str, count: int = 1) -> None:
        """Count a reason; ``place`` is where the row stands that has it."""
        if (outcome, reason) not in self.why and len(self.why) >= REASONS:
            reason = OTHERS
        known, first = self.why.get((outcome, reason), (0, place))
        self.why[outcome, reason] = known + count, first

    def keep(self, log_type: str, reason: str, place: str) -> None:
        """Count a row that could not be tried."""
        self.kept[log_type] += 1
        self.tell(KEPT, reason, place)

    def add(self, other: Self) -> None:
        """Add another tally's numbers to this one."""
        for name, ledger in other.ledgers.items():
            self.ledgers.setdefault(name, Ledger()).add(ledger)
        self.loaded.add(other.loaded)
        self.kept.update(other.kept)
        self.objects.update(other.objects)
        for (outcome, reason), (count, place) in other.why.items():
            self.tell(outcome, reason, place, count)
        self.unsound += other.unsound

    @property
    def rows(self) -> int:
        """How many rows have ended."""
        return sum(ledger.read for ledger in self.ledgers.values()) + self.kept.total() + self.objects.total()

    @property
    def sound(self) -> bool:
        """Tell whether every account balances."""
        return not self.unsound
