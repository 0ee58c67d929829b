"""``file_format = csv``: a header row, then one record a row; any delimiter, or tables whose columns blanks separate.

Quotes are those of RFC 4180: a field that starts with one may hold delimiters and newlines, and doubles its quotes.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterator

from loader.api import Blocks, Limits, LogType, Overlong, ParseError, Parser, Raws, Record, TypeOption, decoded, line_chunks, lines, text, words

DELIMITER = TypeOption(text, "", name="csv_delimiter", doc="One character (or \\t) between fields; empty: any run of blanks.")
HEADER = TypeOption(words, "", name="csv_header", doc="Field names for objects whose first row is no header row.")
EXTRA = "csv_extra"  # takes fields behind the last column of the header


class CsvParser(Parser):
    """Read rows under the names of the header row; a dash in a name becomes an underscore."""

    options = (DELIMITER, HEADER)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source."""
        delimiter = log_type.read(DELIMITER).encode().decode("unicode_escape")
        if len(delimiter) > 1:
            log_type.problem(DELIMITER.name, f"{delimiter!r} is not one character", "leave it empty for blanks, write \\t for a tab")
        header: list[str] = log_type.read(HEADER)
        default = tuple(map(safe, header))
        split = splitter(delimiter) if delimiter.strip() or delimiter == "\t" else str.split

        def read(blocks: Blocks) -> Iterator[Raws]:
            table = split is str.split
            rows = lines(decoded(blocks), limits.record_bytes, strip=table)
            if not table:
                rows = joined(rows, re.escape(delimiter), limits.record_bytes)
            return under_header(rows, split, default, limits)

        return read


def safe(name: str) -> str:
    """Return a column's name as the field's."""
    return name.strip().replace("-", "_")


def splitter(delimiter: str) -> Callable[[str], list[str]]:
    """Return a function from a row to its fields."""

    def split(row: str) -> list[str]:
        return row.split(delimiter) if '"' not in row else next(csv.reader([row], delimiter=delimiter))

    return split


def joined(found: Iterator[list[str] | Overlong], delimiter: str, limit: int) -> Iterator[list[str] | Overlong]:
    """Join lines that a quoted newline parted. A quote that is never closed costs its own line only."""
    opened = re.compile(rf'(?:(?:"(?:[^"]|"")*+"[^{delimiter}]*+|[^"{delimiter}][^{delimiter}]*+|){delimiter})*+"(?:[^"]|"")*+')
    pending: list[str] = []
    held = 0
    for rows in found:
        if isinstance(rows, Overlong):
            yield from ([row] for row in pending)
            pending, held = [], 0
            yield rows
            continue
        whole: list[str] = []
        for row in rows:
            if '"' not in row and not pending:
                whole.append(row)
                continue
            still_open = opened.fullmatch('"' + row if pending else row)  # inside a quoted field is as just behind its quote
            pending.append(row)
            held += len(row)
            if not still_open:
                whole.append("\n".join(pending))
            elif held > limit:
                whole += pending
            else:
                continue
            pending, held = [], 0
        yield [row for row in (row.rstrip("\r") for row in whole) if row.strip()]
    yield from ([row] for row in pending if row.strip())


def under_header(
    rows: Iterator[list[str] | Overlong], split: Callable[[str], list[str]], default: tuple[str, ...], limits: Limits
) -> Iterator[Raws]:
    """Take the names from the first row, or ``default`` when that row has none of them, and yield the others."""
    first = next((found for found in rows if found), None)
    if first is None:
        return
    if isinstance(first, Overlong):
        yield Raws([], row_parser(default, split), broken=[(first.start, f"header row {first}")])
        return
    header, names = first[0], tuple(map(safe, split(first[0])))
    if default and not set(default) & set(names):
        names = default
        header = ""
    for raws in line_chunks(itertools.chain([first], rows), row_parser(names, split), limits, names=frozenset((*names, EXTRA))):
        if header in raws.texts:  # once at the top, and again wherever objects were joined
            raws.texts = [row for row in raws.texts if row != header]
        yield raws


def row_parser(names: tuple[str, ...], split: Callable[[str], list[str]]) -> Callable[[str], Record]:
    """Return ``parse(row)`` for a header."""
    count = len(names)

    def parse(row: str) -> Record:
        fields = split(row)
        if len(fields) == count:
            return dict(zip(names, fields, strict=True))
        if len(fields) < count:
            raise ParseError(f"has {len(fields)} fields where the header has {count}")
        return dict(zip(names, fields[:count], strict=True)) | {EXTRA: " ".join(fields[count:])}

    return parse
