"""``plugins/formatter_json.py``: any record as one line of JSON."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import pathlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.formatter_json import JsonFormatter
from tests.drivers import configured, log_type

LEAF = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"]))
)
VALUE = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4), max_leaves=12)
RECORD = st.dictionaries(st.text(max_size=8), VALUE, max_size=6)
UTC = datetime.UTC
TIME = datetime.datetime(2024, 5, 24, 7, 32, 5, 123456, UTC)


class Colour(enum.Enum):
    RED = "red"


class Odd:
    def __str__(self):
        return "odd\nthing"


@pytest.fixture(scope="module")
def encode():
    return configured(JsonFormatter()).prepare(log_type())


@given(record=RECORD)
def test_what_is_written_decodes_to_the_record(encode, record):
    line = encode(record)
    assert json.loads(line) == record
    assert b"\n" not in line
    assert b"\r" not in line


@given(record=st.dictionaries(st.text(max_size=3), st.text(), max_size=3))
def test_any_text_at_all_is_written_on_one_line_of_utf8(encode, record):
    line = encode(record)
    assert b"\n" not in line
    assert {key: json.loads(line)[key] for key in record if key.isascii()} == {
        key: value.encode("utf-8", "backslashreplace").decode() for key, value in record.items() if key.isascii()
    }


def test_it_is_compact_utf8_in_the_order_of_the_record(encode):
    assert encode({"b": "grün", "a": [1, {"c": None}]}) == '{"b":"grün","a":[1,{"c":null}]}'.encode()


@pytest.mark.parametrize("key", [1, True, None, 1.5, TIME, Colour.RED, uuid.UUID(int=1), ("a", 1), b"x", 2**70, Odd()])
def test_a_key_that_is_no_text_is_written_as_one(encode, key):
    ((name, value),) = json.loads(encode({"a": {key: 1}}))["a"].items()
    assert (type(name), value) == (str, 1)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (TIME, "2024-05-24T07:32:05.123456+00:00"),
        (datetime.date(2024, 5, 24), "2024-05-24"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (decimal.Decimal("1.50"), "1.50"),
        ({"x"}, "{'x'}"),
        (frozenset(), "frozenset()"),
        (b"a\nb", "b'a\\nb'"),
        (pathlib.PurePosixPath("/a"), "/a"),
        (Odd(), "odd\nthing"),
        (Colour.RED, "red"),
        ((1, 2), [1, 2]),
        (float("nan"), None),
        (float("inf"), None),
        (2**64, 2**64),
        (-(2**200), -(2**200)),
        ("cut \ud800 surrogate", "cut \\ud800 surrogate"),
    ],
)
def test_a_value_json_has_no_type_for_is_written_as_its_text(encode, value, written):
    line = encode({"plain": 1, "deep": [{"value": value}]})
    assert json.loads(line) == {"plain": 1, "deep": [{"value": written}]}
    assert b"\n" not in line


def test_a_time_reads_the_same_whatever_else_is_in_the_record(encode):
    alone = json.loads(encode({"t": TIME}))["t"]
    assert {json.loads(encode({"t": TIME, "x": other}))["t"] for other in ({1}, 2**70, {1: 2}, "\ud800")} == {alone}


def test_one_odd_value_leaves_the_others_as_they_are(encode):
    record = {"int": 1, "float": 0.1, "none": None, "yes": True, "list": ["é"], 5: "five", "big": 2**99, "set": {1}, "lone": "\udfff"}
    assert json.loads(encode(record)) == {
        **{key: record[key] for key in record if key not in (5, "set", "lone")},
        "5": "five",
        "set": "{1}",
        "lone": "\\udfff",
    }


def test_the_record_is_only_read(encode):
    record = {"a": {1: {2}}, "t": TIME, "s": "\ud800", "b": 2**99}
    encode(record)
    assert record == {"a": {1: {2}}, "t": TIME, "s": "\ud800", "b": 2**99}


def test_a_record_that_contains_itself_is_an_error_and_no_hang(encode):
    record = {}
    record["self"] = record
    with pytest.raises(RecursionError):
        encode(record)


@given(text=st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\x7f\x80\x85\x9b\xa0\u2027\u2028\u2029\u202a¢é")))
def test_controls_that_json_need_not_escape_are_escaped_and_read_the_same(encode, text):
    line = encode({text: [text]})
    assert json.loads(line) == {text: [text]}
    assert not set(line.decode()) & {"\x7f", "\u2028", "\u2029", *map(chr, range(0x80, 0xA0))}


@pytest.fixture(scope="module")
def flat():
    return configured(JsonFormatter(), nested="no").prepare(log_type())


def test_not_nested_objects_become_dotted_names_and_lists_stay(flat):
    record = {"@timestamp": "t", "source": {"ip": "192.0.2.1", "geo": {"name": None}}, "tags": ["a", {"b": {"c": 1}}], "empty": {}, "n": {"e": {}}}
    assert flat(record) == b'{"@timestamp":"t","source.ip":"192.0.2.1","source.geo.name":null,"tags":["a",{"b":{"c":1}}],"empty":{},"n.e":{}}'


def test_not_nested_two_values_of_one_name_become_one_list_and_no_name_comes_twice(flat):
    assert flat({"a": {"b": 1, "c": [2]}, "a.b": [3, 4], "a.c": 5, "a.c.d": 6}) == b'{"a.b":[1,3,4],"a.c":[2,5],"a.c.d":6}'


@given(record=RECORD)
def test_not_nested_every_value_is_there(flat, record):
    def leaves(value):
        return [leaf for below in value.values() for leaf in leaves(below)] if isinstance(value, dict) and value else [value]

    found = json.loads(flat(record))
    assert all(not isinstance(value, dict) or not value for value in found.values())
    written = [item for value in found.values() for item in (value if isinstance(value, list) else [value])]
    for leaf in leaves(record) if record else []:
        assert all(item in written for item in leaf) if isinstance(leaf, list) else leaf in written


def test_not_nested_names_that_grow_with_their_depth_are_cut(flat):
    record = {"a" * 100_000: {"b" * 100_000: {str(number): number for number in range(1000)}}}
    assert len(flat(record)) < 10_000


def test_not_nested_the_record_is_only_read(flat):
    record = {"a": {"b": [1]}, "a.b": 2}
    flat(record)
    assert record == {"a": {"b": [1]}, "a.b": 2}
