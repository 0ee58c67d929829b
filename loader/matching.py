"""``log_pattern``: a text to the fields that a regular expression names in it (leaf)."""

from __future__ import annotations

from collections.abc import Callable

from loader.batch import Record
from loader.errors import ConfigError, ParseError
from loader.frames import Columns
from loader.options import TypeOption, regex
from loader.quotes import quoting
from loader.section import Section

LOG_PATTERN = TypeOption(regex, "", name="log_pattern", doc="Regular expression with named groups, matched at the start of a record.")


def columns(log_type: Section) -> Columns:
    """Return how ``log_pattern`` cuts a text: the same as ``matcher``, which has to be asked first for what is wrong with the pattern."""
    pattern = log_type.read(LOG_PATTERN)
    assert pattern is not None, "matcher has raised for that"
    names, groups = tuple(pattern.groupindex), tuple(pattern.groupindex.values())
    match, all_named = pattern.match, groups == tuple(range(1, pattern.groups + 1))

    def split(text: str) -> tuple[str | None, ...]:
        found = match(text)
        if found is None:
            raise ParseError("does not match log_pattern")
        return found.groups() if all_named else tuple([found[group] for group in groups])

    return Columns(names, split, '"', quoting(pattern), pattern)


def matcher(log_type: Section) -> Callable[[str], Record]:
    """Return ``parse(text)`` for the type's ``log_pattern``: named groups are the fields, None where one took no part.

    The pattern is matched at the start and need not reach the end. ``parse`` raises ParseError; a pattern that is missing, cannot be
    compiled or names nothing is noted as a problem, and raises ConfigError.
    """
    pattern = log_type.read(LOG_PATTERN)
    if pattern is None or not pattern.groupindex:
        if LOG_PATTERN.name not in {p.key for p in log_type.problems}:
            needed = f"is missing: file_format = {log_type.values.get('file_format', 'text')} needs one"
            log_type.problem(LOG_PATTERN.name, "has no named group such as (?P<name>...)" if pattern else needed)
        raise ConfigError(*log_type.problems)
    names, groups = tuple(pattern.groupindex), tuple(pattern.groupindex.values())
    log_type.fields = frozenset(names)
    match, all_named = pattern.match, groups == tuple(range(1, pattern.groups + 1))

    def parse(text: str) -> Record:
        found = match(text)
        if found is None:
            raise ParseError("does not match log_pattern")
        values = found.groups() if all_named else [found[group] for group in groups]
        return dict(zip(names, values, strict=True))

    return parse
