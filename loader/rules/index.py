"""Exclusion rules compiled: all rules on one field are one question, however many they are (leaf).

Texts are looked up. Regular expressions of a field are joined to one, which of them matched is found out only after a hit; what
networks and comparisons a value meets is remembered.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from loader.batch import Record
from loader.memo import Memo
from loader.networks import finder
from loader.rules import conditions
from loader.rules.rule import Condition, Rule

Test = Callable[[Record], bool]
Rules = tuple[Rule, ...]
Met = Callable[[str], Rules]  # the rules that a value meets
Pair = tuple[Condition, Rule]
REPEATS = 64  # characters of a value that is worth remembering: numbers and addresses have fewer
MANY = 8  # regular expressions of one field, from which on it is cheaper to remember what values meet than to ask again
NO_RULES: Rules = ()
# what cannot be joined to another pattern: references to groups by number or name, names, conditions
ALONE = re.compile(r"\\[1-9]|\(\?P|\(\?\(")


@dataclasses.dataclass(frozen=True, slots=True)
class Question:
    """All rules that are met by one field's value alone."""

    field: str
    read: Callable[[Record], Any]
    texts: dict[str, Rules]
    others: tuple[Met, ...]

    def met(self, record: Record) -> list[Rule]:
        """Return all rules that the record meets."""
        value = conditions.text_of(self.read(record))
        return [] if value is None else [*self.texts.get(value, NO_RULES), *(rule for met in self.others for rule in met(value))]


def questions(pairs: Iterable[Pair]) -> tuple[Question, ...]:
    """Return one question a field, in the order in which the fields first appear."""
    fields: dict[str, dict[str, list[Pair]]] = {}
    for condition, rule in pairs:
        fields.setdefault(condition.field, {}).setdefault(condition.kind, []).append((condition, rule))
    return tuple(_question(field, kinds) for field, kinds in fields.items())


def _question(field: str, kinds: dict[str, list[Pair]]) -> Question:
    texts: dict[str, Rules] = {}
    for condition, rule in kinds.get(conditions.TEXT, ()):
        texts[condition.pattern] = (*texts.get(condition.pattern, NO_RULES), rule)
    others = _regexes(kinds.get(conditions.REGEX, ()))
    others += [_remembered(make(kinds[kind])) for kind, make in ((conditions.CIDR, _networks), (conditions.NUMBER, _numbers)) if kind in kinds]
    return Question(field, conditions.value_at(field), texts, tuple(others))


def first(asked: Sequence[Question], tests: Sequence[tuple[Test, Rule]]) -> Callable[[Record], Rule | None]:
    """Return ``find(record)``: a rule that the record meets, or None. Where it meets several, always the same one."""
    unpacked = tuple((question.read, question.texts, question.others) for question in asked)
    text_of = conditions.text_of

    def find(record: Record) -> Rule | None:
        for read, texts, others in unpacked:
            value = read(record)
            if value.__class__ is not str and (value := text_of(value)) is None:
                continue
            if value in texts:
                return texts[value][0]
            for met in others:
                if found := met(value):
                    return found[0]
        for test, rule in tests:
            if test(record):
                return rule
        return None

    return find


def every(asked: Sequence[Question], tests: Sequence[tuple[Test, Rule]]) -> Callable[[Record], Rules]:
    """Return ``find(record)``: all rules that the record meets, each once."""
    any_of = first(asked, ())

    def find(record: Record) -> Rules:
        found = [] if any_of(record) is None else [rule for question in asked for rule in question.met(record)]
        if tests:
            found += [rule for test, rule in tests if test(record)]
        return tuple({rule.name: rule for rule in found}.values()) if found else NO_RULES

    return find


def _regexes(pairs: Iterable[Pair]) -> list[Met]:
    compiled = [(conditions.regex(condition.pattern), rule) for condition, rule in pairs]
    joined = [pair for pair in compiled if _can_be_joined(pair[0])]
    found = [_joined([pair]) for pair in compiled if not _can_be_joined(pair[0])]
    return [_remembered(_joined(joined)) if len(joined) >= MANY else _joined(joined), *found] if joined else found


def _can_be_joined(pattern: re.Pattern[str]) -> bool:
    return pattern.flags == re.UNICODE and not ALONE.search(pattern.pattern)


def _joined(pairs: Sequence[tuple[re.Pattern[str], Rule]]) -> Met:
    fullmatch = re.compile("|".join(pattern.pattern for pattern, _ in pairs)).fullmatch
    single = tuple((pattern.fullmatch, rule) for pattern, rule in pairs)

    def met(value: str) -> Rules:
        if fullmatch(value) is None:
            return NO_RULES
        return tuple(rule for matches, rule in single if matches(value))

    return met


def _networks(pairs: Iterable[Pair]) -> Met:
    find = finder((network, rule) for condition, rule in pairs for network in conditions.networks(condition.pattern))

    def met(value: str) -> Rules:
        return tuple({rule.name: rule for address in conditions.addresses_of(value) for rule in find(address)}.values())

    return met


def _numbers(pairs: Iterable[Pair]) -> Met:
    tests = [(conditions.comparisons(condition.pattern), rule) for condition, rule in pairs]

    def met(value: str) -> Rules:
        number = conditions.number_of(value)
        return NO_RULES if number is None else tuple(rule for compares, rule in tests if any(compare(number) for compare in compares))

    return met


def _remembered(compute: Met) -> Met:
    memo = Memo(compute)
    return lambda value: memo[value] if len(value) <= REPEATS else compute(value)
