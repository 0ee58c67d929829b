"""Tidying: what says nothing goes, what says something stays, and doing it twice changes nothing."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.stages import tidy

NOTHING = [None, "", "-", "null", "[]", [], {}, [""]]
DEAD = st.sampled_from(["", "-", "null", "[]"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=3), DEAD)
NAMES = st.sampled_from(["a", "b", "event", "source"])
VALUES: Any = st.recursive(SCALARS, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(NAMES, below, max_size=3)), max_leaves=8)
RECORDS: Any = st.dictionaries(NAMES, VALUES, max_size=4)


def tidied(*records: dict[str, Any], names: frozenset[str] | None = None, mapped_tidy: bool = False) -> list[dict[str, Any]]:
    found = list(copy.deepcopy(records))
    batch = Batch(Source("b", "k"), [""] * len(found), found, list(range(len(found))), datetime.datetime.now(datetime.UTC), names)
    tidy.prepare(mapped_tidy=mapped_tidy)(batch)
    assert batch.records is found
    return found


def reference(value: Any) -> Any:
    """What the docstring of the stage says, in the fewest words."""
    if isinstance(value, dict):
        return {key: kept for key, below in value.items() if (kept := reference(below)) not in NOTHING}
    if isinstance(value, list) and value != [""]:
        return [reference(below) for below in value]
    return value


@given(RECORDS)
def test_it_does_what_it_says(record: dict[str, Any]) -> None:
    assert repr(tidied(record)) == repr([reference(record)])


@given(RECORDS)
def test_doing_it_twice_changes_nothing(record: dict[str, Any]) -> None:
    once = tidied(record)
    assert repr(tidied(*once)) == repr(once)


@given(RECORDS)
def test_nothing_empty_is_left_outside_lists(record: dict[str, Any]) -> None:
    def check(value: Any) -> None:
        for below in value.values():
            assert below not in NOTHING
            if isinstance(below, dict):
                check(below)

    check(tidied(record)[0])


FLAT = st.dictionaries(st.sampled_from(["a", "b", "event", "source", "user"]), st.one_of(st.none(), st.text(max_size=2), DEAD))
MAPPED = st.dictionaries(st.sampled_from(["event", "source", "url"]), st.just({"ip": "x"}))


@settings(deadline=None)
@given(st.lists(FLAT, max_size=3), MAPPED)
def test_flat_records_without_a_walk_end_as_with_one(records: list[dict[str, Any]], mapped: dict[str, Any]) -> None:
    """Their values are texts or None, but where the mapping put an object."""
    names = frozenset(name for record in records for name in record)
    whole = [record | mapped for record in records]
    assert tidied(*whole, names=names, mapped_tidy=True) == tidied(*whole)


@pytest.mark.parametrize("value", [0, 0.0, False, " ", "--", "None", ["-"], ["", ""], [None], [{}], [[]], "0"])
def test_what_looks_empty_and_is_not_stays(value: Any) -> None:
    assert tidied({"a": value}) == [{"a": value}]


def test_an_object_emptied_in_a_list_stays_so_that_places_do_not_shift() -> None:
    assert tidied({"a": [{"b": ""}, {"b": 1}]}) == [{"a": [{}, {"b": 1}]}]


def test_objects_emptied_all_the_way_up_go() -> None:
    assert tidied({"a": {"b": {"c": {"d": "-"}}}, "e": 1}) == [{"e": 1}]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5))
def test_a_text_is_clipped_to_what_an_index_takes_never_within_a_character(piece: str) -> None:
    long = piece * 40000
    (clipped,) = tidy.clip({"a": long}).values()
    raw = clipped.encode()
    assert len(raw) <= tidy.LONGEST_TEXT
    assert clipped.endswith(tidy.CLIPPED)
    assert long.startswith(clipped.removesuffix(tidy.CLIPPED))
    assert len(raw) > tidy.LONGEST_TEXT - 4


def test_clipping_spares_the_message_lists_and_what_is_short_and_changes_no_record() -> None:
    long, longest = "x" * 40000, "y" * (tidy.LONGEST_TEXT - 1)
    record = {"@message": long, "list": [long], "deep": {"er": long, "ok": longest, "n": 1}}
    before = json.dumps(record)
    clipped = tidy.clip(record)
    assert json.dumps(record) == before
    assert clipped["@message"] == long
    assert clipped["list"] == [long]
    assert clipped["deep"] == {"er": "x" * (tidy.LONGEST_TEXT - len(tidy.CLIPPED)) + tidy.CLIPPED, "ok": longest, "n": 1}


def test_the_raw_text_is_left_whole_under_its_name_in_ecs_too() -> None:
    long = "x" * 40000
    record = {"event": {"original": long, "reason": long}, "other": {"original": long}}
    clipped = tidy.clip(record)
    assert clipped["event"]["original"] == long
    assert len(clipped["event"]["reason"]) == len(clipped["other"]["original"]) == 32766
    assert record["event"]["reason"] == long
