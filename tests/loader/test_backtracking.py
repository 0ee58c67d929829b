"""Backtracking: what hangs is told with a text that does it, and nothing else is told."""

from __future__ import annotations

import configparser
import re
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.backtracking import LIMIT, suspect
from loader.engine import HOME
from loader.errors import Overdue
from loader.watchdog import within

EXPONENTIAL = [
    (r"(a+)+$", "(a+)+"),
    (r"(?:\w+\s?)*$", r"(?:\w+\s?)*"),
    (r"(.*)*x", "(.*)*"),
    (r"(\d+|\d+\w)*-", r"(\d+|\d+\w)*"),
    (r"^(([a-z])+.)+[A-Z]([a-z])+$", "(([a-z])+.)+"),
    (r"(a|a)*b", "(a|a)*"),
    (r"(?:\s*,\s*)*$", r"(?:\s*,\s*)*"),
    (r"(?P<who>\S+) (?P<list>(?:[^,]+,?)+);", "(?:[^,]+,?)+"),
    (r'"(?:[^"\\]|\\.|\\)*"x', r'(?:[^"\\]|\\.|\\)*'),
    (r"(x+x+)+y", "(x+x+)+"),
    (r"(?:(?:ab)+|a(?:ba)+b)*c", "(?:(?:ab)+|a(?:ba)+b)*"),
    (r"(?=(a+)+$)b", "(a+)+"),
    (r"([\"'])(?:\\?.)*?\1z", r"(?:\\?.)*?"),
    (r"(?:\d{1,3}\.?)+:", r"(?:\d{1,3}\.?)+"),
    (r"(?:(a)|(b)|[ab])+$", "(?:(a)|(b)|[ab])+"),
    (r"(?i)key=(?:[a-z]+)*\d$", "(?:[a-z]+)*"),
    (r"(?P<head>\S+)\n(?s:(?:.*\n?)*)END", r"(?:.*\n?)*"),
]
POLYNOMIAL = [
    (r".*.*.*.*=", ".* … .* … .* … .*"),
    (r"(.*),(.*),(.*),(.*);", ".* … .* … .* … .*"),
    (r"(?:\w+ )*(?:\w+ )*(?:\w+ )*(?:\w+ )*$", r"(?:\w+ )* … (?:\w+ )* … (?:\w+ )* … (?:\w+ )*"),
]
HARMLESS = [
    "",
    r"(?P<a>\S+) (?P<b>[^\"]*)",
    r".*?",
    r".*.*=.*",
    r"(?P<a>.*?) (?P<b>.*?) (?P<c>.*?) (?P<d>.*?)$",
    r"(?:\d{1,3}\.){3}\d{1,3}",
    r"(?:[^,]*,)*$",
    r"(\w|\d)+$",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z (?P<level>\w+)\s+\[(?P<thread>[^\]]*)\] (?P<message>[\s\S]*)",
    r'(?:\w+="[^"]*"\s*)*$',
    r'"(?:[^"\\]|\\.)*"',
    r"^\w+(?:\.\w+)*@\w+(?:\.\w+)+$",
    r"\s*(?:#.*)?$",
    r"(a)(?:(?=(b)*)c)*",
    r"(a+)+",  # nothing behind it can fail
]


@pytest.mark.parametrize(("pattern", "part"), EXPONENTIAL + POLYNOMIAL)
def test_a_pattern_that_hangs_is_told_with_the_part_and_a_text_that_shows_it(pattern: str, part: str) -> None:
    begin = time.monotonic()
    told = suspect(pattern)
    assert time.monotonic() - begin < 2
    assert told is not None
    named, _, shown = told.partition(" can share out one text in countless ways, as in ")
    assert named == part
    text = eval(shown)  # noqa: S307  # it is made to be pasted into Python
    assert len(text) < 1100
    with pytest.raises(Overdue), within(LIMIT / 2):
        re.match(pattern, text)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_a_pattern_that_does_not_is_not(pattern: str) -> None:
    begin = time.monotonic()
    assert suspect(pattern) is None
    assert time.monotonic() - begin < 1


def shipped() -> list[tuple[str, str, str]]:
    found = configparser.RawConfigParser(strict=False)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read([HOME / "aws.ini", HOME / "user.ini.example"], encoding="utf-8")
    keys = ("log_pattern", "multiline_firstline", "s3_key", "s3_key_ignored", "file_timestamp_format")
    return [(name, key, found[name][key].replace("$$", "$")) for name in found.sections() for key in keys if found[name].get(key)]


def test_the_patterns_that_are_shipped_are_not() -> None:
    assert len(shipped()) > 5
    assert [(name, key, why) for name, key, pattern in shipped() if (why := suspect(pattern, "match" if key == "log_pattern" else "search"))] == []


def test_it_matters_how_a_pattern_is_used() -> None:
    assert suspect("(a+)+", "match") is None
    assert "'a' * 33 + '0'" in str(suspect("(a+)+", "fullmatch"))


def test_a_pattern_that_cannot_be_compiled_is_told_of_elsewhere() -> None:
    assert suspect("(a+") is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:" + "a?" * 300 + ")*" + "b?" * 300 + "$",
        "(?:" + "|".join(f"{word}{word}*" for word in ("ab", "cd", "ef") * 60) + ")*x",
        "(?:(?:(?:a{40}){40}){40}b?){40}c",
        "".join(f"(?P<g{number}>.*) " for number in range(90)),
    ],
)
def test_a_pattern_of_any_size_is_answered_soon(pattern: str) -> None:
    begin = time.monotonic()
    suspect(pattern)
    assert time.monotonic() - begin < 2


def test_where_no_match_can_be_stopped_none_is_begun() -> None:
    told: list[str | None] = ["not asked"]
    thread = threading.Thread(target=lambda: told.append(suspect("(a+)+$")))
    thread.start()
    thread.join(10)
    assert told[1:] == [None]


ATOMS = st.sampled_from(["a", "b", r"\w", ".", "[^a]", r"\s", r"\d", ",", "(a|b)", "(?:a|ab)", "(?!b)"])
QUANTIFIED = st.tuples(ATOMS, st.sampled_from(["", "*", "+", "?", "*?", "{2}", "{1,3}"])).map("".join)
SEQUENCE = st.lists(QUANTIFIED, min_size=1, max_size=3).map("".join)
BRANCHES = st.lists(SEQUENCE, min_size=1, max_size=2).map("|".join)
GROUPED = st.tuples(BRANCHES, st.sampled_from(["*", "+", "?", "{2,}"])).map(lambda one: f"({one[0]}){one[1]}")


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(SEQUENCE, GROUPED), min_size=1, max_size=3).map("".join), st.sampled_from(["", "$", "x"]))
def test_whatever_the_pattern_the_answer_comes_soon_and_what_is_told_is_so(body: str, end: str) -> None:
    begin = time.monotonic()
    told = suspect(body + end)
    assert time.monotonic() - begin < 2
    if told:
        with pytest.raises(Overdue), within(LIMIT / 2):
            re.match(body + end, eval(told.rpartition("as in ")[2]))  # noqa: S307
