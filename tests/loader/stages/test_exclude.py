"""Exclusion: a rule matches a whole value, and a wrong rule file is told line by line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import ConfigError
from loader.stages import exclude
from tests.drivers import log_type

HEADER = "log_type,field,pattern,pattern_type,comment\n"


def excludes(record: dict[str, Any], *rules: tuple[str, str, str]) -> bool:
    """Tell whether rules (field, pattern, type) drop the record."""
    rows = [{"log_type": "demo", "field": field, "pattern": pattern, "pattern_type": kind} for field, pattern, kind in rules]
    test = exclude.prepare(log_type(), rows)
    assert test is not None
    return test(record)


@pytest.mark.parametrize(
    ("record", "rule", "dropped"),
    [
        ({"a": "abc"}, ("a", "abc", "text"), True),
        ({"a": "abcd"}, ("a", "abc", "text"), False),
        ({"a": "a.c"}, ("a", "a.c", "text"), True),
        ({"a": "abc"}, ("a", "a.c", "text"), False),
        ({"a": "ABC"}, ("a", "abc", "text"), False),
        ({"a": "abc"}, ("a", "a.*", "regex"), True),
        ({"a": "xabc"}, ("a", "abc", "regex"), False),
        ({"a": "abc\n"}, ("a", "abc", "regex"), False),
        ({"a": "ax"}, ("a", "a|b", "regex"), False),
        ({"a": "xb"}, ("a", "a|b", "regex"), False),
        ({"a": "b"}, ("a", "a|b", "regex"), True),
        ({"a": {"b": {"c": "x"}}}, ("a.b.c", "x", "text"), True),
        ({"a": {"b": "x"}}, ("a.b.c", "x", "text"), False),
        ({"a.b": "x"}, ("a.b", "x", "text"), False),
        ({"a": True}, ("a", "True", "text"), True),
        ({"a": True}, ("a", "true", "text"), False),
        ({"a": False}, ("a", "False", "regex"), True),
        ({"a": 443}, ("a", "443", "text"), True),
        ({"a": 0}, ("a", "0", "text"), True),
        ({"a": 1.5}, ("a", r"\d\.\d", "regex"), True),
        ({"a": ["x", "y"]}, ("a", "x", "text"), True),
        ({"a": ["x", "y"]}, ("a", "y", "text"), False),
        ({"a": ["x", "y"]}, ("a.1", "y", "text"), True),
        ({"a": []}, ("a", ".*", "regex"), False),
        ({"a": None}, ("a", "None", "text"), False),
        ({}, ("a", ".*", "regex"), False),
        ({"a": ""}, ("a", "", "text"), True),
    ],
)
def test_a_rule_matches_the_whole_value_as_python_writes_it(record: dict[str, Any], rule: tuple[str, str, str], dropped: bool) -> None:
    assert excludes(record, rule) == dropped


@given(st.text(max_size=5), st.text(max_size=5))
def test_a_text_rule_drops_exactly_its_own_text(value: str, pattern: str) -> None:
    assert excludes({"a": value}, ("a", pattern, "text")) == (value == pattern)


def test_rules_are_alternatives_and_the_record_is_only_read() -> None:
    rules = [("a", "x", "text"), ("b", "y+", "regex"), ("a", "z", "regex")]
    for record, dropped in (({"a": "x"}, True), ({"b": "yy"}, True), ({"a": "z"}, True), ({"a": "q", "b": "q"}, False)):
        before = dict(record)
        assert excludes(record, *rules) == dropped
        assert record == before


def test_a_type_that_no_rule_names_has_no_test_to_run() -> None:
    assert exclude.prepare(log_type("other"), [{"log_type": "demo", "field": "a", "pattern": "x", "pattern_type": "text"}]) is None


def test_a_thousand_literal_rules_cost_what_one_does() -> None:
    def seconds(count: int) -> float:
        rows = [{"log_type": "demo", "field": "ip", "pattern": f"192.0.2.{n}", "pattern_type": "text"} for n in range(count)]
        test = exclude.prepare(log_type(), rows)
        assert test is not None
        record, best = {"ip": "198.51.100.1"}, float("inf")
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(2000):
                test(record)
            best = min(best, time.perf_counter() - began)
        return best

    assert seconds(1000) < 5 * seconds(1)


def test_a_file_is_read_with_its_blanks_quotes_and_mark(tmp_path: Path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text(f'\ufeff{HEADER}demo , a.b, "x, ""y""" , text, why\n\nother,a,\\d+,regex\n', encoding="utf-8")
    assert exclude.load(file) == [
        {"log_type": "demo", "field": "a.b", "pattern": 'x, "y"', "pattern_type": "text"},
        {"log_type": "other", "field": "a", "pattern": r"\d+", "pattern_type": "regex"},
    ]


def mistakes(folder: Path, content: str | bytes) -> list[str]:
    file = folder / "rules.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError) as why:
        exclude.load(file)
    return [str(problem).removeprefix(f"{folder}/") for problem in why.value.problems]


def test_every_wrong_rule_is_told_with_its_line(tmp_path: Path) -> None:
    content = f"{HEADER}demo,a,x,text,fine\ndemo,a,(,regex,\n\n,a,x,text,\ndemo,,x,text,\ndemo,a,x,glob,\ndemo,a\n"
    assert mistakes(tmp_path, content) == [
        "rules.csv:3: [demo] a: pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0",
        "rules.csv:5: a: a rule needs a log_type and a field",
        "rules.csv:6: [demo] a rule needs a log_type and a field",
        "rules.csv:7: [demo] a: pattern_type 'glob' is neither text nor regex",
        "rules.csv:8: [demo] a: pattern_type '' is neither text nor regex",
    ]


@pytest.mark.parametrize("content", ["", "a,b\n", "log_type;field;pattern;pattern_type\n"])
def test_a_file_without_its_header_is_told_what_the_first_line_is(tmp_path: Path, content: str) -> None:
    (mistake,) = mistakes(tmp_path, content)
    assert mistake.startswith("rules.csv:1: has no column log_type, field")
    assert mistake.endswith("(the first line is log_type,field,pattern,pattern_type,comment)")


@pytest.mark.parametrize("content", [f"{HEADER}demo,a,caf\xe9,text,\n".encode("latin-1"), f'{HEADER}demo,a,"{"x" * 200_000}",text,\n'])
def test_a_file_that_is_no_csv_in_utf_8_is_one_mistake(tmp_path: Path, content: str | bytes) -> None:
    (mistake,) = mistakes(tmp_path, content)
    assert mistake.startswith("rules.csv: cannot be read: ")
    assert mistake.endswith("(it is CSV, saved as UTF-8)")


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no.csv: cannot be read"):
        exclude.load(tmp_path / "no.csv")
