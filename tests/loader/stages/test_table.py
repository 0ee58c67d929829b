"""Tables of hooks as functions: what a row gives goes where it says, what says nothing changes nothing, nothing empty is left."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.paths import reader
from loader.stages.declared import copied, places, says, values
from loader.stages.table import applier
from loader.stages.tidy import tidy_object
from siem.utils import derive
from tests.loader.stages.test_declared import EMPTY, SAYING, TARGETS, row

VALUES = st.sampled_from([*EMPTY, "text", 5, ["a", "b"], {"deep": [1]}])


@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_what_is_empty_says_nothing_and_leaves_the_mapped_value(value: Any) -> None:
    assert applier([row("event.kind", value)])({"event": {"kind": "event"}}) == {"event": {"kind": "event"}}


@pytest.mark.parametrize("value", SAYING, ids=repr)
def test_what_is_falsy_or_nearly_empty_says_something(value: Any) -> None:
    assert applier([row("event.kind", value)])({})["event"]["kind"] == ([*value] if isinstance(value, tuple) else value)


@pytest.mark.parametrize(
    ("sources", "record", "seen"),
    [
        ("a b", {"a": "1"}, ("1", None)),
        ("a.b", {"a": {"b": 5}}, (5,)),
        ("a.b", {"a": "text"}, (None,)),
        ("a.1.b", {"a": [{}, {"b": True}]}, (True,)),
        ("@log_s3key a.b", {"@log_s3key": "k", "a": None}, ("k", None)),
    ],
)
def test_a_function_gets_the_values_of_its_sources_and_none_for_those_that_are_not_there(sources: str, record: Any, seen: Any) -> None:
    calls: list[Any] = []
    applier([derive("event.kind", lambda *values: calls.append(values), sources)])(record)
    assert calls == [seen]


def test_rows_are_run_in_their_order_and_the_last_that_says_something_wins() -> None:
    rows = [row("event.kind", "first"), row("event.kind", "second"), row("event.kind", None)]
    assert applier(rows)({"event": {"kind": "mapped"}}) == {"event": {"kind": "second"}}


def test_several_targets_take_a_tuple_in_their_order_and_none_is_nothing_for_all() -> None:
    targets = "event.kind user.name cloud.region"
    assert applier([row(targets, ("a", None, "b"))])({}) == {"event": {"kind": "a"}, "cloud": {"region": "b"}}
    assert applier([row(targets, None)])({"user": {"name": "c"}}) == {"user": {"name": "c"}}


@pytest.mark.parametrize("value", [("a",), ("a", "b", "c"), ["a", "b"], "ab", 0, {}], ids=repr)
def test_what_is_no_tuple_of_as_many_values_as_targets_is_told(value: Any) -> None:
    with pytest.raises(TypeError, match=r"is no tuple of 2 values for event\.kind event\.type"):
        applier([row("event.kind event.type", value)])({})


@pytest.mark.parametrize("value", [["a"], ("a",), {"b": {"c": 1}}], ids=repr)
def test_records_share_no_list_and_no_object_with_each_other_or_with_the_function(value: Any) -> None:
    before = copy.deepcopy(value)
    transform = applier([row("event.type", value)])
    one, other = transform({})["event"]["type"], transform({})["event"]["type"]
    one.append("x") if isinstance(one, list) else one["b"].update(c=2)
    assert value == before
    assert other == ([*before] if isinstance(before, tuple) else before)


@given(st.lists(st.tuples(TARGETS, VALUES), max_size=5), st.sets(TARGETS, max_size=2))
def test_places_that_nothing_was_put_in_are_gone_and_no_other(given_rows: list[tuple[str, Any]], mapped: set[str]) -> None:
    rows = [row(target, value) for target, value in given_rows]
    record: dict[str, Any] = {"own": {}, "text": None}
    for path in places(rows, mapped):  # as the mapping makes them
        *parents, leaf = path.split(".")
        owner = record
        for step in parents:
            owner = owner[step] if isinstance(owner.get(step), dict) else owner.setdefault(step, {}) or {}
        owner[leaf] = None if path in mapped else {}
    done = applier(rows, mapped)(record)
    assert done.pop("own") == {}
    assert done.pop("text", 0) is None
    again = copy.deepcopy(done)
    tidy_object(again)
    assert again == done


def test_members_stand_in_the_order_of_the_rows() -> None:
    rows = [row("event.outcome", "success"), row("cloud.region", None), row("event.action", "go"), row("cloud.service.name", "vpc")]
    done = applier(rows)({"event": {}, "cloud": {"service": {}}})
    assert list(done["event"]) == ["outcome", "action"]
    assert done["cloud"] == {"service": {"name": "vpc"}}


def test_a_row_that_raises_leaves_what_was_set_before_and_nothing_empty() -> None:
    rows = [row("event.kind", "set"), derive("user.name", lambda value: value.lower(), "a"), row("cloud.region", "never")]
    record: dict[str, Any] = {"a": 5, "event": {}, "user": {}, "cloud": {}}
    with pytest.raises(AttributeError):
        applier(rows)(record)
    assert record == {"a": 5, "event": {"kind": "set"}}


def test_a_value_in_the_way_of_an_object_gives_way() -> None:
    assert applier([row("user.name", "alice")])({"user": "bob"}) == {"user": {"name": "alice"}}




GIVEN: list[Callable[..., Any]] = [
    lambda *a: a[0],
    lambda *a: a[-1],
    lambda *a: "/".join(map(repr, a)),
    lambda *_: {"k": ["", {"x": "-"}], "e": {"x": None}},
    lambda *_: [None, "", ["x", []], {"y": ""}],
    lambda *a: ("a", "", a[0]),
    lambda *a: (a[0], a),
    lambda *a: (None, a[-1]),
    lambda *_: OrderedDict(),
    lambda *a: 1 / (a[0] != "-"),
    lambda *_: True,
]
PATHS = st.lists(st.sampled_from(["a", "b", "0"]), min_size=1, max_size=3).map(".".join)
LEAVES = st.sampled_from(["", "-", "null", "x", "text", 1, 1.0, True, 0, None]) | st.builds(OrderedDict)
TREES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("ab0"), below, max_size=3), max_leaves=6)
RECORDS = st.dictionaries(st.sampled_from("ab0"), TREES, max_size=3)


@st.composite
def tables(draw: st.DrawFn) -> list[Any]:
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        targets, sources = draw(st.lists(PATHS, min_size=1, max_size=3)), draw(st.lists(PATHS, min_size=1, max_size=3))
        needs = draw(st.lists(st.sampled_from(sources), max_size=1))
        function = draw(st.sampled_from(GIVEN))
        rows.append(derive(" ".join(targets), function, " ".join(sources), varied=draw(st.booleans()), needs=" ".join(needs)))
    return rows


def one_by_one(rows: list[Any], mapped: set[str], record: dict[str, Any]) -> None:
    """What a table means, without any haste."""
    try:
        for one in rows:
            given_values = values(one.targets, one.function(*[reader(source)(record) for source in one.sources]))
            held = [{"value": copied(value)} if says(value) else {} for value in given_values]
            for target, box in zip(one.targets, held, strict=True):
                tidy_object(box)
                if "value" in box:
                    _set(record, target, box["value"])
    finally:
        for path in reversed(places(rows, mapped)):
            above, _, leaf = path.rpartition(".")
            owner = reader(above)(record) if above else record
            if isinstance(owner, dict) and leaf in owner and (owner[leaf] is None or owner[leaf] == {}):
                del owner[leaf]


def _set(record: dict[str, Any], target: str, value: Any) -> None:
    *parents, leaf = target.split(".")
    for step in parents:
        if type(record.get(step)) is not dict:
            record[step] = {}
        record = record[step]
    record[leaf] = value


def _containers(value: Any) -> Iterator[int]:
    if isinstance(value, list | dict):
        yield id(value)
        for below in value.values() if isinstance(value, dict) else value:
            yield from _containers(below)


def _told(run: Callable[[], Any]) -> str:
    try:
        run()
    except (TypeError, ZeroDivisionError) as why:
        return repr(why)
    return ""


@given(tables(), st.sets(PATHS, max_size=3), st.lists(RECORDS, min_size=1, max_size=5))
def test_any_table_does_to_any_records_what_its_rows_say_one_by_one(rows: list[Any], mapped: set[str], records: list[dict[str, Any]]) -> None:
    transform, done = applier(rows, mapped), copy.deepcopy(records)
    wanted = [_told(lambda record=record: one_by_one(rows, mapped, record)) for record in records]  # type: ignore[misc]
    assert [_told(lambda record=record: transform(record)) for record in done] == wanted  # type: ignore[misc]
    assert [*map(repr, done)] == [*map(repr, records)]  # in their order, True not 1
    held = [place for record in done for place in _containers(record)]
    assert len({*held}) == len(held)
