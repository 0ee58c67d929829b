"""Totals by log type, summed from the accounts of sources: never counted per record."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Iterator

from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.rules.rule import Rule

NO_TYPE = "(no type)"


@dataclasses.dataclass(slots=True)
class Total:
    """One log type's objects by how they ended, and the sum of their ledgers."""

    objects: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    ledger: Ledger = dataclasses.field(default_factory=Ledger)

    @property
    def slowest(self) -> str:
        """The output that lacks most records of this type, or had fewest before: its numbers are the type's."""
        return max(self.ledger.outputs, key=lambda output: (self.ledger.missing(output), -self.ledger.earlier[output]), default="")

    @property
    def delivered(self) -> int:
        """Records that every output has taken."""
        return self.ledger.delivered[self.slowest]

    @property
    def earlier(self) -> int:
        """Records that had arrived in an earlier try, and were read for another output."""
        return self.ledger.earlier[self.slowest]

    @property
    def rejected(self) -> int:
        """Records in the dead letter: rejected on the way, or refused by the output."""
        return self.ledger.rejected + self.ledger.refused[self.slowest]

    @property
    def undelivered(self) -> int:
        """Records read of objects that failed, and not known to have arrived everywhere."""
        return self.ledger.missing(self.slowest) if self.slowest else 0


class Totals:
    """The sums of a run."""

    def __init__(self) -> None:
        self.by_type: dict[str, Total] = {}
        self.unsound: list[str] = []
        self.skipped: collections.Counter[str] = collections.Counter()  # objects by reason, without what follows its colon
        self.cut_short = self.arrived = 0  # objects that the end of the run has cut short, and how many of their records have arrived

    def add(self, account: Account) -> None:
        """Count one source. An account that cannot be true (done but not balanced, or more delivered than read) is remembered."""
        total = self.by_type.setdefault(account.log_type or NO_TYPE, Total())
        total.objects[account.status] += 1
        total.ledger.add(account.ledger)
        if account.status == SKIPPED:
            self.skipped[account.reason.partition(":")[0]] += 1
        ledger = account.ledger
        if (account.status == DONE and not ledger.balances()) or any(ledger.missing(output) < 0 for output in ledger.outputs):
            self.unsound.append(account.uri)

    def put_down(self, account: Account) -> None:
        """Count a source that the end of the run has cut short: it is in no other sum."""
        if account.ledger.read:
            self.cut_short += 1
            self.arrived += account.ledger.arrived

    def by_output(self) -> Iterator[str]:
        """Say of each output how it went, where it did not go the same with all."""
        ledgers = [total.ledger for total in self.by_type.values()]
        if not any(len({(one.delivered[name], one.earlier[name], one.refused[name]) for name in one.outputs}) > 1 for one in ledgers):
            return
        for name in dict.fromkeys(name for one in ledgers for name in one.outputs):
            mine = [one for one in ledgers if name in one.outputs]
            counts = {
                "delivered": sum(one.delivered[name] for one in mine),
                "delivered in an earlier try": sum(one.earlier[name] for one in mine),
                "refused": sum(one.refused[name] for one in mine),
                "not delivered": sum(one.missing(name) for one in mine),
            }
            yield f"{name}: {', '.join(f'{count:,} {what}' for what, count in counts.items() if count or what == 'delivered')}"

    @property
    def failed(self) -> int:
        """How many objects failed."""
        return sum(total.objects[FAILED] for total in self.by_type.values())

    def balance(self) -> str:
        """Say in one line whether every record read is accounted for, and how."""
        totals = self.by_type.values()
        read, excluded = sum(t.ledger.read for t in totals), sum(t.ledger.excluded for t in totals)
        rejected, delivered = sum(t.rejected for t in totals), sum(t.delivered for t in totals)
        missing, earlier = sum(t.undelivered for t in totals), sum(t.earlier for t in totals)
        made = sum(t.ledger.made for t in totals)
        taken = f"{read:,} read{f' + {made:,} made by hooks' if made else ''}"
        line = f"{taken} = {excluded:,} excluded + {rejected:,} rejected + {delivered:,} delivered"
        if earlier:
            line += f" + {earlier:,} delivered in an earlier try"
        if missing:
            line += f" + {missing:,} not delivered, of {self.failed:,} failed objects"
        if self.unsound or read + made != excluded + rejected + delivered + earlier + missing:
            return f"The account does NOT balance: {line}; see {', '.join(self.unsound[:3])}"
        return f"The account balances: {line}."

    def unmet(self, rules: Iterable[Rule]) -> list[Rule]:
        """Return the rules that no record has met, of those for a log type that had records."""
        ledgers = {name: total.ledger for name, total in self.by_type.items() if total.ledger.read}
        asked = ((rule, [ledger for name, ledger in ledgers.items() if rule.serves(name)]) for rule in rules)
        return [rule for rule, served in asked if served and not any(ledger.rules[rule.name] for ledger in served)]

    @property
    def sound(self) -> bool:
        """Tell whether every account can be true."""
        return not self.unsound
