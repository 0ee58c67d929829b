"""A file of exclusion rules as it is read: what is right becomes a rule, what is wrong a problem with its line (leaf)."""

from __future__ import annotations

import datetime
import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from loader.errors import Problem
from loader.rules import conditions
from loader.rules.rule import ACTIONS, EXCLUDE, Alternatives, Condition, Rule


class Draft:
    """One file as it is read: its rules and its mistakes."""

    def __init__(self, path: Path) -> None:
        self.path, self.rules = path, list[Rule]()
        self.problems: list[Problem] = []
        self.line, self.log_type = 0, ""  # of the rule in hand

    def problem(self, key: str, message: str, hint: str = "", *, fatal: bool = True) -> None:
        """Note a mistake in the rule in hand."""
        self.problems.append(Problem(message, str(self.path), self.line, self.log_type, key, hint, fatal))

    def one_of(self, key: str, value: str, allowed: Iterable[str]) -> str:
        """Return a word in lower case; one that is not allowed is a mistake."""
        word = value.lower()
        if word not in allowed:
            self.problem(key, f"{value!r} is not one of {', '.join(allowed)}", nearest(word, allowed))
        return word

    def known(self, key: str, given: Mapping[str, Any], allowed: Iterable[str]) -> None:
        """Note the keys that mean nothing."""
        for name in sorted(given.keys() - set(allowed)):
            self.problem(key, f"{name!r} means nothing here", nearest(name, allowed) or f"known are {', '.join(allowed)}")

    def add(self, values: Mapping[str, str], alternatives: Alternatives, expression: str = "") -> None:
        """Note the rule in hand, if nothing is wrong with it."""
        before = len(self.problems)
        action = self.one_of("action", values.get("action") or EXCLUDE, ACTIONS)
        expires = self.expires(values.get("expires") or "")
        name = values.get("name") or f"{self.path.name}:{self.line}"
        if len(self.problems) == before:
            self.rules.append(Rule(name, self.log_type, action, alternatives, expression, expires, str(self.path), self.line))

    def expires(self, value: str) -> datetime.datetime | None:
        """Return the first moment at which the rule has no effect any more: a day lasts to its end, in UTC."""
        if not value:
            return None
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            moment = datetime.datetime.min
        if not 1970 < moment.year < 9999:
            self.problem("expires", f"{value!r} is not a date of ISO 8601, or is of no use", "write 2030-12-31 or 2030-12-31T18:00:00Z")
            return None
        if len(value) <= len("2030-12-31"):
            moment += datetime.timedelta(days=1)
        return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)

    def condition(self, key: str, field: str, pattern_type: str, pattern: str, *, negated: bool = False) -> Condition | None:
        """Return a condition, or None where the pattern means nothing."""
        kind = " ".join(pattern_type.lower().split())
        negative, kind = kind.startswith("not "), kind.removeprefix("not ")
        if kind not in conditions.KINDS:
            kinds = ", ".join(conditions.KINDS)
            self.problem(key, f"pattern_type {pattern_type!r} is not one of {kinds}, or not and one of these", nearest(kind, conditions.KINDS))
            return None
        try:
            conditions.matcher(kind, pattern)
        except ValueError as why:
            self.problem(key, str(why))
            return None
        return Condition(field, kind, pattern, negative != negated)


def nearest(word: str, allowed: Iterable[str]) -> str:
    """Return a hint at the allowed word that is most like this one, or nothing."""
    near = difflib.get_close_matches(word, list(allowed), 1)
    return f"did you mean {near[0]!r}?" if near else ""
