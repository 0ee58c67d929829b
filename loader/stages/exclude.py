"""Which records to drop, to count or to let through alone: the exclusion rules of one log type (``loader/rules/`` reads and compiles them).

They are asked twice: of the raw record, by original names, and of the finished document, by ECS names; expressions of the latter only.
A record that an ``exclude`` rule meets goes no further. Where a type has ``include`` rules, so does one that has met none of them by
the end. ``count`` rules count the documents that would not go on if they were ``exclude`` rules.
"""

from __future__ import annotations

import datetime
import itertools
import logging
from collections.abc import Callable, Iterable

from loader.batch import Batch, Record
from loader.errors import Overdue
from loader.options import TypeOption, path
from loader.rules import expressions, index
from loader.rules.alone import Test, compound
from loader.rules.rule import COUNT, EXCLUDE, INCLUDE, Condition, Rule
from loader.section import Section

DEFAULTS = ("exclude_log_patterns.csv", "exclude_rules.json")  # these may be missing
PATTERNS = TypeOption(path, "", name="exclude_log_patterns_filename", doc="CSV file of exclusion rules, beside the program or as a path.")
RULES = TypeOption(
    path, DEFAULTS[1], name="exclude_rules_filename", doc="JSON file of exclusion rules: expressions, and conditions on several fields or the key."
)
OPTIONS = (PATTERNS, RULES)
NOT_INCLUDED = "(no include rule is met)"  # under which what an allow-list drops is counted
NONE: frozenset[str] = frozenset()
log = logging.getLogger(__name__)


def utc_now() -> datetime.datetime:
    """Return the time."""
    return datetime.datetime.now(datetime.UTC)


def prepare(log_type: Section, rules: Iterable[Rule], clock: Callable[[], datetime.datetime] = utc_now) -> Excluder | None:
    """Return the steps that ask the rules which serve this log type and are neither disabled nor expired; None when there are none."""
    now = clock()
    live = [rule for rule in rules if rule.serves(log_type.name) and rule.live(now)]
    return Excluder(log_type.name, live) if live else None


class Excluder:
    """The rules of one log type at work on batches: ``raw`` before the mapping, ``final`` behind everything that changes a document."""

    def __init__(self, name: str, rules: list[Rule]) -> None:
        self.name = name
        self.excludes, self.counts, self.includes = (_Group([rule for rule in rules if rule.action == one]) for one in (EXCLUDE, COUNT, INCLUDE))
        self.told: set[str] = set()

    def raw(self, batch: Batch) -> None:
        """Ask the rules of raw records; which of them only count, or let through, is noted until the document is finished."""
        self._drop(batch, final=False)
        for group in (self.includes, self.counts):
            if group.names:
                find = index.every(group.asked, self._tests(group, batch, final=False))
                for number, record in zip(batch.numbers, batch.records, strict=True):
                    for rule in find(record):
                        batch.met.setdefault(number, set()).add(rule.name)

    def final(self, batch: Batch) -> None:
        """Ask the rules of finished documents, and count."""
        self._drop(batch, final=True)
        if self.includes.names:
            found = self._met(self.includes, batch)
            batch.rules.update(itertools.chain.from_iterable(found))
            if not all(found):
                batch.rules[NOT_INCLUDED] += found.count(NONE)
                batch.keep([bool(names) for names in found])
        if self.counts.names:
            batch.rules.update(itertools.chain.from_iterable(self._met(self.counts, batch)))

    def _drop(self, batch: Batch, *, final: bool) -> None:
        if self.excludes.names:
            find = index.first(self.excludes.asked, self._tests(self.excludes, batch, final=final))
            hits = [find(record) for record in batch.records]
            if any(hits):
                batch.rules.update(rule.name for rule in hits if rule)
                batch.keep([rule is None for rule in hits])

    def _met(self, group: _Group, batch: Batch) -> list[frozenset[str]]:
        """Return for each document the names of the rules that it meets, or that its raw record has met."""
        find = index.every(group.asked, self._tests(group, batch, final=True))
        found = []
        for number, record in zip(batch.numbers, batch.records, strict=True):
            rules, before = find(record), batch.met.get(number, NONE)
            found.append(group.names & before | {rule.name for rule in rules} if rules or before else NONE)
        return found

    def _tests(self, group: _Group, batch: Batch, *, final: bool) -> list[tuple[Test, Rule]]:
        """Return the tests of rules without a place in the index, as they stand for the object of this batch."""
        found = [(test, rule) for bind, rule in group.compounds if (test := bind(batch.source.key))]
        if final:
            found += [(self._safe(holds, rule, batch), rule) for holds, rule in group.expressions]
        return found

    def _safe(self, holds: Test, rule: Rule, batch: Batch) -> Test:
        """Return a test that says no where the expression fails, such as on a field that a record does not have, and counts that."""

        def test(record: Record) -> bool:
            try:
                return holds(record)
            except Overdue:
                raise
            except Exception as why:  # noqa: BLE001  # the seam around a step that may fail without losing the record
                batch.flags[f"rule {rule.name} failed: {type(why).__name__}"] += 1
                if rule.name not in self.told:
                    self.told.add(rule.name)
                    message = "rule %s of %s failed on a record of %s: %s"
                    log.warning(message, rule.name, self.name, batch.source.uri, " ".join(str(why).split()))
                return False

        return test


class _Group:
    """The rules of one action, compiled: questions on a field, compounds of conditions, expressions."""

    def __init__(self, rules: list[Rule]) -> None:
        indexed = {rule.name for rule in rules if rule.alternatives and all(_is_plain(some) for some in rule.alternatives)}
        self.asked = index.questions((some[0], rule) for rule in rules if rule.name in indexed for some in rule.alternatives)
        self.compounds = [(compound(rule), rule) for rule in rules if rule.alternatives and rule.name not in indexed]
        self.expressions = [(expressions.compiled(rule.expression), rule) for rule in rules if rule.expression]
        self.names = frozenset(rule.name for rule in rules)


def _is_plain(some: tuple[Condition, ...]) -> bool:
    """Tell whether conditions are a single one that a field's value alone can meet."""
    return len(some) == 1 and bool(some[0].field) and not some[0].negated
