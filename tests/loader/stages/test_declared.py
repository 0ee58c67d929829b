"""Tables of hooks, the plain way: what a row gives goes where it says, what says nothing changes nothing, nothing empty is left."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loader.options import TypeOption, text
from loader.stages import declared
from loader.stages.tidy import tidy_object
from siem.utils import derive
from tests import drivers

SCRIPT = TypeOption(text, "", name="script_ecs", doc="")
EMPTY: list[Any] = [None, "", "-", "null", "[]", [], (), {}, [""], ("",)]
SAYING: list[Any] = [0, 0.0, False, "0", "none", [None], ["", ""], ["-"], ("a",)]
NAMES = st.sampled_from(["event", "cloud", "user"])
TARGETS = st.builds(lambda top, rest: ".".join((top, *rest)), NAMES, st.lists(st.sampled_from(["aa", "bb", "cc"]), min_size=1, max_size=3))
VALUES = st.sampled_from([*EMPTY, "text", 5, ["a", "b"], {"deep": [1]}])


def found(table: Any) -> tuple[Any, list[Any]]:
    section = drivers.log_type(script_ecs="x")
    return declared.rows_of(SimpleNamespace(DERIVED=table), section, SCRIPT), section.problems  # type: ignore[arg-type]


def row(targets: str, value: Any, sources: str = "a") -> Any:
    return derive(targets, lambda *_: value, sources)


@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_what_is_empty_says_nothing_and_leaves_the_mapped_value(value: Any) -> None:
    assert not declared.says(value)
    assert declared.applier([row("event.kind", value)])({"event": {"kind": "event"}}) == {"event": {"kind": "event"}}


@pytest.mark.parametrize("value", SAYING, ids=repr)
def test_what_is_falsy_or_nearly_empty_says_something(value: Any) -> None:
    assert declared.says(value)
    assert declared.applier([row("event.kind", value)])({})["event"]["kind"] == ([*value] if isinstance(value, tuple) else value)


@given(st.recursive(st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "-", "null", "[]", "x"]), st.lists, max_leaves=3))
def test_what_says_something_survives_being_tidied_and_the_rest_does_not(value: Any) -> None:
    record = {"value": copy.deepcopy(value)}
    tidy_object(record)
    assert declared.says(value) == ("value" in record)


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
    declared.applier([derive("event.kind", lambda *values: calls.append(values), sources)])(record)
    assert calls == [seen]


def test_rows_are_run_in_their_order_and_the_last_that_says_something_wins() -> None:
    table = [row("event.kind", "first"), row("event.kind", "second"), row("event.kind", None)]
    assert declared.applier(table)({"event": {"kind": "mapped"}}) == {"event": {"kind": "second"}}


def test_several_targets_take_a_tuple_in_their_order_and_none_is_nothing_for_all() -> None:
    targets = "event.kind user.name cloud.region"
    assert declared.applier([row(targets, ("a", None, "b"))])({}) == {"event": {"kind": "a"}, "cloud": {"region": "b"}}
    assert declared.applier([row(targets, None)])({"user": {"name": "c"}}) == {"user": {"name": "c"}}


@pytest.mark.parametrize("value", [("a",), ("a", "b", "c"), ["a", "b"], "ab", 0, {}], ids=repr)
def test_what_is_no_tuple_of_as_many_values_as_targets_is_told(value: Any) -> None:
    with pytest.raises(TypeError, match=r"is no tuple of 2 values for event\.kind event\.type"):
        declared.applier([row("event.kind event.type", value)])({})


@pytest.mark.parametrize("value", [["a"], ("a",), {"b": {"c": 1}}], ids=repr)
def test_records_share_no_list_and_no_object_with_each_other_or_with_the_function(value: Any) -> None:
    before = copy.deepcopy(value)
    transform = declared.applier([row("event.type", value)])
    one, other = transform({})["event"]["type"], transform({})["event"]["type"]
    one.append("x") if isinstance(one, list) else one["b"].update(c=2)
    assert value == before
    assert other == ([*before] if isinstance(before, tuple) else before)


@given(st.lists(st.tuples(TARGETS, VALUES), max_size=5), st.sets(TARGETS, max_size=2))
def test_places_that_nothing_was_put_in_are_gone_and_no_other(given_rows: list[tuple[str, Any]], mapped: set[str]) -> None:
    table = [row(target, value) for target, value in given_rows]
    record: dict[str, Any] = {"own": {}, "text": None}
    for path in declared.places(table, mapped):  # as the mapping makes them
        *parents, leaf = path.split(".")
        owner = record
        for step in parents:
            owner = owner[step] if isinstance(owner.get(step), dict) else owner.setdefault(step, {}) or {}
        owner[leaf] = None if path in mapped else {}
    done = declared.applier(table, mapped)(record)
    assert done.pop("own") == {}
    assert done.pop("text", 0) is None
    again = copy.deepcopy(done)
    tidy_object(again)
    assert again == done


@given(st.lists(TARGETS, max_size=6), st.sets(TARGETS, max_size=3))
def test_places_are_the_objects_around_targets_outer_ones_first_and_what_is_mapped_too(targets: list[str], mapped: set[str]) -> None:
    assume(not any(target.startswith(f"{other}.") for target in targets for other in targets))
    places = declared.places([row(target, "x") for target in targets], mapped)
    assert len({*places}) == len(places)
    around = {target.rpartition(".")[0] for target in targets}
    assert around | ({*targets} & mapped) <= {*places}
    for target in places:
        above = target.rpartition(".")[0]
        assert not above or places.index(above) < places.index(target)
    assert all(any(target == path or target.startswith(f"{path}.") for target in targets) for path in places)


def test_members_stand_in_the_order_of_the_rows() -> None:
    table = [row("event.outcome", "success"), row("cloud.region", None), row("event.action", "go"), row("cloud.service.name", "vpc")]
    done = declared.applier(table)({"event": {}, "cloud": {"service": {}}})
    assert list(done["event"]) == ["outcome", "action"]
    assert done["cloud"] == {"service": {"name": "vpc"}}


def test_a_row_that_raises_leaves_what_was_set_before_and_nothing_empty() -> None:
    table = [row("event.kind", "set"), derive("user.name", lambda value: value.lower(), "a"), row("cloud.region", "never")]
    record: dict[str, Any] = {"a": 5, "event": {}, "user": {}, "cloud": {}}
    with pytest.raises(AttributeError):
        declared.applier(table)(record)
    assert record == {"a": 5, "event": {"kind": "set"}}


def test_a_value_in_the_way_of_an_object_gives_way() -> None:
    assert declared.applier([row("user.name", "alice")])({"user": "bob"}) == {"user": {"name": "alice"}}


def test_a_file_without_a_table_has_no_rows() -> None:
    assert declared.rows_of(None, drivers.log_type(), SCRIPT) == []
    assert declared.rows_of(SimpleNamespace(), drivers.log_type(), SCRIPT) == []  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [5, ("event.kind", len, "a"), None, derive("", len, "a"), derive("event.kind", len, "")], ids=repr)
def test_a_row_that_is_none_is_a_mistake_and_the_others_stay(wrong: Any) -> None:
    rows, problems = found((row("event.kind", "x"), wrong))
    assert [one.targets for one in rows] == [("event.kind",)]
    (problem,) = problems
    assert problem.fatal
    assert "row 1 of DERIVED" in str(problem)


@pytest.mark.parametrize("table", [5, {"event.kind": len}, "event.kind", derive("event.kind", len, "a")], ids=repr)
def test_what_is_no_table_is_a_mistake(table: Any) -> None:
    rows, problems = found(table)
    assert [*rows] == []
    (problem,) = problems
    assert "is no table" in str(problem)


def test_a_field_that_would_be_a_value_and_an_object_is_a_mistake() -> None:
    _, problems = found([row("user.target", "x"), row("user.target.name", "y")])
    (problem,) = problems
    assert problem.fatal
    assert "'user.target' and a field below it" in str(problem)


def test_a_target_that_ecs_nearly_has_is_a_warning() -> None:
    rows, problems = found([row("event.outcom", "x")])
    assert len(rows) == 1
    (problem,) = problems
    assert not problem.fatal
    assert "did you mean 'event.outcome'?" in str(problem)
