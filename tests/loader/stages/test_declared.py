"""Tables of hooks: what a table may be, and which values say something."""

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


def found(table: Any) -> tuple[Any, list[Any]]:
    section = drivers.log_type(script_ecs="x")
    return declared.rows_of(SimpleNamespace(DERIVED=table), section, SCRIPT), section.problems  # type: ignore[arg-type]


def row(targets: str, value: Any, sources: str = "a") -> Any:
    return derive(targets, lambda *_: value, sources)


@pytest.mark.parametrize("value", EMPTY, ids=repr)
def test_what_is_empty_says_nothing(value: Any) -> None:
    assert not declared.says(value)


@pytest.mark.parametrize("value", SAYING, ids=repr)
def test_what_is_falsy_or_nearly_empty_says_something(value: Any) -> None:
    assert declared.says(value)


@given(st.recursive(st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "-", "null", "[]", "x"]), st.lists, max_leaves=3))
def test_what_says_something_survives_being_tidied_and_the_rest_does_not(value: Any) -> None:
    record = {"value": copy.deepcopy(value)}
    tidy_object(record)
    assert declared.says(value) == ("value" in record)


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


def test_rows_that_need_what_records_cannot_have_are_passed_over_unless_a_field_stands_where_they_would_put_theirs() -> None:
    rows = [
        derive("source.nat.ip", str, "inner", needs="inner"),
        derive("user.name", str, "inner deep.er", needs="deep.er"),
        derive("event.kind", str, "inner user.name", needs="user.name"),
        derive("event.kind", str, "mine.x @log_s3key", needs="mine.x @log_s3key"),
        derive("event.type", str, "inner"),
    ]
    assert [*declared.able(rows, {"mine.x"}, frozenset({"deep"}))] == rows[1:]
    assert [*declared.able(rows, (), frozenset({"source"}))] == [rows[0], rows[2], rows[4]]
    assert [*declared.able(rows, (), None)] == rows
    is_there = declared.there(rows, {"mine.x"}, {"a"})
    assert [path for path in ("a", "a.b", "b", "mine", "mine.y", "@id", "event.kind", "user", "inner") if not is_there(path)] == ["b", "inner"]


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
