"""The pipeline: every record of a source is accounted for, numbered from 0 across its chunks."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader import pipeline
from loader.batch import Source
from loader.dead_letter import DeadLetter
from loader.deliver import Delivery
from loader.dispatch import Dispatch
from loader.ledger import Ledger
from tests import drivers

TYPE = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<a>a\\d*)\n[out_null]\nmatch = demo\n"
LINES = st.lists(st.sampled_from(["a1", "a2", "bad", ""]), max_size=12)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(LINES, st.integers(1, 4), st.integers(1, 9))
def test_every_record_is_accounted_for_at_every_output_however_it_is_cut(tmp_path: Path, lines: list[str], records: int, block: int) -> None:
    one = drivers.engine(tmp_path, f"{TYPE}[loader]\nchunk_records = {records}\n", files=())
    outputs = {name: drivers.MemoryOutput() for name in (*one.plans["demo"].outputs, "dead")}
    for name, output in outputs.items():
        drivers.configured(output, name)
    letter = DeadLetter(outputs["dead"])
    deliveries = [Delivery(outputs[name], letter) for name in one.plans["demo"].outputs]
    ledger = Ledger(tuple(one.plans["demo"].outputs))
    body = "\n".join(lines).encode()
    blocks = (body[start : start + block] for start in range(0, len(body), block))
    seen: list[int] = []
    dispatch = Dispatch(deliveries, letter)
    pipeline.run(one.plans["demo"], Source("b", "demo/x"), blocks, ledger, dispatch, lambda done: seen.append(done.read))
    dispatch.flush(ledger)
    kept = [line for line in lines if line]
    assert ledger.read == len(kept)
    assert ledger.rejected == kept.count("bad")
    assert ledger.bytes_in == len(body)
    assert ledger.balances()
    assert seen == sorted(seen)
    rejected = [drivers.json.loads(row)["record"] for row in outputs["dead"].messages]
    assert rejected == [n for n, line in enumerate(kept) if line == "bad"]
    for name in ledger.outputs:
        assert [drivers.json.loads(message)["a"] for message in outputs[name].messages] == [line for line in kept if line != "bad"]
