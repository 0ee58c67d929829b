"""A rule by itself: conditions together, negated, on the key; and its verdict in words."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from loader.rules.alone import compound, verdict
from loader.rules.alone import test_of as asked
from loader.rules.rule import Condition, Rule

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
BOB = Condition("user", "text", "bob")
NOT_BOB = Condition("user", "text", "bob", negated=True)
IN_TEST = Condition("", "regex", "test/.*")
NOT_IN_TEST = Condition("", "regex", "test/.*", negated=True)


@pytest.mark.parametrize(
    ("record", "met"),
    [
        ({"user": "bob"}, False),
        ({"user": "eve"}, True),
        ({"user": ""}, True),
        ({"user": ["eve", "bob"]}, True),
        ({"user": ["bob", "eve"]}, False),
        ({"user": 5}, True),
        ({"user": None}, False),
        ({"user": []}, False),
        ({}, False),
        ({"user": {"name": "bob"}}, False),
    ],
)
def test_a_negated_condition_wants_a_value_that_does_not_match(record: dict[str, Any], met: bool) -> None:
    assert asked(NOT_BOB)(record) == met


@pytest.mark.parametrize(
    ("alternatives", "key", "record", "met"),
    [
        (((IN_TEST,),), "test/x", {}, True),
        (((IN_TEST,),), "a/test/x", {}, False),
        (((NOT_IN_TEST,),), "prod/x", {}, True),
        (((IN_TEST, BOB),), "test/x", {"user": "bob"}, True),
        (((IN_TEST, BOB),), "test/x", {"user": "eve"}, False),
        (((IN_TEST, BOB),), "prod/x", {"user": "bob"}, False),
        (((IN_TEST, NOT_BOB), (NOT_IN_TEST, BOB)), "test/x", {"user": "eve"}, True),
        (((IN_TEST, NOT_BOB), (NOT_IN_TEST, BOB)), "prod/x", {"user": "eve"}, False),
        (((IN_TEST, NOT_BOB), (NOT_IN_TEST, BOB)), "prod/x", {"user": "bob"}, True),
        (((BOB, Condition("a", "text", "1")), (BOB, Condition("a", "text", "2"))), "k", {"user": "bob", "a": 2}, True),
        (((BOB, Condition("a", "text", "1")), (BOB, Condition("a", "text", "2"))), "k", {"user": "bob", "a": 3}, False),
        (((IN_TEST,), (BOB,)), "test/x", {}, True),
    ],
)
def test_a_compound_is_met_when_one_list_of_conditions_holds_as_a_whole(alternatives: Any, key: str, record: dict[str, Any], met: bool) -> None:
    test = compound(Rule("r", "*", alternatives=alternatives))(key)
    assert (test is not None and test(record)) == met


def test_a_key_that_rules_all_alternatives_out_leaves_nothing_to_ask() -> None:
    assert compound(Rule("r", "*", alternatives=((IN_TEST, BOB),)))("prod/x") is None


def test_a_verdict_says_why_a_rule_has_no_effect_or_could_not_be_asked() -> None:
    met = Rule("met", "*", alternatives=((BOB,),))
    said = [
        (met, True, ""),
        (Rule("off", "*", "disable", ((BOB,),)), True, "disabled"),
        (Rule("old", "*", alternatives=((BOB,),), expires=NOW), True, "expired at the end of 2026-05-31"),
        (Rule("key", "*", alternatives=((IN_TEST,),)), False, ""),
        (Rule("path", "*", expression="user == 'bob'"), True, ""),
        (Rule("sick", "*", expression="length(n)"), False, "failed: JMESPathTypeError: In function length()"),
    ]
    for rule, matched, note in said:
        found = verdict(rule, {"user": "bob", "n": 5}, "prod/x", NOW, final=True)
        assert (found.rule, found.matched, found.note[: len(note) or None]) == (rule, matched, note)


def test_an_expression_has_no_verdict_on_a_raw_record() -> None:
    found = verdict(Rule("path", "*", expression="user == 'bob'"), {"user": "bob"}, "k", NOW, final=False)
    assert (found.matched, found.note) == (False, "is asked of the finished document")
