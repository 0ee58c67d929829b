"""A regular expression as fields between known separators: what ``loader/cutter.py`` needs, where a pattern is of that kind (leaf, pure).

``re`` tries the paths through a pattern in an order: what is optional is taken first, the first branch first, and of a class as many characters
as there are. The path that is first in all of this is a sequence of single characters and runs of a class. Where it fits a text, it is the match,
whatever else the pattern may match; so only this path is looked at. It fits where the text is these runs and characters, all of each run is in its
class, and the character behind is not: a shorter run is never tried. Three things differ:

- An optional part is passed over where the text does not go on as it begins: its first character is not there, or the text is at its end.
- A run whose class has the character behind it goes back to the last one there is: that is the place, where all up to the next separator is in
  the class, and where the character must follow. Were it optional, or one of two branches, the pattern would have gone on before.
- An optional run before such a character is passed over where there is none up to the next separator.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from re import _compiler as compiler  # type: ignore[attr-defined]  # private, and the same from 3.11 to 3.13
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

QUOTE = '"'
FLAGS = re.UNICODE | re.VERBOSE | re.DOTALL
CLASSES = (op.IN, op.NOT_LITERAL, op.ANY)
REPEATS, ASSERTS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT), (op.ASSERT, op.ASSERT_NOT)
PURE = (op.LITERAL, *CLASSES, op.BRANCH, op.SUBPATTERN, *REPEATS)  # items that depend on nothing around their text
STARTS, ENDS = (op.AT_BEGINNING, op.AT_BEGINNING_STRING), (op.AT_END, op.AT_END_STRING)


class Unfit(Exception):  # noqa: N818  # no error: the pattern is matched
    """The pattern is not of that kind."""


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
class Pair:
    """Two runs with a separator between, the last one there is where the first run may have it; with ``optional`` left and mark may be missing.

    None of ``never`` must follow.
    """

    left: Field
    mark: str
    right: Field
    optional: bool
    never: frozenset[str]

    def has(self, character: str) -> bool:
        """Tell whether there may be such a character."""
        return bool(self.left.has(character) or self.right.has(character))


@dataclasses.dataclass(eq=False, slots=True)
class Skip:
    """Something optional without groups that begins with ``first``, and in which then ``never`` must not follow."""

    first: str
    never: Any = None


@dataclasses.dataclass(eq=False, slots=True)
class Maybe:
    """Something optional with groups."""

    tokens: list[Any]


Token = str | Field | Pair
EDGE = object()  # stands among tokens where something optional or a branch begins


@dataclasses.dataclass(slots=True)
class Shape:
    """The forms that a text may have, the longest first, each the beginning of the one before it; and of what each group consists.

    A text that goes on behind the longest form may have it all the same where it is ``open``. ``asked`` has what fields must match in full.
    """

    forms: list[list[Token]]
    groups: dict[int, list[str | Field]]
    asked: dict[Field, dict[int, re.Pattern[str]]]
    open: bool
    one_line: bool  # whether there must be no line feed


def shape(pattern: re.Pattern[str]) -> Shape:
    """Return the forms of a pattern that is matched at the start of a text; raises Unfit, and anything where ``re`` has changed."""
    if pattern.flags & ~FLAGS:
        raise Unfit
    parsed = parser.parse(pattern.pattern, pattern.flags)
    items = list(parsed)
    while items and items[0][0] is op.AT and items[0][1] in STARTS:
        items.pop(0)
    ended = bool(items) and items[-1][0] is op.AT and items[-1][1] in ENDS
    reader = _Reader(parsed.state, pattern.flags)
    tokens = reader.read(items[:-1] if ended else items, ())
    found = []
    for form in _forms(tokens):
        try:
            found.append(reader.form(form))
        except Unfit:
            continue
    if not found:
        raise Unfit
    return Shape(found, reader.groups, reader.asked, not ended, reader.one_line)


def _forms(tokens: list[Any]) -> Iterator[list[Any]]:
    """Yield tokens with all that is optional at their end, then with less and less of it."""
    if tokens and isinstance(tokens[-1], Maybe):
        inner = tokens[-1].tokens
        yield from ([*tokens[:-1], EDGE, *form] for form in _forms(inner))
        if inner and isinstance(inner[0], str):  # at the end of a text it cannot match
            yield tokens[:-1]
    else:
        yield tokens


class _Reader:
    def __init__(self, state: Any, flags: int) -> None:
        self.state, self.flags = state, flags
        self.groups: dict[int, list[str | Field]] = {}
        self.asked: dict[Field, dict[int, re.Pattern[str]]] = {}
        self.one_line = False
        self.classes: dict[str, Callable[[str], Any]] = {}

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
                tokens += self.repeated(*value, within)
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

    def repeated(self, least: int, most: Any, inner: Any, within: tuple[int, ...]) -> list[Any]:
        """Return the tokens of a quantified part."""
        code, value = inner[0]
        if len(inner) == 1 and code in CLASSES:
            return [self.noted(self.field(inner[0], least, None if most is op.MAXREPEAT else most), within)]
        if least:
            raise Unfit
        if _some(inner, lambda code, value: code is op.SUBPATTERN and value[0] is not None):
            if within or most != 1:
                raise Unfit
            return [Maybe(self.read(inner, ()))]
        if code is not op.LITERAL:
            raise Unfit
        never = inner[1][1][1] if len(inner) > 1 and inner[1][0] is op.ASSERT_NOT and inner[1][1][0] == 1 else None
        return [Skip(chr(value), never)]

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

    def form(self, tokens: list[Any]) -> list[Token]:
        """Return tokens with nothing optional left among them; raises Unfit where a run does not end at the next separator for certain."""
        paired = self.paired(tokens)
        loose = {token for token, behind in itertools.pairwise(one for one in paired if not isinstance(one, Skip)) if behind is EDGE}
        found = self.plain([one for one in paired if one is not EDGE])
        for place, (token, behind) in enumerate(itertools.pairwise([*found, None])):
            if isinstance(token, str) or behind is None:
                continue
            if not isinstance(behind, str) or (isinstance(token, Pair) and behind in (token.mark, *token.never)):
                raise Unfit
            if token.has(behind):
                last = isinstance(token, Field) and token.without <= {"\n"} and not token.digits and token.most is None and behind == QUOTE
                if not last or token in loose or QUOTE in found[place + 2 :]:
                    raise Unfit
                self.one_line = True  # a run to the end of the text goes back to its last quote
        return found

    def paired(self, tokens: list[Any]) -> list[Any]:
        """Return tokens with pairs among them, all else that is optional and has groups taken."""
        left, found = list(tokens), []
        while left:
            token = left.pop(0)
            behind = [one for one in left if not isinstance(one, Skip)][:2]
            skips = list(itertools.takewhile(lambda one: isinstance(one, Skip), left))
            if isinstance(token, Maybe):
                pair = self.pair([*token.tokens, *left[:1]], optional=True)
                left = left[1:] if pair else [EDGE, *token.tokens, *left]
            elif isinstance(token, Field) and behind and isinstance(behind[0], str) and token.has(behind[0]):
                size = len(skips) + 2
                pair = self.pair([token, *left[:size]], optional=False)
                left = left[size:] if pair else left
            else:
                pair = None
            if pair or not isinstance(token, Maybe):
                found.append(pair or token)
        return found

    def pair(self, tokens: list[Any], *, optional: bool) -> Pair | None:
        """Return the pair that tokens are, apart from what is optional before the separator: that must not be there."""
        skips = [one for one in tokens[:-1] if isinstance(one, Skip)]
        rest = [one for one in tokens if not isinstance(one, Skip)]
        if [type(one) for one in rest] != [Field, str, Field] or tokens[-1] is not rest[2] or rest[1] in (QUOTE, *(one.first for one in skips)):
            return None
        left, mark, right = rest
        if any(left in parts and parts != [left] for parts in self.groups.values()):
            return None
        never = frozenset(one.first for one in skips)
        left.without |= never
        return Pair(left, mark, right, optional, never)

    def plain(self, tokens: list[Any]) -> list[Token]:
        """Return tokens without those that are passed over; raises Unfit where one of them might be there."""
        for place, token in enumerate(tokens):
            if not isinstance(token, Skip):
                continue
            behind: list[Any] = [one for one in tokens[place:] if not isinstance(one, Skip)]
            if behind and not isinstance(behind[0], str):
                field = behind[0].left if isinstance(behind[0], Pair) else behind[0]
                field.without |= {token.first}
                behind = behind[1:]
                if behind and behind[0] == token.first:
                    raise Unfit
            elif behind and behind[0] == token.first:
                self.ask(token.never, behind[1:])
        return [one for one in tokens if not isinstance(one, Skip)]

    def ask(self, never: Any, tokens: list[Any]) -> None:
        """See to it that what must not follow does follow, item by item; raises Unfit where that cannot be asked."""
        if never is None or len(never) > len(tokens) or _some(never, lambda code, _: code not in PURE):
            raise Unfit
        for item, token in zip(never, tokens, strict=False):
            if isinstance(token, Field):
                self.asked.setdefault(token, {})[id(item)] = self.compiled(item)
            elif not isinstance(token, str) or not self.compiled(item).fullmatch(token):
                raise Unfit


def _some(part: Any, asked: Callable[[Any, Any], bool]) -> bool:
    """Tell whether there is such an item, however deep."""
    for code, value in part:
        if asked(code, value):
            return True
        inner = [value[-1]] if code in (op.SUBPATTERN, *REPEATS) else value[1] if code is op.BRANCH else [value[1]] if code in ASSERTS else []
        if any(_some(one, asked) for one in inner):
            return True
    return False
