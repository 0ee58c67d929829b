"""Typing: a mapped value gets its field's ECS type, and what cannot have it is nothing."""

from __future__ import annotations

import datetime
import ipaddress
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import schema
from loader.stages import typed

NUMBERS = st.one_of(st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False))  # what JSON has
ANY: Any = st.recursive(
    st.one_of(st.none(), NUMBERS, st.text(max_size=6), st.sampled_from(["-", "null", "0", "1e3", "::1"])),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=2), below, max_size=2)),
    max_leaves=5,
)
SCALAR_KINDS = {"source.port": int, "event.risk_score": (int, float), "tls.established": bool, "source.ip": str, "event.action": str}


def one(target: str, value: Any) -> Any:
    """Convert as the mapping does: texts through the memo, where there is one."""
    convert, memo = typed.converter(target)
    if isinstance(value, str):
        return memo[value] if memo is not None else value
    return convert(value) if convert else value


@pytest.mark.parametrize(
    ("target", "value", "expected"),
    [
        ("source.port", "443", 443), ("source.port", 443, 443), ("source.port", "443.0", 443), ("source.port", 3.0, 3), ("source.port", " 7 ", 7),
        ("source.port", "0", 0), ("source.port", "-1", -1), ("source.port", str(2**63 - 1), 2**63 - 1), ("source.port", str(2**63), None),
        ("source.port", "443.5", None), ("source.port", 2.5, None), ("source.port", True, None), ("source.port", "http", None),
        ("source.port", "-", None), ("source.port", "", None), ("source.port", "nan", None), ("source.port", "1e999", None),
        ("source.port", "9" * 5000, None), ("source.port", {"a": 1}, None), ("source.port", ["80", "x", 81], [80, 81]), ("source.port", ["x"], None),
        ("event.risk_score", "1.5", 1.5), ("event.risk_score", 7, 7), ("event.risk_score", "inf", None), ("event.risk_score", False, None),
        ("tls.established", "TRUE", True), ("tls.established", "no", False), ("tls.established", 1, True), ("tls.established", 0, False),
        ("tls.established", False, False), ("tls.established", "maybe", None), ("tls.established", 2, None),
        ("source.ip", "192.0.2.1", "192.0.2.1"), ("source.ip", "2001:DB8::1", "2001:DB8::1"), ("source.ip", "192.0.2.1:80", None),
        ("source.ip", "host.example", None), ("source.ip", "fe80::1%eth0", None), ("source.ip", "192.0.2.256", None), ("source.ip", 3221225985, None),
        ("source.ip", "1\x00", None), ("source.ip", ["192.0.2.1", "x"], ["192.0.2.1"]), ("other.ip", "x", None), ("other.ip", "::1", "::1"),
        ("event.action", "Run", "Run"), ("event.action", 443, "443"), ("event.action", False, "false"), ("event.action", {"a": [1]}, '{"a":[1]}'),
        ("event.action", [1, None, "x"], ["1", "x"]), ("event.action", None, None),
        ("labels", {"a": 1}, {"a": 1}), ("mine.anything", 5, 5), ("mine.anything", "5", "5"), ("source.geo.location", {"lat": 1}, {"lat": 1}),
    ],
)  # fmt: skip
def test_a_value_gets_the_type_of_its_field_or_is_nothing(target: str, value: Any, expected: Any) -> None:
    found = one(target, value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("target", SCALAR_KINDS)
@given(value=ANY)
def test_whatever_comes_the_type_is_right_or_it_is_nothing_and_nothing_raises(target: str, value: Any) -> None:
    found = one(target, value)
    if found is not None and not isinstance(value, list):
        assert isinstance(found, SCALAR_KINDS[target])
        assert not isinstance(found, bool) or target == "tls.established"
    if target == "event.risk_score" and isinstance(found, float):
        assert math.isfinite(found)
    if target == "source.ip" and isinstance(found, str):
        assert ipaddress.ip_address(found)


@given(st.ip_addresses())
def test_every_address_is_one_however_it_is_written(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    for written in (str(address), address.exploded, str(address).upper()):
        assert one("source.ip", written) == written


@given(st.tuples(ANY, ANY, ANY))
def test_a_gathered_list_has_each_value_once_in_order_with_all_lists_flat(values: Any) -> None:
    for target, kind in (("related.ip", str), ("process.args", str)):
        found = typed.gatherer(target)(values)
        if found is not None:
            assert found == sorted(set(found))
            assert all(type(item) is kind and item not in typed.EMPTY for item in found)
        assert found != []


def test_gathering_takes_what_is_there_from_texts_lists_and_numbers() -> None:
    gather = typed.gatherer("process.args")
    assert gather(("b", None, ["a", "b", ["c"]], 5, "-", "", False)) == ["5", "a", "b", "c", "false"]
    assert typed.gatherer("related.ip")(("192.0.2.9", "host", ["192.0.2.10", "::1"], 7)) == ["192.0.2.10", "192.0.2.9", "::1"]
    assert gather((None, "-", [])) is None


@pytest.mark.parametrize(
    ("target", "written", "expected"),
    [
        ("event.kind", "event", "event"),
        ("event.severity", "3", 3),
        ("event.severity", "high", None),
        ("event.category", "network", ["network"]),
        ("event.category", "[web, network]", ["network", "web"]),
        ("event.category", "[]", None),
        ("mine.list", "[b, a]", ["a", "b"]),
        ("mine.text", "a, b", "a, b"),
        ("event.action", "[a]", "[a]"),
    ],
)
def test_a_constant_is_typed_as_its_field_and_bracketed_ones_are_lists(target: str, written: str, expected: Any) -> None:
    assert typed.constant(target, written) == expected


def test_every_type_of_the_schema_has_a_way_to_be_converted() -> None:
    for name in schema.fields():
        convert, memo = typed.converter(name)
        assert convert is not None or typed.kind(name) in typed.AS_IT_IS
        assert memo is None or convert is not None


def test_a_memo_never_grows_without_bound() -> None:
    for name in ("source.port", "source.ip", "tls.established"):
        memo = typed.converter(name)[1]
        assert memo is not None
        assert memo.bound <= 65536


def test_a_list_of_an_empty_text_is_noted_and_nothing_else_is() -> None:
    own: set[str] = set()
    assert [typed.noted(value, own) for value in (None, "", "a", ["a"], ["", "a"])] == [None, "", "a", ["a"], ["", "a"]]
    assert own == set()
    assert typed.noted([""], own) == [""]
    assert own == {typed.HOLLOW}


def test_what_json_writes_as_text_has_no_quotes_in_it() -> None:
    when = datetime.datetime(2024, 5, 24, 8, tzinfo=datetime.UTC)
    assert typed.fitting_text(when) == "2024-05-24T08:00:00+00:00"
    assert [typed.fitting_text(value) for value in ('"a"', 7, True, {"a": 1})] == ['"a"', "7", "true", '{"a":1}']
