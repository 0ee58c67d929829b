"""A page of text on a console: headings, columns, blocks and lists, cut to a terminal's width and whole everywhere else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from loader.cli.wording import counted

GAP = 2
PIPED = 140  # columns that are laid out where no terminal has a width
WIDEST_NAME = 38  # of a field, before the columns behind it give way
Row = tuple[str, str, str, str]  # name, value, note, style of the note


def visible(text: str) -> str:
    r"""Return text with what would move a cursor or hide itself written out.

    >>> print(visible("a\x1b[2Jb\tc"))
    a\x1b[2Jb\tc
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def shown(value: Any) -> str:
    """Return a value as JSON has it: 443 and "443" are two documents."""
    return visible(json.dumps(value, ensure_ascii=False, default=str))


def short(file: str) -> str:
    """Return a path as seen from here, when that is shorter."""
    return min(file, os.path.relpath(file), key=len) if file and Path(file).is_absolute() else file


class Page:
    """Prints. ``full`` cuts nothing; nor is anything cut where no terminal has a width."""

    def __init__(self, console: Console, *, full: bool = False) -> None:
        self.console = console
        self.full = full or not console.is_terminal
        self.width = console.width if console.is_terminal else PIPED

    def print(self, *parts: str | tuple[str, str]) -> None:
        """Print one line of parts, each with a style or without."""
        self.console.print(Text.assemble(*parts), soft_wrap=True, highlight=False)

    def heading(self, title: str, note: str = "") -> None:
        """Begin a section."""
        self.print("")
        behind = f"  {note}" if note else ""
        rule = "─" * max(self.width - cell_len(title + behind) - 2, 0) if self.console.is_terminal else ""
        self.print((title, "bold"), (f"{behind}  {rule}".rstrip(), "dim"))

    def line(self, name: str, text: str, style: str = "") -> None:
        """Print a fact and its name."""
        self.print((f"{name:<8}", "bold"), (self.cut(text, self.width - 8), style))

    def cut(self, text: str, width: int) -> str:
        """Return the start of a text that is too wide."""
        return text if self.full or cell_len(text) <= width else set_cell_size(text, max(width - 1, 1)).rstrip() + "…"

    def rows(self, rows: Sequence[Row]) -> None:
        """Print rows in columns: names whole as far as there is room, then values, notes last."""
        if not rows:
            return
        room = self.width - 2 * GAP - 2
        name = min(max(cell_len(row[0]) for row in rows), WIDEST_NAME, room // 2)
        note = min(max(cell_len(row[2]) for row in rows), room // 3)
        value = min(max(cell_len(row[1]) for row in rows), max(room - name - note, 6))
        for row in rows:
            first, second, third = self.cut(row[0], name), self.cut(row[1], value), self.cut(row[2], room - name - value)
            parts = [f"  {_padded(first, name + GAP)}", _padded(second, value + GAP) if third else second]
            self.print(parts[0], parts[1], (third, row[3]))

    def block(self, text: str, lines: int, style: str = "") -> None:
        """Print a long text over some lines."""
        width = self.width - 2
        found = [visible(line) for line in text.split("\n")]
        if not self.full:
            found = [line[at : at + width] for line in found for at in range(0, max(len(line), 1), width)]
        for line in found if self.full else found[:lines]:
            self.print("  ", (line, style))
        if not self.full and len(found) > lines:
            self.print((f"  … {counted(len(text), 'character')} in all", "dim"))

    def tail(self, text: str, width: int) -> str:
        """Return the end of a text that is too long."""
        return text if self.full or len(text) <= width else "…" + text[1 - width :]

    def listed(self, title: str, items: Iterable[str]) -> None:
        """Print a list in a paragraph, folded between its items."""
        lines = [""]
        for item in map(visible, items):
            text = self.cut(item, self.width - 5)
            if lines[-1] and cell_len(lines[-1]) + cell_len(text) + 6 > self.width or self.full:
                lines.append("")
            lines[-1] += f"{', ' if lines[-1] else ''}{text}"
        if any(lines):
            self.print("")
            self.print((f"  {title}", "dim"))
            for line in filter(None, lines):
                self.print((f"    {line}", "dim"))


def _padded(text: str, width: int) -> str:
    return text + " " * max(width - cell_len(text), 1)
