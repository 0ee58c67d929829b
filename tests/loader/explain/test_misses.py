"""``loader/explain/misses.py``: where a rejected text stops being right."""

from __future__ import annotations

import time

import pytest

from loader.explain import misses
from tests.drivers import log_type


def test_with_a_pattern_the_place_the_item_and_the_groups_are_told():
    found = misses.miss(log_type(file_format="text", log_pattern=r"(?P<a>\w+) (?P<b>\d+)"), "hello x")
    assert (found.end, found.wanted, found.option) == (6, r"log_pattern wants '(?P<b>\d+)' next", "log_pattern")
    assert (found.matched, found.rest, found.group, found.groups) == (r"(?P<a>\w+) ", r"(?P<b>\d+)", "b", {"a": "hello"})


@pytest.mark.parametrize(("raw", "end"), [('{"a": 1,}', 7), ('{"a": ', 6), ("x", 0), ('{"a": 1} x', 9)])
def test_of_json_the_place_is_told(raw, end):
    found = misses.miss(log_type(file_format="json"), raw)
    assert (found.end in (end, end + 1), found.option) == (True, "")
    assert found.wanted[0].islower()


@pytest.mark.parametrize("values", [{"file_format": "csv"}, {"file_format": "json"}, {"file_format": "text", "log_pattern": "("}])
def test_where_nothing_can_be_told_there_is_nothing(values):
    assert misses.miss(log_type(**values), "[1]") is None


def test_a_pattern_that_runs_away_is_given_up(monkeypatch):
    monkeypatch.setattr(misses, "PATIENCE", 0.2)
    began = time.monotonic()
    assert misses.miss(log_type(file_format="text", log_pattern="(?P<a>(?:x+x+)+)y"), "x" * 60) is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(("raw", "left"), [("hello 1 and more", " and more"), ("hello 1", ""), ("hello", "")])
def test_the_end_that_a_pattern_leaves_unread_is_told(raw, left):
    assert misses.unread(log_type(file_format="text", log_pattern=r"(?P<a>\w+) (?P<b>\d+)"), raw) == left
    assert misses.unread(log_type(file_format="json"), raw) == ""
