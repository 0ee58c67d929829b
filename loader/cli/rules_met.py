"""What the exclusion rules have done in a run, in a few lines: records by rule, then the rules without any and those that have expired."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from loader.cli.wording import counted
from loader.lint.finding import listed
from loader.metrics import Totals
from loader.rules.rule import COUNT, EXCLUDE, INCLUDE, Rule

MOST = 20  # rules told one by one for a log type, those with most records first
NAMED = 5  # of the rules that did nothing
DONE = {EXCLUDE: "excluded", COUNT: "counted", INCLUDE: "included"}


def lines(totals: Totals, rules: Sequence[Rule], now: datetime.datetime) -> Iterator[str]:
    """Yield the lines; none where no rule is concerned."""
    actions = {rule.name: rule.action for rule in rules}
    for log_type, total in sorted(totals.by_type.items()):
        met = sorted(total.ledger.rules.items(), key=lambda pair: (-pair[1], pair[0]))
        for name, count in met[:MOST]:
            yield f"rule {name} ({log_type}): {counted(count, 'record')} {DONE.get(actions.get(name, EXCLUDE), DONE[EXCLUDE])}"
        if rest := met[MOST:]:
            yield f"{len(rest):,} more rules ({log_type}): {counted(sum(count for _, count in rest), 'record')}"
    if unmet := [rule.name for rule in totals.unmet(rules) if rule.live(now)]:
        yield f"{counted(len(unmet), 'rule')} met nothing: {listed(unmet, NAMED)}"
    if expired := [rule.name for rule in rules if rule.expired(now)]:
        yield f"{counted(len(expired), 'rule')} expired, without effect: {listed(expired, NAMED)}"
