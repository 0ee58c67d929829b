"""The index: rules of one field are one question, and the answer is what asking each of them gives."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.rules import conditions, index
from loader.rules.rule import Condition, Rule

PATTERNS = {
    "text": ["", "a", "b", "a.c", "443", "True", "192.0.2.1"],
    "regex": ["a", "a|b", ".*", "a.c", r"\d+", "(a)|(b)", r"(a|b)\1", "(?i)A", "(?P<x>a)", "(?x) a # b", "(a)?(?(1)b|c)", "", "(?i:A)c", "[ab]+"],
    "cidr": ["192.0.2.0/24", "192.0.2.1", "0.0.0.0/0", "2001:db8::/32 198.51.100.0/24", "::/0", "192.0.2.0/25", "::ffff:0:0/96"],
    "number": ["443", ">= 100", "< 0", "!= 443", "1..500", "22 443", "== 1.5"],
}
VALUES = st.sampled_from(
    ["", "a", "b", "ab", "aa", "abc", "A", "Ac", "c", "443", 443, 1.5, -1, True, None, [], ["a", "b"], [None], {"x": "a"},
     "192.0.2.1", "192.0.2.200", "198.51.100.1", "2001:db8::1", "::ffff:192.0.2.1", "::c000:201", "x" * 100, "9" * 80],
)  # fmt: skip
CONDITIONS = st.sampled_from([Condition(field, kind, pattern) for field in ("f", "g.h") for kind, some in PATTERNS.items() for pattern in some])
RECORDS = st.fixed_dictionaries({}, optional={"f": VALUES, "g": st.fixed_dictionaries({}, optional={"h": VALUES}) | VALUES})


@given(st.lists(CONDITIONS, max_size=8), RECORDS)
def test_first_and_every_find_what_asking_rule_by_rule_finds(asked: list[Condition], record: dict[str, Any]) -> None:
    pairs = [(condition, Rule(str(number), "*")) for number, condition in enumerate(asked)]
    met = set()
    for condition, rule in pairs:
        text = conditions.text_of(conditions.value_at(condition.field)(record))
        if text is not None and conditions.matcher(condition.kind, condition.pattern)(text):
            met.add(rule.name)
    questions = index.questions(pairs)
    found = index.first(questions, ())(record)
    assert (found.name in met) if found else not met
    assert {rule.name for rule in index.every(questions, ())(record)} == met


def test_a_rule_with_several_places_in_the_index_is_found_once() -> None:
    rule = Rule("r", "*")
    questions = index.questions([(Condition("f", "text", "a"), rule), (Condition("g", "text", "b"), rule), (Condition("f", "regex", "."), rule)])
    assert [one.name for one in index.every(questions, ())({"f": "a", "g": "b"})] == ["r"]


def test_tests_beside_the_index_are_asked_once_a_record_and_after_it() -> None:
    asked: list[dict[str, Any]] = []

    def test(record: dict[str, Any]) -> bool:
        asked.append(record)
        return True

    beside, inside = Rule("beside", "*"), Rule("inside", "*")
    questions = index.questions([(Condition("f", "text", "a"), inside)])
    assert index.first(questions, [(test, beside)])({"f": "a"}) is inside
    assert asked == []
    assert index.first(questions, [(test, beside)])({"f": "b"}) is beside
    assert [rule.name for rule in index.every(questions, [(test, beside)])({"f": "a"})] == ["inside", "beside"]
    assert len(asked) == 2


def test_patterns_with_groups_of_their_own_keep_their_meaning_beside_others() -> None:
    patterns = [r"(x)(y)", r"(a|b)-\1", r"(?P<x>q)(?P=x)", "(?i)k", "z"]
    questions = index.questions((Condition("f", "regex", pattern), Rule(pattern, "*")) for pattern in patterns)
    find = index.first(questions, ())
    for value, pattern in (("xy", patterns[0]), ("a-a", patterns[1]), ("qq", patterns[2]), ("K", patterns[3]), ("z", patterns[4])):
        found = find({"f": value})
        assert found is not None
        assert found.name == pattern
    assert [find({"f": value}) for value in ("a-b", "Z", "q", "xyz")] == [None] * 4


def seconds(find: Any, record: dict[str, Any]) -> float:
    began = time.perf_counter()
    for _ in range(5000):
        find(record)
    return time.perf_counter() - began


@pytest.mark.parametrize(
    ("kind", "pattern", "value"),
    [("text", "192.0.2.{}", "198.51.100.1"), ("cidr", "203.0.113.{}", "198.51.100.1"), ("number", "{}", "-1")],
)
def test_a_thousand_rules_of_one_field_cost_what_one_does(kind: str, pattern: str, value: str) -> None:
    def finder(count: int) -> Any:
        return index.first(index.questions((Condition("f", kind, pattern.format(n % 256)), Rule(str(n), "*")) for n in range(count)), ())

    one, thousand, record = finder(1), finder(1000), {"f": value}
    pairs = [(seconds(one, record), seconds(thousand, record)) for _ in range(9)]
    assert min(many for _, many in pairs) < 1.5 * min(single for single, _ in pairs)


def test_a_hundred_regexes_of_one_field_are_one_match_until_one_hits() -> None:
    patterns = [f"prefix-{n}-[a-z]+" for n in range(100)]
    (question,) = index.questions((Condition("f", "regex", pattern), Rule(pattern, "*")) for pattern in patterns)
    assert len(question.others) == 1
    assert [rule.name for rule in question.met({"f": "prefix-42-x"})] == ["prefix-42-[a-z]+"]


def test_a_value_that_comes_again_costs_five_hundred_regexes_what_it_costs_one() -> None:
    def finder(count: int) -> Any:
        return index.first(index.questions((Condition("f", "regex", rf"(10|172)\.{n}\.\d+"), Rule(str(n), "*")) for n in range(count)), ())

    one, many, record = finder(1), finder(500), {"f": "172.77.x"}
    pairs = [(seconds(one, record), seconds(many, record)) for _ in range(9)]
    assert min(several for _, several in pairs) < 3 * min(single for single, _ in pairs)
