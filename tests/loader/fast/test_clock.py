"""``loader/fast/clock.py``: the timestamps of the steps, without a batch."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.fast.clock import quick
from loader.stages import clock
from tests.drivers import log_type

FORMS: list[dict[str, str]] = [
    {}, {"timestamp_tz": "+09:00"}, {"timestamp_nano": "yes"}, {"timestamp_format": "epoch"}, {"timestamp_format": "syslog"},
    {"timestamp_format": "%d/%b/%Y:%H:%M:%S %z"}, {"timestamp_format_list": '["iso8601", "epoch", "syslog"]'},
]  # fmt: skip
TIMES = st.datetimes(datetime.datetime(1971, 1, 1), datetime.datetime(2100, 1, 1), timezones=st.sampled_from([None, datetime.UTC]))
TEXTS = st.one_of(
    TIMES.map(datetime.datetime.isoformat), TIMES.map(lambda time: time.isoformat().replace("+00:00", "Z")),
    TIMES.map(lambda time: str(time.timestamp())),
    TIMES.map(lambda time: f"{time:%b} {time.day:2} {time:%H:%M:%S}"), TIMES.map(lambda time: f"{time:%d/%b/%Y:%H:%M:%S +0000}"),
    st.sampled_from(["2024-05-24T08:00:00.123456789Z", "soon", "2024-05-24", "1716535925123", "2024-05-24T08:00:00.000000Z"]),
)  # fmt: skip


@given(st.sampled_from(FORMS), st.lists(TEXTS, min_size=1, max_size=4), TIMES)
def test_a_time_is_the_one_that_the_step_gives(form: dict[str, str], texts: list[str], modified: datetime.datetime) -> None:
    section = log_type(timestamp_key="time", **form)
    modified = modified.replace(tzinfo=datetime.UTC)
    records: list[dict[str, Any]] = [{"time": text} for text in texts]
    batch = Batch(Source("b", "k", modified=modified), texts, records, [*range(len(texts))], modified)
    stamps = clock.prepare(section, [])(batch)
    found = quick(section, [])
    assert found is not None
    fields, times = found
    assert fields == ["time"]
    times.refer(modified)
    for text, stamp in zip(texts, stamps, strict=True):
        try:
            assert times[text] == stamp
        except (ValueError, OverflowError):  # the record is odd
            assert (stamp, batch.flags["bad timestamp"] > 0) == (modified.isoformat(), True)


def test_a_time_without_a_year_is_not_remembered_for_another_object() -> None:
    found = quick(log_type(timestamp_key="time", timestamp_format="syslog"), [])
    assert found is not None
    times = found[1]
    for year in (2022, 2023):
        times.refer(datetime.datetime(year, 6, 1, tzinfo=datetime.UTC))
        assert [times["May  1 00:00:00"], times["May  1 00:00:00"]] == [f"{year}-05-01T00:00:00+00:00"] * 2
    assert times.missed == 2


@pytest.mark.parametrize("options", [{}, {"timestamp_key": "file_timestamp"}, {"timestamp_key_list": "time cwl_timestamp"}])
def test_a_time_that_depends_on_more_than_the_record_is_left_to_the_step(options: dict[str, str]) -> None:
    assert quick(log_type(**options), []) is None
