"""Where the text of a rejected record stops being what its log type wants, and what a pattern that matches leaves unread."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re

from loader.errors import Overdue
from loader.explain import nearmiss
from loader.matching import LOG_PATTERN
from loader.section import Section
from loader.watchdog import within

PATIENCE = 2.0  # seconds for finding out how far a pattern gets
HEAD = 65536  # characters of a raw record that are looked at for that


@dataclasses.dataclass(frozen=True, slots=True)
class Miss:
    """Where the text of a record stops being what its type wants: after ``end`` characters. ``wanted`` says in words what is wrong there.

    With a pattern: ``matched`` of it matches up to there, ``rest`` is what it wants next, in ``group``; ``groups`` is what its groups took.
    """

    end: int
    wanted: str
    option: str = ""
    matched: str = ""
    rest: str = ""
    group: str = ""
    groups: dict[str, str | None] = dataclasses.field(default_factory=dict)


def miss(log_type: Section, raw: str) -> Miss | None:
    """Return where a rejected record's text leaves the form that its type wants, None where that cannot be told."""
    raw = raw[:HEAD]
    if pattern := _pattern(log_type):
        return _pattern_miss(pattern, raw)
    if log_type.values.get("file_format") == "json":
        try:
            json.loads(raw)
        except json.JSONDecodeError as why:
            return Miss(why.pos, why.msg[:1].lower() + why.msg[1:])
    return None


def unread(log_type: Section, raw: str) -> str:
    """Return the end of a text that ``log_pattern`` does not reach, though it matches: it needs to match the start alone."""
    pattern = _pattern(log_type)
    with contextlib.suppress(re.error, Overdue), within(PATIENCE):
        if pattern and (found := re.match(pattern, raw)):
            return raw[found.end() :]
    return ""


def _pattern(log_type: Section) -> str:
    """Return the type's ``log_pattern``; '' where its parser does not read that."""
    return log_type.values.get(LOG_PATTERN.name, "") if LOG_PATTERN.name in log_type.claimed else ""


def _pattern_miss(pattern: str, raw: str) -> Miss | None:
    option = LOG_PATTERN.name
    try:
        with within(PATIENCE):
            near = nearmiss.nearest(re.compile(pattern), raw)
    except (re.error, Overdue):
        return None
    if near is None:
        return None
    wanted = f"{option} wants '{near.item}' next" if near.item else f"{option} has come to an end inside a group"
    return Miss(near.end, wanted, option, near.matched, near.rest, near.group, near.groups)
