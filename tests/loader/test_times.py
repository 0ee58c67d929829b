"""Times: exact epochs, ISO 8601, strptime, syslog's missing year, zones by name and offset."""

from __future__ import annotations

import datetime
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import times

UTC = datetime.UTC
NOW = datetime.datetime(2024, 7, 1, 12, 0, tzinfo=UTC)
MICROS = st.integers(200 * 10**12, 90_000 * 10**12 - 1)  # 1976 to 4821: milliseconds of earlier ones look like seconds


def moment(micros: int) -> datetime.datetime:
    return datetime.datetime(1970, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=micros)


def read(form: str, value: Any, tz: str = "", reference: datetime.datetime = NOW, *, nano: bool = False) -> str:
    return times.reader(form, times.zone(tz), nano=nano)(value, reference).isoformat()


@given(MICROS)
def test_an_epoch_in_any_unit_is_exact_as_number_and_as_text(micros: int) -> None:
    seconds = micros // 10**6
    assert times.epoch(seconds) == times.epoch(str(seconds)) == moment(seconds * 10**6)
    assert times.epoch(micros // 1000) == times.epoch(f" {micros // 1000} ") == moment(micros // 1000 * 1000)
    assert times.epoch(micros) == times.epoch(str(micros)) == moment(micros)
    assert times.epoch(micros * 1000 + 999) == times.epoch(str(micros * 1000 + 999)) == moment(micros)


@given(MICROS)
def test_a_fraction_in_text_is_exact_to_the_microsecond(micros: int) -> None:
    assert times.epoch(f"{micros // 10**6}.{micros % 10**6:06}") == moment(micros)
    assert times.epoch(f"{micros // 10**3}.{micros % 10**3:03}") == moment(micros)


@given(st.integers(200 * 10**12, 4 * 10**15))
def test_a_float_of_seconds_is_exact_as_it_prints(micros: int) -> None:
    """Binary floats of these sizes carry six decimals; arithmetic with them would not."""
    assert times.epoch(micros / 10**6) == moment(micros)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1.66E9", "2022-08-08T23:06:40+00:00"),
        (1.66e9, "2022-08-08T23:06:40+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        ("-1.5", "1969-12-31T23:59:58.500000+00:00"),
        (10**11 - 1, "5138-11-16T09:46:39+00:00"),
        (10**11, "1973-03-03T09:46:40+00:00"),
        (10**12, "2001-09-09T01:46:40+00:00"),
        (10**15, "2001-09-09T01:46:40+00:00"),
        (1_700_000_000_123_456_789, "2023-11-14T22:13:20.123456+00:00"),
    ],
)
def test_the_magnitude_tells_the_unit(value: Any, expected: str) -> None:
    assert times.epoch(value).isoformat() == expected


NO_EPOCHS = [True, None, [], {}, "", "now", "nan", "sNaN", "inf", float("inf"), 10**20, "1e400", "1e500000", "1e99999999999", "-1e50", b"1"]


@pytest.mark.parametrize("value", NO_EPOCHS, ids=repr)
def test_what_is_no_epoch_raises_value_error_at_once(value: Any) -> None:
    """At once: writing out the digits of 1e500000 would take minutes of a worker's time a line."""
    began = time.perf_counter()
    with pytest.raises(ValueError, match="is not an epoch time"):
        times.epoch(value)
    assert time.perf_counter() - began < 0.5


@given(st.one_of(st.text(), st.integers(), st.floats(), st.from_regex(r"-?\d{1,30}(\.\d*)?([eE][+-]?\d{1,12})?", fullmatch=True)))
@settings(deadline=1000)
def test_whatever_it_is_an_epoch_is_read_or_is_a_value_error(value: Any) -> None:
    try:
        assert times.epoch(value).tzinfo is UTC
    except ValueError as why:
        assert "is not an epoch time" in str(why)


def test_a_format_that_contains_epoch_is_one_and_gives_the_zone_of_the_type() -> None:
    assert read('"epoch"', 1_700_000_000, "+09:00") == "2023-11-15T07:13:20+09:00"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-05-24T07:32:05Z", "2024-05-24T07:32:05+00:00"),
        ("2024-05-24T07:32:05", "2024-05-24T07:32:05+09:00"),
        ("2024-05-24 07:32:05.123-03:30", "2024-05-24T07:32:05.123000-03:30"),
        ("20240524T073205Z", "2024-05-24T07:32:05+00:00"),
        ("2024-05-24", "2024-05-24T00:00:00+09:00"),
    ],
)
def test_iso_8601_that_names_no_zone_is_in_that_of_the_type(value: str, expected: str) -> None:
    assert read("iso8601", value, "+09:00") == expected


@pytest.mark.parametrize("value", ["", "yesterday", "2024-5-24", 1700000000, None])
def test_what_is_not_iso_8601_raises_value_error(value: Any) -> None:
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        read("iso8601", value)


@pytest.mark.parametrize("value", ["2024-05-24 07:32:05.123456789", "2024-05-24 07:32:05,123456"])
def test_nano_cuts_fractions_to_six_digits(value: str) -> None:
    form = "%Y-%m-%d %H:%M:%S" + value[19] + "%f"
    assert read(form, value, nano=True) == "2024-05-24T07:32:05.123456+00:00"
    if len(value) > 26:
        with pytest.raises(ValueError, match="unconverted data remains"):
            read(form, value)


def test_nano_leaves_what_follows_the_fraction() -> None:
    assert read("iso8601", "2024-05-24T07:32:05.123456789+09:00", nano=True) == "2024-05-24T07:32:05.123456+09:00"


def test_strptime_with_a_zone_keeps_it_and_without_is_in_that_of_the_type() -> None:
    assert read("%d/%b/%Y:%H:%M:%S %z", "24/May/2024:07:32:05 -0330", "+09:00") == "2024-05-24T07:32:05-03:30"
    assert read("%d/%b/%Y:%H:%M:%S", "24/May/2024:07:32:05", "+09:00") == "2024-05-24T07:32:05+09:00"


SYSLOG = [
    ("Dec 31 23:59:59", "2024-01-01T00:10:00+00:00", "2023-12-31T23:59:59+00:00"),
    ("Jan  1 00:00:01", "2023-12-31T23:59:00+00:00", "2024-01-01T00:00:01+00:00"),
    ("Jan  1 11:59:00", "2023-12-31T23:59:00+00:00", "2024-01-01T11:59:00+00:00"),
    ("Jan  1 12:01:00", "2023-12-31T23:59:00+00:00", "2023-01-01T12:01:00+00:00"),
    ("Jul  1 12:00:00", "2024-07-01T12:00:00+00:00", "2024-07-01T12:00:00+00:00"),
    ("Feb 29 10:00:00", "2024-03-01T00:00:00+00:00", "2024-02-29T10:00:00+00:00"),
    ("Feb 29 10:00:00", "2026-03-01T00:00:00+00:00", "2024-02-29T10:00:00+00:00"),
    ("Feb 29 10:00:00", "2103-03-01T00:00:00+00:00", "2096-02-29T10:00:00+00:00"),
    ("Feb 29 10:00:00", "2024-02-28T09:00:00+00:00", "2020-02-29T10:00:00+00:00"),
    ("Feb 5 17:32:18.5 host", "2024-07-01T00:00:00+00:00", "2024-02-05T17:32:18.500000+00:00"),
    ("Feb  5 17:32:18,123456789", "2024-07-01T00:00:00+00:00", "2024-02-05T17:32:18.123456+00:00"),
]


@pytest.mark.parametrize(("value", "reference", "expected"), SYSLOG)
def test_a_syslog_time_gets_the_latest_year_that_is_not_in_the_future(value: str, reference: str, expected: str) -> None:
    assert read("syslog", value, "", datetime.datetime.fromisoformat(reference)) == expected


def test_the_year_of_a_syslog_time_is_that_of_its_own_zone() -> None:
    """At 23:30 UTC on 31 December it is the new year in Tokyo already."""
    reference = datetime.datetime(2023, 12, 31, 23, 30, tzinfo=UTC)
    assert read("syslog", "Jan  1 08:29:00", "Asia/Tokyo", reference) == "2024-01-01T08:29:00+09:00"
    assert read("syslog", "Dec 31 18:29:00", "America/New_York", reference) == "2023-12-31T18:29:00-05:00"


@settings(deadline=None)
@given(st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2090, 1, 1)), st.integers(-12 * 3600, 300 * 86400))
def test_a_syslog_time_up_to_ten_months_old_or_twelve_hours_early_is_found_again(naive: datetime.datetime, later: int) -> None:
    happened = naive.replace(microsecond=0, tzinfo=UTC)
    written = f"{happened:%b} {happened.day:2} {happened:%H:%M:%S}"
    assert times.syslog(written, UTC, happened + datetime.timedelta(seconds=later)) == happened


@pytest.mark.parametrize("value", ["", "feb  5 17:32:18", "Fev  5 17:32:18", "Feb 30 17:32:18", "Feb  5 25:32:18", "2024-02-05"])
def test_what_is_no_syslog_time_raises_value_error(value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(repr(value))):
        read("syslog", value)


@pytest.mark.parametrize(
    ("name", "minutes"),
    [("", 0), ("Z", 0), ("utc", 0), ("+09:00", 540), ("-0330", -210), ("-04:30", -270), ("+5", 300), ("+930", 570), ("-00:30", -30)],
)
def test_an_offset_is_a_zone_negative_half_hours_too(name: str, minutes: int) -> None:
    assert NOW.astimezone(times.zone(name)).utcoffset() == datetime.timedelta(minutes=minutes)


def test_a_named_zone_knows_daylight_saving() -> None:
    assert read("iso8601", "2024-01-15T12:00:00", "Europe/Berlin").endswith("+01:00")
    assert read("iso8601", "2024-07-15T12:00:00", "Europe/Berlin").endswith("+02:00")
    assert read("epoch", 1721044800, "Asia/Kolkata") == "2024-07-15T17:30:00+05:30"


@pytest.mark.parametrize("name", ["Mars/Olympus", "+25:00", "-24", "/etc/hostname", "../../etc/passwd"])
def test_what_is_no_zone_raises_value_error(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # dateutil has words of its own for files that are no zones
        times.zone(name)


@pytest.mark.parametrize(
    ("pattern", "key", "expected"),
    [
        (r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/(?P<hour>\d\d)", "logs/2024/05/24/07/x.gz", "2024-05-24T07:00:00+00:00"),
        (r"(?P<month>\d\d)-(?P<day>\d\d)", "logs/05-24", "2000-05-24T00:00:00+00:00"),
        (r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)T(?P<hour>\d\d)(?P<second>\d)?", "a_20240524T24_", "2024-05-25T00:00:00+00:00"),
        (r"(?P<second>\d+)\.(?P<microsecond>\d+)", "59.000007", "2000-01-01T00:00:59.000007+00:00"),
    ],
)
def test_a_time_is_read_from_the_named_groups_in_a_key(pattern: str, key: str, expected: str) -> None:
    found = times.from_key(re.compile(pattern), key)
    assert found is not None
    assert found.isoformat() == expected


def test_a_key_without_a_time_has_none_and_an_impossible_one_raises() -> None:
    pattern = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)")
    assert times.from_key(pattern, "logs/x") is None
    with pytest.raises(ValueError, match="month must be in"):
        times.from_key(pattern, "202413")
