"""Lines of the function that ``loader/cutter.py`` writes: a piece without separators as a field, and what has to be asked of it (leaf)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Any

from loader.memo import Memo
from loader.regexpath import Field, Unfit
from loader.separators import Pair, Token

Lacks = list[tuple[str, str]]  # characters, each with the text that must not have it


class Path:
    """The way to one return: the variables of fields, and what is still to be asked of them."""

    def __init__(self, indent: str, values: dict[Field, str]) -> None:
        self.indent, self.values = indent, values
        self.filled: list[str] = []  # texts that must not be empty
        self.wrong: list[str] = []  # conditions under which the text is of another form
        self.lacks: Lacks = []


class Pieces:
    """``asked`` has what fields must match in full."""

    def __init__(self, asked: dict[Field, dict[int, re.Pattern[str]]]) -> None:
        self.asked = asked
        self.lines: list[str] = []
        self.names = (f"x{number}" for number in itertools.count())
        self.space: dict[str, Any] = {}
        self.spaceless = False  # whether there must be no white space but blanks

    def partition(self, text: str, mark: str, path: Path) -> tuple[str, str]:
        """Write the cutting of a text in two, and return both."""
        before, there, behind = (next(self.names) for _ in range(3))
        self.lines.append(f"{path.indent}{before}, {there}, {behind} = {text}.partition({mark!r})")
        path.filled.append(there)
        return before, behind

    def leaf(self, tokens: Sequence[Token], text: str, absent: frozenset[str], path: Path) -> Lacks:
        """Take a text without separators as a field, a pair, or nothing."""
        if not tokens:
            path.wrong.append(text)
            return []
        (token,) = tokens
        if isinstance(token, Pair):
            return self.pair(token, text, absent, path)
        assert isinstance(token, Field), "a separator would have been cut at"
        return self.field(token, text, absent, path)

    def field(self, field: Field, text: str, absent: frozenset[str], path: Path) -> Lacks:
        """Take a text as a field."""
        path.values[field] = text
        self.spaceless |= field.spaceless
        if field.digits:
            path.wrong.append(f"({text} and not {text}.isdecimal())" if not field.least else f"not {text}.isdecimal()")
        elif field.least:
            path.filled.append(text)
        if field.most is not None:
            path.wrong.append(f"not {field.least} <= len({text}) <= {field.most}")
        elif field.least > 1:
            path.wrong.append(f"len({text}) < {field.least}")
        for test in self.asked.get(field, {}).values():
            name = f"is{len(self.space)}"
            self.space[name] = Memo(_asked(test), 1024)
            path.wrong.append(f"not {name}[{text}]")
        return [(character, text) for character in sorted(field.without - absent)]

    def pair(self, pair: Pair, text: str, absent: frozenset[str], path: Path) -> Lacks:
        """Write the cutting of a text to a pair."""
        left, right, there = next(self.names), next(self.names), next(self.names)
        field, last = pair.left, bool(pair.left.has(pair.mark))
        if field.most is not None or field.least > 1 or field in self.asked or (last and field.digits):
            raise Unfit
        missing = f"{left} = None" if last else f"{left}, {right} = None, {left}"
        lines = [
            f"{left}, {there}, {right} = {text}.{'r' if last else ''}partition({pair.mark!r})",
            f"if not {there}: {missing if pair.optional else 'return None'}",
        ]
        barred = sorted(field.without - absent - {pair.mark})
        if pair.around and last and {*pair.around} <= {*barred}:
            lines = self.bracketed(pair, (text, left, there, right), barred, lines)
            barred = []
        self.lines += [path.indent + line for line in lines]
        path.values[field] = left
        self.spaceless |= field.spaceless
        if field.digits:
            path.wrong.append(f"({left} and not {left}.isdecimal())")
        if field.least:
            path.wrong.append(f"{left} == ''")
        found = [(character, text) for character in barred]
        return found + self.field(pair.right, right, absent | {pair.mark} if last else absent, path)

    def bracketed(self, pair: Pair, names: tuple[str, str, str, str], barred: list[str], lines: list[str]) -> list[str]:
        """Return the lines for a pair whose left run may stand in brackets; ``lines`` are those for one that does not."""
        assert pair.around is not None, "it is asked for those"
        text, left, there, right = names
        opening, closing = pair.around
        inside = "".join(f" or {character!r} in {left}" for character in barred)
        return [
            f"if {' or '.join(f'{character!r} in {text}' for character in barred)}:",
            f"    {left}, {there}, {right} = {text}[1:].partition({closing + pair.mark!r})",
            f"    if {text}[0] != {opening!r} or not {there} or {pair.mark!r} in {right}{inside}: return None",
            "else:",
            *(f"    {line}" for line in lines),
        ]

    def ask(self, path: Path) -> None:
        """Write what is still to be asked."""
        filled = [f"not ({' and '.join(path.filled)})"] if path.filled else []
        wrong = [*filled, *path.wrong, *(f"{character!r} in {text}" for character, text in path.lacks)]
        if wrong:
            self.lines.append(f"{path.indent}if {' or '.join(dict.fromkeys(wrong))}: return None")
        path.filled, path.wrong, path.lacks = [], [], []


def _asked(test: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: test.fullmatch(text) is not None
