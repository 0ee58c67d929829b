"""Cuts a text as its regular expression would, by its separators: a function is written for patterns that ``loader/separators.py`` reads (leaf).

It splits, and then asks for all that the proof there needs: as many pieces as there should be, nothing else between separators that stand
together, no character in a piece that its class lacks. Where any of it is in doubt it gives None, and the pattern is to be asked.
"""

from __future__ import annotations

import collections
import functools
import itertools
import re
from collections.abc import Callable, Sequence

from loader.pieces import Lacks, Path, Pieces
from loader.quotes import quoting
from loader.regexpath import Field, Unfit
from loader.separators import QUOTE, Shape, Token, shape

Cut = Callable[[str], "tuple[str | None, ...] | None"]
WORTH = 1.3  # times as fast: then a pattern is left out
FIELD, OPTIONAL = 42, 60  # ns that re takes for a field, and beside for one that may be missing
STEP, PIECE = 100, 15  # ns that a split takes, and beside for a piece
FORMS = 4  # how many numbers of quotes are told apart, from the largest on: records of today, and some of those before
BLANK_ONLY = "row.splitlines() != [row] or '\\t' in row or '\\x1f' in row or not row.isascii()"  # whether there may be white space of other kinds


@functools.lru_cache(maxsize=64)
def cutter(pattern: re.Pattern[str]) -> Cut | None:
    """Return ``cut(text)``, or None where the pattern is of another kind, or as fast."""
    try:
        cut = written(pattern)
    except Exception:  # noqa: BLE001  # the parser of re is private: where it has changed there is still the pattern
        return None
    return cut if cut.gain >= WORTH else None  # type: ignore[attr-defined]


def written(pattern: re.Pattern[str]) -> Cut:
    """Return ``cut(text)``; raises Unfit for a pattern that is of another kind, and anything where ``re`` has changed.

    ``cut`` gives the named groups of ``pattern.match(text)`` in their order, none of them with a double quote in it; or None, which says nothing.
    Its text is ``cut.source``, and ``cut.gain`` about how many times as fast as the pattern it is.
    """
    return _Writer(pattern, shape(pattern)).written()


class _Writer(Pieces):
    def __init__(self, pattern: re.Pattern[str], found: Shape) -> None:
        super().__init__(found.asked)
        self.pattern, self.shape = pattern, found
        self.gain = 0.0  # of the form that is written first

    def written(self) -> Cut:
        """Return the function; raises Unfit."""
        path = Path(" " * 8, {})
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
        cut.source, cut.gain = source, self.gain  # type: ignore[attr-defined]
        return cut

    def forms(self, forms: list[list[Token]], text: str, absent: frozenset[str], path: Path, *, longest: bool) -> None:
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
            inner = Path(path.indent + "    ", dict(path.values))
            self.lines.append(f"{inner.indent}{', '.join(names)}, {'*_' if sign == '>' else ''} = {pieces}".replace(",  =", ", ="))
            *parts, _ = _parts(group[0], mark)
            found = [lack for part, name in zip(parts, names, strict=False) for lack in self.segment(part, name, absent | {mark}, inner)]
            inner.lacks += _together(found, text, group[0])
            ends = [_parts(form, mark)[-1] for form in group]
            self.forms(ends, names[-1], absent | {mark}, inner, longest=longest and group is by_count[0])

    def segment(self, tokens: Sequence[Token], text: str, absent: frozenset[str], path: Path) -> Lacks:
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

    def around(self, tokens: Sequence[Token], place: int, mark: str, text: str, absent: frozenset[str], path: Path) -> Lacks:
        """Write the cutting of a text by ``mark`` where the field at ``place``, the first that may have it, stands between other separators."""
        left, right = tokens[:place], tokens[place + 1 :]
        found: Lacks = []
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

    def give(self, path: Path) -> None:
        """Write the return."""
        self.ask(path)
        self.gain = self.gain or self.gained(len(path.values))
        values = ", ".join(self.value(number, path) for number in self.pattern.groupindex.values())
        self.lines.append(f"{path.indent}return ({values},)")

    def gained(self, fields: int) -> float:
        """Return how many times as fast as the pattern are the lines written so far, which give so many fields."""
        if not fields:
            raise Unfit
        steps = sum("split(" in line or "partition(" in line for line in self.lines) + self.spaceless
        certain = sum(1 if isinstance(one, Field) else 2 for one in self.shape.forms[-1] if not isinstance(one, str))
        return (FIELD * fields + OPTIONAL * (fields - certain)) / (STEP * steps + PIECE * fields)

    def value(self, number: int, path: Path) -> str:
        """Return the expression for a group."""
        parts = self.shape.groups.get(number, [])
        fields = [part for part in parts if isinstance(part, Field)]
        if (parts and not fields) or QUOTE in parts:
            raise Unfit  # nothing tells whether it is there; it has a quote in it
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


def _together(found: Lacks, text: str, tokens: Sequence[Token]) -> Lacks:
    """Return what texts must lack; what several must is asked once, of the text that they are cut from."""
    counts = collections.Counter(character for character, _ in found)
    shared = {character for character, count in counts.items() if count > 1 and character not in tokens}
    return [*((character, text) for character in sorted(shared)), *(one for one in found if one[0] not in shared)]
