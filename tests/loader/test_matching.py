"""Matching: named groups become fields; the rows of FEATURES on ``log_pattern``."""

from __future__ import annotations

import pytest

from loader.errors import ConfigError, ParseError
from loader.matching import matcher
from tests.drivers import log_type


def test_log_pattern_is_matched_at_the_start_and_need_not_reach_the_end() -> None:
    parse = matcher(log_type(log_pattern=r"(?P<word>[a-z]+)"))
    assert parse("abc 1") == {"word": "abc"}
    with pytest.raises(ParseError, match="does not match log_pattern"):
        parse("1 abc")


def test_log_pattern_takes_no_line_feed_for_a_dot_unless_it_says_so() -> None:
    text = "a\nb"
    assert matcher(log_type(log_pattern="(?P<rest>.*)"))(text) == {"rest": "a"}
    assert matcher(log_type(log_pattern="(?s)(?P<rest>.*)"))(text) == {"rest": "a\nb"}
    assert matcher(log_type(log_pattern=r"(?P<rest>[\s\S]*)"))(text) == {"rest": "a\nb"}


def test_named_groups_are_the_fields_in_order_and_none_where_one_took_no_part() -> None:
    parse = matcher(log_type(log_pattern=r"(?P<b>x)(?P<a>y)?"))
    assert list(parse("x").items()) == [("b", "x"), ("a", None)]


def test_groups_without_a_name_are_no_fields() -> None:
    assert matcher(log_type(log_pattern=r"(\S) (?P<rest>.*)"))("a b") == {"rest": "b"}


def test_the_section_knows_the_fields_beforehand() -> None:
    section = log_type(log_pattern=r"(?P<b>x)(?P<a>y)?(z)?")
    matcher(section)
    assert section.fields == {"a", "b"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "is missing: file_format = text needs one"),
        ({"file_format": "multiline"}, "is missing: file_format = multiline needs one"),
        ({"log_pattern": "(x)"}, "has no named group such as (?P<name>...)"),
        ({"log_pattern": "(?P<x>"}, "not a regular expression: missing ), unterminated subpattern at position 0"),
    ],
)
def test_a_log_pattern_that_is_missing_or_cannot_work_is_one_problem_at_its_key(values: dict[str, str], said: str) -> None:
    section = log_type(**values)
    with pytest.raises(ConfigError):
        matcher(section)
    assert [(problem.key, problem.message) for problem in section.problems] == [("log_pattern", said)]
