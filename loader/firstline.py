"""Records of several lines: each begins at a line that a pattern matches, and goes on to the next such line (leaf)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator

from loader.batch import Record
from loader.errors import Overdue
from loader.frames import Limits, Overlong, Raws, kept
from loader.watchdog import within


def first_line_chunks(
    found: Iterator[list[str] | Overlong],
    first: re.Pattern[str],
    parse: Callable[[str], Record],
    limits: Limits,
    *,
    key: str,
    names: frozenset[str] | None = None,
) -> Iterator[Raws]:
    r"""Join unstripped lines to records where ``first`` matches at the start of a line, and cut them to chunks.

    A record is its lines joined by ``\n``, without the blanks around it. Broken ones are told by themselves: what stands before the
    first match, what is too long, and lines on which ``first``, the option ``key``, is not done in time. ``names``: see Raws.
    """
    texts: list[str] = []
    size = 0
    for text, reason in _records(found, _finder(first, limits.match_seconds, key), limits.record_bytes, key):
        if reason:
            yield Raws(texts, parse, names, broken=[(kept(text), reason)])
        else:
            texts.append(text)
            size += len(text)
            if len(texts) < limits.chunk_records and size < limits.chunk_bytes:
                continue
            yield Raws(texts, parse, names)
        texts, size = [], 0
    if texts:
        yield Raws(texts, parse, names)


class _Pending:
    """The record at hand; ``reason`` says why it is broken, if it is."""

    __slots__ = ("limit", "lines", "reason", "room")

    def __init__(self, lines: list[str], limit: int, reason: str = "") -> None:
        self.lines: list[str] = []
        self.limit, self.room, self.reason = limit, limit + 1, reason  # the last line has no line end
        self.add(lines)

    def add(self, lines: list[str]) -> None:
        if self.room >= 0:
            self.lines += lines
            self.room -= sum(map(len, lines)) + len(lines)
            if self.room < 0:
                self.cut()

    def cut(self) -> None:
        """Keep the start only, whatever may follow."""
        why = Overlong("\n".join(self.lines), self.limit)
        self.lines, self.room, self.reason = [why.start], -1, str(why)

    def done(self) -> list[tuple[str, str]]:
        """Return the text and the reason; nothing for blank lines."""
        text = "\n".join(self.lines).strip()
        return [(text, self.reason)] if text or self.room < 0 else []


def _records(found: Iterator[list[str] | Overlong], find: Callable[[list[str]], dict[int, str]], limit: int, key: str) -> Iterator[tuple[str, str]]:
    """Yield the text of each record, and '' or why it is broken."""
    record = _Pending([], limit, f"stands before the first line that matches {key}")
    for lines in found:
        rows = [lines.start] if isinstance(lines, Overlong) else [line.removesuffix("\r") for line in lines]
        begins = find(rows)
        record.add(rows[: next(iter(begins), len(rows))])
        for start, end in itertools.pairwise((*begins, len(rows))):
            yield from record.done()
            record = _Pending(rows[start:end], limit, begins[start])
        if isinstance(lines, Overlong):
            record.cut()
    yield from record.done()


def _finder(first: re.Pattern[str], seconds: float, key: str) -> Callable[[list[str]], dict[int, str]]:
    """Return a function that gives the places of first lines in order. One on which the pattern runs away is one, and broken."""
    match = first.match
    reason = f"{key} was not done with this line within {seconds:g} seconds: ./index.py check tells what is wrong with the pattern"

    def quick(rows: list[str]) -> dict[int, str]:
        return {place: "" for place, row in enumerate(rows) if match(row)}

    def find(rows: list[str]) -> dict[int, str]:
        try:
            with within(seconds):
                return quick(rows)
        except Overdue:
            return {place: why for place, row in enumerate(rows) if (why := begins(row)) is not None}

    def begins(row: str) -> str | None:
        try:
            with within(seconds):
                return "" if match(row) else None
        except Overdue:
            return reason

    return find
