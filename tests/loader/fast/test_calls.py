"""``loader/fast/calls.py``: functions of a table that are called for each record give what the plain way sets."""

from __future__ import annotations

import sys

import orjson
import pytest

from loader.fast.calls import add
from tests.drivers import both_ways
from tests.loader.fast.cases import FUNCTIONS, HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time", "ecs": "user.name event.action", "user.name": "who"}
CSV["event.action"] = "who"
VALUES = ["a", "b", "-", "", "0", "user1", "a"]
TARGETS = [
    "event.outcome", "event.action", "user.name", "foo", "a.b.c", "event.id", "event.outcome event.reason", "a.b a.c.d foo",
    "user.id user.name event.type",
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.parametrize("targets", TARGETS)
@pytest.mark.parametrize("varied", [False, True])
def test_whatever_a_function_gives(targets: str, varied: bool) -> None:
    body = "\n".join(["time,ip,who", *(f"{T},192.0.2.1,{value}" for value in VALUES)]).encode()
    for function in FUNCTIONS:
        hook = f"{HOOK}\nDERIVED = (derive('{targets}', {function}, 'who ip', varied={varied}),)\n"
        quick, plain, _ = both_ways(compiled(CSV, ("full",), hook, chunk=1), "k", body, varied=True)
        assert quick == plain, function


def test_a_function_is_called_once_a_record_for_all_its_targets() -> None:
    hook = "from siem.utils import derive\nseen = []\n\ndef count(*a):\n    seen.append(a)\n    return a[0], len(seen) % 2, None\n"
    hook += "\nDERIVED = (derive('user.id event.severity event.reason', count, 'who', varied=True),)\n"
    plan = compiled(CSV, ("full",), hook)
    body = "\n".join(["time,ip,who", *(f"{T},192.0.2.1,user{number}" for number in range(8))]).encode()
    quick, _, through = both_ways(plan, "k", body)
    documents = [orjson.loads(message) for message in quick.packed["out_file:0"]]
    assert through == 8
    severities = [document["event"]["severity"] for document in documents]
    assert severities in ([0, 1] * 4, [1, 0] * 4)  # whether or not the function was tried when it was written


def test_what_says_nothing_makes_no_objects() -> None:
    found: dict[str, object] = {}
    for value in (None, "", "-", [], [""], {}, {"a": ""}, ()):
        add(found, ("a", "b"), value)
    assert found == {}
    add(found, ("a", "b"), {"x": "y", "z": None})
    add(found, ("c",), "d")
    assert orjson.dumps(found) == b'{"a":{"b":{"x":"y"}},"c":"d"}'
