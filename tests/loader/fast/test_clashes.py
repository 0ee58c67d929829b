"""``loader/fast/clashes.py``: members of JSON that bear the names of objects of the document. Any of them: tests/loader/test_fast_equals_plain.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loader.rules.rule import Condition, Rule
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, T, compiled

JSON = {"file_format": "json", "timestamp_key": "time", "ecs": "client.ip client.user.name user.name source.ip message event.action log.level",
    "client.ip": "client.ipAddress", "client.user.name": "who", "user.name": "who", "source.ip": "client.ipAddress ip", "message": "text",
        "event.action": "kind", "log.level": "level"}  # fmt: skip
TABLE = f"{HOOK}\nDERIVED = (derive('event.outcome', kind, 'who'),)\n"  # without one, records that clash are not worth it for full documents
WAYS = [("full",), ("ecs",), ("lean",), ("full", "ecs protocol=tcp", "lean"), ("full", "full protocol=udp")]
ODD, THROUGH = 0, 1


def through(members: dict[str, Any], outs: tuple[str, ...] = ("full", "ecs"), values: dict[str, str] = JSON, hook: str = TABLE, **more: Any) -> int:
    """Run one record both ways; return how many went through the function."""
    record = {"time": T, "who": "alice", "kind": "login", "level": "info", **members, "last": 1}
    quick, plain, found = both_ways(compiled(values, outs, hook, **more), "k", json.dumps(record).encode())
    assert quick == plain
    assert not plain.rejects
    return found


@pytest.mark.parametrize("outs", WAYS, ids=" ".join)
@pytest.mark.parametrize("members", [
    {"client": {"ipAddress": "192.0.2.1", "zone": "null", "device": {"os": ""}}}, {"client": {}}, {"client": {"zone": "-"}},
    {"client": {"geo": {"city_name": "Paris", "x": 1}, "ip": "198.51.100.1", "port": "443"}}, {"client": {"user": {"id": 7}}},
    {"user": "alice"}, {"user": ["alice", "bob"]}, {"user": None}, {"user": 7}, {"user": {"name": "bob", "roles": "admin"}},
    {"source": "aws.s3"}, {"source": {"ip": "192.0.2.9"}}, {"message": "m"}, {"message": {"a": 1}}, {"text": "t", "message": "m"},
    {"event": {"id": 7, "action": "x", "original": "y"}}, {"event": "e"}, {"event": {"created": "z"}, "user": {"id": 3}, "ip": "192.0.2.1"},
    {"log": {"file": {"path": "/var/log/x", "name": "x"}, "logger": "l"}}, {"log": "text"}, {"@timestamp": 1716537600}, {"@timestamp": {"a": 1}},
    {"tags": ["a"], "host": {"name": "h", "x": 1}, "labels": {"a": {"b": 1}}, "process": "p"}, {"cloud": {"region": "x", "provider": "gcp"}},
    {"ecs": {"version": "1.12"}}, {"ecs": "1"},
], ids=str)  # fmt: skip
def test_a_member_named_as_an_object_is_joined_as_in_the_plain_way(members: dict[str, Any], outs: tuple[str, ...]) -> None:
    assert through(members, outs) == THROUGH


def test_what_would_take_more_than_the_text_goes_the_plain_way() -> None:
    whole = {**JSON, "ecs": f"{JSON['ecs']} labels.all", "labels.all": "client"}  # the same object twice in the document
    assert through({"client": {"zone": "x"}}, ("full",), whole) == ODD
    assert through({"client": 7}, ("full",), whole) == THROUGH
    listed = {**JSON, "user.name": "names"}  # a list that says nothing takes a name's place, and is taken out
    assert through({"names": [""], "user": {"name": "bob"}}, values=listed) == ODD
    assert through({"names": "-", "user": {"name": "bob"}}, values=listed) == THROUGH
    assert through({"user": {"name": "bob"}, "client": {"ipAddress": ["192.0.2.1"]}}) == THROUGH


@pytest.mark.parametrize(("function", "found"), [("echo", THROUGH), ("unknown", ODD), ("big", ODD), ("when", THROUGH), ("nothing", THROUGH)])
def test_what_a_table_sets_is_joined_too(function: str, found: int) -> None:
    hook = f"{HOOK}\nDERIVED = (derive('user.id', {function}, 'who', varied=True), derive('user.target.name', echo, 'nowhere'))\n"
    assert through({"user": {"roles": "admin", "id": "x"}}, ("full",), hook=hook) == found


def test_an_object_that_a_table_may_fill_takes_the_place_of_a_value() -> None:
    hook = f"{HOOK}\nDERIVED = (derive('user.id user.target.name', both, 'who'), derive('user.changes.name user.name', nothing, 'who ip'))\n"
    for user in ({"target": "x"}, {"target": {"name": "x", "id": 1}}, {"changes": "x"}, {"changes": {"name": "x"}}, {"changes": {}}, "x"):
        assert through({"user": user, "client": {"ipAddress": "192.0.2.1"}}, hook=hook) == THROUGH


def test_a_member_of_which_a_rule_asks_the_fields_goes_the_plain_way() -> None:
    rule = Rule("r", "demo", "exclude", ((Condition("user.name", "text", "bob"),),))
    assert through({"user": {"name": "x"}}, rules=[rule]) == ODD
    assert through({"client": {"x": "y"}}, rules=[rule]) == THROUGH


def test_an_id_that_is_an_object_of_the_document_goes_the_plain_way() -> None:
    assert through({"client": {"zone": "x"}}, ("full",), {**JSON, "doc_id": "client"}) == ODD
    assert through({"client": "x"}, ("full",), {**JSON, "doc_id": "client"}) == THROUGH


def test_a_table_reads_what_stands_beside_the_fields_that_are_set() -> None:
    hook = f"{HOOK}\nDERIVED = (derive('event.outcome', told, 'client.zone client.os.name user.0x'),)\n"
    for client in ({"zone": "a", "os": {"name": "Linux"}, "ipAddress": "192.0.2.1"}, {"os": ["x"]}, "x", ["x"], None):
        assert through({"client": client, "user": {"0x": 7}}, hook=hook) == THROUGH


def test_full_documents_without_a_table_are_made_as_fast_step_by_step() -> None:
    assert through({"client": {"zone": "a"}}, ("full",), hook="") == ODD
    assert through({"zone": "a"}, ("full",), hook="") == THROUGH
