"""The values of the es-loader. What it gave to whole records is in tests/contract."""

from __future__ import annotations

from typing import Any

import pytest

from loader.stages import compat


@pytest.mark.parametrize(
    ("value", "expected"),
    [(443, "443"), (0, "0"), (False, "False"), (1e-07, "1e-07"), ("x", "x"), (["h1"], ["h1"]), ([], None), ({}, None), ("", None), ({"a": 1},) * 2],
)
def test_row_1_5_6_what_is_no_text_becomes_text_as_python_writes_it(value: Any, expected: Any) -> None:
    convert, memo = compat.converter("destination.port")
    assert convert is not None and memo is None
    assert convert(value) == expected


def test_row_1_5_6_a_text_must_be_an_address_where_the_name_says_so_and_other_values_are_not_looked_at() -> None:
    convert, memo = compat.converter("source.nat.ip")
    assert convert is not None and memo is not None
    assert (memo["192.0.2.1"], memo["2001:db8::1"], memo["host.example"], memo["999.1.1.1"]) == ("192.0.2.1", "2001:db8::1", None, None)
    assert (convert(404), convert(True), convert(["h1"])) == ("404", "True", ["h1"])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((["b", "a"], "a"), ["a", "b"]),
        ((5, True, None, ""), None),
        ((["-", 5, "null"],), ["-", "null"]),
        (({"a": 1},), None),
    ],
)
def test_row_1_5_6_lists_are_sorted_texts_each_once(values: Any, expected: Any) -> None:
    assert compat.gatherer("related.hosts")(values) == expected


def test_row_1_5_6_addresses_in_lists_are_looked_at() -> None:
    assert compat.gatherer("related.ip")((["192.0.2.1", "h1"], "::1")) == ["192.0.2.1", "::1"]


@pytest.mark.parametrize(
    ("target", "gathered"),
    [("related.user", True), ("event.category", True), ("process.args", True), ("host.ip", True), ("tls.server.x509.alternative_names", True),
     ("container.image.tag", False), ("host.name", False), ("my.own", False), ("process.parent.args", False)],
)  # fmt: skip
def test_row_1_5_3_list_typed_names_are_a_fixed_set(target: str, gathered: bool) -> None:
    assert compat.is_array(target) is gathered


def test_constants_are_text_or_lists() -> None:
    assert compat.constant("event.severity", "3") == "3"
    assert compat.constant("event.category", "[web, network]") == ["network", "web"]
    assert compat.constant("event.category", "iam") == ["iam"]
