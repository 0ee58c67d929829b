"""Nested records in the hands of hooks: merged, read and written by path, renamed, matched."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siem import utils

KEYS = st.text("ab.-_0", max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(KEYS, JSON, max_size=4)


def test_merge_changes_the_left_dict_and_returns_it() -> None:
    left: dict[str, Any] = {"a": {"b": 1}, "c": 1}
    assert utils.merge_dicts(left, {"a": {"d": [1]}, "c": {"e": 2}}) is left
    assert left == {"a": {"b": 1, "d": [1]}, "c": {"e": 2}}
    assert utils.merge_dicts(left, None) is left


def leaves(value: Any, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return what is no dict, or an empty one, by its path."""
    if not isinstance(value, dict) or not value:
        return {above: value}
    return {path: leaf for key, below in value.items() for path, leaf in leaves(below, (*above, key)).items()}


@given(RECORDS, RECORDS)
def test_all_of_the_right_dict_is_in_the_merged_one_and_nothing_that_neither_had(left: dict[str, Any], right: dict[str, Any]) -> None:
    old, new = leaves(left), leaves(right)
    merged = leaves(utils.merge_dicts(left, right))
    assert all(merged[path] == leaf for path, leaf in new.items() if path and leaf != {})
    assert all(merged[path] == new.get(path, old.get(path)) for path in merged)


@given(st.lists(RECORDS, max_size=3))
def test_several_dicts_merge_to_a_new_one_and_stay_as_they_are(records: list[dict[str, Any]]) -> None:
    before = repr(records)
    merged = utils.dev_merge_dicts(records)
    assert repr(records) == before
    assert merged == utils.dev_merge_dicts(*records, {})
    expected: dict[str, Any] = {}
    for record in records:
        utils.merge_dicts(expected, record)
    assert merged == expected


@pytest.mark.parametrize("path", ["x", "a.x", "a.0", "l.2", "l.x", "l.-1", "a.b.c", "n"])
def test_a_path_that_leads_nowhere_gives_an_empty_text(path: str) -> None:
    assert utils.value_from_nesteddict_by_dottedkey({"a": {"b": "c"}, "l": [1, 2], "n": None}, path) == ""


def test_the_first_path_with_a_value_is_taken() -> None:
    record = {"a": "-", "b": {"c": 0}, "d": "late"}
    assert utils.value_from_nesteddict_by_dottedkeylist(record, "x a b.c d") == 0
    assert utils.value_from_nesteddict_by_dottedkeylist(record, ["x", "d"]) == "late"
    assert utils.value_from_nesteddict_by_dottedkeylist(record, "x a") == ""


@given(JSON, st.text(max_size=8))
def test_reading_any_path_of_anything_gives_a_value_or_an_empty_text(value: Any, path: str) -> None:
    assert utils.value_from_nesteddict_by_dottedkey(value, path) is not None
    assert utils.value_from_nesteddict_by_dottedkeylist(value, path) not in (None, "-")


@given(st.text(max_size=8), st.text(max_size=4) | st.lists(st.text(max_size=3), max_size=3))
def test_what_is_put_at_a_path_is_read_there(path: str, value: Any) -> None:
    assert utils.value_from_nesteddict_by_dottedkey(utils.put_value_into_nesteddict(path, value), path) == value


@pytest.mark.parametrize(("value", "text"), [(True, "True"), (1.5, "1.5"), (0, "0"), (None, None), ({"k": 1}, {"k": 1}), ([1], [1])])
def test_scalars_are_put_as_text(value: Any, text: Any) -> None:
    assert utils.put_value_into_nesteddict("a.b", value) == {"a": {"b": text}}


DASHED = st.dictionaries(KEYS, st.recursive(st.integers(0), lambda below: st.lists(below, max_size=2) | st.dictionaries(KEYS, below, max_size=3)))


@given(DASHED)
def test_safe_names_have_no_dash_at_any_depth_and_values_stay(record: dict[str, Any]) -> None:
    expected = json.loads(json.dumps(record).replace("-", "_"))  # only names have any
    assert utils.convert_keyname_to_safe_field(record) is record
    assert record == expected


def test_prefixed_fields_join_an_object_that_is_there() -> None:
    record = {"audit": {"old": 1}, "audit_new": 2, "auditor": 3}
    assert utils.convert_underscore_field_into_dot_notation("audit", record) is record
    assert record == {"audit": {"old": 1, "new": 2}, "auditor": 3}
    assert utils.convert_underscore_field_into_dot_notation("x", {"a": 1}) == {"a": 1}


PATTERNS = {"port": re.compile("80"), "user": {"name": re.compile("root$"), "id": "0"}, "off": re.compile("True$")}


@pytest.mark.parametrize(
    ("record", "pattern"),
    [
        ({"port": 8080}, "80"),
        ({"user": {"name": "root"}}, "root$"),
        ({"user": {"id": 0}}, "0"),
        ({"user": [{"id": "0"}, {"name": "alice"}]}, "0"),
        ({"off": True}, "True$"),
    ],
)
def test_a_record_that_a_pattern_matches_is_excluded_and_the_pattern_told(record: dict[str, Any], pattern: str) -> None:
    found = utils.match_log_with_exclude_patterns(record, PATTERNS)
    matched, told = found
    assert found
    assert (matched, told) == (True, pattern)


@pytest.mark.parametrize("record", [{}, {"port": None}, {"port": 180}, {"user": "root"}, {"user": {"id": "00"}}, {"user": []}, "text", None])
def test_another_record_is_not_excluded(record: Any) -> None:
    found = utils.match_log_with_exclude_patterns(record, PATTERNS, "none")
    assert not found
    assert tuple(found) == (False, "none")
