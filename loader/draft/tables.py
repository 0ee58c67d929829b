"""Tables in samples: CSV with or without a header row, columns that blanks part, and W3C extended logs."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

from loader.draft.kinds import kind
from loader.draft.moments import form_of
from loader.draft.pairs import group_names

DELIMITERS = ",\t;|"
LEAST = 3  # columns
ROWS = 300
HEADER_WORD = re.compile(r"[A-Za-z_#@][\w .()/#@%-]{0,60}")
NAMES = {
    "address": "ip", "code": "status", "method": "method", "url": "request_url", "agent": "useragent", "email": "email", "mac": "mac", "md5": "md5",
    "sha1": "sha1", "sha256": "sha256", "uuid": "id", "arn": "arn", "level": "level", "verdict": "action", "host": "hostname",
}  # fmt: skip


def csv_options(text: str) -> dict[str, str] | None:
    """Return the options of a table with a character between its columns; None where it is none."""
    best: tuple[int, str, list[list[str]]] | None = None
    for delimiter in DELIMITERS:
        rows = _rows(text, delimiter)
        width = _width(rows, delimiter)
        if width and (best is None or width > best[0]):
            best = width, delimiter, rows
    if best is None:
        return None
    width, delimiter, rows = best
    options = {"file_format": "csv", "csv_delimiter": {"\t": r"\t"}.get(delimiter, delimiter)}
    if not is_header(rows[0], rows[1:]):
        options["csv_header"] = " ".join(named(rows, width))
    return options


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        reader = csv.reader((line for line in text.splitlines() if line.strip()), delimiter=delimiter)
        return [row for row, _ in zip(reader, range(ROWS), strict=False)]
    except csv.Error:
        return []


def _width(rows: Sequence[Sequence[str]], delimiter: str) -> int:
    """Return how many columns all rows have, 0 where they are not those of a table: sentences with commas, a row or two by accident."""
    if not rows or len(rows[0]) < LEAST:
        return 0
    widths = [len(row) for row in rows]
    if min(widths) < max(LEAST, widths[0] - 3 * (not is_header(rows[0], rows[1:]))):
        return 0
    cells = [cell for row in rows for cell in row]
    if sum(row[0].count(" ") > 2 for row in rows) > len(rows) / 2:
        return 0
    spaced = sum(cell[:1] == " " for cell in cells)
    if spaced > len(cells) / 4 or (len(rows) == 1 and (min(widths) < 2 * LEAST or delimiter in ";|" and '"' in rows[0][0])):
        return 0
    return min(widths)


def is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Tell whether a first row names columns: words, each once, over values that are not."""
    cells = [cell.strip() for cell in first]
    if len(set(cells)) < len(cells) or not all(map(HEADER_WORD.fullmatch, cells)):
        return False
    if any(kind([cell]) in ("level", "verdict", "method") for cell in cells if cell.isupper()):
        return False
    return not others or any(cell not in ("", "-") and not HEADER_WORD.fullmatch(cell) for row in others[:5] for cell in row)


def named(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return names for columns by their values: ``timestamp ip field_3``."""
    found: list[str] = []
    for place in range(width):
        values = [row[place].strip() for row in rows]
        name = NAMES.get(kind(values), "")
        if not name and form_of(values):
            name = "timestamp"
        found.append(_free(name or f"field_{place + 1}", found))
    return found


def _free(name: str, taken: Sequence[str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


def blank_options(lines: Sequence[str]) -> dict[str, str] | None:
    """Return the options of a table with a header row whose columns blanks part; None where it is none."""
    rows = [line.split() for line in lines[:ROWS]]
    width = len(rows[0])
    if width <= LEAST or len(rows) < 2 or any(len(row) != width for row in rows):
        return None
    return {"file_format": "csv"} if is_header(rows[0], rows[1:]) else None


def w3c_options(lines: Sequence[str]) -> dict[str, str] | None:
    """Return the options of a log of the W3C extended format, whose ``#Fields:`` names its columns; None where it is none."""
    heads = [line for line in lines[:20] if line.startswith("#")]
    fields = next((line for line in heads if line.startswith("#Fields:")), "")
    first = next((line for line in lines if not line.startswith("#")), "")
    if not fields or not first or lines[: len(heads)] != heads:
        return None
    keys = fields.removeprefix("#Fields:").split()
    tabbed = "\t" in first
    one, between = (r"[^\t]*", r"\t") if tabbed else (r"\S+", " ")
    names = group_names([key.lower() for key in keys])
    parts = [f"(?P<{names[key.lower()]}>{one})" for key in keys]
    for place in range(len(keys) - 1):
        if keys[place : place + 2] == ["date", "time"]:
            parts[place : place + 2] = [rf"(?P<timestamp>[\d-]+{between}[\d:.]+)"]
            break
    return {"file_format": "text", "text_header_line_number": str(len(heads)), "log_pattern": between.join(parts)}
