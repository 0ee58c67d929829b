"""All exclusion rules of a configuration: those of its CSV file, then those of its JSON file (leaf)."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from loader.errors import Problem
from loader.rules import csv_file, json_file
from loader.rules.rule import Rule


def load(patterns: Path | None, rules: Path | None) -> tuple[list[Rule], list[Problem]]:
    """Return the rules of the CSV file and of the JSON file, in this order, and all mistakes."""
    drafts = [read(path) for path, read in ((patterns, csv_file.read), (rules, json_file.read)) if path]
    found = [rule for draft in drafts for rule in draft.rules]
    problems = [problem for draft in drafts for problem in draft.problems]
    first: dict[str, Rule] = {}
    for rule in found:
        if (other := first.setdefault(rule.name, rule)) is not rule:
            where = f"in line {other.line}" if other.file == rule.file else f"in {other.file}:{other.line}"
            message = f"the name {rule.name!r} is taken by the rule {where}"
            problems.append(Problem(message, rule.file, rule.line, rule.log_type, "name", "choose another"))
    return found, problems


def notes(rules: Sequence[Rule], log_types: Collection[str], now: datetime.datetime) -> Iterator[Problem]:
    """Yield what stops nothing and should be known: log types that do not exist, once each, and rules whose time is over."""
    first = {rule.log_type: rule for rule in reversed(rules)}
    for name, rule in sorted(first.items()):
        if not any(rule.serves(log_type) for log_type in log_types):
            near = difflib.get_close_matches(name, log_types, 1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            yield Problem("there is no such log type: its rules exclude nothing", rule.file, rule.line, name, "", hint, fatal=False)
    for rule in rules:
        if rule.expired(now):
            message, hint = f"expired {rule.end()}: the rule has no effect", "remove it, or give it a later date"
            yield Problem(message, rule.file, rule.line, rule.log_type, "expires", hint, fatal=False)
