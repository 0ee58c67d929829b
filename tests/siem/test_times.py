"""Times that hooks read: any zone, any unit, aware, or ValueError."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siem import utils

MOMENT = datetime.datetime(2024, 5, 24, 7, 32, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize("epoch", [1716535925, "1716535925", 1716535925000, "1716535925000000", 1716535925000000000, 1716535925.0])
def test_epochs_of_any_unit_are_one_time(epoch: Any) -> None:
    assert utils.convert_epoch_to_datetime(epoch) == MOMENT
    assert utils.convrt_micro_epoch_to_seconds_epoch(epoch) == MOMENT.timestamp()


ZONES = [9, 9.0, "+09:00", "+0900", "Asia/Tokyo", datetime.timedelta(hours=9), datetime.timezone(datetime.timedelta(hours=9))]


@pytest.mark.parametrize("zone", ZONES, ids=repr)
def test_a_zone_may_be_given_in_any_form(zone: Any) -> None:
    hours = datetime.timedelta(hours=9)
    assert utils.convert_epoch_to_datetime(1716535925, zone).utcoffset() == hours
    assert utils.convert_iso8601_to_datetime("2024-05-24T16:32:05", zone, "iso8601") == MOMENT
    assert utils.convert_custom_timeformat_to_datetime("2024-05-24 16:32:05", zone, "%Y-%m-%d %H:%M:%S", None) == MOMENT
    assert utils.convert_syslog_to_datetime("May 24 16:32:05", zone).utcoffset() == hours


def test_no_zone_is_utc_and_a_zone_in_the_text_wins() -> None:
    assert utils.convert_iso8601_to_datetime("2024-05-24T07:32:05") == MOMENT
    assert utils.convert_iso8601_to_datetime("2024-05-24T09:32:05+02:00", "+09:00") == MOMENT


def test_nano_cuts_what_strptime_cannot_read() -> None:
    found = utils.convert_custom_timeformat_to_datetime("07:32:05.123456789", None, "%H:%M:%S.%f", True)
    assert found.microsecond == 123456


def test_a_syslog_time_is_never_far_in_the_future() -> None:
    found = utils.convert_syslog_to_datetime("Dec 31 23:59:59")
    now = datetime.datetime.now(datetime.UTC)
    assert now - datetime.timedelta(days=367) < found < now + datetime.timedelta(hours=12)


@pytest.mark.parametrize(("text", "hours"), [("+00:00", 0), ("-03:30", -3.5), ("+0545", 5.75), ("9", 9), (-5, -5), ("JST", "JST"), (None, None)])
def test_offsets_become_hours_and_names_stay(text: Any, hours: Any) -> None:
    assert utils.timestr_to_hours(text) == hours


@given(st.integers(-14 * 60, 14 * 60))
def test_hours_of_an_offset_are_a_zone_again(minutes: int) -> None:
    text = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    assert round(utils.timestr_to_hours(text) * 60) == minutes
    assert utils.convert_epoch_to_datetime(0, text).utcoffset() == datetime.timedelta(minutes=minutes)


READERS = [
    utils.convert_epoch_to_datetime,
    utils.convert_syslog_to_datetime,
    utils.convert_iso8601_to_datetime,
    lambda text: utils.convert_custom_timeformat_to_datetime(text, None, "%Y-%m-%d"),
]


@pytest.mark.parametrize("read", READERS)
@given(value=st.text(max_size=12) | st.text("0123456789-:TZ. ", max_size=20) | st.none() | st.booleans() | st.floats() | st.integers())
def test_any_value_is_an_aware_time_or_a_value_error(read: Any, value: Any) -> None:
    try:
        assert read(value).tzinfo is not None
    except ValueError:
        pass
    except OverflowError as why:
        raise AssertionError(value) from why
