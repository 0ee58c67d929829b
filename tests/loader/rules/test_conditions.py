"""Conditions: a pattern matches a whole value as ``str()`` writes it, and one that means nothing says what it should be."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.rules import conditions

NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("kind", "pattern", "text", "matched"),
    [
        ("text", "a.c", "a.c", True),
        ("text", "a.c", "abc", False),
        ("text", "", "", True),
        ("regex", "a.c", "abc", True),
        ("regex", "abc", "abc\n", False),
        ("regex", "a|b", "ax", False),
        ("regex", "a|b", "xb", False),
        ("regex", "a|b", "b", True),
        ("cidr", "192.0.2.0/24", "192.0.2.255", True),
        ("cidr", "192.0.2.0/24", "192.0.3.0", False),
        ("cidr", "192.0.2.0/24 2001:db8::/32", "2001:db8:ffff::1", True),
        ("cidr", "192.0.2.0/24,2001:db8::/32", "2001:db9::", False),
        ("cidr", "192.0.2.1", "192.0.2.1", True),
        ("cidr", "192.0.2.1", "192.0.2.10", False),
        ("cidr", "2001:db8::1", "2001:0db8:0:0:0:0:0:1", True),
        ("cidr", "192.0.2.0/24", "::ffff:192.0.2.7", True),
        ("cidr", "::ffff:0:0/96", "::ffff:192.0.2.7", True),
        ("cidr", "0.0.0.0/0", "2001:db8::1", False),
        ("cidr", "0.0.0.0/0", "192.0.2.1:443", False),
        ("cidr", "0.0.0.0/0", "-", False),
        ("cidr", "fe80::/10", "fe80::1%eth0", True),
        ("number", ">= 1024", "1024", True),
        ("number", "> 1024", "1024", False),
        ("number", "<1024", "1023.9", True),
        ("number", "<= -1", "-1.0", True),
        ("number", "== 443", "443", True),
        ("number", "== 443", "443.0", True),
        ("number", "443", "443", True),
        ("number", "443", "4430", False),
        ("number", "!= 443", "80", True),
        ("number", "!= 443", "443", False),
        ("number", "!= 443", "https", False),
        ("number", "22, 3389", "3389", True),
        ("number", "22 3389 8000..8999", "8999", True),
        ("number", "22 3389 8000..8999", "9000", False),
        ("number", "-5..-1", "-3", True),
        ("number", ">= 1e3", "1E+3", True),
        ("number", "1", "True", False),
        ("number", "0", "", False),
        ("number", "> 0", "1_000", False),
        ("number", "> 0", "٣", False),
        ("number", "> 0", "nan", False),
        ("number", "== 9007199254740993", "9007199254740992", False),
        ("number", "> 0", "9" * 5000, True),
    ],
)
def test_a_pattern_matches_the_whole_text(kind: str, pattern: str, text: str, matched: bool) -> None:
    assert conditions.matcher(kind, pattern)(text) == matched


@pytest.mark.parametrize(
    ("kind", "pattern", "said"),
    [
        ("regex", "(", "pattern '(' is not a regular expression: missing ), unterminated subpattern at position 0"),
        ("regex", "a{99999999999}", "the repetition number is too large"),
        ("cidr", "", "a cidr pattern is a network such as 192.0.2.0/24, or several separated by blanks"),
        ("cidr", "192.0.2.0/24 192.0.2.300", "'192.0.2.300' is not a network such as 192.0.2.0/24 or 2001:db8::/32"),
        ("cidr", "192.0.2.7/24", "'192.0.2.7/24' has host bits set: write 192.0.2.0/24 for the network, 192.0.2.7 for the address"),
        ("cidr", "192.0.2.*", "'192.0.2.*' is not a network"),
        ("number", "", "'' is not a comparison: write for example >= 1024, 22 or 8000..8999"),
        ("number", "22, => 5", "'=> 5' is not a comparison"),
        ("number", "22x", "'22x' is not a comparison"),
        ("number", "9..1", "the range 9..1 is empty: write 1..9"),
        ("number", ">= 1..5", "'>= 1..5' is not a comparison"),
    ],
)
def test_a_pattern_that_means_nothing_says_what_was_expected(kind: str, pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        conditions.matcher(kind, pattern)


@given(NUMBERS, NUMBERS)
def test_numbers_compare_as_python_compares_them(left: float, right: float) -> None:
    for sign, compare in conditions.OPERATORS.items():
        assert conditions.matcher("number", f"{sign}{right}")(str(left)) == compare(left, right)
    low, high = sorted((left, right))
    assert conditions.matcher("number", f"{low}..{high}")(str(left))


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_address_is_in_its_network_whatever_the_prefix(address: ipaddress.IPv4Address, prefix: int) -> None:
    network = ipaddress.ip_network((address, prefix), strict=False)
    assert conditions.matcher("cidr", str(network))(str(address))
    outside = ipaddress.IPv4Address(int(address) ^ (1 << (32 - prefix) if prefix else 0))
    assert conditions.matcher("cidr", str(network))(str(outside)) == (not prefix)


@given(st.sampled_from(conditions.KINDS), st.text(max_size=12), st.text(max_size=12))
def test_any_pattern_and_any_text_give_an_answer_or_a_reason(kind: str, pattern: str, text: str) -> None:
    try:
        matches = conditions.matcher(kind, pattern)
    except ValueError as why:
        assert str(why)  # noqa: PT017
    else:
        assert matches(text) in (True, False)


@pytest.mark.parametrize(
    ("record", "path", "value"),
    [
        ({"a": "x"}, "a", "x"),
        ({}, "a", None),
        ({"a": {"b": {"c": 1}}}, "a.b.c", 1),
        ({"a": {"b": 1}}, "a.b.c", None),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.b", 1),
        ({"a": [{"b": 1}, {"b": 2}]}, "a.1.b", 2),
        ({"a": []}, "a.b", None),
        ({"a": ["x"]}, "a", ["x"]),
        ({"a.b": 1}, "a.b", None),
        ({"a": None}, "a.b", None),
    ],
)
def test_a_path_takes_the_first_item_of_a_list_in_its_way(record: dict[str, Any], path: str, value: Any) -> None:
    assert conditions.value_at(path)(record) == value


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "True"), (None, None), (0, "0"), (1.5, "1.5"), ([], None), (["x", "y"], "x"), ([None], None), ({"b": 1}, "{'b': 1}"), ("", "")],
)
def test_a_value_is_seen_as_python_writes_it_and_of_a_list_its_first_item(value: Any, text: str | None) -> None:
    assert conditions.text_of(value) == text
