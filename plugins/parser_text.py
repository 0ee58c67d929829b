"""``file_format = text``: one record a line, its fields the named groups of ``log_pattern``."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loader.api import (
    CHARSET,
    LOG_PATTERN,
    Blocks,
    Limits,
    LogType,
    Overlong,
    Parser,
    Raws,
    Record,
    TypeOption,
    columns,
    decoded,
    line_chunks,
    lines,
    matcher,
    number,
)

HEADER_LINES = TypeOption(number(), "0", name="text_header_line_number", doc="Lines at the top of an object that are no records.")


class TextParser(Parser):
    """Match each line with a regular expression."""

    options = (LOG_PATTERN, HEADER_LINES, CHARSET)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source; raises ConfigError when there is no usable ``log_pattern``."""
        parse, cut = matcher(log_type), columns(log_type)
        skip, charset = log_type.read(HEADER_LINES), log_type.read(CHARSET)

        def read(blocks: Blocks) -> Iterator[Raws]:
            found = lines(decoded(blocks, charset=charset), limits.record_bytes, strip=not skip)
            return line_chunks(behind(found, skip) if skip else found, parse, limits, names=log_type.fields, columns=cut)

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
