"""The generated function itself: what it leaves out, and what it makes. What the INI keys mean is told in test_ecs.py."""

from __future__ import annotations

import collections
from typing import Any

from loader.stages import typed
from loader.stages.mapping import Mapping, compiled

PLACE = {"source.ip": [["client"]], "source.port": [["port"]], "user.name": [["who", "id.name"]], "related.ip": [["client"], ["server"]]}


def mapped(record: dict[str, Any], names: set[str] | None, *, parents: bool = False, **groups: Any) -> tuple[dict[str, Any], Any, str]:
    """Return the record, the flags and the text of the function."""
    mapping = Mapping(groups or PLACE, {"event.kind": "event"}, typed, parents=parents, derives=False)
    run = compiled(mapping, None if names is None else frozenset(names), "demo")
    flags: collections.Counter[str] = collections.Counter()
    run([record], None, None, "now", flags)
    return record, flags, run.source  # type: ignore[attr-defined]


FULL = {"client": "192.0.2.7", "server": "192.0.2.1", "port": "443", "who": "alice"}


def test_knowing_the_fields_changes_the_text_and_not_the_result() -> None:
    for record in (FULL, {**FULL, "client": "-"}, {**FULL, "client": None, "port": "http"}, {**FULL, "server": "192.0.2.7"}):
        known, some_flags, short = mapped(dict(record), set(record))
        unknown, other_flags, whole = mapped(dict(record), None)
        assert known == unknown
        assert some_flags == other_flags
        assert "id" in whole and "'id'" not in short


def test_an_address_seen_on_both_sides_is_related_once_and_several_are_sorted() -> None:
    assert mapped(dict(FULL), set(FULL))[0]["related"] == {"ip": ["192.0.2.1", "192.0.2.7"]}
    assert mapped({**FULL, "server": FULL["client"]}, set(FULL))[0]["related"] == {"ip": ["192.0.2.7"]}


def test_what_can_never_be_there_makes_no_object_unless_hooks_expect_it() -> None:
    assert mapped({"server": "192.0.2.1"}, {"server"})[0].keys() == {"server", "event", "related"}
    assert mapped({"server": "192.0.2.1"}, {"server"}, parents=True)[0].keys() == {"server", "event", "related", "source", "user"}


def test_places_are_made_where_the_records_of_these_fields_may_need_them() -> None:
    def places(names: frozenset[str] | None) -> list[str]:
        return ["source"] if names else ["source", "source.nat"]

    mapping = Mapping({"source.ip": [["client"]]}, {}, typed, parents=False, derives=False, places=places)
    for names, wanted in ((None, {"nat": {}}), (frozenset({"who"}), {})):
        record: dict[str, Any] = {"who": "alice"}
        compiled(mapping, names, "demo")([record], None, None, "now", collections.Counter())
        assert record["source"] == wanted


def test_a_value_that_does_not_fit_is_counted_under_its_field() -> None:
    record, flags, _ = mapped({**FULL, "port": "http"}, set(FULL))
    assert "port" not in record["source"]
    assert flags == {"source.port left out: no long": 1}


def test_that_a_host_name_is_no_address_is_no_misfit() -> None:
    both = {"source.ip": [["client"]], "source.address": [["client"]]}
    assert mapped({**FULL, "client": "www.example.com"}, set(FULL), **both)[1] == {}
    assert mapped({**FULL, "client": "www.example.com"}, set(FULL))[1] == {"source.ip left out: no ip": 1}


def test_an_object_of_the_same_name_is_joined_and_a_value_gives_way() -> None:
    groups = {"user.name": [["who"]]}
    assert mapped({"who": "alice", "user": {"id": 7}}, None, **groups)[0]["user"] == {"id": 7, "name": "alice"}
    assert mapped({"who": "alice", "user": "bob"}, {"who", "user"}, **groups)[0]["user"] == {"name": "alice"}


def test_a_target_cannot_be_a_value_and_an_object() -> None:
    mapping = Mapping({"a.b": [["x"]], "a.b.c": [["y"]]}, {}, typed, parents=True, derives=False)
    assert [target for target, _ in mapping.clashes()] == ["a.b.c"]
