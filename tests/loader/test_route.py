"""Routing: the first pattern found in a key decides, and a key that is left alone has a reason."""

from __future__ import annotations

import pytest

from loader.route import Route, Router
from loader.section import Section
from tests.drivers import log_type


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
