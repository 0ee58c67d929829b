"""field_prefix: what moves under it, and what stays."""

from __future__ import annotations

import datetime
from typing import Any

from loader.batch import Batch, Source
from loader.stages import prefix
from tests.drivers import log_type


def moved(raw: dict[str, Any], added: dict[str, Any], *renamed: str) -> dict[str, Any]:
    remember, move = prefix.prepare(log_type(field_prefix="vendor"), renamed)
    assert remember is not None and move is not None
    batch = Batch(Source("b", "k"), ["r"], [raw], [7], datetime.datetime.now(datetime.UTC))
    remember(batch)
    raw.update(added)
    move(batch)
    return batch.records[0]


def test_a_type_without_a_prefix_has_no_steps() -> None:
    assert prefix.prepare(log_type()) == (None, None)


def test_row_1_5_3_field_prefix_takes_the_original_fields_and_leaves_what_was_added() -> None:
    added = {"source": {"ip": "192.0.2.1"}, "@message": "m"}
    assert moved({"a": 1, "b": {"c": 2}}, added) == {"vendor": {"a": 1, "b": {"c": 2}}, **added}


def test_row_1_5_3_an_ecs_object_of_a_raw_fields_name_moves_with_it() -> None:
    assert moved({"user": "bob"}, {"user": {"name": "bob"}}) == {"vendor": {"user": {"name": "bob"}}}


def test_a_renamed_field_is_an_original_one() -> None:
    assert moved({"old": 1}, {"new": 1}, "new") == {"vendor": {"old": 1, "new": 1}}


def test_a_field_that_a_hook_removed_is_no_matter_and_what_stands_there_already_is_joined() -> None:
    remember, move = prefix.prepare(log_type(field_prefix="vendor"))
    assert remember is not None and move is not None
    batch = Batch(Source("b", "k"), ["r"], [{"a": 1, "gone": 2}], [0], datetime.datetime.now(datetime.UTC))
    remember(batch)
    batch.records[0] = {"a": 1, "vendor": {"by": "hook"}}
    move(batch)
    assert batch.records == [{"vendor": {"by": "hook", "a": 1}}]
