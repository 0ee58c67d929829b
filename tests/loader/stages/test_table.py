"""Tables of hooks as functions: what a row gives goes where it says, what says nothing changes nothing, nothing empty is left."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.paths import reader
from loader.stages.declared import copied, places, says, values
from loader.stages.table import applier, is_quick
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


def test_a_function_is_asked_once_for_what_repeats_and_never_for_one_value_in_the_place_of_another() -> None:
    calls: list[Any] = []
    transform = applier([derive("event.kind", lambda *values: calls.append(values), "a b", needs="b")])
    for value in (1, True, False, 0, None, "1", 1, True, "1", False, 7, 7):
        transform({"a": value, "b": "x"})
        transform({"a": value})
    assert [*map(repr, calls)] == [f"({one!r}, 'x')" for one in (1, True, False, 0, None, "1", 1, 7)]


def test_what_records_cannot_have_is_not_looked_for() -> None:
    nat = derive("source.nat.ip", lambda one, inner: inner, "one inner", needs="inner")
    rows = [nat, derive("event.kind", lambda *values: repr(values), "one inner")]
    short: Any = applier(rows, (), frozenset({"one"}))
    assert short({"one": "1"}) == {"one": "1", "event": {"kind": "('1', None)"}}
    assert "nat" not in short.source and "get('inner')" not in short.source
    assert "nat" in applier(rows, (), frozenset({"inner"})).source  # type: ignore[attr-defined]


def test_a_function_that_calls_nothing_is_asked_each_time_and_one_with_a_loop_is_not() -> None:
    assert is_quick(lambda value, other: value[2:] if value and other not in (None, value) else f"{value}")
    assert not is_quick(lambda value: value.lower())
    assert not is_quick(lambda value: [one for one in value])  # noqa: C416
    assert not is_quick({}.get)


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


@pytest.mark.parametrize("function", [lambda value: lambda *_: value, lambda value: remembered(lambda *_: value)], ids=["quick", "remembered"])
@pytest.mark.parametrize("value", [["a"], ("a",), [["a"], {"b": 1}], {"b": {"c": 1}}], ids=repr)
def test_records_share_no_list_and_no_object_with_each_other_or_with_the_function(value: Any, function: Any) -> None:
    transform = applier([derive("event.type", function(value), "a")])
    one, other = transform({})["event"]["type"], transform({})["event"]["type"]
    assert one == other == ([*value] if isinstance(value, tuple) else value)
    held = [*_containers(value), *_containers(one), *_containers(other)]
    assert len({*held}) == len(held)


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


def test_a_field_that_is_set_and_then_made_an_object_is_the_object() -> None:
    rows = [row("user.target", "x"), row("user.target.name", "y")]
    assert applier(rows)({"user": {"target": {"id": 1}}}) == {"user": {"target": {"name": "y"}}}


def test_a_mapped_field_whose_place_was_only_kept_is_gone_and_one_with_a_value_stays() -> None:
    rows = [row("event.action", None), row("message", None), row("cloud.region", None)]
    record = {"event": {"action": None, "kind": "event"}, "message": None, "cloud": {"region": ""}, "user": None}
    assert applier(rows, {"event.action", "message", "cloud.region"})(record) == {"event": {"kind": "event"}, "cloud": {"region": ""}, "user": None}
    assert applier(rows[:1], {"event.action"})({"event": None}) == {}
    assert applier(rows[:1], {"event.action"})({"event": OrderedDict(action=None)}) == {}


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
PATHS = st.sampled_from(["a", "a", "b", "b", "c", "a.a", "a.b", "b.a", "b.0", "a.a.b", "a.b.a"])
OBJECTS = st.builds(OrderedDict) | st.builds(lambda: OrderedDict(a=None))
LEAVES: Any = st.sampled_from(["", "-", "null", "x", "text", 1, 1.0, True, 0, False, None]) | OBJECTS
TREES = st.recursive(LEAVES, lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("ab0"), below, max_size=3), max_leaves=4)
RECORDS = st.dictionaries(st.sampled_from("ab"), LEAVES | TREES, max_size=2)


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is not so quick that what it gives is not remembered."""

    def called(*given: Any) -> Any:
        return function(*given)

    return called


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Any], set[str]]:
    """Return rows, and the targets that are mapped too."""
    rows = []
    for _ in range(draw(st.integers(0, 5))):
        targets, sources = draw(st.lists(PATHS, min_size=1, max_size=3)), draw(st.lists(PATHS, min_size=1, max_size=3))
        needs = draw(st.lists(st.sampled_from(sources), max_size=1))
        function = draw(st.sampled_from([*GIVEN, *map(remembered, GIVEN)]))
        rows.append(derive(" ".join(targets), function, " ".join(sources), varied=draw(st.booleans()), needs=" ".join(needs)))
    return rows, draw(st.sets(st.sampled_from([target for one in rows for target in one.targets])) if rows else st.just(set()))


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


@settings(max_examples=300, deadline=None)
@given(tables(), st.lists(st.sampled_from([{}, {"a": 1}, {"a": True}, {"a": "x"}]) | RECORDS, min_size=1, max_size=6), st.booleans())
def test_any_table_does_to_any_records_what_its_rows_say_one_by_one(table: Any, records: list[dict[str, Any]], knowing: bool) -> None:
    rows, mapped = table
    names = frozenset(name for record in records for name in record) if knowing else None
    transform, done, records = applier(rows, mapped, names), [*map(copy.deepcopy, records)], [*map(copy.deepcopy, records)]
    wanted = [_told(lambda record=record: one_by_one(rows, mapped, record)) for record in records]  # type: ignore[misc]
    assert [_told(lambda record=record: transform(record)) for record in done] == wanted  # type: ignore[misc]
    assert [*map(repr, done)] == [*map(repr, records)]  # in their order, True not 1
    held = [place for record in done for place in _containers(record)]
    assert len({*held}) == len(held)
