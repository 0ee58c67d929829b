"""Finished records for outputs of ECS alone."""

from __future__ import annotations

import datetime
from typing import Any

from loader.batch import Batch, Source
from loader.stages import for_ecs


def batch(*records: dict[str, Any], numbers: list[int] | None = None) -> Batch:
    return Batch(Source("b", "k", etag="e"), [""] * len(records), [*records], numbers or [*range(len(records))], datetime.datetime.now(datetime.UTC))


def test_every_record_has_an_id_of_its_own_that_is_the_same_again() -> None:
    made = [batch({"event": {}}, {"event": {}}, {"event": {"id": "own"}}, numbers=[7, 7, 8]) for _ in range(2)]
    for one in made:
        for_ecs.identify(one)
    ids = [[record["event"]["id"] for record in one.records] for one in made]
    assert ids[0] == ids[1]
    assert [one.partition("-")[2] for one in ids[0]] == ["000000000007", "000000000007.1", ""]
    assert ids[0][2] == "own"


def test_objects_of_ecs_come_out_from_under_the_prefix_and_others_stay() -> None:
    one = batch({"acme": {"user": {"name": "alice"}, "dept": "x", "event": {"a": 1}}, "event": {"kind": "event"}})
    for_ecs.unprefix(one, "acme")
    assert one.records == [{"acme": {"dept": "x", "event": {"a": 1}}, "event": {"kind": "event"}, "user": {"name": "alice"}}]


def test_keys_with_dots_become_paths_and_lists_join() -> None:
    one = batch({"os.name": "Linux", "related.ip": ["192.0.2.2"], "related": {"ip": ["192.0.2.1"]}, "source": {"os.name": "x"}})
    for_ecs.nest(one, ("os.name", "related.ip"))
    assert one.records == [{"os": {"name": "Linux"}, "related": {"ip": ["192.0.2.1", "192.0.2.2"]}, "source": {"os": {"name": "x"}}}]


def test_raw_fields_that_bear_names_of_ecs_get_its_types_or_go() -> None:
    one = batch({"source": {"port": "443", "nonsense": 1}, "user": "alice", "own": "1"})
    one.alike = {0: {"source", "user"}}
    for_ecs.conform(one)
    assert one.records == [{"source": {"port": 443, "nonsense": 1}, "user": None, "own": "1"}]
