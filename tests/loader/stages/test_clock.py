"""What a carrier tells of the time, and its place among the times that may stand in. The fields and forms are tested with the stamp."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from loader.batch import Batch, Meta, Source
from loader.stages import clock
from tests.drivers import log_type

MODIFIED = datetime.datetime(2024, 5, 24, 7, 0, tzinfo=datetime.UTC)
FILE_TIME = r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)"
CARRIED, SHOWN = 1716535925123, "2024-05-24T07:32:05.123000+00:00"
IN_KEY = "2023-01-02T00:00:00+00:00"


def clocked(record: dict[str, Any], time: Any, **options: str) -> tuple[str, Batch]:
    section = log_type(**options)
    run = clock.prepare(section, [])
    assert section.problems == []
    now = datetime.datetime(2024, 7, 1, tzinfo=datetime.UTC)
    batch = Batch(Source("b", "x/2023/01/02/y", modified=MODIFIED), [""], [record], [0], now, metas=[Meta(time=time)])
    (stamp,) = run(batch)
    return stamp, batch


@pytest.mark.parametrize("key", ["cwl_timestamp", "cwe_timestamp"])
@pytest.mark.parametrize(("time", "shown"), [(CARRIED, SHOWN), ("2024-05-24T07:32:05Z", "2024-05-24T07:32:05+00:00")])
def test_row_1_5_7_the_carriers_time_is_a_field_and_the_timestamp_whatever_the_format(key: str, time: Any, shown: str) -> None:
    stamp, batch = clocked({}, time, timestamp_key=key)
    assert stamp == shown
    assert batch.records == [{key: time}]
    assert not batch.flags


def test_the_carriers_time_is_in_the_types_zone() -> None:
    assert clocked({}, CARRIED, timestamp_key="cwl_timestamp", timestamp_tz="+09:00")[0] == "2024-05-24T16:32:05.123000+09:00"


def test_a_field_before_the_carriers_time_wins_when_it_holds_something() -> None:
    options = {"timestamp_key_list": "t cwl_timestamp"}
    assert clocked({"t": "2024-01-01"}, CARRIED, **options)[0] == "2024-01-01T00:00:00+00:00"
    assert clocked({"t": ""}, CARRIED, **options)[0] == SHOWN


def test_a_bad_time_falls_back_to_the_carriers_before_the_keys_and_is_flagged() -> None:
    stamp, batch = clocked({"t": "soon"}, CARRIED, timestamp_key="t", file_timestamp_format=FILE_TIME)
    assert stamp == SHOWN
    assert batch.flags == {"bad timestamp": 1}
    assert clocked({"t": "soon"}, None, timestamp_key="t", file_timestamp_format=FILE_TIME)[0] == IN_KEY


def test_a_carriers_time_that_is_none_is_passed_by() -> None:
    assert clocked({"t": "soon"}, "whenever", timestamp_key="t")[0] == MODIFIED.isoformat()


@pytest.mark.parametrize(
    ("record", "options", "shown"),
    [
        ({"@timestamp": "own"}, {}, "own"),
        ({}, {"file_timestamp_format": FILE_TIME}, IN_KEY),
        ({}, {}, SHOWN),
    ],
)
def test_row_1_5_7_with_no_key_set_own_then_file_then_carrier(record: dict[str, Any], options: dict[str, str], shown: str) -> None:
    stamp, batch = clocked(record, CARRIED, **options)
    assert stamp == shown
    assert not batch.flags


def test_row_1_5_7_file_timestamp_in_a_list_ends_it() -> None:
    options = {"timestamp_key_list": "t file_timestamp later", "file_timestamp_format": FILE_TIME}
    stamp, batch = clocked({"later": "2024-01-01"}, None, **options)
    assert stamp == IN_KEY
    assert not batch.flags
    assert clocked({"t": "2024-01-01"}, None, **options)[0] == "2024-01-01T00:00:00+00:00"


def test_a_text_that_did_not_parse_has_the_carriers_time_without_a_flag() -> None:
    section = log_type(timestamp_key="t")
    meta = Meta(time=CARRIED, error="not JSON")
    batch = Batch(Source("b", "k", modified=MODIFIED), [""], [{}], [0], MODIFIED, metas=[meta])
    assert clock.prepare(section, [])(batch) == [SHOWN]
    assert not batch.flags


def test_row_1_5_7_a_key_without_the_file_time_is_told_and_the_objects_own_stands_in() -> None:
    stamp, batch = clocked({}, None, timestamp_key="file_timestamp", file_timestamp_format=r"T(?P<hour>\d\d)")
    assert stamp == MODIFIED.isoformat()
    assert batch.flags == {"bad timestamp": 1}
    assert batch.reasons[0][1] == "no usable timestamp in file_timestamp: the key has none"
