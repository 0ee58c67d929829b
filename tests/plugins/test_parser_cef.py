"""``plugins/parser_cef.py``: the Common Event Format, its escapes and its labels."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import Limits, ParseError, within
from plugins.parser_cef import FIELDS, CefParser, parse
from tests.drivers import blocks_of, log_type, parsed

HEAD = "CEF:0|Example|Gate|1.0|100|Blocked|5|"
HEADER = dict(zip(FIELDS, ["0", "Example", "Gate", "1.0", "100", "Blocked", "5"], strict=True))


def fields(extension: str, header: str = HEAD) -> dict[str, Any]:
    """Return what the extension adds to the header."""
    record = parse(header + extension)
    assert {name: record.pop(name) for name in FIELDS} == HEADER
    return record


# --- what is written comes out

PIECES = ["a", "Z", "0", " ", "  ", "=", "|", "\\", "\\n", "\n", "\r", ".", "é", "日", "CEF:", "src", "?x=1&y=2", "\t", "Label"]
HEADER_TEXT = st.lists(st.sampled_from([piece for piece in PIECES if not set(piece) & set("\r\n")]), max_size=6).map("".join)
VALUE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
KEY = st.sampled_from(["src", "dst", "msg", "cs1x", "act", "request", "ad.field", "my_key", "arr[0]", "c-d", "9lives", "flexible"])


def write(header: list[str], extension: dict[str, str], before: str) -> str:
    """Write a line as the ArcSight CEF Implementation Standard says."""
    head = [part.replace("\\", "\\\\").replace("|", "\\|") for part in header]
    pairs = []
    for key, value in extension.items():
        for char, escape in (("\\", "\\\\"), ("=", "\\="), ("\n", "\\n"), ("\r", "\\r")):
            value = value.replace(char, escape)  # noqa: PLW2901
        pairs.append(f"{key}={value}")
    return before + "CEF:" + "|".join([*head, " ".join(pairs)])


@settings(deadline=None, max_examples=300)
@given(
    st.lists(HEADER_TEXT, min_size=6, max_size=6),
    st.dictionaries(KEY, VALUE, max_size=6),
    st.sampled_from(["", "<13>", "<134>1 2024-05-24T08:00:00Z gate cef - - - ", "May 24 08:00:00 gate "]),
)
def test_any_line_comes_out_as_it_was_written(header: list[str], extension: dict[str, str], before: str) -> None:
    record = parse(write(["1", *header], extension, before))
    assert record == dict(zip(FIELDS, ["1", *header], strict=True)) | extension


@settings(deadline=None)
@given(st.lists(st.tuples(KEY, VALUE.filter(lambda value: value == value.strip())), max_size=5), st.sampled_from([1, 7, 4096]))
def test_any_object_of_lines_comes_out_as_it_was_written(lines: list[tuple[str, str]], size: int) -> None:
    body = "\r\n".join(write(list(HEADER.values()), {key: value}, "") for key, value in lines)
    found = parsed(CefParser(), blocks_of(body.encode(), size))
    assert found.records == [HEADER | {key: value} for key, value in lines]
    assert found.rejects == []


# --- the header


def test_the_seven_fields_of_the_header_have_the_names_of_the_old_loader() -> None:
    assert parse(HEAD) == HEADER
    assert list(HEADER) == [
        "cef_version", "cef_device_vendor", "cef_device_product", "cef_device_version", "cef_device_event_class_id", "cef_name", "cef_severity",
    ]  # fmt: skip


def test_the_pipe_behind_the_last_field_may_be_missing() -> None:
    assert parse(HEAD.removesuffix("|")) == HEADER


def test_escapes_in_the_header_are_a_pipe_and_a_backslash() -> None:
    record = parse(r"CEF:1|A\|B|C\\|1\.0|a\=b|\\\|x|5|src=192.0.2.1")
    assert [record[name] for name in FIELDS[1:6]] == ["A|B", "C\\", r"1\.0", r"a\=b", "\\|x"]
    assert record["src"] == "192.0.2.1"


def test_a_blank_may_follow_the_colon_and_all_values_are_text() -> None:
    assert parse("CEF: 0|Example|Gate|1.0|100|Blocked|5|cnt=3") == HEADER | {"cnt": "3"}


# --- the extension


def test_a_value_goes_on_to_the_next_key_and_holds_what_is_no_key() -> None:
    assert fields("msg=a b c request=http://192.0.2.1/?x=1&y=2 dst=") == {"msg": "a b c", "request": "http://192.0.2.1/?x=1&y=2", "dst": ""}


def test_blanks_before_a_key_but_the_last_belong_to_the_value() -> None:
    assert fields("a=1   b=2 ") == {"a": "1  ", "b": "2 "}
    assert fields("  a=1") == {"a": "1"}


def test_escapes_in_the_extension() -> None:
    assert fields(r"a=x\=y b=\\ c=1\n2\r3 d=\| e=\t\q") == {"a": "x=y", "b": "\\", "c": "1\n2\r3", "d": "|", "e": r"\t\q"}


def test_an_escaped_equals_sign_makes_no_key() -> None:
    assert fields(r"msg=the key\=value pair src=192.0.2.1") == {"msg": "the key=value pair", "src": "192.0.2.1"}


def test_what_stands_before_the_first_key_is_kept() -> None:
    assert fields("just words") == {"cef_extension": "just words"}
    assert fields("words a=1") == {"cef_extension": "words", "a": "1"}


# --- labels


def test_a_label_names_the_value_of_its_custom_field_and_both_are_gone() -> None:
    assert fields("cs1=blue cs1Label=colour cn2Label=count cn2=3") == {"colour": "blue", "count": "3"}


@pytest.mark.parametrize(
    "name", ["cs6", "cn3", "cfp1", "c6a4", "deviceCustomDate2", "deviceCustomString1", "deviceCustomNumber1", "flexString1", "flexDate1"]
)
def test_every_kind_of_custom_field_has_a_label(name: str) -> None:
    assert fields(f"{name}=7 {name}Label=it is blue a=1") == {"it is blue": "7", "a": "1"}


def test_a_label_without_value_or_text_and_a_value_without_label_stay_as_they_are() -> None:
    assert fields("cs1Label=colour a=1") == {"cs1Label": "colour", "a": "1"}
    assert fields("cs1=blue cs1Label=") == {"cs1": "blue", "cs1Label": ""}
    assert fields("cs1=blue") == {"cs1": "blue"}


def test_a_label_that_is_the_name_of_another_field_takes_nothing_away() -> None:
    assert fields("src=192.0.2.1 cs1=blue cs1Label=src") == {"src": "192.0.2.1", "cs1": "blue", "cs1Label": "src"}
    assert fields("cs1=a cs1Label=policy cs2=b cs2Label=policy") == {"policy": "a", "cs2": "b", "cs2Label": "policy"}


def test_a_label_of_what_is_no_custom_field_is_a_field_like_others() -> None:
    assert fields("threat=x threatLabel=y") == {"threat": "x", "threatLabel": "y"}


# --- what is no CEF


@pytest.mark.parametrize("line", ["a plain line", "CEF:", "CEF:0|a|b|c|d|e", "CEF:x|a|b|c|d|e|f|", "LEEF:1.0|a|b|c|d|", r"CEF:0|a\|b|c|d|e|f"])
def test_a_line_that_is_no_cef_is_rejected_alone(line: str) -> None:
    found = parsed(CefParser(), blocks_of(f"{HEAD}\n{line}\n\n{HEAD}".encode()))
    assert found.records == [HEADER, HEADER]
    assert found.rejects == [(line, "not CEF: it has no 'CEF:' and seven fields with '|' between them")]


def test_a_line_that_is_too_long_is_rejected_alone() -> None:
    found = parsed(CefParser(), blocks_of(f"{HEAD}\n{HEAD}a={'x' * 100}\n{HEAD}".encode()), Limits(record_bytes=80))
    assert len(found.records) == 2
    assert re.match("longer than the 80 bytes", found.rejects[0][1])


def test_a_carrier_may_bring_lines() -> None:
    assert CefParser().item(log_type())(HEAD) == HEADER


@settings(deadline=1000)
@given(st.lists(st.sampled_from([*PIECES, "CEF:0|", "|", "\\|", " a=", "cs1=", "cs1Label=", "\n"]), max_size=40).map("".join) | st.text(max_size=60))
def test_any_line_is_a_record_of_text_or_a_parse_error(line: str) -> None:
    try:
        record = parse(line)
    except ParseError as why:
        assert str(why)
    else:
        assert set(FIELDS) <= record.keys()
        assert {type(value) for value in record.values()} == {str}


@settings(deadline=1000)
@given(st.binary(max_size=80), st.sampled_from([1, 4096]))
def test_any_bytes_are_records_or_rejects(data: bytes, size: int) -> None:
    found = parsed(CefParser(), blocks_of(data.replace(b"\0", b"\1"), size))
    assert found.error is None


@pytest.mark.parametrize("piece", ["CEF:0|", "CEF:0|\\|", "CEF:1", "CEF: ", "\\", " x", "a=b ", "="])
def test_no_line_takes_long(piece: str) -> None:
    with within(10):
        found = parsed(CefParser(), blocks_of((HEAD + piece * (200_000 // len(piece))).encode()))
        alone = parsed(CefParser(), blocks_of((piece * (200_000 // len(piece))).encode()))
    assert found.read == 1
    assert alone.read <= 1
