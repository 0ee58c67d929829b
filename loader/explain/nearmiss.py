"""How far a regular expression gets in a text that it does not match (leaf, pure).

The pattern is cut between its items, from the right, until what remains of it matches: a concatenation that matches has no prefix
that does not, so the longest is found by halving. The cut goes on inside the group behind it, and inside optional groups before
it. Alternatives are tried each by itself. What gets furthest in the text counts. The syntax is that of ``re`` ("Regular expression
syntax", Python library reference).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Iterator

from loader.regextokens import tokens

INSIDE = re.compile(r"\((?:\?(?:P<(?P<name>\w+)>|:|>|[aiLmsux]*(?:-[imsx]+)?:))?(?!\?)")  # groups whose content stands in the line of matching
FLAGS = re.compile(r"\(\?[aiLmsux]+\)")
Find = Callable[[str], "re.Match[str] | None"]


@dataclasses.dataclass(frozen=True, slots=True)
class NearMiss:
    """``matched`` is the part of the pattern that matches the first ``end`` characters of the text; ``rest`` is what is left of it, and
    ``item`` the first of that: what it wants next. ``group`` is the named group in which, or with which, ``rest`` begins; ``groups``
    is what the named groups took so far.
    """

    end: int
    matched: str
    item: str
    rest: str
    group: str
    groups: dict[str, str | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """Where in nested groups the cutting goes on: the pattern up to there, what closes the groups, the innermost name, what follows them."""

    before: str = ""
    closing: str = ""
    name: str = ""
    after: tuple[str, ...] = ()


def nearest(pattern: re.Pattern[str], text: str) -> NearMiss | None:
    """Return how far ``pattern`` gets from the start of ``text``; None when it matches. It may take as long as the pattern takes."""

    def find(part: str) -> re.Match[str] | None:
        try:
            return re.compile(part, pattern.flags).match(text)
        except re.error:  # a reference to a group of another alternative
            return None

    if pattern.match(text):
        return None
    source = pattern.pattern
    if leading := FLAGS.match(source):  # they are in ``pattern.flags``
        source = source[leading.end() :]
    return _furthest(source, Frame(), find, verbose=bool(pattern.flags & re.VERBOSE))


def literals(source: str) -> list[str]:
    """Return the stretches of a pattern's text that stand for themselves, groups opened.

    >>> literals(r"(?:^|/)(?:aws-service=)?vpc\\.flow/|\\d{12}_")
    ['/', 'aws-service=', 'vpc.flow/', '_']
    """
    found = [""]
    for items in alternatives(source, verbose=False):
        for item in items:
            plain = item.removeprefix("\\")
            if len(plain) == 1 and (len(item) == 2 and not item[1].isalnum() or item not in "^$."):
                found[-1] += plain
            else:
                found += [*literals(_content(item)[1]), ""] if INSIDE.match(item) else [""]
        found.append("")
    return [text for text in found if text]


def alternatives(source: str, *, verbose: bool) -> Iterator[list[str]]:
    """Yield the alternatives of a pattern, each as its items: an atom or group with its quantifier."""
    items: list[str] = []
    depth = begun = 0
    for token in tokens(source, verbose=verbose):
        kind, end = token.lastgroup, token.end()
        if kind == "bar" and not depth:
            yield items
            items, begun = [], end
            continue
        depth += (kind == "open") - (kind == "close")
        if depth <= 0:
            if kind == "many" and items:
                items[-1] += token[0]
            else:
                items.append(source[begun:end])
            begun = end
    if begun < len(source):  # unbalanced: no pattern that compiles is
        items.append(source[begun:])
    yield items


def _content(item: str) -> tuple[str, str]:
    """Return the opening of a group and what stands inside, its quantifier left out."""
    opening = INSIDE.match(item)
    assert opening is not None
    return opening[0], item[opening.end() : item.rindex(")")]


def _furthest(source: str, frame: Frame, find: Find, *, verbose: bool) -> NearMiss | None:
    found = [_cut(items, frame, find, verbose=verbose) for items in alternatives(source, verbose=verbose)]
    return _further(found)


def _further(found: Iterable[NearMiss | None]) -> NearMiss | None:
    """Return the one that gets furthest in the text and then in the pattern, the first of equals."""
    return max((one for one in found if one), key=lambda one: (one.end, len(one.matched)), default=None)


def _cut(items: list[str], frame: Frame, find: Find, *, verbose: bool) -> NearMiss | None:
    """Return the longest run of ``items`` that matches, or what gets further still inside a group: the next, or one that could be left out."""

    def joined(count: int) -> str:
        return frame.before + "".join(items[:count])

    low, high = 0, len(items)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if find(joined(middle) + frame.closing) else (low, middle - 1)
    match = find(joined(low) + frame.closing)
    if match is None:
        return None
    wanted = (*items[low:], *(frame.after if low == len(items) else ()))
    following = INSIDE.match(wanted[0]) if wanted else None
    name = (following["name"] if following else None) or (frame.name if low < len(items) else "")
    here = NearMiss(match.end(), joined(low), wanted[0] if wanted else "", "".join(wanted), name, match.groupdict())
    deeper = []
    for place, item in enumerate(items[: low + 1]):
        if (group := INSIDE.match(item)) and (place == low or _is_choice(item)):
            opening, content = _content(item)
            again = (item,) if item[-1] == "}" else ()  # another round
            after = (*again, *items[place + 1 :], *frame.after)
            inside = Frame(joined(place) + opening, ")" + frame.closing, group["name"] or frame.name, after)
            deeper.append(_furthest(content, inside, find, verbose=verbose))
    return _further([here, *(one for one in deeper if one and one.end > here.end)])


def _is_choice(item: str) -> bool:
    """Tell whether a group that has matched may have done so without its content, or by another alternative than the one meant."""
    return item[-1] != ")" or "|" in item
