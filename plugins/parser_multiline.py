"""``file_format = multiline``: records of several lines, their fields the named groups of ``log_pattern``.

A record begins at a line at whose start ``multiline_firstline`` matches. Its lines are joined by line feeds; in a pattern ``.`` does
not match these: write ``(?s)`` at its start, or ``[\\s\\S]``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loader.api import (
    CHARSET,
    LOG_PATTERN,
    Blocks,
    ConfigError,
    Limits,
    LogType,
    Parser,
    Raws,
    Record,
    TypeOption,
    decoded,
    first_line_chunks,
    lines,
    matcher,
    regex,
)

FIRST_LINE = TypeOption(regex, "", name="multiline_firstline", doc="Regular expression that matches at the start of a record's first line.")


class MultilineParser(Parser):
    """Join lines to records and match each with a regular expression."""

    options = (LOG_PATTERN, FIRST_LINE, CHARSET)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source; raises ConfigError when there is no usable ``log_pattern`` or ``multiline_firstline``."""
        first = log_type.read(FIRST_LINE)
        if first is None and FIRST_LINE.name not in {problem.key for problem in log_type.problems}:
            missing = "is missing: file_format = multiline needs one"
            log_type.problem(FIRST_LINE.name, missing, r"write what the first line of a record begins with, such as \d{4}-\d\d-\d\d")
        charset, parse = log_type.read(CHARSET), matcher(log_type)
        if first is None:
            raise ConfigError(*log_type.problems)

        def read(blocks: Blocks) -> Iterator[Raws]:
            found = lines(decoded(blocks, charset=charset), limits.record_bytes, strip=False)
            return first_line_chunks(found, first, parse, limits, key=FIRST_LINE.name, names=log_type.fields)

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the matcher of ``log_pattern``: a carrier has cut the records, ``multiline_firstline`` is not needed."""
        log_type.read(FIRST_LINE)
        return matcher(log_type)
