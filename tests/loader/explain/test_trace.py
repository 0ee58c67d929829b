"""``loader/explain/trace.py``: a record found, and watched on its way."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.errors import DecodeError
from loader.explain import trace
from loader.frames import Raws
from loader.plan import Plan, Step
from tests.drivers import blocks_of

LINES = b'{"n": 0, "when": "2024-05-24T08:00:00Z"}\n{"n": 1}\n{"n": \n{"n": 3}\n'
SOURCE = Source("sample-bucket", "edge/a", etag="e")


def plan_of(*chunks: Raws, steps=(), error=None) -> Plan:
    def read(blocks):
        yield from chunks
        if error:
            raise error

    return Plan("demo", read, [Step(name, run) for name, run in steps], [], [], -1)


def raws(*texts: str, **more) -> Raws:
    return Raws(list(texts), json.loads, **more)


@pytest.mark.parametrize(("number", "text"), [(0, '{"a": 0}'), (1, '{"a": 1}'), (3, '{"a": 3}')])
def test_a_record_is_found_by_its_number_and_all_are_counted(number, text):
    plan = plan_of(raws('{"a": 0}', '{"a": 1}', broken=[("{", "not closed")]), raws('{"a": 3}'))
    found = trace.find(plan, iter([]), number)
    assert (found.raws.texts, found.count, found.all) == ([text], 4, True)


def test_an_item_that_could_not_be_framed_stands_behind_those_of_its_chunk():
    plan = plan_of(raws('{"a": 0}', broken=[("{", "not closed")], left_out={"no_stderr": 2}), raws('{"a": 4}'))
    assert trace.find(plan, iter([]), 1).broken == ("{", "not closed")
    assert trace.find(plan, iter([]), 2).left_out == "no_stderr"
    assert trace.find(plan, iter([]), 4).raws.texts == ['{"a": 4}']
    followed = trace.follow(plan, SOURCE, trace.find(plan, iter([]), 1))
    assert (followed.raw, followed.reject.stage, followed.reject.reason, followed.documents) == ("{", "frame", "not closed", [])


def test_counting_ends_somewhere(monkeypatch):
    monkeypatch.setattr(trace, "COUNTED", 2)
    found = trace.find(plan_of(*(raws("{}") for _ in range(9))), iter([]), 1)
    assert (found.count, found.all) == (4, False)


@pytest.mark.parametrize(("error", "said"), [(DecodeError("broken gzip"), "broken gzip"), (KeyError("x"), "unexpected KeyError: 'x'")])
def test_what_ends_the_source_early_is_told_beside_the_record(error, said):
    found = trace.find(plan_of(raws("{}"), error=error), iter([]), 0)
    assert (found.raws.texts, found.error) == (["{}"], said)


def rename(batch: Batch) -> None:
    for record in batch.records:
        record["b"] = record.pop("a")


def double(batch: Batch) -> None:
    batch.spread({0: [batch.records[0], {"b": "new"}]}, [])


def drop(batch: Batch) -> None:
    batch.keep([False] * len(batch.records))


def fail(batch: Batch) -> None:
    batch.records[0]["half"] = True
    raise ValueError("no good")


def followed(*steps) -> trace.Trace:
    plan = plan_of(raws('{"a": {"x": 1}}'), steps=[(step.__name__, step) for step in steps])
    return trace.follow(plan, SOURCE, trace.find(plan, iter([]), 0))


def test_each_step_is_seen_with_the_record_before_and_after_it():
    seen = followed(rename, double)
    assert seen.parsed == {"a": {"x": 1}}
    assert [(one.name, one.before, one.after, one.parents) for one in seen.seen] == [
        ("rename", [{"a": {"x": 1}}], [{"b": {"x": 1}}], [0]),
        ("double", [{"b": {"x": 1}}], [{"b": {"x": 1}}, {"b": "new"}], [0, 0]),
    ]
    assert seen.documents == [{"b": {"x": 1}}, {"b": "new"}]


def test_steps_behind_the_one_that_dropped_the_record_are_not_seen():
    seen = followed(drop, rename)
    assert [(one.name, one.dropped) for one in seen.seen] == [("drop", True)]
    assert (seen.documents, seen.reject) == ([], None)


def test_a_step_that_fails_is_seen_once_though_the_plan_tries_again():
    seen = followed(rename, fail)
    assert [(one.name, one.error) for one in seen.seen] == [("rename", ""), ("fail", "ValueError: no good")]
    assert (seen.reject.stage, seen.reject.reason) == ("map", "ValueError: no good")
    assert seen.documents == []


@given(st.lists(st.sampled_from(['{"a": 1}', '{"a": ', '{"a": "b"}']), min_size=1, max_size=5), st.integers(0, 6))
def test_watching_changes_nothing(texts, number):
    plan = plan_of(raws(*texts), steps=[("rename", rename)])
    found = trace.find(plan, iter([]), number)
    assert (found.raws is None) == (number >= len(texts))
    if found.raws:
        seen = trace.follow(plan, SOURCE, found)
        done = plan.run(raws(texts[number]), SOURCE, number)
        assert [vars_of(seen.reject)] == [vars_of(one) for one in done.rejects] or (seen.reject is None and not done.rejects)


def vars_of(reject):
    return (reject.number, reject.raw, reject.reason, reject.stage) if reject else None


def test_the_bytes_are_those_of_a_load(assembled):
    plan = assembled().plans["edge"]
    chunk = next(plan.read(blocks_of(LINES)))
    done = plan.run(chunk, SOURCE, 0)
    seen = trace.follow(plan, SOURCE, trace.find(plan, blocks_of(LINES), 0))
    (theirs,), (ours,) = [json.loads(done.packed[0][0])], [json.loads(seen.messages["out_file"][0])]
    assert theirs.pop("event").keys() == ours.pop("event").keys()  # its time of ingestion aside
    assert theirs == ours


def test_what_outputs_without_original_fields_get_is_a_step_of_its_own(assembled):
    ini = "[out_null]\nfields = ecs\n[edge]\ns3_key = edge/\nfile_format = json\n"
    plan = assembled(ini).plans["edge"]
    seen = trace.follow(plan, SOURCE, trace.find(plan, blocks_of(LINES), 0))
    assert seen.for_ecs.name == trace.FOR_ECS
    assert seen.for_ecs not in seen.seen  # out_file gets the original fields
    assert "id" not in seen.documents[0]["event"]
    assert seen.for_ecs.after[0]["event"]["id"].endswith("-000000000000")
