"""Exclusion rules as they are written: what a rule asks, of which log types, and until when (leaf, pure)."""

from __future__ import annotations

import dataclasses
import datetime
import fnmatch
from collections.abc import Iterable, Iterator

from loader.rules import expressions

ACTIONS = EXCLUDE, COUNT, INCLUDE, DISABLE = ("exclude", "count", "include", "disable")
GLOB = frozenset("*?[")


@dataclasses.dataclass(frozen=True, slots=True)
class Condition:
    """One question: does ``pattern`` match the whole value of ``field``, or the object's key where ``field`` is empty?

    Negated: is there a value that it does not match? So nothing follows from a field that a record does not have.
    """

    field: str
    kind: str  # one of conditions.KINDS
    pattern: str
    negated: bool = False


Alternatives = tuple[tuple[Condition, ...], ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A rule is met when every condition of one of ``alternatives`` holds, or when its JMESPath ``expression`` does."""

    name: str
    log_type: str  # a name or a shell glob
    action: str = EXCLUDE
    alternatives: Alternatives = ()
    expression: str = ""
    expires: datetime.datetime | None = None
    file: str = ""
    line: int = 0

    def serves(self, log_type: str) -> bool:
        """Tell whether the rule is for this log type."""
        return self.log_type == log_type or (not GLOB.isdisjoint(self.log_type) and fnmatch.fnmatchcase(log_type, self.log_type))

    def expired(self, now: datetime.datetime) -> bool:
        """Tell whether its time is over."""
        return self.expires is not None and now >= self.expires

    def end(self) -> str:
        """Return when its time is over, in words: a day, or a moment."""
        if self.expires is None:
            return ""
        utc = self.expires.astimezone(datetime.UTC)
        if utc.time() == datetime.time.min:
            return f"at the end of {utc.date() - datetime.timedelta(days=1)}"
        return f"at {utc:%Y-%m-%d %H:%M:%S} UTC"

    def live(self, now: datetime.datetime) -> bool:
        """Tell whether it has an effect: neither disabled nor expired."""
        return self.action != DISABLE and not self.expired(now)


def fields_of(rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
    """Yield every dotted field that a rule asks of a record, once a rule: raw names, ECS names or @-names."""
    for rule in rules:
        asked = [condition.field for conditions in rule.alternatives for condition in conditions if condition.field]
        asked += expressions.fields(rule.expression) if rule.expression else ()
        yield from ((rule, field) for field in dict.fromkeys(asked))
