"""Which records to drop: the rules of ``exclude_log_patterns.csv`` for one log type, as one predicate.

Columns: log_type, field (dotted), pattern, pattern_type (text or regex), comment. A rule must match the whole value,
written as Python's ``str()`` writes it; rules are alternatives. They are asked twice: of the raw record, by original names,
and of the finished document, by ECS names.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from loader.errors import ConfigError, Problem
from loader.options import TypeOption, path
from loader.paths import reader
from loader.section import Section

Record = dict[str, Any]
FILENAME = TypeOption(path, "", name="exclude_log_patterns_filename", doc="CSV file of exclusion rules, beside the program or as a path.")
OPTIONS = (FILENAME,)
COLUMNS = ("log_type", "field", "pattern", "pattern_type")


def load(file: Path) -> list[dict[str, str]]:
    """Return the rows of a rule file; raises ConfigError with every wrong one."""
    problems: list[Problem] = []
    rules: list[dict[str, str]] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            rows = csv.DictReader(handle, skipinitialspace=True)
            if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
                raise ConfigError(Problem(f"has no column {', '.join(missing)}", str(file), 1, hint=f"the first line is {','.join(COLUMNS)},comment"))
            for row in rows:
                rule = {name: (row[name] or "").strip() for name in COLUMNS}
                if why := _mistake(rule):
                    problems.append(Problem(why, str(file), rows.line_num, rule["log_type"], rule["field"]))
                rules.append(rule)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(Problem(f"cannot be read: {error}", str(file), hint="it is CSV, saved as UTF-8")) from error
    if problems:
        raise ConfigError(*problems)
    return rules


def _mistake(rule: dict[str, str]) -> str:
    if not (rule["log_type"] and rule["field"]):
        return "a rule needs a log_type and a field"
    if rule["pattern_type"] not in ("text", "regex"):
        return f"pattern_type {rule['pattern_type']!r} is neither text nor regex"
    try:
        re.compile(rule["pattern"] if rule["pattern_type"] == "regex" else "")
    except re.error as why:
        return f"pattern {rule['pattern']!r} is not a regular expression: {why}"
    return ""


def prepare(log_type: Section, rules: Iterable[dict[str, str]]) -> Callable[[Record], bool] | None:
    """Return ``excluded(record)``, or None when no rule names this log type. Texts of one field are looked up, not scanned."""
    texts: dict[str, set[str]] = {}
    patterns: dict[str, list[str]] = {}
    for rule in rules:
        if rule["log_type"] == log_type.name:
            if rule["pattern_type"] == "text":
                texts.setdefault(rule["field"], set()).add(rule["pattern"])
            else:
                patterns.setdefault(rule["field"], []).append(rule["pattern"])
    tests = tuple(
        (reader(field), frozenset(texts.get(field, ())), tuple(re.compile(pattern).fullmatch for pattern in patterns.get(field, ())))
        for field in dict.fromkeys([*texts, *patterns])
    )

    def excluded(record: Record) -> bool:
        for read, wanted, matches in tests:
            value = read(record)
            if isinstance(value, list):
                value = value[0] if value else None
            if value is None:
                continue
            value = str(value)
            if value in wanted or any(match(value) for match in matches):
                return True
        return False

    return excluded if tests else None
