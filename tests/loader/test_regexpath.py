"""``loader/regexpath.py``: what a pattern is, taken as it is tried first."""

from __future__ import annotations

import re

import pytest

from loader.regexpath import EDGE, Field, FirstPath, Maybe, Skip, Unfit


def shown(token: object) -> str:
    """Return a token as a text: a run in angle brackets, with what it lacks; ( where something begins that need not be there."""
    if isinstance(token, Field):
        most = "" if token.most is None else token.most
        kind = "digits" if token.digits else "no space" if token.spaceless else f"no {''.join(sorted(token.without))!r}"
        return f"<{kind} {token.least}-{most}>"
    if isinstance(token, Maybe):
        return f"({' '.join(map(shown, token.tokens))})"
    if isinstance(token, Skip):
        return f"-{token.first}"
    return "|" if token is EDGE else str(token)


@pytest.mark.parametrize(
    ("pattern", "tokens"),
    [
        (r"(?P<a>[^ ]+)x(?P<b>\d*)", "<no ' ' 1-> x <digits 0->"),
        (r"(?P<a>\S)(?P<b>[^\s:]{2,3})", "<no space 1-1> <no space 2-3>"),
        (r"(?P<a>.)(?P<b>[\s\S]?)", r"<no '\n' 1-1> <no '' 0-1>"),
        (r"(?s)(?P<a>.+)", "<no '' 1->"),
        (r"(?x) (?P<a> [^a]* ) # not this", "<no 'a' 0->"),
        (r"^(?P<a>[^a])$", "<no 'a' 1-1>"),
        (r"(?:(?P<a>[^a])b|c)d", "| <no 'a' 1-1> b d"),
        (r"(?P<a>[^a])(?:b(?P<b>[^c]))?", "<no 'a' 1-1> (b <no 'c' 1-1>)"),
        (r"(?P<a>[^a])b?(?:\\.[^d]*)*", "<no 'a' 1-1> -b -\\"),
    ],
)
def test_the_first_path_is_what_is_tried_first(pattern: str, tokens: str) -> None:
    assert " ".join(map(shown, FirstPath(re.compile(pattern)).tokens)) == tokens


def test_groups_have_all_that_stands_in_them() -> None:
    path = FirstPath(re.compile(r"(?P<a>(?P<b>[^.]*)\.(\d))(?:(?P<d>x)|(?P<e>y))$"))
    assert {group: " ".join(map(shown, parts)) for group, parts in path.groups.items()} == {
        1: "<no '.' 0-> . <digits 1-1>",
        2: "<no '.' 0->",
        3: "<digits 1-1>",
        4: "x",
    }
    assert path.ended


@pytest.mark.parametrize(
    "pattern", ["(?i)(?P<a>x)", "(?P<a>x+)", "(?P<a>[^x]*?)", "(?P<a>(?:(?P<b>x))?)", "(?P<a>x)(?P=a)", "(?P<a>x)(?:[a-z]x)?", "(x)"]
)
def test_what_is_not_understood_is_unfit(pattern: str) -> None:
    with pytest.raises(Unfit):
        FirstPath(re.compile(pattern))
