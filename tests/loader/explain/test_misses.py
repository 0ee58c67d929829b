"""``loader/explain/misses.py``: where a rejected text stops being right."""

from __future__ import annotations

import time

import pytest

from loader.explain import misses
from loader.matching import LOG_PATTERN
from loader.section import Section
from tests.drivers import log_type


def patterned(**values: str) -> Section:
    """Return a log type whose parser has read ``log_pattern``."""
    section = log_type(file_format="text", **values)
    section.read(LOG_PATTERN)
    return section


def test_with_a_pattern_the_place_the_item_and_the_groups_are_told():
    found = misses.miss(patterned(log_pattern=r"(?P<a>\w+) (?P<b>\d+)"), "hello x")
    assert (found.end, found.wanted, found.option) == (6, r"log_pattern wants '(?P<b>\d+)' next", "log_pattern")
    assert (found.matched, found.rest, found.group, found.groups) == (r"(?P<a>\w+) ", r"(?P<b>\d+)", "b", {"a": "hello"})


@pytest.mark.parametrize(("raw", "end"), [('{"a": 1,}', 7), ('{"a": ', 6), ("x", 0), ('{"a": 1} x', 9)])
def test_of_json_the_place_is_told(raw, end):
    found = misses.miss(log_type(file_format="json"), raw)
    assert (found.end in (end, end + 1), found.option) == (True, "")
    assert found.wanted[0].islower()


@pytest.mark.parametrize("section", [log_type(file_format="csv"), log_type(file_format="json"), patterned(log_pattern="(")])
def test_where_nothing_can_be_told_there_is_nothing(section):
    assert misses.miss(section, "[1]") is None


def test_a_pattern_that_the_parser_does_not_read_is_not_asked():
    section = log_type(file_format="json", log_pattern=r"(?P<a>\d)")
    assert misses.miss(section, "{x").option == ""
    assert misses.unread(section, "1 and more") == ""


def test_a_pattern_that_runs_away_is_given_up(monkeypatch):
    monkeypatch.setattr(misses, "PATIENCE", 0.2)
    began = time.monotonic()
    assert misses.miss(patterned(log_pattern="(?P<a>(?:x+x+)+)y"), "x" * 60) is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("raw", "left"), [("hello 1 and more", " and more"), ("hello 1", ""), ("hello", "")])
def test_the_end_that_a_pattern_leaves_unread_is_told(raw, left):
    assert misses.unread(patterned(log_pattern=r"(?P<a>\w+) (?P<b>\d+)"), raw) == left
    assert misses.unread(log_type(file_format="json"), raw) == ""
