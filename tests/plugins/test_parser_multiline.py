"""``plugins/parser_multiline.py``: records of several lines, by two regular expressions."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import ConfigError, Limits, ParseError, SourceError, decoded
from loader.stages.decode import decode
from plugins.parser_multiline import MultilineParser
from tests.drivers import blocks_of, load, log_type, parsed

FIRST = r"\d{4}-\d\d-\d\d "
PATTERN = r"(?P<day>\S+) (?P<level>\S+) (?P<message>[^\n]*)(?:\n(?P<trace>[\s\S]*))?"
BODY = b"""2024-05-24 ERROR no route
  at one
  at two

2024-05-24 INFO up
"""
RECORDS = [
    {"day": "2024-05-24", "level": "ERROR", "message": "no route", "trace": "  at one\n  at two"},
    {"day": "2024-05-24", "level": "INFO", "message": "up", "trace": None},
]


def read(body, block=65536, limits=None, **options):
    return parsed(MultilineParser(), blocks_of(body, block), limits, **{"multiline_firstline": FIRST, "log_pattern": PATTERN, **options})


@pytest.mark.parametrize("block", [1, 2, 3, 7, 65536])
def test_multiline_joins_lines_to_records_and_strips_these(block):
    found = read(BODY, block)
    assert found.records == RECORDS
    assert found.raws == ["2024-05-24 ERROR no route\n  at one\n  at two", "2024-05-24 INFO up"]
    assert found.rejects == []


def test_multiline_firstline_is_matched_at_the_start_of_a_line():
    found = read(b"2024-05-24 A b\n on 2024-05-25 c\n", log_pattern="(?s)(?P<all>.*)")
    assert found.records == [{"all": "2024-05-24 A b\n on 2024-05-25 c"}]


def test_multiline_lines_before_the_first_match_are_one_reject():
    found = read(b"Started\n  by hand\n" + BODY)
    assert found.records == RECORDS
    assert found.rejects == [("Started\n  by hand", "stands before the first line that matches multiline_firstline")]


def test_multiline_log_pattern_is_matched_from_the_start_of_the_record_and_trailing_text_is_allowed():
    assert read(BODY, log_pattern=r"(?P<day>\S+) (?P<rest>.*)").records == [
        {"day": "2024-05-24", "rest": "ERROR no route"},
        {"day": "2024-05-24", "rest": "INFO up"},
    ]


def test_multiline_record_that_does_not_match_is_rejected_alone_with_all_its_lines():
    found = read(b"2024-05-24 \n  x\n" + BODY, log_pattern=r"(?P<day>\S+) (?P<level>[A-Z]+)")
    assert [record["level"] for record in found.records] == ["ERROR", "INFO"]
    assert found.rejects == [("2024-05-24 \n  x", "does not match log_pattern")]


@pytest.mark.parametrize("block", [1, 10, 65536])
def test_multiline_record_over_the_limit_is_rejected_alone(block):
    found = read(b"2024-05-24 ERROR\n" + b" at\n" * 100 + BODY, block, Limits(record_bytes=60))
    assert found.records == RECORDS
    ((start, reason),) = found.rejects
    assert start.startswith("2024-05-24 ERROR\n at\n at")
    assert "max_record_bytes" in reason


def test_multiline_bytes_are_text_in_the_charset():
    found = read("2024-05-24 A grün".encode("latin-1"), charset="latin-1")
    assert found.records[0]["message"] == "grün"
    assert read(b"2024-05-24 A gr\xfcn").records[0]["message"] == "gr\\xfcn"


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        ({"log_pattern": PATTERN}, "multiline_firstline", "is missing: file_format = multiline needs one"),
        ({"log_pattern": PATTERN, "multiline_firstline": "("}, "multiline_firstline", "not a regular expression"),
        ({"multiline_firstline": FIRST}, "log_pattern", "is missing: file_format = multiline needs one"),
        ({"multiline_firstline": FIRST, "log_pattern": "x"}, "log_pattern", "no named group"),
    ],
)
def test_multiline_option_that_is_missing_or_wrong_is_a_problem_at_its_key(options, key, said):
    section = log_type(file_format="multiline", **options)
    with pytest.raises(ConfigError, match=said):
        MultilineParser().prepare(section, Limits())
    assert [problem.key for problem in section.problems] == [key]


def test_multiline_mistakes_are_told_all_at_once():
    section = log_type(file_format="multiline")
    with pytest.raises(ConfigError):
        MultilineParser().prepare(section, Limits())
    assert [(problem.key, bool(problem.hint)) for problem in section.problems] == [("multiline_firstline", True), ("log_pattern", False)]


def test_multiline_item_of_a_carrier_is_one_record_and_needs_no_firstline():
    section = log_type(log_pattern=PATTERN)
    parse = MultilineParser().item(section)
    assert parse("2024-05-24 ERROR no route\n2024-05-25 x\n") == {**RECORDS[0], "trace": "2024-05-25 x\n"}
    assert section.problems == []
    with pytest.raises(ParseError, match="does not match log_pattern"):
        parse("x")


def test_multiline_item_knows_the_option_it_does_not_need():
    section = log_type(log_pattern=PATTERN, multiline_firstline=FIRST)
    MultilineParser().item(section)
    section.unknown((), fatal=False)
    assert section.problems == []


def test_multiline_object_is_loaded_and_its_account_balances(tmp_path):
    ini = f"[app]\ns3_key = app/\nfile_format = multiline\nmultiline_firstline = {FIRST}\nlog_pattern = {PATTERN}\n"
    ini += "timestamp_key = day\necs = log.level message\nlog.level = level\nmessage = message\n"
    done = load(tmp_path, ini, "app/one.log", b"Started\n" + BODY, block=5)
    assert [(document["log"]["level"], document["@message"]) for document in done.documents] == [
        ("ERROR", "2024-05-24 ERROR no route\n  at one\n  at two"),
        ("INFO", "2024-05-24 INFO up"),
    ]
    assert len(done.rejects) == 1
    ledger = done.account.ledger
    assert (ledger.read, ledger.excluded, ledger.rejected) == (3, 0, 1)


@given(st.binary(max_size=300), st.integers(1, 50))
def test_multiline_of_any_bytes_every_line_is_in_a_record_or_a_reject(body, block):
    found = read(body, block, multiline_firstline="[a-m]", log_pattern="(?s)(?P<all>[a-h].*)")
    assert found.error is None
    text = "\n".join(line.removesuffix("\r") for line in "".join(decoded(blocks_of(body))).split("\n"))
    kept = "".join([*found.raws, *(text for text, _ in found.rejects)])
    assert sorted("".join(kept.split())) == sorted("".join(text.split()))
    assert [record["all"] for record in found.records] == found.raws


@given(
    st.one_of(
        st.binary(max_size=200),
        st.binary(max_size=200).map(gzip.compress),
        st.binary(max_size=60).map(lambda tail: gzip.compress(b"a 1\n")[:-9] + tail),
    )
)
def test_multiline_of_any_bytes_packed_or_not_gives_records_and_rejects_or_one_error(body):
    try:
        blocks, _ = decode(iter([body]), 10**6)
        found = parsed(MultilineParser(), blocks, multiline_firstline="[a-m]", log_pattern="(?P<letter>[a-f])")
    except SourceError:
        return
    assert found.error is None or str(found.error)
    assert all(text and reason for text, reason in found.rejects)
