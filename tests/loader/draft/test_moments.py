"""Times: every look is read in a form, and what is no time is none."""

from __future__ import annotations

import datetime
import re

import pytest

from loader import times
from loader.draft import moments
from loader.draft.moments import form_of

WHEN = datetime.datetime(2024, 5, 24, 18, 0, 7, 123456, datetime.UTC)
FORMS = [form.replace("%H:%M:%S", fraction) for form in moments.FORMS for fraction in ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f")]


@pytest.mark.parametrize("form", dict.fromkeys(FORMS))
def test_what_a_form_writes_is_read_as_the_same_time(form: str) -> None:
    text = WHEN.strftime(form)
    found = form_of([text])
    assert found is not None
    read = times.reader(found, datetime.UTC)(text, WHEN)
    assert (read.date(), read.strftime(form)) == (WHEN.date(), text)


@pytest.mark.parametrize(
    ("values", "form"),
    [
        (["2024-05-24T08:00:00Z", "2024-05-24T08:00:00.123456789+02:00"], "iso8601"),
        (["2024-05-24 08:00:00,123"], "iso8601"),
        ([1716537600, 1716537600123], "epoch"),
        (["1716537600.5"], "epoch"),
        (["Feb  5 17:32:18"], "syslog"),
        (["24/May/2024:08:00:00 +0000", "-"], "%d/%b/%Y:%H:%M:%S %z"),
        (["05/24/2024 08:00:00"], "%m/%d/%Y %H:%M:%S"),
        (["24/05/2024 08:00:00"], "%d/%m/%Y %H:%M:%S"),
    ],
)
def test_forms_by_their_values(values: list[object], form: str) -> None:
    assert form_of(values) == form


@pytest.mark.parametrize("value", ["17", "", True, "0000000001", "99999999999999", "2024-13-24T08:00:00Z", "1.2.3", ["2024-05-24"], "version 2-4"])
def test_what_is_no_time_has_no_form(value: object) -> None:
    assert form_of([value]) is None


def test_a_day_that_may_be_a_month_is_told() -> None:
    assert moments.is_ambiguous("%m/%d/%Y %H:%M:%S", ["05/06/2024 08:00:00"])
    assert not moments.is_ambiguous("%m/%d/%Y %H:%M:%S", ["05/24/2024 08:00:00"])
    assert not moments.is_ambiguous("iso8601", ["2024-05-06"])


def test_every_look_is_a_pattern_that_finds_itself() -> None:
    written = [
        "2024-05-24 08:00:00.1 +0200", "2024-05-24\t08:00:00", "2024/05/24 08:00:00", "Fri May 24 08:00:00.1 2024", "Fri, 24 May 2024 08:00:00 GMT",
        "May 24 2024 08:00:00", "May  4 08:00:00", "24 May 2024 08:00:00 UTC", "24/May/2024:08:00:00 +0000", "24-May-2024 08:00:00",
        "5/24/2024 08:00:00 PM", "05/24/24 08:00:00", "24.05.2024 08:00:00", "20240524 08:00:00", "240524  8:00:00",
    ]  # fmt: skip
    for text in written:
        assert moments.LOOK.fullmatch(text), text
    for look in moments.LOOKS:
        assert any(re.fullmatch(look, text) for text in written), look
