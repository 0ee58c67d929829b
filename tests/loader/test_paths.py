"""Dotted paths: reading, setting, merging."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.paths import merge, put, reader, step_into

RECORD = {"a": {"b": {"c": 1}, "0": "zero"}, "list": [{"x": "first"}, {"x": "second"}], "empty": [], "none": None, "text": "abc", "dotted.key": 2}
NAMES = st.sampled_from(["a", "b", "c", "0"])
TREES: Any = st.recursive(st.one_of(st.none(), st.integers()), lambda below: st.dictionaries(NAMES, below, max_size=3), max_leaves=6)
RECORDS: Any = st.dictionaries(NAMES, TREES, max_size=4)
PATHS = st.lists(NAMES, min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b.c", 1),
        ("a.b", {"c": 1}),
        ("a.0", "zero"),
        ("list.1.x", "second"),
        ("list.2.x", None),
        ("list.-1.x", None),
        ("list.x", None),
        ("empty.0", None),
        ("none.x", None),
        ("text.0", None),
        ("missing", None),
        ("missing.too", None),
        ("dotted.key", None),
    ],
)
def test_a_path_walks_objects_and_indexes_lists_with_digits(path: str, value: object) -> None:
    assert reader(path)(RECORD) == value


def test_a_step_of_digits_that_are_not_decimal_leads_nowhere() -> None:
    assert step_into(["x"], "²") is None


@given(RECORDS, PATHS, st.integers())
def test_what_was_put_is_read_back_and_what_does_not_stand_in_the_way_stays(record: Any, path: str, value: int) -> None:
    before = {other: reader(other)(record) for other in ("z", *record) if other != path.partition(".")[0]}
    put(record, path, value)
    assert reader(path)(record) == value
    assert {other: reader(other)(record) for other in before} == before


def test_put_replaces_what_is_no_object_on_its_way() -> None:
    record: dict[str, Any] = {"user": "bob", "source": {"ip": "192.0.2.1"}}
    put(record, "user.name", "bob")
    put(record, "source.port", 1)
    assert record == {"user": {"name": "bob"}, "source": {"ip": "192.0.2.1", "port": 1}}


def joined(left: Any, right: Any) -> Any:
    if not (isinstance(left, dict) and isinstance(right, dict)):
        return right
    return {key: joined(left[key], right[key]) if key in left and key in right else {**left, **right}[key] for key in (*left, *right)}


@given(RECORDS, RECORDS)
def test_merging_joins_objects_and_anything_else_on_the_right_wins(left: Any, right: Any) -> None:
    expected = joined(left, right)
    assert merge(left, right) is left
    assert left == expected


def test_what_is_merged_shares_no_dict_with_where_it_came_from() -> None:
    constant = {"a": {"b": {"c": 1}}}
    merge(found := {}, constant)
    found["a"]["b"]["c"] = 2
    assert constant == {"a": {"b": {"c": 1}}}
