"""Index names and ids as the es-loader gave them."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from loader.batch import Batch, Label, Source
from loader.stages import label
from tests.drivers import log_type

NOW = datetime.datetime(2025, 3, 4, tzinfo=datetime.UTC)


def labelled(record: dict[str, Any], control: dict[str, Any] | None = None, **options: str) -> Label:
    section = log_type(**{"index_name": "log-app", **options})
    record = {"@timestamp": "2024-01-01T02:00:00+00:00", "@id": "i", "event": {"ingested": NOW.isoformat()}, **record}
    batch = Batch(Source("b", "k"), [""], [record], [0], NOW)
    if control:
        batch.controls[id(record)] = control
    label.prepare(section)(batch)
    assert section.problems == []
    return batch.labels[id(record)]


@pytest.mark.parametrize(
    ("options", "index"),
    [
        ({}, "log-app-2024-01"),
        ({"index_rotation": "monthly"}, "log-app-2024-01"),
        ({"index_rotation": "daily"}, "log-app-2024-01-01"),
        ({"index_rotation": "weekly"}, "log-app-2024-w01"),
        ({"index_rotation": "yearly"}, "log-app-2024"),
        ({"index_rotation": "every-decade"}, "log-app-2024"),
        ({"index_rotation": "auto"}, "log-app"),
        ({"index_rotation": "auto", "index_suffix": "prod"}, "log-app"),
        ({"index_suffix": "prod"}, "log-app-prod-2024-01"),
        ({"index_tz": "-05:00"}, "log-app-2023-12"),
        ({"index_tz": "-04:30", "index_rotation": "daily"}, "log-app-2023-12-31"),
        ({"index_time": "event_ingested"}, "log-app-2025-03"),
        ({"index_name": ""}, "demo-2024-01"),
    ],
)
def test_row_1_5_10_the_index_is_name_suffix_and_date(options: dict[str, str], index: str) -> None:
    assert labelled({}, **options) == Label(index, "i")


def test_row_1_5_10_weeks_begin_on_monday_and_days_before_the_first_are_in_week_zero() -> None:
    assert labelled({"@timestamp": "2021-01-01T00:00:00+00:00"}, index_rotation="weekly").index == "log-app-2021-w00"


def test_row_1_5_13_a_hook_may_name_the_index_and_its_date() -> None:
    moment = datetime.datetime(2020, 2, 3, tzinfo=datetime.UTC)
    assert labelled({}, {"__index_name": "log-other", "__index_dt": moment}).index == "log-other-2020-02"


def test_a_time_that_is_none_gives_todays_date() -> None:
    assert labelled({"@timestamp": "soon"}, index_rotation="yearly").index == f"log-app-{datetime.datetime.now(datetime.UTC).year}"


@pytest.mark.parametrize(
    ("record", "control", "options", "identity"),
    [
        ({}, {}, {}, "i"),
        ({"@id": 5}, {}, {}, "5"),
        ({"a": {"b": 7}}, {}, {"doc_id_suffix": "a.b"}, "i_7"),
        ({"a": {"b": 0}}, {}, {"doc_id_suffix": "a.b"}, "i_0"),
        ({"a": {"b": "-"}}, {}, {"doc_id_suffix": "a.b"}, "i_-"),
        ({}, {}, {"doc_id_suffix": "a.b"}, "i"),
        ({"a": ""}, {}, {"doc_id_suffix": "a"}, "i"),
        ({"a": 1}, {"__doc_id_suffix": "h"}, {"doc_id_suffix": "a"}, "i_h"),
    ],
)
def test_row_1_5_8_the_id_is_followed_by_its_suffix(record: dict[str, Any], control: dict[str, Any], options: dict[str, str], identity: str) -> None:
    assert labelled(record, control, **options).id == identity
