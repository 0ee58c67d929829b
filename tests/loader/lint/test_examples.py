"""Example texts of patterns: every one is found by its pattern, and every branch has one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import config
from loader.assembly import HOME
from loader.lint.examples import examples, holds


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("abc", ["abc"]),
        ("ab|cd|e", ["ab", "cd", "e"]),
        (r"x(?:\.gz)?$", ["x.gz", "x"]),
        (r"\d{12}_Cloud(?:Trail|Watch)", ["111111111111_CloudTrail", "111111111111_CloudWatch"]),
        (r"logs/.*\.json", ["logs/a.json", "logs/.json"]),
        (r"[^/]+/\S \w\W\D[\s]", ["a/a a-a "]),
        (r"[\u00e0-\u00ff]", ["à"]),
        (r"(?i)ABC", ["ABC"]),
        (r"(?P<a>x)(?P=a)", []),
        (r"a{600}", []),
        (r"(?<=b)a", []),
        (r"a(?=b)", []),
        (r"a(?!b)c+", ["ac"]),
    ],
)  # fmt: skip
def test_examples_are_the_plainest_texts_of_a_pattern(pattern: str, found: list[str]) -> None:
    texts = examples(re.compile(pattern))
    assert all(re.search(pattern, text) for text in texts)
    assert texts[: len(found) or None] == found


def test_a_pattern_of_many_branches_has_as_many_examples_as_are_asked_for() -> None:
    pattern = re.compile("(?:a1|b1|c1|d1)(?:e1|f1)(?:g1|h1)?")
    assert len(examples(pattern, 5)) == 5
    assert len(examples(pattern, 100)) > 5


def test_every_shipped_key_pattern_has_examples() -> None:
    for section in config.load([HOME / "aws.ini"]).types.values():
        pattern = re.compile(section.values["s3_key"])
        assert len(examples(pattern)) >= 2, section.name


PIECES = st.sampled_from([r"\d", r"\w+", "[a-f]", "[^/]", ".", r"\.", "x", "(?:ab|c)", "(?P<g>z*)", r"\s?"])


@given(st.lists(PIECES, min_size=1, max_size=6, unique=True).map("".join))
def test_every_pattern_without_anchors_has_examples_and_all_are_found(pattern: str) -> None:
    compiled = re.compile(pattern)
    texts = examples(compiled)
    assert texts
    assert all(compiled.search(text) for text in texts)


@pytest.mark.parametrize(
    ("pattern", "digit"),
    [("[a-z]+", False), (r"[^\d]", False), ("ACCEPT|REJECT", False), (r"\S+", True), ("x(?:y|7)?", True), (r"[\w.]", True), (".", True)],
)
def test_what_a_pattern_can_hold_is_known(pattern: str, digit: bool) -> None:
    from re import _parser  # type: ignore[attr-defined]

    assert holds(_parser.parse(pattern), str.isdigit) == digit


def test_named_groups_are_found_wherever_they_stand() -> None:
    from loader.lint.examples import named_groups

    found = named_groups(r"(?P<a>\d)(?:(?P<b>x)|(?:(?P<c>y))+)(?=(?P<d>z))(e)?")
    assert {name: holds(content, str.isdigit) for name, content in found.items()} == {"a": True, "b": False, "c": False, "d": False}
