"""``loader/quotes.py``: no group that is left out ever matches a double quote."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.quotes import quoting


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r'(?P<a>[^"]*)(?P<b>.*)', "b"),
        (r"(?P<a>\S+) (?P<b>\d+) (?P<c>\w+) (?P<d>\s*)(?P<e>\D)(?P<f>\W)", "aef"),
        (r"(?P<a>[a-z]*)(?P<b>[!-~])(?P<c>[^\s])(?P<d>[^a])(?P<e>[^\W])", "bcd"),
        (r"(?P<a>(?P<b>x)(?P<c>.))", "ac"),
        (r'(?P<a>x|")(?P<b>x|y)', "a"),
        (r'"(?P<a>x)"(?P<b>"?)', "b"),
        (r"(?=(?P<a>.*))(?P<b>\w*)(?<=(?P<c>.))(?!(?P<d>.))", "acd"),
        (r"(?P<a>.)(?P<b>(?P=a))(?P<c>\d)", "abc"),  # what is not understood counts as yes
        (r"(?i)(?P<a>[A-Z]+)(?s:(?P<b>.))", "b"),
        (r"(?x) (?P<a> x ) # (?P<not>.)", ""),
    ],
)
def test_groups_that_may_match_a_quote_are_named(pattern: str, found: str) -> None:
    assert quoting(re.compile(pattern)) == frozenset(found)


PIECES = [".", r"\S", r"\d", r"\w", '[^"]', "[^x]", "[a-z]", "[ -/]", '"', "x", r"\W", r"[^\W]", r"[\s\d]", "(?=.)", "(?!x)", "(?:x|.)"]
REPEATS = ["", "*", "+?", "{1,2}", "?"]
GROUPS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(REPEATS)), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(GROUPS, min_size=1, max_size=3), st.sampled_from(["", "(?i)", "(?s)"]), st.text('"x a\n/', max_size=8))
def test_whatever_the_pattern_no_other_group_matches_a_quote(groups: list[list[tuple[str, str]]], flags: str, text: str) -> None:
    body = "|".join(f"(?P<g{place}>{''.join(f'(?:{piece}){repeat}' for piece, repeat in group)})" for place, group in enumerate(groups))
    for joined in (body, body.replace("|(?P", "(?P")):
        pattern = re.compile(flags + joined)
        suspects = quoting(pattern)
        for match in pattern.finditer(text):
            assert all(name in suspects or '"' not in (value or "") for name, value in match.groupdict().items())
