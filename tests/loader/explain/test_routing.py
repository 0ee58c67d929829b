"""``loader/explain/routing.py``: which type a key gets, and why."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.explain import routing
from loader.route import Router
from loader.section import Origin
from tests.drivers import log_type


def sections(**patterns):
    found = {}
    for line, (name, values) in enumerate(patterns.items(), 1):
        found[name] = log_type(name, **values)
        found[name].origins["s3_key"] = Origin("types.ini", line)
    return found


TYPES = sections(
    flow={"s3_key": r"(?:^|/)vpcflowlogs/"},
    edge={"s3_key": r"edge/.*\.json", "s3_key_ignored": "/skip/"},
    late={"s3_key": "dge", "priority": "-1"},
    early={"s3_key": "edge/first", "priority": "7"},
)


def told(key, forced=""):
    return routing.explain(Router(TYPES.values()), TYPES, key, forced)


def test_every_pattern_that_is_found_is_told_in_the_order_it_is_asked():
    route = told("x/edge/first.json")
    assert [(match.log_type, match.takes, match.priority, match.line) for match in route.matches] == [
        ("early", True, 7, 4), ("edge", False, 0, 2), ("late", False, -1, 3),
    ]  # fmt: skip
    assert (route.log_type, route.reason, route.nearest, route.suggestion) == ("early", "", [], "")
    assert route.key[route.matches[0].start : route.matches[0].end] == "edge/first"


def test_a_pattern_of_keys_to_ignore_is_named():
    route = told("edge/skip/a.json")
    assert route.log_type == ""
    assert route.reason == "ignored by s3_key_ignored of edge"
    assert [(match.log_type, match.ignored_by, match.takes) for match in route.matches] == [("edge", "/skip/", False), ("late", "", False)]
    assert route.nearest == []


def test_a_type_can_be_forced_and_the_patterns_are_told_all_the_same():
    route = told("edge/a.json", "flow")
    assert (route.log_type, route.forced) == ("flow", True)
    assert [match.log_type for match in route.matches] == ["edge", "late"]
    assert not any(match.takes for match in route.matches)


def test_where_nothing_is_found_the_types_that_come_nearest_are_told():
    route = told("AWSLogs/123456789012/vpcflowlog/eu-west-1/2024/05/24/x.gz")
    assert [(near.log_type, near.shared, near.lacking) for near in route.nearest] == [("flow", "vpcflowlog", ["vpcflowlogs/"])]
    assert route.suggestion == r"AWSLogs/\d{12}/vpcflowlog/[a-z0-9-]+/"


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        ("firewall/edge-1/2024/05/24/x.log.gz", "firewall/edge-1/"),
        ("logs/year=2024/month=05/x.json", "logs/"),
        ("a+b/$x/c.log", r"a\+b/\$$x/"),
        ("app-2024-05-24.log", r"app-\d+-\d+-\d+\.log"),
    ],
)
def test_the_pattern_that_is_suggested_is_of_the_folders_before_the_date(key, wanted):
    assert routing.suggestion(key) == wanted


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=6), min_size=1, max_size=4).map("/".join))
def test_the_pattern_that_is_suggested_is_found_in_the_key(key):
    assert re.search(routing.suggestion(key).replace("$$", "$"), key)
