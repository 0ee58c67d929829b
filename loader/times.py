"""Timestamp readers chosen by format, and zones by name or offset (leaf, pure).

A reader takes the value of a field and a reference time, and returns an aware datetime; it raises ValueError. The format
words are tested as the es-loader did: a format that contains ``epoch``, ``syslog`` or ``iso8601`` is that, anything else is
for strptime.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from dateutil import tz as zones

Reader = Callable[[Any, datetime.datetime], datetime.datetime]
UTC = datetime.UTC
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = {"Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "May": 5, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Oct": 10, "Nov": 11, "Dec": 12}
SYSLOG = re.compile(r"([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?")


def zone(name: str) -> datetime.tzinfo:
    """Return the zone of ``+09:00``, ``-0330``, ``Z`` or a name of the tz database; raises ValueError."""
    if match := re.fullmatch(r"([+-])(\d{1,2}):?(\d\d)?", name):
        offset = datetime.timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        if offset >= datetime.timedelta(hours=24):
            raise ValueError(f"{name!r} is not an offset from UTC")
        return datetime.timezone(-offset if match[1] == "-" else offset)
    if name.upper() in ("", "Z", "UTC", "GMT"):
        return UTC
    found = zones.gettz(name)
    if found is None:
        raise ValueError(f"{name!r} is no time zone: write an offset such as +09:00 or a name such as Europe/Berlin")
    return found


def reader(form: str, tz: datetime.tzinfo, *, nano: bool = False) -> Reader:
    """Return the reader for an INI ``timestamp_format``; times that name no zone are in ``tz``. ``nano`` cuts fractions to 6 digits.

    Raises ValueError for what is no format.
    """
    if "epoch" in form:
        return lambda value, reference: epoch(value).astimezone(tz)
    if "syslog" in form:
        return lambda value, reference: syslog(str(value), tz, reference)
    if "iso8601" in form:
        return lambda value, reference: _zoned(datetime.datetime.fromisoformat(_cut(str(value)) if nano else str(value)), tz)
    try:
        datetime.datetime.strptime("", form)
    except ValueError as why:
        if "bad directive" in str(why) or "stray" in str(why):
            raise ValueError(f"{form!r} is no strptime format: {why}") from why
    return lambda value, reference: _zoned(datetime.datetime.strptime(_cut(str(value)) if nano else str(value), form), tz)


def epoch(value: Any) -> datetime.datetime:
    """Read seconds, milli-, micro- or nanoseconds since 1970, told apart by magnitude, with exact integer arithmetic.

    The bounds lie where neither reading is a plausible log time: 10**11 seconds is the year 5138, 10**11 ms is 1973.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r} is not an epoch time")
    try:
        exact = Decimal(str(value).strip())
        size = abs(exact)
        if not size < 10**20:  # no time, and its digits would have to be written out
            raise ValueError(f"{value!r} is not an epoch time")
        scale = 1_000_000 if size < 10**11 else 1_000 if size < 10**14 else 1
        micros = int(exact * scale) if size < 10**17 else int(exact) // 1000
        return EPOCH + datetime.timedelta(microseconds=micros)
    except ArithmeticError as why:  # decimal's own errors, and OverflowError
        raise ValueError(f"{value!r} is not an epoch time") from why


def syslog(value: str, tz: datetime.tzinfo, reference: datetime.datetime) -> datetime.datetime:
    """Read the ``Mmm dd hh:mm:ss`` of RFC 3164, 4.1.2, in the latest year that does not put it over 12 hours after ``reference``."""
    match = SYSLOG.match(value)
    if not match or match[1] not in MONTHS:
        raise ValueError(f"{value!r} is not a syslog time such as 'Feb  5 17:32:18'")
    micros = int((match[6] or "")[:6].ljust(6, "0"))
    latest = reference + datetime.timedelta(hours=12)
    for year in range(latest.astimezone(tz).year, latest.year - 9, -1):  # 29 February may be eight years back
        try:
            found = datetime.datetime(year, MONTHS[match[1]], int(match[2]), int(match[3]), int(match[4]), int(match[5]), micros, tz)
        except ValueError:
            continue
        if found <= latest:
            return found
    raise ValueError(f"{value!r} is a day that no year near {reference.year} has")


def _zoned(moment: datetime.datetime, tz: datetime.tzinfo) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=tz)


def _cut(value: str) -> str:
    return re.sub(r"([.,]\d{6})\d+", r"\1", value)


def from_key(pattern: re.Pattern[str], key: str) -> datetime.datetime | None:
    """Return the UTC time that the named groups (year month day hour minute second microsecond) find in an object's key, or None."""
    match = pattern.search(key)
    if not match:
        return None
    parts = {name: int(value) for name, value in match.groupdict().items() if value}
    clock = datetime.timedelta(**{f"{name}s": parts.get(name, 0) for name in ("hour", "minute", "second", "microsecond")})
    return datetime.datetime(parts.get("year", 2000), parts.get("month", 1), parts.get("day", 1), tzinfo=UTC) + clock
