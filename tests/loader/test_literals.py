"""Texts a pattern requires: never one that a text lacks in which the pattern is found."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.lint.examples import examples
from loader.literals import required
from tests.patterns import KEYS, PATTERNS


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("CloudTrail/", ["CloudTrail/"]),
        (r"\d{12}_flow_\w+\.log", ["_flow_", ".log"]),
        (r"^logs/(?P<service>edge)-\d$", ["logs/edge-"]),
        ("a(?:bc)d", ["abcd"]),
        ("ab?cd", ["cd"]),
        ("(?:xyz)+", ["xyz"]),
        ("(?:xyz)*ab", ["ab"]),
        ("(?:xyz){0,3}ab", ["ab"]),
        (r"(?:^|/)flowlogs/|\d{12}_flowlogs_", ["flowlogs"]),
        ("north|south", ["th"]),
        ("red|blue", []),
        ("red|", []),
        ("(?i)logs/", []),
        ("aa(?i:bb)cc", ["aa", "cc"]),
        ("(?i:b(?-i:cc))dd", ["dd"]),
        ("(?x) a b # c\n", ["ab"]),
        ("(?=ahead)logs(?!behind)", ["logs"]),
        (r"(?P<a>ab)-(?P=a)", ["ab-"]),
        ("(a)?(?(1)bcd|efg)", []),
        (r"lit\.eral[.]x", ["lit.eral.x"]),
        ("a", []),
        ("", []),
    ],
)
def test_what_every_match_has_is_required(pattern: str, texts: list[str]) -> None:
    assert required(re.compile(pattern)) == texts


@given(PATTERNS, KEYS, KEYS, KEYS)
@settings(deadline=None)  # some of these patterns go back and forth
def test_a_text_in_which_a_pattern_is_found_has_all_that_is_required(pattern: re.Pattern[str], before: str, behind: str, other: str) -> None:
    for text in (other, *(text for example in examples(pattern, 4) for text in (example, before + example + behind))):
        if pattern.search(text):
            assert [one for one in required(pattern) if one not in text] == []


@given(st.text(min_size=2))
def test_a_plain_text_requires_itself(text: str) -> None:
    assert required(re.compile(re.escape(text))) == [text]
