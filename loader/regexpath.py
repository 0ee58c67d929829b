"""The first path through a regular expression, as single characters and runs of a class (leaf, pure).

``re`` tries the paths through a pattern in an order: what is optional is taken first, the first branch first, and of a class as many characters
as there are. The path that is first in all of this is read here; ``loader/separators.py`` tells where it is the match.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable
from re import _compiler as compiler  # type: ignore[attr-defined]  # private, and the same from 3.11 to 3.13
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

FLAGS = re.UNICODE | re.VERBOSE | re.DOTALL | re.MULTILINE
CLASSES = (op.IN, op.NOT_LITERAL, op.ANY)
REPEATS, ASSERTS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT), (op.ASSERT, op.ASSERT_NOT)
STARTS, ENDS = (op.AT_BEGINNING, op.AT_BEGINNING_STRING), (op.AT_END, op.AT_END_STRING)
PURE = (op.LITERAL, *CLASSES, op.BRANCH, op.SUBPATTERN, *REPEATS)  # items that depend on nothing around their text
EDGE = object()  # stands among tokens where something optional or a branch begins


class Unfit(Exception):  # noqa: N818  # no error: the pattern is matched
    """The pattern is of another kind."""


@dataclasses.dataclass(eq=False, slots=True)
class Field:
    """A run of ``least`` to ``most`` (None: any number of) characters of a class: decimal digits, or all but ``without``.

    ``spaceless``: nor has it any white space.
    """

    has: Callable[[str], Any]  # whether a character is in the class
    without: set[str]
    digits: bool
    spaceless: bool
    least: int
    most: int | None


@dataclasses.dataclass(eq=False, slots=True)
class Skip:
    """Something optional without groups that begins with ``first``, and in which then ``never`` must not follow."""

    first: str
    never: Any = None
    alone: bool = False  # it is this character


@dataclasses.dataclass(eq=False, slots=True)
class Maybe:
    """Something optional with groups."""

    tokens: list[Any]


class FirstPath:
    """The path of a pattern that is matched at the start of a text: ``tokens`` are characters, Field, Skip, Maybe and EDGE.

    ``groups`` has the characters and fields of each group; ``ended`` says whether a text must end with the path. Raises Unfit.
    """

    def __init__(self, pattern: re.Pattern[str]) -> None:
        if pattern.flags & ~FLAGS or not pattern.groupindex:
            raise Unfit
        self.flags = pattern.flags
        parsed = parser.parse(pattern.pattern, pattern.flags)
        self.state = parsed.state
        self.groups: dict[int, list[str | Field]] = {}
        self.classes: dict[str, Callable[[str], Any]] = {}
        items = list(parsed)
        while items and items[0][0] is op.AT and items[0][1] in STARTS:
            items.pop(0)
        self.ended = bool(items) and items[-1][0] is op.AT and items[-1][1] in ENDS
        self.tokens = self.read(items[:-1] if self.ended else items, ())

    def compiled(self, item: Any) -> re.Pattern[str]:
        """Return an item of the parsed pattern as a pattern."""
        made: re.Pattern[str] = compiler.compile(parser.SubPattern(self.state, [item]), self.flags)
        return made

    def read(self, items: Iterable[Any], within: tuple[int, ...]) -> list[Any]:
        """Return the tokens of the first path, and note those of the groups ``within`` which they stand."""
        tokens: list[Any] = []
        for code, value in items:
            if code is op.SUBPATTERN and not value[1] and not value[2]:
                tokens += self.read(value[3], within if value[0] is None else (*within, value[0]))
            elif code is op.BRANCH:
                tokens += [EDGE, *self.read(value[1][0], within)]
            elif code is op.MAX_REPEAT:
                tokens += self.repeated(value, within)
            elif code is op.LITERAL:
                tokens.append(self.noted(chr(value), within))
            elif code in CLASSES:
                tokens.append(self.noted(self.field((code, value), 1, 1), within))
            else:
                raise Unfit
        return tokens

    def noted(self, token: Any, within: tuple[int, ...]) -> Any:
        """Return a token that is part of groups."""
        for group in within:
            self.groups.setdefault(group, []).append(token)
        return token

    def repeated(self, part: Any, within: tuple[int, ...]) -> list[Any]:
        """Return the tokens of a quantified part."""
        least, most, inner = part
        code, value = inner[0]
        if len(inner) == 1 and code in CLASSES:
            return [self.noted(self.field(inner[0], least, None if most is op.MAXREPEAT else most), within)]
        if least:
            raise Unfit
        if some(inner, lambda code, value: code is op.SUBPATTERN and value[0] is not None):
            if within or most != 1:
                raise Unfit
            return [Maybe(self.read(inner, ()))]
        if code is not op.LITERAL:
            raise Unfit
        never = inner[1][1][1] if len(inner) > 1 and inner[1][0] is op.ASSERT_NOT and inner[1][1][0] == 1 else None
        return [Skip(chr(value), never, most == 1 and len(inner) == 1)]

    def field(self, item: Any, least: int, most: int | None) -> Field:
        """Return a run of a class; raises Unfit for one that is not quickly asked for."""
        code, value = item
        name = repr(item)
        if name not in self.classes:
            self.classes[name] = self.compiled(item).fullmatch
        has = self.classes[name]
        if code is op.NOT_LITERAL:
            return Field(has, {chr(value)}, False, False, least, most)  # noqa: FBT003
        if code is op.ANY:
            return Field(has, set() if self.flags & re.DOTALL else {"\n"}, False, False, least, most)  # noqa: FBT003
        negated = value[0][0] is op.NEGATE
        inside = set(value[1:] if negated else value)
        literals = {(kind, what) for kind, what in inside if kind is op.LITERAL}
        spaceless = inside - literals == {(op.CATEGORY, op.CATEGORY_SPACE)} if negated else inside == {(op.CATEGORY, op.CATEGORY_NOT_SPACE)}
        digits = not negated and inside == {(op.CATEGORY, op.CATEGORY_DIGIT)}
        everything = not negated and inside == {(op.CATEGORY, op.CATEGORY_SPACE), (op.CATEGORY, op.CATEGORY_NOT_SPACE)}
        if not (spaceless or digits or everything or (negated and inside == literals)):
            raise Unfit
        without = {chr(what) for _, what in literals} | ({" "} if spaceless else set())
        return Field(has, without, digits, spaceless, least, most)


def some(part: Any, asked: Callable[[Any, Any], bool]) -> bool:
    """Tell whether there is such an item, however deep."""
    for code, value in part:
        if asked(code, value):
            return True
        inner = [value[-1]] if code in (op.SUBPATTERN, *REPEATS) else value[1] if code is op.BRANCH else [value[1]] if code in ASSERTS else []
        if any(some(one, asked) for one in inner):
            return True
    return False
