"""``exclude_log_patterns.csv``: a rule a row, with the columns of the es-loader and those of ``OPTIONAL``, in any order (leaf)."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from loader.errors import Problem
from loader.rules import conditions
from loader.rules.draft import Draft, nearest

COLUMNS = ("log_type", "field", "pattern", "pattern_type")
OPTIONAL = ("comment", "name", "action", "expires")


def read(path: Path) -> Draft:
    """Read the file; nothing of it when its header lacks a column."""
    file = Draft(path)
    try:
        with file.path.open(encoding="utf-8-sig", newline="") as handle:
            rows = csv.DictReader(handle, skipinitialspace=True)
            if rows.fieldnames is None:  # an empty file is a file without rules
                return file
            _check_header(file, rows.fieldnames)
            if not any(problem.fatal for problem in file.problems):
                for row in rows:
                    file.line = rows.line_num
                    _add_row(file, {name: (row.get(name) or "").strip() for name in (*COLUMNS, *OPTIONAL)})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        file.problems.append(Problem(f"cannot be read: {error}", str(file.path), hint="it is CSV, saved as UTF-8"))
    return file


def _check_header(file: Draft, names: Iterable[str]) -> None:
    file.line = 1
    if missing := [name for name in COLUMNS if name not in names]:
        file.problem("", f"has no column {', '.join(missing)}", f"the first line is {','.join(COLUMNS)},comment")
    for name in names:
        if name not in (*COLUMNS, *OPTIONAL) and (hint := nearest(name, OPTIONAL)):  # columns of a site's own are its own
            file.problem("", f"the column {name!r} means nothing", hint, fatal=False)


def _add_row(file: Draft, row: dict[str, str]) -> None:
    file.log_type = row["log_type"]
    if file.log_type.startswith("#"):  # so people switch a row off; for the es-loader it was a type that does not exist
        return
    if not (row["log_type"] and row["field"]):
        file.problem(row["field"], "a rule needs a log_type and a field")
        return
    condition = file.condition(row["field"], row["field"], _pattern_type(file, row), row["pattern"])
    if condition:
        file.add(row, ((condition,),))


def _pattern_type(file: Draft, row: dict[str, str]) -> str:
    """Return the type of a row's pattern. As with the es-loader, a word that is none stands for ``regex``; one behind ``not`` is left as it is."""
    written = row["pattern_type"]
    kind = written.lower()
    if kind in conditions.KINDS or kind.partition(" ")[0] == "not":
        return written
    if written:
        hint = nearest(kind, conditions.KINDS) or f"write one of {', '.join(conditions.KINDS)}"
        file.problem(row["field"], f"pattern_type {written!r} is taken for {conditions.REGEX!r}, as the es-loader does", hint, fatal=False)
    return conditions.REGEX
