"""What the exclusion rules have done in a run, in a few lines: records by rule, then the rules without any and those that have expired."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

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
            yield f"rule {name} ({log_type}): {_records(count)} {DONE.get(actions.get(name, EXCLUDE), DONE[EXCLUDE])}"
        if rest := met[MOST:]:
            yield f"{len(rest):,} more rules ({log_type}): {_records(sum(count for _, count in rest))}"
    if unmet := [rule.name for rule in totals.unmet(rules) if rule.live(now)]:
        yield f"{_rules(unmet)} met nothing: {_some(unmet)}"
    if expired := [rule.name for rule in rules if rule.expired(now)]:
        yield f"{_rules(expired)} expired, without effect: {_some(expired)}"


def _records(count: int) -> str:
    return f"{count:,} record{'s' * (count != 1)}"


def _rules(names: Sequence[str]) -> str:
    return f"{len(names):,} rule{'s' * (len(names) != 1)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
