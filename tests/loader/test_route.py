"""Routing: the first pattern found in a key decides, and a key that is left alone has a reason."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.lint.examples import examples
from loader.route import Route, Router
from loader.section import Section
from tests.drivers import log_type
from tests.patterns import KEYS, PATTERNS


def router(*sections: Section) -> Router:
    return Router(sections)


def test_the_first_section_whose_pattern_is_found_wins() -> None:
    routes = router(log_type("a", s3_key="x/"), log_type("b", s3_key="x/y"), log_type("c", s3_key="z"))
    assert [routes.route(key).log_type for key in ("x/y.log", "a/x/1", "zz")] == ["a", "a", "c"]


def test_a_higher_priority_is_asked_first_and_equals_keep_their_order() -> None:
    low, top = log_type("low", s3_key="k", priority="-1"), log_type("top", s3_key="k1", priority="5")
    routes = router(low, log_type("a", s3_key="k"), log_type("b", s3_key="k"), top)
    assert [name for name, _, _ in routes.rows] == ["top", "a", "b", "low"]
    assert routes.route("k1").log_type == "top"
    assert routes.route("k2").log_type == "a"


def test_an_ignored_key_is_not_offered_to_the_next_type() -> None:
    routes = router(log_type("a", s3_key="logs/", s3_key_ignored="/tmp/"), log_type("b", s3_key="logs/"))
    assert routes.route("logs/tmp/1") == Route("", "ignored by s3_key_ignored of a")
    assert routes.route("logs/1") == Route("a")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("logs/", "a folder"),
        ("other", "unknown log type: no s3_key pattern is found in this key"),
        ("", "unknown log type: no s3_key pattern is found in this key"),
        ("odd/1", "log type my-unknown-type is skipped by its name"),
    ],
)
def test_a_key_left_alone_has_a_reason(key: str, reason: str) -> None:
    assert router(log_type("a", s3_key="logs/"), log_type("my-unknown-type", s3_key="odd/")).route(key) == Route("", reason)


def test_a_type_without_a_pattern_takes_nothing() -> None:
    assert router(log_type("a", s3_key=""), log_type("b")).rows == []


def test_wrong_patterns_are_noted_in_their_sections() -> None:
    bad = log_type("bad", s3_key="(", priority="high")
    assert router(bad, log_type("a", s3_key="k")).route("k").log_type == "a"
    assert [problem.key for problem in bad.problems] == ["priority", "s3_key"]


def plainly(sections: list[Section], key: str) -> Route:
    """Route a key by asking one pattern after the other."""
    if key.endswith("/"):
        return Route("", "a folder")
    for section in sorted(sections, key=lambda one: -int(one.values["priority"])):
        pattern, ignored = section.values["s3_key"], section.values["s3_key_ignored"]
        if pattern and re.search(pattern, key):
            return Route("", f"ignored by s3_key_ignored of {section.name}") if ignored and re.search(ignored, key) else Route(section.name)
    return Route("", "unknown log type: no s3_key pattern is found in this key")


ROWS = st.tuples(PATTERNS, st.sampled_from(["", "1", "b/", "(?i)A-"]), st.integers(-2, 2))


@given(st.lists(ROWS, max_size=5), KEYS, KEYS)
def test_every_key_is_routed_as_if_one_pattern_were_asked_after_another(rows: list[tuple[re.Pattern[str], str, int]], before: str, key: str) -> None:
    sections = [
        log_type(f"t{place}", s3_key=pattern.pattern, s3_key_ignored=ignored, priority=str(priority))
        for place, (pattern, ignored, priority) in enumerate(rows)
    ]
    routes = router(*sections)
    for one in (key, *(before + example for pattern, _, _ in rows for example in examples(pattern, 2))):
        assert routes.route(one) == plainly(sections, one)


def test_of_many_types_only_those_are_searched_for_whose_text_is_in_the_key() -> None:
    searched: list[str] = []
    routes = router(*(log_type(f"t{n}", s3_key=rf"AWSLogs/\d+/service{n}_") for n in range(150)))
    routes._asked = [(literal, lambda key, name=row[0]: searched.append(name), row) for literal, _, row in routes._asked]
    assert routes.route("AWSLogs/123456789012/service77_x").reason.startswith("unknown")
    assert searched == ["t77"]
