"""Several outputs of one source: each has its own account, and what one has is not sent to it again because of another."""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader import deliver, frames
from loader.api import TAKEN, Outcome, Retryable
from loader.batch import Source
from loader.deliver import Delivery
from loader.engine import Engine, Task
from loader.errors import DELIVERY, STOPPED, Stopped
from loader.frames import Raws
from loader.journal import Journal
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from tests import drivers

TYPE = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<n>\\d+)\n[loader]\nchunk_records = {chunk}\n[out_null:a]\n[out_null:b]\n"


CUTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 80), st.integers(5, 200)), max_size=4)  # rooms, stop, block


class Flaky(drivers.MemoryOutput):
    """Takes messages until ``room`` of them; what it takes is confirmed at a flush only, and lost at a failure behind it."""

    lasting = True
    room = 10**9

    def write(self, messages: Sequence[bytes]) -> Outcome:
        taken = messages[: max(0, self.room)]
        self.room -= len(taken)
        super().write(taken)
        if len(taken) < len(messages):
            raise Retryable(f"{self.name} is full")
        return TAKEN

    def seen(self) -> list[int]:
        return [int(json.loads(message)["n"]) for message in self.messages]


class Bench:
    """An engine with two outputs, a and b, and a ledger on disk."""

    def __init__(self, folder: Path, chunk: int) -> None:
        self.engine: Engine = drivers.engine(folder, TYPE.format(chunk=chunk), files=())
        self.outputs = {}
        for name in self.engine.plans["demo"].outputs:
            made = drivers.configured(Flaky(), name, retry_for="0", chunk_bytes="100")
            assert isinstance(made, Flaky)
            self.outputs[name] = made
            self.engine.deliveries[name] = Delivery(made, self.engine.dead_letter, sleep=lambda seconds: None)
        self.engine.journal = Journal(str(folder / "state"))

    def load(self, count: int, *, block: int = 50, stop_after: int = 10**9, tries: int = 0, **source: Any) -> Account:
        self.engine.input = drivers.MemoryInput({"demo": b"".join(b"%d\n" % n for n in range(count))}, block)

        def progress(ledger: Ledger) -> None:
            if ledger.read >= stop_after:
                raise Stopped("stopped")

        return self.engine.run(Task(1, Source("b", "demo", etag="e", **source), tries), progress)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setattr(deliver, "WINDOW", 1)  # every chunk is confirmed
    return Bench(tmp_path, 10)


def test_a_stop_while_one_output_waits_for_its_turn_leaves_the_others_with_what_they_had_confirmed(tmp_path: Path) -> None:
    bench, pauses = Bench(tmp_path, 10), itertools.count()

    def stop(seconds: float) -> None:
        if next(pauses) > 20:
            raise Stopped("stopped")

    slow = drivers.configured(Flaky(), "out_null:a", rate="20", retry_for="0")
    assert isinstance(slow, Flaky)
    bench.engine.deliveries["out_null:a"] = Delivery(slow, bench.engine.dead_letter, sleep=stop)
    first = bench.load(100)
    assert (first.status, first.failure) == (FAILED, STOPPED)
    quick = bench.outputs["out_null:b"].seen()
    assert 0 < len(quick) < 100
    bench.engine.deliveries["out_null:a"] = Delivery(slow, bench.engine.dead_letter, sleep=lambda seconds: None)
    assert bench.load(100).status == DONE
    assert bench.outputs["out_null:b"].seen() == [*quick, *range(len(quick), 100)]
    assert len(slow.seen()) - 100 <= 60  # nothing was confirmed: no second has passed
    assert set(slow.seen()) == set(range(100))


def test_an_output_that_is_down_fails_alone_and_the_other_is_not_sent_anything_again(bench: Bench) -> None:
    a, b = (bench.outputs[name] for name in ("out_null:a", "out_null:b"))
    b.room = 20
    first = bench.load(100)
    assert (first.status, first.failure) == (FAILED, DELIVERY)
    assert "out_null:b" in first.reason
    assert "out_null:a" not in first.reason
    assert a.seen() == list(range(100)), "the one that is up has everything"
    b.room = 10**9
    second = bench.load(100)
    assert second.status == DONE, second.reason
    assert a.seen() == list(range(100))
    assert set(b.seen()) == set(range(100))
    assert len(b.seen()) <= 100 + 12, "no more than what was in flight comes twice"
    assert second.ledger.balances()
    third = bench.load(100)
    assert (third.status, third.reason.partition(":")[0]) == (SKIPPED, "done already")


def test_force_loads_again_but_not_what_a_dead_worker_had_delivered_in_this_run(bench: Bench) -> None:
    assert bench.load(10).status == DONE
    bench.engine.settings.__dict__["force"] = True
    assert bench.load(30, stop_after=15).failure == STOPPED
    assert bench.load(30, tries=1).status == DONE
    assert bench.outputs["out_null:a"].seen() == [*range(10), *range(30)]


def test_a_source_that_was_cut_off_begins_anew_when_its_type_is_another_by_then(bench: Bench) -> None:
    assert bench.load(30, stop_after=15).failure == STOPPED
    bench.engine.config.types["demo"].values["log_pattern"] = "another"
    bench.engine.forms.clear()
    assert bench.load(30).status == DONE
    assert bench.outputs["out_null:a"].seen()[-30:] == list(range(30))


def test_a_range_is_loaded_alone_with_the_numbers_of_the_whole(bench: Bench) -> None:
    account = bench.load(100, first=25, stop=60)
    assert bench.outputs["out_null:a"].seen() == list(range(25, 60))
    assert (account.ledger.read, account.status) == (35, DONE)
    assert bench.load(100, first=60).ledger.read == 40
    assert bench.outputs["out_null:a"].seen() == list(range(25, 100))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 60), st.integers(1, 9), CUTS)
def test_however_often_a_source_is_cut_off_nothing_is_lost_and_only_what_was_in_flight_comes_twice(
    tmp_path_factory: pytest.TempPathFactory, count: int, chunk: int, cuts: list[tuple[int, int, int, int]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deliver, "WINDOW", 1)
        bench = Bench(tmp_path_factory.mktemp("bench"), chunk)
        a, b = (bench.outputs[name] for name in ("out_null:a", "out_null:b"))
        failures = 0
        for a.room, b.room, stop, block in cuts:
            failures += bench.load(count, block=block, stop_after=stop).status == FAILED
        a.room = b.room = 10**9
        last = bench.load(count)
        assert last.status in (DONE, SKIPPED), last.reason
        for output in (a, b):
            seen = output.seen()
            assert set(seen) == set(range(count))
            assert len(seen) - count <= failures * (chunk + 10)
            assert [n for n, _ in itertools.groupby(sorted(seen))] == list(range(count))


@given(st.data())
def test_a_chunk_that_is_cut_keeps_every_record_at_its_number(data: st.DataObject) -> None:
    texts = [f"t{n}" for n in range(data.draw(st.integers(0, 6)))]
    broken = [(f"b{n}", "why") for n in range(data.draw(st.integers(0, 4)))]
    gaps = data.draw(st.integers(0, 5))
    total = len(texts) + len(broken) + gaps
    places = data.draw(st.none() | st.permutations(range(total)).map(lambda found: found[: len(texts) + len(broken)])) if total else None
    records, left_out = [{"t": text} for text in texts], {"one": gaps // 2, "two": gaps - gaps // 2}
    raws = Raws(texts, lambda text: {}, places=places, broken=broken, records=records, left_out=left_out)
    at = data.draw(st.integers(0, total))
    head, tail = frames.cut(raws, at)
    assert (head.count, tail.count) == (at, total - at)

    def numbered(part: Raws, base: int) -> Iterator[tuple[str, int]]:
        assert part.records == [{"t": text} for text in part.texts]
        assert part.places is not None
        return zip([*part.texts, *(text for text, _ in part.broken)], [place + base for place in part.places], strict=True)

    whole = dict(zip([*texts, *(text for text, _ in broken)], places if places is not None else itertools.count(), strict=False))
    assert dict([*numbered(head, 0), *numbered(tail, at)]) == whole


def test_rejects_of_a_portion_that_is_done_again_for_one_output_are_not_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "WINDOW", 1)
    bench = Bench(tmp_path, 5)
    b = bench.outputs["out_null:b"]
    b.room = 3
    body = b"".join(b"%d\nbad %d\n" % (n, n) for n in range(20))
    for _ in range(2):
        bench.engine.input = drivers.MemoryInput({"demo": body}, 40)
        bench.engine.run(Task(1, Source("b", "demo", etag="e")))
        b.room = 10**9
    with contextlib.closing(bench.engine):
        assert [row["record"] for row in drivers.rows(tmp_path / "rejects.ndjson")] == list(range(1, 40, 2))
    assert set(b.seen()) == set(range(20))


class Letter(drivers.MemoryOutput):
    down = True

    def write(self, messages: Sequence[bytes]) -> Outcome:
        if self.down:
            raise Retryable("the dead letter is full")
        return super().write(messages)


@pytest.mark.parametrize("window", [1, 10**9])
def test_what_the_dead_letter_could_not_take_is_rejected_again_by_the_next_try(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int) -> None:
    monkeypatch.setattr(deliver, "WINDOW", window)
    bench, letter = Bench(tmp_path, 5), drivers.configured(Letter(), "letter", retry_for="0")
    assert isinstance(letter, Letter)
    bench.engine.dead_letter.delivery = Delivery(letter, None, sleep=lambda seconds: None)
    for _ in range(2):
        bench.engine.input = drivers.MemoryInput({"demo": b"".join(b"%d\nbad %d\n" % (n, n) for n in range(20))}, 40)
        account = bench.engine.run(Task(1, Source("b", "demo", etag="e")))
        assert account.status == (FAILED if letter.down else DONE)
        letter.down = False
    assert {json.loads(row)["record"] for row in letter.messages} == set(range(1, 40, 2))


class Refusing(Flaky):
    """Refuses odd numbers as they come, and loses the others unless they are flushed."""

    down = True

    def __init__(self) -> None:
        super().__init__()
        self.held: list[bytes] = []

    def write(self, messages: Sequence[bytes]) -> Outcome:
        odd = {at: "odd" for at, message in enumerate(messages) if int(json.loads(message)["n"]) % 2}
        self.held += [message for at, message in enumerate(messages) if at not in odd]
        return Outcome(refused=odd)

    def flush(self) -> None:
        held, self.held = self.held, []
        if self.down:
            raise Retryable("cut")
        self.messages += held


def test_messages_that_are_refused_do_not_count_for_those_before_them_that_are_not_confirmed(tmp_path: Path) -> None:
    bench, out = Bench(tmp_path, 5), drivers.configured(Refusing(), "out_null:a", retry_for="0", chunk_bytes="100")
    assert isinstance(out, Refusing)
    bench.engine.deliveries["out_null:a"] = Delivery(out, bench.engine.dead_letter, sleep=lambda seconds: None)
    assert bench.load(100).status == FAILED
    out.down = False
    assert bench.load(100).status == DONE
    assert set(out.seen()) == set(range(0, 100, 2))
