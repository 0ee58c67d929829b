"""``file_format = text``: one record a line, its fields the named groups of ``log_pattern``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loader.api import (
    Blocks,
    ConfigError,
    Limits,
    LogType,
    Overlong,
    ParseError,
    Parser,
    Raws,
    Record,
    TypeOption,
    decoded,
    line_chunks,
    lines,
    number,
    regex,
)

LOG_PATTERN = TypeOption(regex, "", name="log_pattern", doc="Regular expression with named groups, matched at the start of a line.")
HEADER_LINES = TypeOption(number(), "0", name="text_header_line_number", doc="Lines at the top of an object that are no records.")


class TextParser(Parser):
    """Match each line with a regular expression."""

    options = (LOG_PATTERN, HEADER_LINES)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source; raises ConfigError when there is no usable ``log_pattern``."""
        parse = matcher(log_type)
        skip = log_type.read(HEADER_LINES)

        def read(blocks: Blocks) -> Iterator[Raws]:
            found = lines(decoded(blocks), limits.record_bytes, strip=not skip)
            return line_chunks(behind(found, skip) if skip else found, parse, limits, names=log_type.fields)

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the matcher of ``log_pattern``."""
        return matcher(log_type)


def behind(found: Iterator[list[str] | Overlong], skip: int) -> Iterator[list[str] | Overlong]:
    """Leave out the first ``skip`` lines, blank ones among them, and strip the others."""
    for texts in found:
        if not isinstance(texts, Overlong):
            yield [line for line in map(str.strip, texts[skip:]) if line]
        elif not skip:
            yield texts
        skip = max(0, skip - (1 if isinstance(texts, Overlong) else len(texts)))


def matcher(log_type: LogType) -> Callable[[str], Record]:
    """Return ``parse(line)`` for the type's ``log_pattern``."""
    pattern = log_type.read(LOG_PATTERN)
    if pattern is None or not pattern.groupindex:
        if LOG_PATTERN.name not in {p.key for p in log_type.problems}:
            missing = "has no named group such as (?P<name>...)" if pattern else "is missing: file_format = text needs one"
            log_type.problem(LOG_PATTERN.name, missing)
        raise ConfigError(*log_type.problems)
    names, groups = tuple(pattern.groupindex), tuple(pattern.groupindex.values())
    log_type.fields = frozenset(names)
    match, all_named = pattern.match, groups == tuple(range(1, pattern.groups + 1))

    def parse(line: str) -> Record:
        found = match(line)
        if found is None:
            raise ParseError("does not match log_pattern")
        values = found.groups() if all_named else [found[group] for group in groups]
        return dict(zip(names, values, strict=True))

    return parse
