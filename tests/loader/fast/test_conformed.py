"""``loader/fast/conformed.py``: one walk gives what conforming and selecting give one behind the other."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import schema
from loader.fast.conformed import conformer
from loader.stages import select, typed

TREE = select.tree_of(("client.custom", "labels.mine"))
NAMES = ["ip", "port", "geo", "location", "name", "city_name", "user", "id", "custom", "answers", "data", "x", "category", "nat", "environment"]
SAID = st.sampled_from(["a", "443", "192.0.2.1", "", "-", 7, 1.5, True, None, ["b", 7], [["c"]], [{"data": "x", "y": 1}], [], {}])
VALUES = st.recursive(SAID, lambda below: st.dictionaries(st.sampled_from(NAMES), below, max_size=5) | st.lists(below, max_size=2), max_leaves=12)


@settings(max_examples=400)
@given(st.sampled_from(["client", "user", "dns", "event", "labels", "tags", "message", "@timestamp", "cloud", "url", "process"]), VALUES)
def test_conforming_and_selecting_in_one_walk(top: str, value: Any) -> None:
    plain = select.pruned({top: typed.conform(value, top)}, TREE)
    found = conformer(top, TREE[top])(value)
    assert ({} if found is None else {top: found}) == plain


def test_what_ecs_does_not_know_is_left_out_and_what_it_knows_has_its_type() -> None:
    value = {"ip": "192.0.2.1", "port": "443", "zone": "a", "geo": {"city_name": 7, "x": 1}, "custom": 1, "user": "alice"}
    assert conformer("client", TREE["client"])(value) == {"ip": "192.0.2.1", "port": 443, "geo": {"city_name": "7"}, "custom": 1}
    assert conformer("client", TREE["client"])("alice") is None
    assert conformer("tags", TREE["tags"])("a") == ["a"]


@pytest.mark.parametrize("top", sorted(schema.tops()))
def test_every_name_of_ecs_has_one(top: str) -> None:
    conformer(top, TREE[top])({})
