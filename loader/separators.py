"""A regular expression as fields between known separators: what ``loader/cutter.py`` needs, where a pattern is of that kind (leaf, pure).

Where the first path through a pattern (``loader/regexpath.py``) fits a text, it is the match, whatever else the pattern may match. It fits where the
text is its characters and runs, all of each run is in its class, and the character behind is not: a shorter run is never tried.
Three things differ:

- An optional part is passed over where the text does not go on as it begins: its first character is not there, or the text is at its end.
- A run whose class has the character behind it goes back to the last one there is: that is the place, where all up to the next separator is in
  the class, and where the character must follow. Were it optional, or one of two branches, the pattern would have gone on before.
- An optional run before such a character is passed over where there is none up to the next separator.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import Any

from loader.regexpath import EDGE, PURE, Field, FirstPath, Maybe, Skip, Unfit, some

QUOTE = '"'


@dataclasses.dataclass(eq=False, slots=True)
class Pair:
    """Two runs with a separator between, the last one there is where the first run may have it; with ``optional`` left and mark may be missing.

    None of ``never`` must follow. ``around`` are brackets, the last of which the left run cannot have: the left run may stand in them.
    """

    left: Field
    mark: str
    right: Field
    optional: bool
    never: frozenset[str]
    around: tuple[str, str] | None = None

    def has(self, character: str) -> bool:
        """Tell whether there may be such a character."""
        return bool(self.left.has(character) or self.right.has(character))


Token = str | Field | Pair


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
    first = FirstPath(pattern)
    reader, found, ended = _Forms(first), [], first.ended
    for form in _forms(first.tokens):
        try:
            found.append(reader.form(form))
        except Unfit:
            ended = ended or not found  # the pattern knows more than what is the longest form then
    if not found:
        raise Unfit
    return Shape(found, first.groups, reader.asked, not ended, reader.one_line)


def _forms(tokens: list[Any]) -> Iterator[list[Any]]:
    """Yield tokens with all that is optional at their end, then with less and less of it."""
    if tokens and isinstance(tokens[-1], Maybe):
        inner = tokens[-1].tokens
        yield from ([*tokens[:-1], EDGE, *form] for form in _forms(inner))
        if inner and isinstance(inner[0], str):  # at the end of a text it cannot match
            yield tokens[:-1]
    else:
        yield tokens


class _Forms:
    def __init__(self, path: FirstPath) -> None:
        self.path = path
        self.asked: dict[Field, dict[int, re.Pattern[str]]] = {}
        self.one_line = False

    def form(self, tokens: list[Any]) -> list[Token]:
        """Return tokens with nothing optional left among them; raises Unfit where a run does not end at the next separator for certain."""
        paired = self.paired(tokens)
        loose = {token for token, behind in itertools.pairwise(one for one in paired if not isinstance(one, Skip)) if behind is EDGE}
        found = self.plain([one for one in paired if one is not EDGE])
        for place, (token, behind) in enumerate(itertools.pairwise([*found, None])):
            if token is None or isinstance(token, str) or behind is None:
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
                pair = self.pair([*token.tokens, *left[:1]], optional=True) if left else None
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
        if any(left in parts and parts != [left] for parts in self.path.groups.values()):
            return None
        bracketed = [getattr(one, "alone", False) for one in tokens[:3]] == [True, False, True] and len(skips) == 2  # noqa: PLR2004
        around = (skips[0].first, skips[1].first) if bracketed and not left.has(skips[1].first) else None
        never = frozenset(one.first for one in skips)
        left.without |= never
        return Pair(left, mark, right, optional, never, around)

    def plain(self, tokens: list[Any]) -> list[Token]:
        """Return tokens without those that are passed over; raises Unfit where one of them might be there."""
        for place, token in enumerate(tokens):
            if not isinstance(token, Skip):
                continue
            behind: list[Any] = [one for one in tokens[place:] if not isinstance(one, Skip)]
            if behind and not isinstance(behind[0], str):
                pair = behind[0] if isinstance(behind[0], Pair) else None
                if token.first in [*behind[1:2], *((pair.mark, *(pair.around or "")) if pair else ())]:
                    raise Unfit
                (pair.left if pair else behind[0]).without.add(token.first)
            elif behind and behind[0] == token.first:
                self.ask(token.never, behind[1:])
        return [one for one in tokens if not isinstance(one, Skip)]

    def ask(self, never: Any, tokens: list[Any]) -> None:
        """See to it that what must not follow does follow, item by item; raises Unfit where that cannot be asked."""
        if never is None or len(never) > len(tokens) or some(never, lambda code, _: code not in PURE):
            raise Unfit
        for item, token in zip(never, tokens, strict=False):
            if isinstance(token, Field):
                self.asked.setdefault(token, {})[id(item)] = self.path.compiled(item)
            elif not isinstance(token, str) or not self.path.compiled(item).fullmatch(token):
                raise Unfit
