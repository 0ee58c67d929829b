"""Rows of tables, and the tables of the built-in hooks held against the sections that they belong to."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest

from loader import config, schema
from loader.engine import HOME
from siem import _derived
from siem.utils import derive

TABLES = {name: importlib.import_module(f"siem.sf_{name}").DERIVED for name in ("alb", "cloudtrail", "s3accesslog", "vpcflowlogs")}
STAMPS = {"@log_s3key", "@log_s3bucket", "@message", "@timestamp"}


def test_a_row_has_its_names_apart() -> None:
    row = derive("event.type  event.outcome", print, "a.b\n c", varied=True)
    assert row == _derived.Derived(("event.type", "event.outcome"), print, ("a.b", "c"), varied=True)


def test_a_mapping_stands_for_looking_up() -> None:
    row = derive("network.transport", {"6": "tcp"}, "protocol")
    assert (row.function("6"), row.function("17"), row.function(None), row.varied) == ("tcp", None, None, False)


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_ours_set_fields_of_ecs_each_once(name: str) -> None:
    targets = [target for row in TABLES[name] for target in row.targets]
    assert [target for target in targets if not schema.is_known(target)] == []
    assert len({*targets}) == len(targets)


@pytest.mark.parametrize("name", ["alb", "s3accesslog"])
def test_tables_of_ours_read_what_the_pattern_of_their_type_gives(name: str) -> None:
    pattern = config.load([HOME / "aws.ini"]).types[name].values["log_pattern"]
    assert {source for row in TABLES[name] for source in row.sources} <= {*re.compile(pattern).groupindex} | STAMPS


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("odd", [None, "", "-", "x", "0", "\u0663", "9" * 5000])
def test_no_row_of_ours_raises_and_lists_are_lists(name: str, odd: Any) -> None:
    for row in TABLES[name]:
        found = row.function(*[odd] * len(row.sources))
        for target, value in zip(row.targets, (found,) if len(row.targets) == 1 else found or (), strict=False):
            field = schema.field(target)
            assert value is None or field is None or isinstance(value, list | tuple) == field.array, target


@pytest.mark.parametrize("name", TABLES)
def test_the_same_values_give_the_same_result(name: str) -> None:
    for row in TABLES[name]:
        values = ["arn:aws:iam::123456789012:user/alice"] * len(row.sources)
        assert row.function(*values) == row.function(*values)


def test_a_row_whose_needs_are_missing_is_not_asked() -> None:
    asked: list[tuple[object, ...]] = []
    row = derive("source.nat.ip", lambda *values: asked.append(values), "a b", needs="b")
    assert row.function("192.0.2.1", None) is None
    assert asked == []
    row.function(None, "192.0.2.2")
    assert asked == [(None, "192.0.2.2")]


def test_what_a_row_needs_is_one_of_its_sources() -> None:
    with pytest.raises(ValueError, match="needs names 'c', which is no source"):
        derive("source.nat.ip", str, "a b", needs="c")
