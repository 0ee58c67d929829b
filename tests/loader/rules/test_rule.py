"""A rule: whom it serves, until when, and which fields it asks."""

from __future__ import annotations

import datetime

import pytest

from loader.rules.rule import Condition, Rule, fields_of

NOON = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("written", "log_type", "serves"),
    [
        ("alb", "alb", True),
        ("alb", "ALB", False),
        ("alb", "alb2", False),
        ("*", "alb", True),
        ("vpc*", "vpcflowlogs", True),
        ("vpc*", "alb", False),
        ("?lb", "alb", True),
        ("[an]lb", "nlb", True),
        ("a.b", "axb", False),
    ],
)
def test_a_rule_serves_the_log_type_of_its_name_or_all_that_its_glob_matches(written: str, log_type: str, serves: bool) -> None:
    assert Rule("r", written).serves(log_type) == serves


def test_a_rule_has_no_effect_from_the_moment_it_expires_or_when_it_is_disabled() -> None:
    second = datetime.timedelta(seconds=1)
    rule = Rule("r", "*", expires=NOON)
    assert (rule.live(NOON - second), rule.live(NOON), rule.expired(NOON)) == (True, False, True)
    assert not Rule("r", "*", "disable").live(NOON)
    assert Rule("r", "*", "count").live(NOON)


def test_the_end_of_a_rule_is_told_as_it_was_written() -> None:
    assert Rule("r", "*").end() == ""
    assert Rule("r", "*", expires=NOON).end() == "at 2026-06-01 12:00:00 UTC"
    assert Rule("r", "*", expires=NOON.replace(hour=0)).end() == "at the end of 2026-05-31"


def test_the_fields_of_rules_are_those_of_conditions_and_expressions_each_once_and_not_the_key() -> None:
    on_key, on_a, again, on_c = Condition("", "regex", ".*"), Condition("a.b", "text", "x"), Condition("a.b", "text", "y"), Condition("c", "text", "")
    one = Rule("one", "*", alternatives=((on_a, on_key), (again, on_c)))
    two = Rule("two", "*", expression="source.ip == '192.0.2.1'")
    assert list(fields_of([one, two])) == [(one, "a.b"), (one, "c"), (two, "source.ip")]
