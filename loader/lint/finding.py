"""What ``check`` tells: a problem, and how much it weighs."""

from __future__ import annotations

import dataclasses

from loader.errors import Problem
from loader.section import Section

MISTAKE, WARNING, NOTE = "mistake", "warning", "note"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """A mistake stops every start; a warning may cost records or fields; a note is for who wonders."""

    level: str
    problem: Problem


def warning(section: Section, key: str, message: str, hint: str = "") -> Finding:
    """Return a warning at a key of a section."""
    return Finding(WARNING, _at(section, key, message, hint))


def note(section: Section, key: str, message: str, hint: str = "") -> Finding:
    """Return a note at a key of a section."""
    return Finding(NOTE, _at(section, key, message, hint))


def _at(section: Section, key: str, message: str, hint: str) -> Problem:
    origin = section.origins.get(key, section.origin)
    return Problem(message, origin.file, origin.line, section.name, key, hint, fatal=False)


def listed(names: list[str], most: int = 8) -> str:
    """Return names with commas, the first ones when they are many.

    >>> listed(["a", "b"]), listed(["a", "b", "c"], most=2)
    ('a, b', 'a, b and 1 more')
    """
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest:,} more" if rest > 0 else "")
