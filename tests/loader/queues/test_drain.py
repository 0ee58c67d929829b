"""``loader/queues/drain.py``: a queue in memory that behaves as SQS does, and a crew of one that does as it is told."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from loader import deliver
from loader.api import Message, Policy, Queue, SourceDenied, SourceError, SourceGone
from loader.batch import Carried
from loader.engine import Task
from loader.errors import DELIVERY, GONE, TRANSIENT, ConfigError, DeliveryError
from loader.ledger import DONE, FAILED, Account
from loader.queues import drain, inflight
from loader.queues.drain import Drain
from loader.queues.held import Report
from tests import messages
from tests.drivers import engine, rows
from tests.servers import until

VISIBILITY = 1


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all pauses short."""
    monkeypatch.setattr(deliver, "FIRST_WAIT", 0.02)
    for name, value in {"NAP": 0.02, "LONGEST_PAUSE": 0.1, "PATIENCE": 0.5}.items():
        monkeypatch.setattr(drain, name, value)
    for name, value in {"FIRST_PAUSE": 1.0, "MARGIN": 0.1}.items():
        monkeypatch.setattr(inflight, name, value)


class MemoryQueue(Queue):
    """Hidden messages come again when their time is up; a receipt ends when its message is handed out again."""

    title = "memory"

    def __init__(self, *bodies: str, **policy: object) -> None:
        self.policy = Policy(visibility=VISIBILITY, **policy)  # type: ignore[arg-type]
        self.bodies = {f"m{number}": body for number, body in enumerate(bodies)}
        self.visible = dict.fromkeys(self.bodies, 0.0)
        self.receipts: dict[str, str] = {}
        self.receives: dict[str, int] = dict.fromkeys(self.bodies, 0)
        self.hidden: list[tuple[str, int]] = []
        self.troubles: Iterator[SourceError | None] = iter(())
        self.asked = 0
        self.lock = threading.Lock()

    def trouble(self) -> None:
        self.asked += 1
        why = next(self.troubles, None)
        if why:
            raise why

    def fetch(self, most: int) -> list[Message]:
        self.trouble()
        now, found = time.monotonic(), []
        with self.lock:
            for id in [id for id in self.bodies if self.visible[id] <= now][:most]:
                self.receives[id] += 1
                self.visible[id] = now + VISIBILITY
                self.receipts[id] = f"{id}.{self.receives[id]}"
                found.append(Message(id, self.receipts[id], self.bodies[id], self.receives[id]))
        return found

    def delete(self, receipts: Sequence[str]) -> Mapping[str, SourceError]:
        self.trouble()
        with self.lock:
            refused = {receipt: SourceGone("ended") for receipt in receipts if receipt not in self.receipts.values()}
            for receipt in {*receipts} - {*refused}:
                del self.bodies[receipt.partition(".")[0]]
        return refused

    def hide(self, seconds: Mapping[str, int]) -> Mapping[str, SourceError]:
        self.trouble()
        with self.lock:
            refused = {receipt: SourceGone("ended") for receipt in seconds if receipt not in self.receipts.values()}
            for receipt in seconds.keys() - refused.keys():
                self.hidden.append((receipt, seconds[receipt]))
                self.visible[receipt.partition(".")[0]] = time.monotonic() + seconds[receipt]
        return refused


Outcome = Callable[[Task], Account]


def done(task: Task) -> Account:
    return Account(task.position, task.source.uri, task.source.key, "app")


def failed(failure: str) -> Outcome:
    return lambda task: Account(task.position, task.source.uri, task.source.key, "app", FAILED, "why", failure=failure)


def run(queue: Queue, outcome: Outcome = done, write: Callable[[Report], None] = lambda report: None) -> tuple[Drain, list[str]]:
    """Drain the queue with one worker; returns also the keys in the order of the work."""
    keys, deadline = [], time.monotonic() + 15
    with (one := Drain(queue, 1)):
        for task in one.tasks():
            assert time.monotonic() < deadline
            if task is None:
                time.sleep(0.01)
            else:
                keys.append(task.source.key)
                one.take(outcome(task))
            one.report(write)
        one.report(write)
    one.report(write)
    return one, keys


def test_a_queue_is_drained_to_its_end_and_each_message_deleted_once_it_is_done() -> None:
    queue = MemoryQueue(*(messages.s3(f"a{number}", f"b{number}") for number in range(25)))
    reports: list[Report] = []
    one, keys = run(queue, write=reports.append)
    assert sorted(keys) == sorted(f"{letter}{number}" for letter in "ab" for number in range(25))
    assert queue.bodies == {}
    assert [report.account.status for report in reports] == [DONE] * 50
    assert one.inflight.counts == {"received": 25, "deleted": 25}
    assert not one.failure


def test_an_empty_queue_ends_after_few_requests() -> None:
    queue = MemoryQueue()
    run(queue)
    assert queue.asked == drain.EMPTY


def test_slow_work_keeps_its_message_to_itself() -> None:
    queue = MemoryQueue(messages.s3("slow"), messages.s3("next"))

    def slow(task: Task) -> Account:
        if task.source.key == "slow":
            time.sleep(1.5 * VISIBILITY)
        return done(task)

    run(queue, slow)
    assert queue.receives == {"m0": 1, "m1": 1}
    assert len([receipt for receipt, seconds in queue.hidden if receipt == "m0.1" and seconds == VISIBILITY]) >= 2
    assert queue.bodies == {}


def test_a_receipt_that_ends_is_not_asked_for_again_and_the_message_is_deleted_by_its_next_one() -> None:
    queue = MemoryQueue(messages.s3("k"))

    def expire(task: Task) -> Account:
        with queue.lock:
            queue.receipts["m0"], queue.visible["m0"] = "another's", time.monotonic() + 0.8
        until(lambda: not all(handout.valid for handout in one.inflight.receipts.kept.values()))
        asked = queue.hidden.count(("m0.1", VISIBILITY))
        until(lambda: queue.receives["m0"] == 2)
        assert queue.hidden.count(("m0.1", VISIBILITY)) == asked
        return done(task)

    worked = []
    with (one := Drain(queue, 1)):
        for task in one.tasks():
            if task:
                worked.append(task)
                one.take(expire(task))
    assert len(worked) == 1
    assert queue.bodies == {}


def test_what_may_pass_is_waited_for_and_tried_again() -> None:
    queue = MemoryQueue(messages.s3("k"))
    outcomes = iter([failed(TRANSIENT), done])
    began = time.monotonic()

    def in_turn(task: Task) -> Account:
        return next(outcomes)(task)

    one, keys = run(queue, in_turn)
    assert keys == ["k", "k"]
    assert queue.hidden[0] == ("m0.1", 1)
    assert time.monotonic() - began >= 1
    assert queue.bodies == {}
    assert one.inflight.counts["put back to be tried again"] == 1


def test_no_more_is_received_than_can_be_started() -> None:
    queue = MemoryQueue(*(messages.s3(str(number)) for number in range(20)))
    with (one := Drain(queue, 2)):
        tasks = one.tasks()
        first = next(tasks)
        assert first
        time.sleep(0.3)
        assert sum(queue.receives.values()) <= 1 + 2
        one.take(done(first))
    assert {receipt for receipt, seconds in queue.hidden if not seconds} == {*queue.receipts.values()} - {"m0.1"}


def test_a_message_of_a_thousand_records_is_a_thousand_tasks_and_nothing_is_received_meanwhile() -> None:
    queue = MemoryQueue(messages.s3(*map(str, range(1000))), messages.s3("last"))
    with (one := Drain(queue, 2)):
        tasks = [task for task in itertools.islice(one.tasks(), 900) if task]
        time.sleep(0.1)
        assert queue.receives == {"m0": 1, "m1": 0}
        assert len({task.source.key for task in tasks}) == 900


def test_messages_that_are_logs_themselves_go_through_the_engine_with_their_own_bytes(tmp_path: Path) -> None:
    queue = MemoryQueue('{"n": 1}\n{"n": 2}\n', '{"n": 3}\n')
    queue.direct, queue.log_type = True, "app"
    worker = engine(tmp_path, "[app]\nfile_format = json\ns3_key = no key is so\n")
    one, keys = run(queue, worker.run)
    worker.close()
    assert sorted(keys) == ["m0", "m1"]
    documents = rows(tmp_path / "out.jsonl")
    assert [(row["n"], row["@log_type"], row["@log_s3bucket"]) for row in documents] == [(n, "app", "memory") for n in (1, 2, 3)]
    assert len({row["@id"] for row in documents}) == 3
    assert queue.bodies == {}


# --- a queue in trouble


def test_a_queue_that_may_not_be_read_ends_the_run_before_it_begins() -> None:
    queue = MemoryQueue()
    queue.troubles = iter([SourceDenied("queue memory: AccessDenied: these credentials need sqs:ReceiveMessage on it")])
    with pytest.raises(ConfigError, match="sqs:ReceiveMessage"):
        run(queue)


def test_a_queue_that_does_not_answer_for_a_while_is_asked_seldom_and_the_run_goes_on() -> None:
    queue = MemoryQueue(messages.s3("k"))
    until_then = time.monotonic() + 0.5
    queue.troubles = iter(lambda: SourceError("Throttling") if time.monotonic() < until_then else None, 0)  # type: ignore[arg-type]
    one, keys = run(queue)
    assert keys == ["k"]
    assert queue.bodies == {}
    assert not one.failure
    assert queue.asked < 30


def test_a_queue_that_stays_away_ends_the_run_once_its_time_is_up() -> None:
    queue = MemoryQueue(messages.s3("k"))
    queue.retry_for = 0.3
    queue.troubles = itertools.repeat(SourceError("no answer"))
    one, keys = run(queue)
    assert (keys, one.failure) == ([], "no answer")
    assert queue.asked < 30


def test_answers_that_fail_are_given_again() -> None:
    queue = MemoryQueue(messages.s3("a"), messages.s3("b"))
    queue.troubles = itertools.chain([None, SourceError("cut")], itertools.cycle([None, SourceError("cut"), None]))
    _, keys = run(queue)
    assert sorted(keys) == ["a", "b"]
    assert queue.bodies == {}


def test_a_thread_that_fails_ends_the_run_instead_of_leaving_it_to_wait() -> None:
    queue = MemoryQueue(messages.s3("a"))
    fetch, calls = queue.fetch, itertools.count()
    queue.fetch = lambda most: fetch(most) if not next(calls) else 1 / 0  # type: ignore[method-assign, return-value]
    one, _ = run(queue)
    assert one.failure == "unexpected ZeroDivisionError: division by zero"


# --- what ends a run early


def test_a_destination_that_stays_down_ends_the_run_and_all_is_given_back_at_once() -> None:
    queue = MemoryQueue(*(messages.s3(str(number)) for number in range(10)), poison="delete", max_receives=1)
    one, keys = run(queue, failed(DELIVERY))
    assert len(keys) == drain.UNDELIVERED
    assert one.failure.startswith("nothing more is received, for the last 3 objects could not be delivered: why")
    assert len(queue.bodies) == 10
    in_hand = set(queue.receipts.values())
    assert {receipt for receipt, seconds in queue.hidden if seconds == 0} == in_hand


def test_leaving_in_mid_run_gives_back_what_is_not_done_and_deletes_what_is() -> None:
    queue = MemoryQueue(messages.s3("a"), messages.s3("b", "c"))
    with (one := Drain(queue, 2)):
        until(lambda: len(one.inflight.held) == 2)
        tasks = [task for task in itertools.islice(one.tasks(), 3) if task]
        one.take(done(tasks[0]))
        one.take(done(tasks[1]))
    assert list(queue.bodies) == ["m1"]
    assert ("m1.1", 0) in queue.hidden


# --- the dead letter goes first


def test_a_message_is_deleted_only_when_its_quarantine_is_written() -> None:
    queue = MemoryQueue(messages.s3("bad"), "no json", poison="delete", not_understood="delete")
    rows: list[Report] = []

    def write(report: Report) -> None:
        time.sleep(0.1)
        number = "m1" if isinstance(report.source, Carried) else "m0"
        assert number in queue.bodies
        rows.append(report)

    run(queue, failed(GONE), write)
    assert [report.quarantine for report in rows] == [True, True]
    assert queue.bodies == {}


def test_where_the_dead_letter_cannot_be_written_nothing_is_deleted_and_the_run_ends() -> None:
    queue = MemoryQueue(*(messages.s3(str(number)) for number in range(9)), poison="delete")

    def write(report: Report) -> None:
        raise DeliveryError("disk full")

    one, keys = run(queue, failed(GONE), write)
    assert len(keys) < 9
    assert len(queue.bodies) == 9
    assert one.failure == "the dead letter cannot be written: disk full"


def test_a_signal_amid_a_report_leaves_what_was_not_written_in_the_queue() -> None:
    queue = MemoryQueue("no json", not_understood="delete")

    class Signal(list[str]):
        def __getitem__(self, at: object) -> list[str]:  # type: ignore[override]
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), (one := Drain(queue, 1)):
        assert one.inflight.reports
        one.inflight.notes = Signal()
        one.report(lambda report: None)
    assert queue.bodies == {"m0": "no json"}
