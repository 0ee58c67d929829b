"""``plugins/parser_text.py``: one record a line, by a regular expression."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError, Limits, SourceError, decoded
from loader.stages.decode import decode
from plugins.parser_text import TextParser
from tests.drivers import blocks_of, log_type, parsed

PATTERN = r"(?P<client>\S+) (?P<status>\d+)(?: (?P<agent>.*))?"


def read(body, block=65536, limits=None, **options):
    return parsed(TextParser(), blocks_of(body, block), limits, **{"log_pattern": PATTERN, **options})


def test_named_groups_become_the_fields_in_order_and_what_did_not_take_part_is_none():
    assert read(b"a 200 curl\nb 404\n").records == [
        {"client": "a", "status": "200", "agent": "curl"},
        {"client": "b", "status": "404", "agent": None},
    ]


def test_groups_without_a_name_are_no_fields():
    assert read(b"a 200", log_pattern=r"(\S)(?P<rest>.*)(x)?").records == [{"rest": " 200"}]


def test_the_pattern_is_matched_at_the_start_and_need_not_reach_the_end():
    assert read(b"a 200\n  a 200\nx=a\n", log_pattern=r"a (?P<status>\d)").records == [{"status": "2"}, {"status": "2"}]


def test_a_line_that_does_not_match_is_rejected_alone_with_its_text():
    found = read(b"a 200\nnonsense\nb 404\n")
    assert [record["client"] for record in found.records] == ["a", "b"]
    assert found.rejects == [("nonsense", "does not match log_pattern")]


def test_blank_lines_and_windows_line_ends_are_no_records():
    assert [record["agent"] for record in read(b"\r\n\na 1 x\r\n \t \nb 2 y").records] == ["x", "y"]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 65536])
@pytest.mark.parametrize("head", [b"# a\n# b\n# c\n", b"# a\n\n# c\n", b"\n\n\n"])
def test_header_lines_are_counted_as_they_stand_blank_ones_among_them(block, head):
    found = read(head + b"a 200\n\nb 404\n", block, text_header_line_number="3")
    assert [record["client"] for record in found.records] == ["a", "b"]
    assert found.rejects == []


def test_an_object_shorter_than_its_header_has_no_records():
    assert read(b"a 200\n", text_header_line_number="5").records == []


def test_a_header_line_over_the_limit_is_a_header_line_all_the_same():
    found = read(b"#" * 100 + b"\na 200\n", limits=Limits(record_bytes=40), text_header_line_number="1")
    assert ([record["client"] for record in found.records], found.rejects) == (["a"], [])


@pytest.mark.parametrize("block", [1, 10, 65536])
def test_a_line_over_the_limit_is_rejected_alone_without_being_held(block):
    found = read(b"a 200\n" + b"x" * 500 + b"\nb 404\n", block, Limits(record_bytes=40))
    assert [record["client"] for record in found.records] == ["a", "b"]
    ((start, reason),) = found.rejects
    assert start.startswith("x" * 40)
    assert "max_record_bytes" in reason


def test_bytes_that_are_no_utf8_stay_visible_and_a_byte_order_mark_goes():
    found = read(b"\xef\xbb\xbfcaf\xe9 200 gr\xc3\xbcn \xff", block=1)
    assert found.records == [{"client": "caf\\xe9", "status": "200", "agent": "grün \\xff"}]


def test_no_chunk_has_more_records_than_the_limit():
    found = read(b"a 200\n" * 25, limits=Limits(chunk_records=10))
    assert found.sizes == [10, 10, 5]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [("", "is missing"), (r"\S+ (\d+)", "no named group"), ("(?P<a>", "not a regular expression")],
)
def test_a_pattern_that_cannot_work_stops_the_program_with_the_reason(pattern, words):
    with pytest.raises(ConfigError, match=words):
        TextParser().prepare(log_type(log_pattern=pattern), Limits())


def test_the_fields_a_record_may_have_are_known_beforehand():
    section = log_type(log_pattern=PATTERN)
    TextParser().prepare(section, Limits())
    assert section.fields == {"client", "status", "agent"}


def test_text_is_read_in_the_charset_of_the_section():
    assert read("grün 200".encode("latin-1"), charset="latin-1").records[0]["client"] == "grün"


def test_an_item_of_a_carrier_is_one_record_without_header_lines():
    parse = TextParser().item(log_type(log_pattern=PATTERN, text_header_line_number="3"))
    assert parse("a 200") == {"client": "a", "status": "200", "agent": None}


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_the_bytes_each_line_is_a_record_or_a_reject(body, block):
    found = read(body, block, log_pattern="(?P<letter>[a-m])")
    lines = [line for line in map(str.strip, "".join(decoded(blocks_of(body))).split("\n")) if line]
    assert found.read == len(lines)
    assert found.records == [{"letter": line[0]} for line in lines if "a" <= line[0] <= "m"]


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(gzip.compress),
        st.binary(max_size=60).map(lambda tail: gzip.compress(b"a 1\n")[:-9] + tail),
    )
)
def test_text_of_any_bytes_packed_or_not_gives_records_and_rejects_or_one_error(body):
    try:
        blocks, _ = decode(iter([body]), 10**6)
        found = parsed(TextParser(), blocks, log_pattern="(?P<letter>[a-m])")
    except SourceError:
        return
    assert found.error is None or str(found.error)
    assert all(text and reason for text, reason in found.rejects)
