"""``file_format = csv``: a header row, then one record a row; any delimiter, or tables whose columns blanks separate.

Quotes are those of RFC 4180: a field that starts with one may hold delimiters and newlines, and doubles its quotes.
"""

from __future__ import annotations

import collections
import csv
import itertools
import re
from collections.abc import Callable, Iterator

from loader.api import (
    CHARSET,
    COMPAT,
    Blocks,
    Columns,
    ConfigError,
    DecodeError,
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
    words,
)

ESCAPE = re.compile(r"\\(?:[\\tvf]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


def character(value: str) -> str:
    """One character, or none; an escape such as ``\\t`` stands for one."""
    found = value.encode().decode("unicode_escape") if ESCAPE.fullmatch(value) else value
    if len(found) > 1 or found in ('"', "\n", "\r"):
        raise ValueError(f"{value!r} is not one character that can part fields: leave it empty for blanks, write \\t for a tab")
    return found


DELIMITER = TypeOption(character, "", name="csv_delimiter", doc="One character (or \\t) between fields; empty: any run of blanks.")
HEADER = TypeOption(words, "", name="csv_header", doc="Field names for objects whose first row is no header row.")
EXTRA = "csv_extra"  # takes fields behind the last column of the header


class CsvParser(Parser):
    """Read rows under the names of the header row; a dash in a name becomes an underscore.

    Of columns with one name the last has it, as with the es-loader; those before are ``name_1``, ``name_2`` (with ``compat``: left out).
    """

    options = (DELIMITER, HEADER, CHARSET)
    alone = False  # each object may have a header row of its own

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source."""
        delimiter, split, charset = log_type.read(DELIMITER), splitter(log_type), log_type.read(CHARSET)
        csv.field_size_limit(max(csv.field_size_limit(), limits.record_bytes))
        named = namer(log_type)
        default = named(log_type.read(HEADER))
        extra = (EXTRA,) if any(EXTRA in value for value in log_type.values.values()) else ()

        def read(blocks: Blocks) -> Iterator[Raws]:
            table = split is str.split
            rows = lines(decoded(blocks, charset=charset), limits.record_bytes, strip=table)
            if not table:
                rows = RowJoiner(delimiter, limits.record_bytes).rows(rows)
            return under_header(rows, split, named, default, limits, extra)

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one row under ``csv_header``; raises ConfigError when there is none."""
        names = namer(log_type)(log_type.read(HEADER))
        if not names:
            log_type.problem(HEADER.name, "is missing: no header row comes with a row that a carrier brings", "name the columns in their order")
            raise ConfigError(*log_type.problems)
        return row_parser(names, splitter(log_type))


def namer(log_type: LogType) -> Callable[[list[str]], tuple[str, ...]]:
    """Return a function from the names of columns to those of fields, each there once unless ``compat`` is on."""
    repeats = bool(log_type.read(COMPAT))

    def named(columns: list[str]) -> tuple[str, ...]:
        names = [column.strip().replace("-", "_") for column in columns]
        return tuple(names) if repeats or len(set(names)) == len(names) else distinct(names)

    return named


def distinct(names: list[str]) -> tuple[str, ...]:
    """Number all but the last of equal names: ``a b a a`` becomes ``a_1 b a_2 a``."""
    left = collections.Counter(names)
    numbers = {name: itertools.count(1) for name, count in left.items() if count > 1}
    found = []
    for name in names:
        left[name] -= 1
        free = (other for number in numbers[name] if (other := f"{name}_{number}") not in left) if left[name] else iter([name])
        found.append(next(free))
    return tuple(found)


def splitter(log_type: LogType) -> Callable[[str], list[str]]:
    """Return a function from a row to its fields."""
    delimiter = log_type.read(DELIMITER)
    if not delimiter.strip() and delimiter != "\t":
        return str.split

    def split(row: str) -> list[str]:
        return row.split(delimiter) if '"' not in row else next(csv.reader([row], delimiter=delimiter))

    return split


class RowJoiner:
    """Joins lines that a quoted newline parted. A quote that is never closed, or closed in mid-field, costs its own line only."""

    def __init__(self, delimiter: str, limit: int) -> None:
        comma = re.escape(delimiter)
        quoted = r'"[^"]*(?:""[^"]*)*'  # up to its closing quote: written so that there is one way to match, and none to go back
        field = rf'(?:{quoted}"(?:[^"{comma}][^{comma}]*)?|[^"{comma}][^{comma}]*|)'
        self.opened = re.compile(rf"(?:{field}{comma})*{quoted}")
        self.inside = re.compile(rf'[^"]*(?:""[^"]*)*(?:\Z|"(?={comma}|\r?\Z))')  # how a line in a quoted field goes on
        self.limit = limit
        self.pending: list[str] = []
        self.held = 0
        self.patience = 10_000  # lines that may still be looked at again; as many as are read, and some

    def rows(self, found: Iterator[list[str] | Overlong]) -> Iterator[list[str] | Overlong]:
        """Yield the rows, blank lines left out."""
        for lines_read in found:
            if isinstance(lines_read, Overlong):
                yield self._clean(self._rest())
                yield lines_read
            else:
                self.patience += len(lines_read)
                yield self._clean(self._join(lines_read))
        yield self._clean(self._rest())

    def _join(self, rows: list[str]) -> list[str]:
        whole: list[str] = []
        again = [iter(rows)]
        while again:
            for row in again[-1]:
                if not self.pending:
                    if '"' in row and self.opened.fullmatch(row):
                        self.pending, self.held = [row], len(row)
                    else:
                        whole.append(row)
                elif self.held + len(row) > self.limit or not self.inside.match(row):
                    again.append(iter([*self._first_alone(whole), row]))
                    break
                else:
                    self.pending.append(row)
                    self.held += len(row)
                    if '"' in row and not self.opened.fullmatch('"' + row):  # inside a quoted field is as just behind its quote
                        whole.append("\n".join(self.pending))
                        self.pending = []
            else:
                again.pop()
        return whole

    def _first_alone(self, whole: list[str]) -> list[str]:
        """Put the line that opened in vain in ``whole`` and return those behind it, to be looked at again."""
        first, *others = self.pending
        self.pending = []
        self.patience -= len(others)
        whole.append(first)
        if self.patience >= 0:
            return others
        whole += others
        return []

    def _rest(self) -> list[str]:
        whole: list[str] = []
        while self.pending:
            others = self._first_alone(whole)
            whole += self._join(others)
        return whole

    @staticmethod
    def _clean(rows: list[str]) -> list[str]:
        return [row for row in (row.rstrip("\r") for row in rows) if row.strip(" ")]


def under_header(
    rows: Iterator[list[str] | Overlong],
    split: Callable[[str], list[str]],
    named: Callable[[list[str]], tuple[str, ...]],
    default: tuple[str, ...],
    limits: Limits,
    extra: tuple[str, ...] = (),
) -> Iterator[Raws]:
    """Take the names from the first row, or ``default`` when that row has none of them, and yield the others.

    ``extra`` names what else of a record the section refers to.
    """
    first = next((found for found in rows if found), None)
    if first is None:
        return
    header, columns = _header(first, split)
    names = named(columns)
    if default and not set(default) & set(names):
        header, names = "", default
    if not names:
        raise DecodeError(f"the header row cannot be read ({first if isinstance(first, Overlong) else 'broken quotes'}): nothing behind it can be")
    cut = Columns(names, split, "\t" if split("a\tb") != ["a\tb"] else "") if len(set(names)) == len(names) else None
    chain, may_have = itertools.chain([first], rows), frozenset((*names, *extra))
    for raws in line_chunks(chain, row_parser(names, split), limits, names=may_have, columns=cut):
        if header in raws.texts:  # once at the top, and again wherever objects were joined
            raws.texts = [row for row in raws.texts if row != header]
        yield raws


def _header(first: list[str] | Overlong, split: Callable[[str], list[str]]) -> tuple[str, list[str]]:
    """Return the first row and the columns in it, none when it cannot be read."""
    if isinstance(first, Overlong):
        return "", []
    try:
        return first[0], split(first[0])
    except csv.Error:
        return "", []


def row_parser(names: tuple[str, ...], split: Callable[[str], list[str]]) -> Callable[[str], Record]:
    """Return ``parse(row)`` for a header."""
    count = len(names)

    def parse(row: str) -> Record:
        try:
            fields = split(row)
        except csv.Error as why:
            raise ParseError(f"not CSV: {why}") from why
        if len(fields) == count:
            return dict(zip(names, fields, strict=True))
        if len(fields) < count:
            raise ParseError(f"has {len(fields)} fields where the header has {count}")
        return dict(zip(names, fields[:count], strict=True)) | {EXTRA: " ".join(fields[count:])}

    return parse
