"""Cuts a text as its regular expression would, by its separators: a function is written for patterns that ``loader/separators.py`` reads (leaf).

It splits, and then asks for all that the proof there needs: as many pieces as there should be, nothing else between separators that stand
together, no character in a piece that its class lacks. Where any of it is in doubt it gives None, and the pattern is to be asked.
"""

from __future__ import annotations

import collections
import functools
import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from loader.memo import Memo
from loader.quotes import quoting
from loader.separators import QUOTE, Field, Pair, Shape, Token, Unfit, shape

Cut = Callable[[str], "tuple[str | None, ...] | None"]
FORMS = 4  # how many numbers of quotes are told apart, from the largest on: records of today, and some of those before
BLANK_ONLY = "row.splitlines() != [row] or '\\t' in row or '\\x1f' in row or not row.isascii()"  # whether there may be white space of other kinds


@functools.lru_cache(maxsize=64)
def cutter(pattern: re.Pattern[str]) -> Cut | None:
    """Return ``cut(text)``, or None for a pattern that is of another kind.

    ``cut`` gives the named groups of ``pattern.match(text)`` in their order, none of them with a double quote in it; or None, which says nothing.
    Its text is ``cut.source``.
    """
    try:
        return _Writer(pattern, shape(pattern)).written()
    except Exception:  # noqa: BLE001  # the parser of re is private: where it has changed there is still the pattern
        return None


class _Path:
    """The way to one return: the variables of fields, and what is still to be asked of them."""

    def __init__(self, indent: str, values: dict[Field, str]) -> None:
        self.indent, self.values = indent, values
        self.filled: list[str] = []  # texts that must not be empty
        self.wrong: list[str] = []  # conditions under which the text is of another form
        self.lacks: list[tuple[str, str]] = []  # a character, and the text that must not have it


class _Writer:
    def __init__(self, pattern: re.Pattern[str], found: Shape) -> None:
        self.pattern, self.shape = pattern, found
        self.lines: list[str] = []
        self.names = (f"x{number}" for number in itertools.count())
        self.space: dict[str, Any] = {}
        self.spaceless = False

    def written(self) -> Cut:
        """Return the function; raises Unfit."""
        path = _Path(" " * 8, {})
        self.forms(self.shape.forms, "row", frozenset(), path, longest=True)
        wrong = [BLANK_ONLY] if self.spaceless else []
        if self.shape.one_line:
            wrong.append("'\\n' in row")
        if QUOTE not in self.shape.forms[0] and quoting(self.pattern):
            wrong.append("'\"' in row")
        first = f"    if {' or '.join(wrong)}: return None\n" if wrong else ""
        source = f"def cut(row):\n{first}    try:\n" + "\n".join(self.lines) + "\n    except ValueError:\n        pass\n    return None\n"
        exec(compile(source, "<cutter>", "exec"), self.space)  # noqa: S102  # built from quoted texts only
        cut: Cut = self.space["cut"]
        cut.source = source  # type: ignore[attr-defined]
        return cut

    def forms(self, forms: list[list[Token]], text: str, absent: frozenset[str], path: _Path, *, longest: bool) -> None:
        """Write the cutting of all that is left of a row, in each form that it may have; ``absent`` are characters that it does not have.

        ``longest``: the first is the end of the longest form of a row.
        """
        mark = _mark(forms[0])
        if len(forms) == 1 or mark is None or (mark != QUOTE and any(not isinstance(one, str) and one.has(mark) for one in forms[0])):
            path.lacks += self.segment(forms[0], text, absent, path)
            self.give(path)
            return
        self.ask(path)
        pieces, count = next(self.names), next(self.names)
        self.lines += [f"{path.indent}{pieces} = {text}.split({mark!r})", f"{path.indent}{count} = len({pieces})"]
        by_count = [list(group) for _, group in itertools.groupby(forms, lambda form: form.count(mark))][: FORMS if mark == QUOTE else None]
        more = self.shape.open and longest and mark != QUOTE and isinstance(forms[0][-1], Field)
        for group, sign in [*((group, "==") for group in by_count), *([(forms[:1], ">")] if more else [])]:
            names = [next(self.names) for _ in range(group[0].count(mark) + 1)]
            self.lines.append(f"{path.indent}if {count} {sign} {len(names)}:")
            inner = _Path(path.indent + "    ", dict(path.values))
            self.lines.append(f"{inner.indent}{', '.join(names)}, {'*_' if sign == '>' else ''} = {pieces}".replace(",  =", ", ="))
            *parts, _ = _parts(group[0], mark)
            found = [lack for part, name in zip(parts, names, strict=False) for lack in self.segment(part, name, absent | {mark}, inner)]
            inner.lacks += _together(found, text, group[0])
            ends = [_parts(form, mark)[-1] for form in group]
            self.forms(ends, names[-1], absent | {mark}, inner, longest=longest and group is by_count[0])

    def segment(self, tokens: Sequence[Token], text: str, absent: frozenset[str], path: _Path) -> list[tuple[str, str]]:
        """Write the cutting of a text that is these tokens, and return what it must lack beside ``absent``."""
        mark = _mark(tokens)
        if mark is None:
            return self.leaf(tokens, text, absent, path)
        if all(isinstance(one, str) for one in tokens):
            path.wrong.append(f"{text} != {''.join(map(str, tokens))!r}")
            return []
        wide = [place for place, one in enumerate(tokens) if not isinstance(one, str) and one.has(mark)]
        if wide and mark != QUOTE:
            found = self.around(tokens, wide[0], mark, text, absent, path)
        else:
            names = [next(self.names) for _ in range(tokens.count(mark) + 1)]
            self.lines.append(f"{path.indent}{', '.join(names)} = {text}.split({mark!r})")
            parts = zip(_parts(tokens, mark), names, strict=True)
            found = [lack for part, name in parts for lack in self.segment(part, name, absent | {mark}, path)]
        return _together(found, text, tokens)

    def around(self, tokens: Sequence[Token], place: int, mark: str, text: str, absent: frozenset[str], path: _Path) -> list[tuple[str, str]]:
        """Write the cutting of a text by ``mark`` where the field at ``place``, the first that may have it, stands between other separators."""
        left, right = tokens[:place], tokens[place + 1 :]
        found: list[tuple[str, str]] = []
        rest = text
        if left and left[-1] == mark:
            names = [next(self.names) for _ in range(left.count(mark) + 1)]
            self.lines.append(f"{path.indent}{', '.join(names)} = {text}.split({mark!r}, {len(names) - 1})")
            for part, name in zip(_parts(left, mark)[:-1], names, strict=False):
                found += self.segment(part, name, absent | {mark}, path)
            rest = names[-1]
        elif left:
            opening = str(left[-1])
            before, rest = self.partition(text, opening, path)
            found += self.segment(left[:-1], before, absent | {opening}, path)
        if not right:
            return found + self.leaf(tokens[place:], rest, absent, path)
        closing = str(right[0])
        inside, behind = self.partition(rest, closing, path)
        found += self.leaf(tokens[place : place + 1], inside, absent | {closing}, path)
        return found + self.segment(right[1:], behind, absent, path)

    def partition(self, text: str, mark: str, path: _Path) -> tuple[str, str]:
        """Write the cutting of a text in two, and return both."""
        before, there, behind = (next(self.names) for _ in range(3))
        self.lines.append(f"{path.indent}{before}, {there}, {behind} = {text}.partition({mark!r})")
        path.filled.append(there)
        return before, behind

    def leaf(self, tokens: Sequence[Token], text: str, absent: frozenset[str], path: _Path) -> list[tuple[str, str]]:
        """Take a text without separators as a field, a pair, or nothing."""
        if not tokens:
            path.wrong.append(text)
            return []
        (token,) = tokens
        if isinstance(token, Pair):
            return self.pair(token, text, absent, path)
        assert isinstance(token, Field), "a separator would have been cut at"
        return self.field(token, text, absent, path)

    def field(self, field: Field, text: str, absent: frozenset[str], path: _Path) -> list[tuple[str, str]]:
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
        for test in self.shape.asked.get(field, {}).values():
            name = f"is{len(self.space)}"
            self.space[name] = Memo(_asked(test), 1024)
            path.wrong.append(f"not {name}[{text}]")
        return [(character, text) for character in sorted(field.without - absent)]

    def pair(self, pair: Pair, text: str, absent: frozenset[str], path: _Path) -> list[tuple[str, str]]:
        """Write the cutting of a text to a pair."""
        left, right, there = next(self.names), next(self.names), next(self.names)
        last = bool(pair.left.has(pair.mark))
        field = pair.left
        if field.most is not None or field.least > 1 or field in self.shape.asked or (last and field.digits):
            raise Unfit
        self.lines.append(f"{path.indent}{left}, {there}, {right} = {text}.{'r' if last else ''}partition({pair.mark!r})")
        if not pair.optional:
            path.filled.append(there)
        elif last:
            self.lines.append(f"{path.indent}if not {there}: {left} = None")
        else:
            self.lines.append(f"{path.indent}if not {there}: {left}, {right} = None, {left}")
        path.values[field] = left
        self.spaceless |= field.spaceless
        if field.digits:
            path.wrong.append(f"({left} and not {left}.isdecimal())")
        if field.least:
            path.wrong.append(f"{left} == ''")
        found = [(character, text) for character in sorted(field.without - absent - {pair.mark})]
        return found + self.field(pair.right, right, absent | {pair.mark} if last else absent, path)

    def ask(self, path: _Path) -> None:
        """Write what is still to be asked."""
        filled = [f"not ({' and '.join(path.filled)})"] if path.filled else []
        wrong = [*filled, *path.wrong, *(f"{character!r} in {text}" for character, text in path.lacks)]
        if wrong:
            self.lines.append(f"{path.indent}if {' or '.join(dict.fromkeys(wrong))}: return None")
        path.filled, path.wrong, path.lacks = [], [], []

    def give(self, path: _Path) -> None:
        """Write the return."""
        self.ask(path)
        values = ", ".join(self.value(number, path) for number in self.pattern.groupindex.values())
        self.lines.append(f"{path.indent}return ({values},)")

    def value(self, number: int, path: _Path) -> str:
        """Return the expression for a group."""
        parts = self.shape.groups.get(number, [])
        fields = [part for part in parts if isinstance(part, Field)]
        if parts and not fields:
            raise Unfit  # nothing tells whether it is there
        if not all(field in path.values for field in fields):
            return "None"
        return " + ".join(path.values[part] if isinstance(part, Field) else repr(part) for part in parts) or "None"


def _mark(tokens: Sequence[Token]) -> str | None:
    """Return the separator to cut at first: quotes, where there are, else the one that occurs most."""
    marks = [one for one in tokens if isinstance(one, str)]
    if not marks:
        return None
    return QUOTE if QUOTE in marks else collections.Counter(marks).most_common(1)[0][0]


def _parts(tokens: Sequence[Token], mark: str) -> list[list[Token]]:
    """Return what stands between separators of this kind."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _together(found: list[tuple[str, str]], text: str, tokens: Sequence[Token]) -> list[tuple[str, str]]:
    """Return what texts must lack; what several must is asked once, of the text that they are cut from."""
    counts = collections.Counter(character for character, _ in found)
    shared = {character for character, count in counts.items() if count > 1 and character not in tokens}
    return [*((character, text) for character in sorted(shared)), *(one for one in found if one[0] not in shared)]


def _asked(test: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: test.fullmatch(text) is not None
