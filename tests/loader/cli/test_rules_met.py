"""What the rules have done: a few lines, however many rules there are."""

from __future__ import annotations

import collections
import datetime

from loader.cli import rules_met
from loader.ledger import Account, Ledger
from loader.metrics import Totals
from loader.rules.rule import Rule

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)


def totals(**types: dict[str, int]) -> Totals:
    found = Totals()
    for name, rules in types.items():
        ledger = Ledger(("out",), read=9, rules=collections.Counter(rules), delivered=collections.Counter(out=9))
        found.add(Account(1, "s3://b/k", "k", name, ledger=ledger))
    return found


def test_each_rule_has_a_line_with_its_log_type_and_what_it_did_most_first() -> None:
    rules = [Rule("drop", "*"), Rule("dry", "*", "count"), Rule("let", "*", "include")]
    run = totals(alb={"drop": 1, "dry": 2000, "(no include rule is met)": 3}, cloudtrail={"let": 5})
    assert list(rules_met.lines(run, rules, NOW)) == [
        "rule dry (alb): 2,000 records counted",
        "rule (no include rule is met) (alb): 3 records excluded",
        "rule drop (alb): 1 record excluded",
        "rule let (cloudtrail): 5 records included",
    ]


def test_a_thousand_rules_are_a_few_lines() -> None:
    rules = [Rule(f"r{number}", "alb") for number in range(1000)]
    lines = list(rules_met.lines(totals(alb={f"r{number}": 1 for number in range(100)}), rules, NOW))
    assert len(lines) == rules_met.MOST + 2
    assert lines[-2:] == ["80 more rules (alb): 80 records", "900 rules met nothing: r100, r101, r102, r103, r104 and 895 more"]


def test_rules_of_log_types_that_had_no_records_and_those_that_are_off_are_not_called_unused() -> None:
    rules = [Rule("other", "nlb"), Rule("off", "alb", "disable"), Rule("idle", "a*")]
    assert list(rules_met.lines(totals(alb={}), rules, NOW)) == ["1 rule met nothing: idle"]


def test_a_rule_for_several_types_is_used_when_one_of_them_met_it() -> None:
    assert list(rules_met.lines(totals(alb={}, nlb={"r": 1}), [Rule("r", "?lb")], NOW)) == ["rule r (nlb): 1 record excluded"]


def test_expired_rules_are_told_in_one_line() -> None:
    rules = [Rule("old", "alb", expires=NOW), Rule("older", "nlb", expires=NOW)]
    assert list(rules_met.lines(totals(alb={}), rules, NOW)) == ["2 rules expired, without effect: old, older"]


def test_without_rules_nothing_is_said() -> None:
    assert list(rules_met.lines(totals(alb={}), [], NOW)) == []
