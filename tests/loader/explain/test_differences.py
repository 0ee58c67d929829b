"""``loader/explain/differences.py``: fields by path, and what two records differ in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.explain.differences import MISSING, Change, differences, dotted, flat

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2) | st.lists(st.integers(0, 2), max_size=2),
    lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3),
    max_leaves=8,
)
RECORDS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(RECORDS, RECORDS)
def test_the_changes_make_the_one_of_the_other(before, after):
    found = flat(before)
    for change in differences(before, after):
        if change.new is MISSING:
            assert found.pop(change.path) == change.old
        else:
            assert (change.path in found) == (change.old is not MISSING)
            found[change.path] = change.new
    assert found == flat(after)


@given(RECORDS)
def test_a_record_does_not_differ_from_itself(record):
    assert differences(record, record) == []


def test_equal_values_of_two_types_differ():
    assert differences({"a": 1, "b": True}, {"a": 1.0, "b": True}) == [Change(("a",), 1, 1.0)]


def test_an_object_in_the_place_of_a_value_removes_it():
    assert differences({"user": "bob"}, {"user": {"name": "bob"}}) == [Change(("user",), "bob", MISSING), Change(("user", "name"), MISSING, "bob")]


def test_a_record_that_contains_itself_is_looked_at_so_far():
    record = {}
    record["me"] = record
    ((path, value),) = flat(record).items()
    assert value == "..."
    assert dotted(path).startswith("me.me.")
