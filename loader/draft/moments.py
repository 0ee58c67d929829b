"""Times in samples: how they look in a line, and in which form the loader reads them."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

from loader import times

YEARS = range(1995, 2045)  # of times that are none by accident
NOW = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)  # what a time without a year is read by
CLOCK = r"\d\d:\d\d:\d\d(?:[.,]\d+)?"
LOOKS = (  # what stands in a line as a time though it has blanks in it, the longer first
    rf"\d{{4}}-\d\d-\d\d[T ]{CLOCK}(?:Z| ?[+-]\d\d(?::?\d\d)?)?",
    rf"\d{{4}}-\d\d-\d\d\t{CLOCK}",
    rf"\d{{4}}/\d\d/\d\d {CLOCK}",
    rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} +\d{{1,2}} {CLOCK} \d{{4}}",
    rf"[A-Z][a-z]{{2}}, \d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {CLOCK} (?:[+-]\d{{4}}|GMT|UTC)",
    rf"[A-Z][a-z]{{2}} +\d{{1,2}},? \d{{4}} {CLOCK}",
    rf"[A-Z][a-z]{{2}} +\d{{1,2}} {CLOCK}",
    rf"\d{{1,2}} [A-Z][a-z]{{2}} \d{{4}} {CLOCK}(?: UTC| GMT)?",
    rf"\d{{1,2}}/[A-Z][a-z]{{2}}/\d{{4}}:{CLOCK} [+-]\d{{4}}",
    rf"\d{{1,2}}-[A-Z][a-z]{{2}}-\d{{4}} {CLOCK}",
    rf"\d{{1,2}}/\d{{1,2}}/\d{{4}} {CLOCK}(?: [AP]M)?",
    rf"\d{{1,2}}/\d{{1,2}}/\d\d {CLOCK}",
    rf"\d{{1,2}}\.\d{{1,2}}\.\d{{4}} {CLOCK}",
    r"\d{6}(?:\d\d)? [ \d]\d:\d\d:\d\d",
)
LOOK = re.compile("|".join(LOOKS))
ISO, EPOCH, SYSLOG = "iso8601", "epoch", "syslog"
FORMS = (  # strptime's, the likelier first; each is tried with and without a fraction of a second
    "%d/%b/%Y:%H:%M:%S %z", "%Y/%m/%d %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%b %d %Y %H:%M:%S", "%b %d, %Y %H:%M:%S", "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M:%S %Z", "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S %Z",
    "%Y-%m-%d time=%H:%M:%S", "%d-%b-%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%y %H:%M:%S", "%d/%m/%y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S", "%Y%m%d %H:%M:%S", "%y%m%d %H:%M:%S", "%Y/%m/%d", "%d/%b/%Y",
)  # fmt: skip
TWINS = {"%m/%d/%Y %H:%M:%S": "%d/%m/%Y %H:%M:%S", "%m/%d/%y %H:%M:%S": "%d/%m/%y %H:%M:%S"}


def form_of(values: Sequence[Any]) -> str | None:
    """Return the ``timestamp_format`` in which all of these values are times of our days, None where there is none.

    >>> form_of(["24/May/2024:08:00:00 +0000"]), form_of([1716537600]), form_of(["Feb  5 17:32:18"]), form_of(["17"])
    ('%d/%b/%Y:%H:%M:%S %z', 'epoch', 'syslog', None)
    """
    values = [value for value in values if value not in (None, "", "-")]
    if not values or not all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values):
        return None
    texts = [str(value) for value in values]
    if all(re.fullmatch(r"\d{10,19}(?:\.\d+)?|\d\.\d+E9", text) for text in texts):
        return EPOCH if _reads(EPOCH, texts) else None
    if not all(re.search(r"\d\D+\d", text) for text in texts):
        return None
    fractions = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f")
    forms = (form.replace("%H:%M:%S", fraction) for form in FORMS for fraction in fractions)
    return next((form for form in (ISO, SYSLOG, *forms) if _reads(form, texts)), None)


def is_ambiguous(form: str, values: Sequence[Any]) -> bool:
    """Tell whether day and month may be the other way round."""
    twin = TWINS.get(re.sub(r"[.,]%f", "", form))
    return twin is not None and _reads(form.replace("%m/%d", "%d/%m"), [str(value) for value in values])


def _reads(form: str, texts: Sequence[str]) -> bool:
    if form == ISO and not all(len(text) >= 10 and text[4:5] == "-" or re.match(r"\d{8}T\d{6}", text) for text in texts):
        return False
    read = times.reader(form, datetime.UTC, nano=form not in (ISO, SYSLOG, EPOCH))
    try:
        return all(read(text, NOW).year in YEARS for text in texts)
    except (ValueError, OverflowError):
        return False


def nano(form: str, values: Sequence[Any]) -> bool:
    """Tell whether these times have more digits of a second than a strptime format reads."""
    return form not in (ISO, SYSLOG, EPOCH) and any(re.search(r"[.,]\d{7}", str(value)) for value in values)
