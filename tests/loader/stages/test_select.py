"""Selection: each destination gets its part of a record, and the record stays whole for the others."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import schema
from loader.stages import select

STAMPS = {"@message": "raw text", "@timestamp": "2024-05-24T07:32:05Z", "@log_s3bucket": "b", "@log_s3key": "k/x", "@id": "1"}
RECORD = {
    **STAMPS,
    "eventName": "Run",
    "userIdentity": {"type": "Root"},
    "event": {"kind": "event", "mine": 1},
    "source": {"ip": "192.0.2.1", "geo": {"city_name": "X", "mine": 2}, "mine": {"deep": 3}},
    "related": {"ip": ["192.0.2.1"]},
    "labels": {"anything": "goes"},
    "dns": {"answers": [{"data": "x"}]},
    "aws": {"account": "1"},
}
LEAN = {
    "@timestamp": STAMPS["@timestamp"],
    "event": {"kind": "event"},
    "source": {"ip": "192.0.2.1", "geo": {"city_name": "X"}},
    "related": {"ip": ["192.0.2.1"]},
    "labels": {"anything": "goes"},
    "dns": {"answers": [{"data": "x"}]},
}


def selected(record: dict[str, Any], fields: str = "full", keep: str = "", drop: str = "", mapped: str = "") -> dict[str, Any]:
    choose = select.prepare(fields, keep.split(), drop.split(), mapped.split())
    before = copy.deepcopy(record)
    found = choose(record) if choose else record
    assert record == before, "the record was changed"
    return found


def test_full_is_the_record_itself_and_costs_nothing() -> None:
    assert select.prepare("full", [], []) is None


def test_lean_is_what_ecs_has_a_name_for() -> None:
    assert selected(RECORD, "lean") == LEAN


def test_ecs_is_that_and_the_raw_text_and_where_it_came_from() -> None:
    expected = {**LEAN, "event": {"kind": "event", "original": "raw text"}, "log": {"file": {"path": "s3://b/k/x"}}}
    assert selected(RECORD, "ecs") == expected


def test_a_field_the_type_maps_stays_though_ecs_lacks_it() -> None:
    assert selected(RECORD, "lean", mapped="aws.account source.mine.deep") == {
        **LEAN,
        "aws": {"account": "1"},
        "source": {**LEAN["source"], "mine": {"deep": 3}},  # type: ignore[dict-item]
    }


@pytest.mark.parametrize("odd", [["a", "list"], "text", None, 5, [], {"level": "x", "mine": 1}])
@pytest.mark.parametrize("name", ["log", "event", "source", "labels"])
def test_a_raw_field_of_an_ecs_name_that_is_no_object_costs_no_record(name: str, odd: Any) -> None:
    for fields in ("ecs", "lean"):
        found = selected({**STAMPS, name: odd}, fields)
        if fields == "ecs":
            assert found["event"]["original"] == "raw text"
            assert found["log"]["file"] == {"path": "s3://b/k/x"}
        if isinstance(odd, dict) and name == "log":
            assert found["log"]["level"] == "x"
            assert "mine" not in found["log"]


def test_keep_sends_only_these_by_their_paths() -> None:
    found = selected(RECORD, keep="eventName source.geo missing related.ip.0 source.mine.deep")
    assert found == {"eventName": "Run", "source": {"geo": RECORD["source"]["geo"], "mine": {"deep": 3}}, "related": {"ip": {"0": "192.0.2.1"}}}  # type: ignore[index]


def test_drop_leaves_these_out_wherever_they_are() -> None:
    found = selected(RECORD, drop="@message source.geo.city_name source.mine eventName.x missing.y userIdentity")
    assert "@message" not in found
    assert "userIdentity" not in found
    assert found["source"] == {"ip": "192.0.2.1", "geo": {"mine": 2}}
    assert found["eventName"] == "Run"


def test_keep_and_drop_choose_from_what_fields_gives() -> None:
    assert selected(RECORD, "ecs", keep="source event eventName", drop="source.geo event.original") == {
        "source": {"ip": "192.0.2.1"},
        "event": {"kind": "event"},
    }


def test_an_ecs_record_can_be_sent_without_its_raw_text() -> None:
    assert "original" not in selected(RECORD, "ecs", drop="event.original")["event"]


NAMES = st.sampled_from(["a", "b", "0", "event", "source", "ip"])
VALUES: Any = st.recursive(
    st.one_of(st.none(), st.integers(0, 3), st.text(max_size=2)),
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(NAMES, below, max_size=3)),
    max_leaves=8,
)
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map(".".join), max_size=4)


@settings(deadline=None, max_examples=300)
@given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from(["full", "ecs", "lean"]), PATHS, PATHS)
def test_whatever_is_chosen_the_record_is_not_changed(record: dict[str, Any], fields: str, keep: list[str], drop: list[str]) -> None:
    selected({**STAMPS, **record}, fields, " ".join(keep), " ".join(drop))


@settings(deadline=None)
@given(st.dictionaries(NAMES, VALUES, max_size=4), PATHS)
def test_nothing_of_what_is_dropped_is_left_and_all_else_is(record: dict[str, Any], drop: list[str]) -> None:
    found = selected(record, drop=" ".join(drop))

    def left(value: Any, path: str = "") -> Any:
        if not isinstance(value, dict):
            return value
        return {key: left(below, f"{path}{key}.") for key, below in value.items() if path + key not in drop}

    assert found == left(record)


def test_every_field_of_ecs_passes() -> None:
    for name, field in schema.fields().items():
        if field.type not in ("object", "nested"):
            *parents, leaf = name.split(".")
            record: dict[str, Any] = {leaf: "x"}
            for step in reversed(parents):
                record = {step: record}
            assert selected(record, "lean") == record
