"""``loader/fast/together.py``: what hardly varies is looked up at one go, and what does is not."""

from __future__ import annotations

import dataclasses
import random
from typing import Any

import pytest

from loader.batch import Source
from loader.fast import run, together
from loader.fast.writer import TOGETHER
from loader.frames import Columns
from tests.drivers import planned
from tests.loader.fast.cases import HOOK, T, compiled

MAPPED = {"timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
CSV, JSON = {"file_format": "csv", "csv_delimiter": ",", **MAPPED}, {"file_format": "json", **MAPPED}
RANDOM = random.Random(3)


def test_what_hardly_varies_is_one_group_and_what_varies_is_in_none() -> None:
    numbers = range(400)
    values = {"version": ["2"] * 400, "action": ["ACCEPT", "REJECT"] * 200, "port": [str(n % 5) for n in numbers], "address": [*map(str, numbers)]}
    assert together.hardly_varying([(name,) for name in values], values) == [("action", "port", "version")]


def test_look_ups_whose_combinations_are_many_are_two_groups() -> None:
    names = [f"{a}{b}" for a, b in ((RANDOM.randrange(15), RANDOM.randrange(15)) for _ in range(1000))]
    values = {"a": [name[:2] for name in names], "a too": [name[:2] for name in names], "b": [name[2:] for name in names], "b too": [*names]}
    wide = {name: [f"{value}-{n % 7}" if name[0] == "b" else value for n, value in enumerate(column)] for name, column in values.items()}
    groups = together.hardly_varying([(name,) for name in wide], wide)
    assert all(len(group) > 1 for group in groups)
    assert len({name for group in groups for name in group}) == sum(map(len, groups))


def test_a_look_up_of_several_inputs_brings_all_of_them() -> None:
    values = {"a": ["1"] * 100, "b": ["2"] * 100, "c": ["3", "4"] * 50}
    assert together.hardly_varying([("a", "b"), ("c",)], values) == [("a", "b", "c")]
    assert together.hardly_varying([("a", "b"), ("d",)], values) == []  # of d nothing is known
    assert together.hardly_varying([("a",), ("b",)], {"a": [], "b": []}) == []


def test_a_sample_of_rows_leaves_out_what_does_not_fit() -> None:
    def split(row: str) -> list[str]:
        if row == "bad":
            raise ValueError(row)
        return row.split(" ")

    found = together.sampled({"a", "b"}, ["1 2", "bad", "3", "4 5"], Columns(("a", "b"), split))
    assert found == {"a": ["1", "4"], "b": ["2", "5"]}


def test_a_sample_of_objects_has_what_stands_at_paths_and_can_be_compared() -> None:
    rows = [{"a": {"b": 1}}, {"a": {"b": [1]}}, {"a": None}, {"a": {"b": True}}]
    assert together.sampled({"a.b"}, rows, None) == {"a.b": [1, "[1]", None, "True"]}


def learnt(plan: Any, lines: list[str]) -> Any:
    """Run lines both ways, and return the groups that the function has made."""
    body = "\n".join([*lines, ""]).encode()
    assert planned(plan, Source("b", "k"), body) == planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body)
    (function,) = plan.fast.functions.values()
    return [one[1:] for one in function.varied if one[0] == TOGETHER]


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_function_is_written_anew_with_one_look_up_and_without_it_where_that_misses(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FEW", 60)
    hook = HOOK + '\nDERIVED = (derive("event.action", size, "who"), derive("event.reason", size, "more"))\n'
    steady = [(f"192.0.2.{n % 2}", f"user{n % 2}", "x") for n in range(120)]
    lively = [(f"192.0.2.{n % 50}", f"user{n % 50}", f"{n % 41}") for n in range(1000)]

    def lines(rows: list[tuple[str, str, str]]) -> list[str]:
        if form == "csv":
            return ["time,ip,who,more", *(f"{T},{ip},{who},{more}" for ip, who, more in rows)]
        return [f'{{"time":"{T}","ip":"{ip}","who":"{who}","more":"{more}"}}' for ip, who, more in rows]

    values = CSV if form == "csv" else JSON
    (group,) = learnt(compiled(values, ("full", "ecs"), hook, chunk=30), lines(steady))
    assert {"who", "more"} <= {*group}
    assert learnt(compiled(values, ("full", "ecs"), hook, chunk=30), lines(steady + lively)) == []
