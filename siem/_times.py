"""Times as hooks read them, all of them aware. For hooks, by way of ``siem.utils``.

Where a zone (``TZ``) is wanted, a tzinfo does, and so do hours (9, -4.5), ``+09:00``, a name such as Asia/Tokyo, and None for UTC. What is
no time raises ValueError.
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache
from typing import Any

from loader import times

_OFFSET = re.compile(r"([+-]?)(\d{1,2})(?::?(\d\d))?")
_NANO = re.compile(r"([.,]\d{6})\d+")


def convert_epoch_to_datetime(timestr: Any, TZ: Any = None) -> datetime.datetime:
    """Return the time of an epoch value in seconds, milli-, micro- or nanoseconds; the size tells which it is.

    >>> convert_epoch_to_datetime("1716535925123", datetime.UTC).isoformat()
    '2024-05-24T07:32:05.123000+00:00'
    """
    return times.epoch(timestr).astimezone(_zone(TZ))


def convert_syslog_to_datetime(timestr: Any, TZ: Any = None) -> datetime.datetime:
    """Return the time of a text such as ``Feb  5 17:32:18``, in the latest year that does not put it over 12 hours from now.

    >>> convert_syslog_to_datetime("Feb  5 17:32:18", "+09:00").isoformat()[5:]
    '02-05T17:32:18+09:00'
    """
    return times.syslog(str(timestr), _zone(TZ), datetime.datetime.now(datetime.UTC))


def convert_iso8601_to_datetime(timestr: Any, TZ: Any = None, timestamp_format: Any = None, NANO: Any = None) -> datetime.datetime:
    """Return the time of an ISO 8601 text; one that names no zone is in ``TZ``. ``NANO`` cuts fractions to six digits.

    >>> convert_iso8601_to_datetime("2024-05-24T07:32:05.123456789Z", None, "iso8601", True).isoformat()
    '2024-05-24T07:32:05.123456+00:00'
    """
    return _aware(datetime.datetime.fromisoformat(_text(timestr, NANO)), TZ)


def convert_custom_timeformat_to_datetime(timestr: Any, TZ: Any, timestamp_format: str, NANO: Any = None) -> datetime.datetime:
    """Return the time of a text in a strptime format; one that names no zone is in ``TZ``. ``NANO`` cuts fractions to six digits.

    >>> convert_custom_timeformat_to_datetime("24/May/2024:07:32:05 +0200", "+00:00", "%d/%b/%Y:%H:%M:%S %z").isoformat()
    '2024-05-24T07:32:05+02:00'
    """
    return _aware(datetime.datetime.strptime(_text(timestr, NANO), timestamp_format), TZ)


def convrt_micro_epoch_to_seconds_epoch(epoch: Any) -> float:
    """Return an epoch value of seconds, milli-, micro- or nanoseconds in seconds; the size tells which it is.

    >>> convrt_micro_epoch_to_seconds_epoch(1716535925), convrt_micro_epoch_to_seconds_epoch("1716535925123456")
    (1716535925.0, 1716535925.123456)
    """
    return times.epoch(epoch).timestamp()


def timestr_to_hours(timestr: Any) -> Any:
    """Return the hours of an offset from UTC; what is none, such as the name of a zone, is returned as it is.

    >>> timestr_to_hours("+09:00"), timestr_to_hours("-04:30"), timestr_to_hours("Asia/Tokyo")
    (9.0, -4.5, 'Asia/Tokyo')
    """
    match = _OFFSET.fullmatch(str(timestr).strip())
    if not match:
        return timestr
    hours = int(match[2]) + int(match[3] or 0) / 60
    return -hours if match[1] == "-" else hours


def _text(timestr: Any, nano: Any) -> str:
    return _NANO.sub(r"\1", str(timestr)) if nano else str(timestr)


def _aware(moment: datetime.datetime, zone: Any) -> datetime.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=_zone(zone))


def _zone(given: Any) -> datetime.tzinfo:
    if isinstance(given, datetime.tzinfo):
        return given
    if isinstance(given, datetime.timedelta):
        return datetime.timezone(given)
    if isinstance(given, int | float):
        return datetime.timezone(datetime.timedelta(hours=given))
    return _named_zone(str(given or ""))


_named_zone = lru_cache(maxsize=64)(times.zone)
