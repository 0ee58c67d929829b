"""A rule asked by itself: one that no index has a place for, and any of them where each one's verdict is wanted (leaf)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

from loader.batch import Record
from loader.rules import conditions, expressions
from loader.rules.rule import DISABLE, Condition, Rule

Test = Callable[[Record], bool]


class Verdict(NamedTuple):
    """What a rule says of a record: whether it is met, and why it has no effect or could not be asked, where that is so."""

    rule: Rule
    matched: bool
    note: str = ""


def test_of(condition: Condition) -> Test:
    """Return ``test(record)`` of a condition on a field. An object has texts in it and is none: of it, nothing is denied."""
    read, matches, negated = conditions.value_at(condition.field), conditions.matcher(condition.kind, condition.pattern), condition.negated

    def test(record: Record) -> bool:
        value = read(record)
        if negated and isinstance(value, dict):
            return False
        text = conditions.text_of(value)
        return text is not None and matches(text) != negated

    return test


def compound(rule: Rule) -> Callable[[str], Test | None]:
    """Return ``bind(key)``, which returns the rule's test of the records of one object; None when its key rules them all out."""
    compiled = []
    for some in rule.alternatives:
        on_key = [(conditions.matcher(one.kind, one.pattern), one.negated) for one in some if not one.field]
        compiled.append((on_key, [test_of(one) for one in some if one.field]))

    def bind(key: str) -> Test | None:
        left = [tests for on_key, tests in compiled if all(matches(key) != negated for matches, negated in on_key)]
        if not left:
            return None
        if len(left) == len(left[0]) == 1:
            return left[0][0]
        return lambda record: any(all(test(record) for test in tests) for tests in left)

    return bind


def verdict(rule: Rule, record: Record, key: str, now: datetime.datetime, *, final: bool) -> Verdict:
    """Ask one rule of one record of the object at ``key``: a raw record, or the finished document, which alone expressions are asked of.

    The rule is compiled for this one answer: ``exclude`` has what work needs, this is for showing.
    """
    note = "disabled" if rule.action == DISABLE else f"expired {rule.end()}" if rule.expired(now) else ""
    if rule.expression and not final:
        return Verdict(rule, False, note or "is asked of the finished document")
    try:
        test = expressions.compiled(rule.expression) if rule.expression else compound(rule)(key)
        return Verdict(rule, test is not None and test(record), note)
    except Exception as why:  # noqa: BLE001  # an expression may fail in any way; see exclude
        return Verdict(rule, False, f"failed: {type(why).__name__}: {' '.join(str(why).split())}")
