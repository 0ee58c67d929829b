"""Stamps: renamed fields, a time that always is one, an id that does not change, and where the record came from."""

from __future__ import annotations

import datetime
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.stages import stamp
from tests.drivers import log_type

MODIFIED = datetime.datetime(2024, 5, 24, 7, 0, tzinfo=datetime.UTC)
INGESTED = datetime.datetime(2024, 7, 1, 12, 0, tzinfo=datetime.UTC)
KEY = "logs/2023/01/02/x.gz"
FILE_TIME = r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)"


def batch(*records: dict[str, Any], modified: datetime.datetime | None = MODIFIED, key: str = KEY) -> Batch:
    found = list(records)
    return Batch(Source("b", key, modified=modified), [json.dumps(one) for one in found], found, list(range(len(found))), INGESTED)


def stamped(*records: dict[str, Any], modified: datetime.datetime | None = MODIFIED, key: str = KEY, **options: str) -> Batch:
    section = log_type(**options)
    run = stamp.prepare(section)
    assert section.problems == []
    one = batch(*records, modified=modified, key=key)
    run(one)
    return one


def times(one: Batch) -> list[str]:
    return [record["@timestamp"] for record in one.records]


def test_every_record_says_what_it_is_and_where_it_came_from() -> None:
    one = stamped({"a": 1}, timestamp_key="")
    assert one.records == [
        {
            "a": 1,
            "@message": '{"a": 1}',
            "@timestamp": MODIFIED.isoformat(),
            "@log_type": "demo",
            "@log_s3bucket": "b",
            "@log_s3key": KEY,
            "@id": hashlib.md5(b'{"a": 1}').hexdigest(),
        }
    ]


@given(st.text())
def test_the_id_is_a_hash_of_the_text_alone(raw: str) -> None:
    one = batch({})
    one.raws = [raw]
    stamp.prepare(log_type())(one)
    assert one.records[0]["@id"] == hashlib.md5(raw.encode()).hexdigest()


@pytest.mark.parametrize(("value", "kept"), [("x", True), (5, True), ("", False), (None, False)])
def test_doc_id_names_the_field_that_identifies_the_record_else_the_hash_does(value: Any, kept: bool) -> None:
    (record,) = stamped({"eventID": value}, doc_id="eventID").records
    assert record["@id"] == (value if kept else hashlib.md5(record["@message"].encode()).hexdigest())
    (other,) = stamped({"a": 1}, doc_id="eventID").records
    assert len(other["@id"]) == 32


TIMED = [
    ({"timestamp_key": "t"}, {"t": "2024-01-02T03:04:05Z"}, "2024-01-02T03:04:05+00:00"),
    ({"timestamp": "t"}, {"t": "2024-01-02T03:04:05Z"}, "2024-01-02T03:04:05+00:00"),
    ({"timestamp_key": "a.b"}, {"a": {"b": "2024-01-02T03:04:05Z"}}, "2024-01-02T03:04:05+00:00"),
    ({"timestamp_key": "t", "timestamp_format": "epoch"}, {"t": 1700000000}, "2023-11-14T22:13:20+00:00"),
    ({"timestamp_key": "t", "timestamp_format": '"epoch"'}, {"t": "1700000000123"}, "2023-11-14T22:13:20.123000+00:00"),
    ({"timestamp_key": "t", "timestamp_format": "epoch"}, {"t": 0}, "1970-01-01T00:00:00+00:00"),
    ({"timestamp_key": "t", "timestamp_tz": "+09:00"}, {"t": "2024-01-02T03:04:05"}, "2024-01-02T03:04:05+09:00"),
    ({"timestamp_key_list": "x t"}, {"t": "2024-01-02T03:04:05Z"}, "2024-01-02T03:04:05+00:00"),
    ({"timestamp_key_list": "x t"}, {"x": "", "t": "2024-01-02T03:04:05Z"}, "2024-01-02T03:04:05+00:00"),
    ({"timestamp_key": "t", "timestamp_format_list": '["epoch", "%d.%m.%Y"]'}, {"t": "02.01.2024"}, "2024-01-02T00:00:00+00:00"),
    ({"timestamp_key": "t", "timestamp_format": "%H:%M:%S.%f", "timestamp_nano": "true"}, {"t": "3:4:5.1234567"}, "1900-01-01T03:04:05.123456+00:00"),
    ({"timestamp_key": "t", "timestamp_format": "syslog"}, {"t": "Dec 31 10:00:00"}, "2023-12-31T10:00:00+00:00"),
    ({}, {"@timestamp": "from the parser"}, "from the parser"),
    ({"file_timestamp_format": FILE_TIME}, {}, "2023-01-02T00:00:00+00:00"),
    ({"file_timestamp_format": FILE_TIME, "timestamp_key": "file_timestamp"}, {"@timestamp": "x"}, "2023-01-02T00:00:00+00:00"),
    ({"file_timestamp_format": "no such"}, {}, MODIFIED.isoformat()),
]


@pytest.mark.parametrize(("options", "record", "expected"), TIMED)
def test_the_time_is_the_events_own(options: dict[str, str], record: dict[str, Any], expected: str) -> None:
    one = stamped(record, **options)
    assert times(one) == [expected]
    assert not one.flags


@pytest.mark.parametrize("value", [None, "", "yesterday", [], {}, True, "2024-13-45", 10**400, float("inf")])
@pytest.mark.parametrize("form", ["iso8601", "epoch", "syslog", "%Y"])
def test_a_time_that_is_none_costs_no_record_another_stands_in_and_the_reason_says_so(value: Any, form: str) -> None:
    options = {"timestamp_key": "t", "timestamp_format": form}
    for more, modified, stand_in in (
        ({"file_timestamp_format": FILE_TIME}, MODIFIED, "2023-01-02T00:00:00+00:00"),
        ({}, MODIFIED, MODIFIED.isoformat()),
        ({}, None, INGESTED.isoformat()),
    ):
        one = stamped({"t": value}, {"t": value}, modified=modified, **options, **more)
        assert times(one) == [stand_in] * 2
        assert one.flags == {"bad timestamp": 2}
        assert [id(record) for record, _ in one.reasons] == [id(record) for record in one.records]
        assert all(why.startswith("no usable timestamp in t: ") for _, why in one.reasons)


def test_a_key_whose_groups_are_no_date_is_flagged_and_the_object_time_stands_in() -> None:
    one = stamped({}, key="logs/2023/13/45/x", file_timestamp_format=FILE_TIME)
    assert times(one) == [MODIFIED.isoformat()]
    assert one.flags == {"bad file timestamp": 1}


def test_the_year_of_a_syslog_time_follows_each_object_not_the_first_one() -> None:
    """Times are remembered; what they mean depends on when their object was written."""
    run = stamp.prepare(log_type(timestamp_key="t", timestamp_format="syslog"))
    found = []
    for year in (2020, 2024, 2022):
        one = batch({"t": "May  1 10:00:00"}, modified=MODIFIED.replace(year=year))
        run(one)
        found += times(one)
    assert [time[:4] for time in found] == ["2020", "2024", "2022"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(["2024-01-02T03:04:05Z", "bad", "", None, 5, "2024-01-02"]), max_size=6))
def test_remembered_times_are_the_same_as_those_read_alone(values: list[Any]) -> None:
    together = stamped(*[{"t": value} for value in values], timestamp_key="t")
    alone = [time for value in values for time in times(stamped({"t": value}, timestamp_key="t"))]
    assert times(together) == alone
    assert together.flags["bad timestamp"] == sum(value not in ("2024-01-02T03:04:05Z", "2024-01-02") for value in values)


RENAMES = {"renamed_newfields": "new other", "new": "old", "other": "missing"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"old": "x"}, {"new": "x"}),
        ({"old": 0}, {"new": 0}),
        ({"old": False, "new": "before"}, {"new": False}),
        ({"old": ""}, {"old": ""}),
        ({"old": None}, {"old": None}),
        ({}, {}),
    ],
)
def test_fields_are_renamed_where_they_hold_something_zero_too(record: dict[str, Any], expected: dict[str, Any]) -> None:
    one = stamped(record, **RENAMES)
    assert {key: value for key, value in one.records[0].items() if not key.startswith("@")} == expected


def test_renaming_comes_first_so_that_time_and_id_have_the_new_names() -> None:
    one = stamped({"old": "2024-01-02", "missing": "7"}, **RENAMES, timestamp_key="new", doc_id="other")
    assert times(one) == ["2024-01-02T00:00:00+00:00"]
    assert one.records[0]["@id"] == "7"


def test_a_batch_of_known_fields_knows_the_new_names_too() -> None:
    one = batch({"old": "x"})
    one.names = frozenset({"old"})
    stamp.prepare(log_type(**RENAMES))(one)
    assert one.names is not None
    assert one.names >= {"old", "new", "other"}


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        ({"timestamp_tz": "Mars/Olympus", "timestamp_key": "t"}, "timestamp_tz", "'Mars/Olympus' is no time zone"),
        ({"timestamp_format_list": "5", "timestamp_key": "t"}, "timestamp_format_list", "'5' is not a JSON list of formats"),
        ({"timestamp_format_list": "[iso8601]", "timestamp_key": "t"}, "timestamp_format_list", ""),
        ({"file_timestamp_format": "("}, "file_timestamp_format", "not a regular expression"),
        ({"timestamp_nano": "perhaps", "timestamp_key": "t"}, "timestamp_nano", "'perhaps' is not a switch"),
        ({"renamed_newfields": "new"}, "renamed_newfields", "'new' is listed, but there is no key 'new' with the old name"),
    ],
)
def test_a_wrong_option_is_a_problem_at_its_key(options: dict[str, str], key: str, said: str) -> None:
    section = log_type(**options)
    stamp.prepare(section)
    assert [problem.key for problem in section.problems] == [key]
    assert section.problems[0].message.startswith(said)


def test_a_types_own_field_called_timestamp_is_no_alias_when_it_is_a_new_name() -> None:
    section = log_type(renamed_newfields="timestamp", timestamp="time_text")
    assert stamp.timestamp_fields(section) == []
