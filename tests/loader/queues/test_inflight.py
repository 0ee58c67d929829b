"""``loader/queues/inflight.py``: what messages owe, and what becomes of them. No queue, no clock: both are the test's own."""

from __future__ import annotations

import collections
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Source
from loader.errors import CORRUPT, DELIVERY, DENIED, GONE, STOPPED, TRANSIENT
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from loader.queues.inflight import FIRST_PAUSE, LONGEST_PAUSE, InFlight, Policy
from loader.queues.notice import Message, Notice
from loader.queues.reading import read


def read_test(message: Message) -> Notice:
    """Read bodies such as ``a b@1``: keys, with the etag behind an @."""
    if message.body.startswith(("!", "-")):
        return read(Message("m", "r", '{"Event": "s3:TestEvent"}' if message.body == "-" else message.body))
    found = Notice()
    for word in message.body.split():
        key, _, etag = word.partition("@")
        found.ask("bucket", key, etag=etag)
    return found


class Bench:
    """Messages in hand, and one who works for them."""

    def __init__(self, **policy: object) -> None:
        self.inflight = InFlight("q", Policy(**policy), read_test, jitter=lambda low, high: high)  # type: ignore[arg-type]
        self.now = 0.0

    def receive(self, body: str, id: str = "", receipt: str = "", receives: int = 1) -> bool:
        return self.inflight.receive(Message(id or f"m{body}", receipt or f"r{id or body}", body, receives), self.now)

    def begin(self) -> list[tuple[int, Source]]:
        """Take all that waits."""
        return [(work.position, work.source) for work in iter(self.inflight.next, None)]

    def end(
        self, position: int, source: Source, status: str = DONE, failure: str = "", log_type: str = "app", reason: str = "why", *, outputs: str = "o"
    ) -> None:
        account = Account(position, source.uri, source.key, log_type, status, reason, ledger=Ledger(tuple(outputs)), failure=failure)
        self.inflight.ended(account, self.now)

    def work(self, **failures: str) -> list[str]:
        """Do all that waits; a key's failure is named by keyword. Returns the keys."""
        done = []
        for position, source in self.begin():
            done.append(source.key)
            failure = failures.get(source.key)
            self.end(position, source, FAILED if failure is not None else DONE, failure or "")
        return done

    @property
    def deleted(self) -> list[str]:
        return list(self.inflight.receipts.deletes.values())

    @property
    def hidden(self) -> dict[str, int]:
        return self.inflight.receipts.hides

    def rows(self) -> list[tuple[str, str, bool]]:
        return [(report.source.key, report.account.status, report.quarantine) for report in self.inflight.reports]


def test_a_message_is_deleted_when_the_last_of_its_sources_is_done() -> None:
    bench = Bench()
    bench.receive("a b c")
    first, second, third = bench.begin()
    bench.end(*first)
    bench.end(*third)
    assert not bench.deleted
    bench.end(*second, SKIPPED)
    assert bench.deleted == ["ma b c"]
    assert not bench.inflight.busy


def test_one_bad_record_of_several_keeps_the_message() -> None:
    bench = Bench()
    bench.receive("good bad")
    bench.work(bad=GONE)
    assert not bench.deleted
    assert bench.rows() == [("good", DONE, False), ("bad", FAILED, True)]
    bench.inflight.give_back()
    assert bench.hidden == {"rgood bad": 0}


@pytest.mark.parametrize("failure", [GONE, DENIED, CORRUPT])
@pytest.mark.parametrize(("poison", "deleted"), [("leave", []), ("delete", ["mbad"])])
def test_poison_is_quarantined_and_left_or_deleted_as_configured(failure: str, poison: str, deleted: list[str]) -> None:
    bench = Bench(poison=poison)
    bench.receive("bad")
    bench.work(bad=failure)
    assert bench.rows() == [("bad", FAILED, True)]
    assert bench.deleted == deleted
    assert not bench.inflight.deferred


@pytest.mark.parametrize(("not_understood", "deleted"), [("leave", []), ("delete", ["m!x"])])
def test_what_is_not_understood_is_quarantined_with_its_text_and_left_or_deleted(not_understood: str, deleted: list[str]) -> None:
    bench = Bench(not_understood=not_understood)
    bench.receive("!x")
    (report,) = bench.inflight.reports
    assert (report.quarantine, report.account.uri, report.source.body) == (True, "sqs://q/m!x", b"!x")  # type: ignore[attr-defined]
    assert "no JSON: '!x'" in report.account.reason
    assert bench.deleted == deleted


def test_a_message_that_asks_for_nothing_is_deleted_and_told() -> None:
    bench = Bench(filtered="leave")
    bench.receive("-")
    assert bench.deleted == ["m-"]
    assert bench.inflight.notes == ["message m- asks for nothing: s3:TestEvent of the bucket None"]
    assert bench.rows() == []


@pytest.mark.parametrize("log_type", ["", "no output takes it"])
@pytest.mark.parametrize(("filtered", "deleted"), [("delete", ["mx y"]), ("leave", [])])
def test_messages_of_keys_that_are_for_nobody_are_deleted_or_left_as_configured(filtered: str, deleted: list[str], log_type: str) -> None:
    bench = Bench(filtered=filtered)
    bench.receive("x y")
    for position, source in bench.begin():
        bench.end(position, source, SKIPPED, log_type=log_type, outputs="")
    assert bench.deleted == deleted


def test_one_key_of_a_log_type_is_enough_for_a_message_to_count_as_wanted() -> None:
    bench = Bench(filtered="leave")
    bench.receive("x y")
    first, second = bench.begin()
    bench.end(*first, SKIPPED, log_type="")
    bench.end(*second, SKIPPED, log_type="app")  # archived, say
    assert bench.deleted == ["mx y"]


def test_with_ack_no_nothing_is_deleted() -> None:
    bench = Bench(ack=False, poison="delete")
    for body in ("a", "bad", "-"):
        bench.receive(body)
    bench.work(bad=GONE)
    assert bench.deleted == []
    bench.inflight.give_back()
    assert set(bench.hidden.values()) == {0}
    assert len(bench.hidden) == 3


# --- what may pass


def test_what_may_pass_is_put_back_for_longer_each_time_then_given_up() -> None:
    bench = Bench(max_receives=4)
    pauses = []
    for receives in range(1, 5):
        bench.receive("a", receipt=f"r{receives}", receives=receives)
        assert bench.work(a=TRANSIENT) == ["a"]
        pauses += [seconds for receipt, seconds in bench.hidden.items() if receipt == f"r{receives}"]
        assert bool(bench.inflight.deferred) == (receives < 4)
    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert bench.rows() == [("a", FAILED, True)]
    assert "given up at max_receives = 4" in bench.inflight.reports[0].account.reason


@given(receives=st.integers(1, 10**6))
def test_the_pause_has_a_cap(receives: int) -> None:
    bench = Bench(max_receives=10**7)
    bench.receive("a", receives=receives)
    bench.work(a=TRANSIENT)
    assert 1 <= bench.hidden["ra"] <= LONGEST_PAUSE


def test_when_it_comes_again_only_what_is_missing_is_done_and_its_failure_is_forgotten() -> None:
    bench = Bench()
    bench.receive("a b c", id="m")
    assert bench.work(b=TRANSIENT) == ["a", "b", "c"]
    bench.receive("a b c", id="m", receipt="r2", receives=2)
    assert bench.work() == ["b"]
    assert bench.inflight.receipts.deletes == {"r2": "m"}
    assert [status for _, status, _ in bench.rows()] == [DONE] * 3


def test_a_worker_that_dies_on_an_object_counts_as_what_may_pass() -> None:
    bench = Bench()
    bench.receive("a")
    bench.work(a="")
    assert list(bench.inflight.deferred) == ["ma"]


def test_poison_beside_what_may_pass_waits_for_it_and_then_decides() -> None:
    bench = Bench()
    bench.receive("bad slow", id="m")
    bench.work(bad=GONE, slow=TRANSIENT)
    assert list(bench.inflight.deferred) == ["m"]
    bench.receive("bad slow", id="m", receives=2)
    assert bench.work() == ["slow"]
    assert bench.deleted == []
    assert bench.inflight.counts["cannot be loaded"] == 1


def test_what_was_put_back_and_never_came_again_is_reported_as_failed() -> None:
    bench = Bench()
    bench.receive("a")
    bench.work(a=TRANSIENT)
    assert bench.rows() == []
    bench.inflight.give_back()
    assert bench.rows() == [("a", FAILED, False)]


def test_a_message_of_many_receives_has_its_try_all_the_same() -> None:
    bench = Bench(max_receives=3)
    bench.receive("a", receives=21)  # as a dead-letter queue hands it out
    assert bench.work() == ["a"]
    assert bench.deleted == ["ma"]


# --- a destination that is down


def test_a_delivery_that_fails_is_never_the_fault_of_the_message() -> None:
    bench = Bench(poison="delete", max_receives=1)
    bench.receive("a", receives=50)
    bench.work(a=DELIVERY)
    assert bench.rows() == [("a", FAILED, False)]
    assert bench.deleted == []
    bench.inflight.give_back()
    assert bench.hidden == {"ra": 0}


def test_deliveries_that_fail_in_a_row_are_counted_and_one_that_works_ends_the_row() -> None:
    bench = Bench()
    for key in ("a", "b", "c", "d"):
        bench.receive(key)
    bench.work(a=DELIVERY, b=DELIVERY, d=DELIVERY)
    assert bench.inflight.undelivered == 1


# --- the same again


def test_the_same_message_twice_is_worked_once_and_answered_with_the_later_receipt() -> None:
    bench = Bench()
    bench.receive("a", id="m", receipt="r1")
    (task,) = bench.begin()
    assert not bench.receive("a", id="m", receipt="r2", receives=2)
    assert bench.begin() == []
    bench.end(*task)
    assert bench.inflight.receipts.deletes == {"r2": "m"}


def test_a_message_that_comes_again_once_done_is_deleted_again() -> None:
    bench = Bench()
    bench.receive("a", id="m", receipt="r1")
    bench.work()
    assert not bench.receive("a", id="m", receipt="r2")
    assert bench.begin() == []
    assert bench.inflight.receipts.deletes == {"r1": "m", "r2": "m"}


def test_a_message_whose_receipt_has_ended_is_deleted_by_the_next_one_without_work() -> None:
    bench = Bench()
    bench.receive("a", id="m", receipt="r1")
    bench.inflight.receipts.invalid("r1", "expired")
    bench.work()
    assert bench.deleted == []
    bench.receive("a", id="m", receipt="r2")
    assert bench.begin() == []
    assert bench.inflight.receipts.deletes == {"r2": "m"}


def test_two_messages_of_one_version_are_worked_once_and_both_answered() -> None:
    bench = Bench()
    bench.receive("a@1", id="m1")
    (task,) = bench.begin()
    bench.receive("a@1 b@1", id="m2")
    rest = bench.begin()
    assert [source.key for _, source in rest] == ["b"]
    bench.end(*task)
    assert bench.deleted == ["m1"]
    bench.end(*rest[0])
    assert bench.deleted == ["m1", "m2"]
    bench.receive("a@1", id="m3")
    assert bench.begin() == []
    assert bench.deleted == ["m1", "m2", "m3"]


def test_another_version_is_worked_by_itself() -> None:
    bench = Bench()
    bench.receive("a@1", id="m1")
    bench.receive("a@2", id="m2")
    assert bench.work() == ["a", "a"]


def test_an_object_of_no_known_version_is_read_again_when_it_was_begun_before_the_message_came() -> None:
    bench = Bench()
    bench.receive("a", id="m1")
    bench.receive("a", id="m2")
    tasks = bench.begin()
    assert len(tasks) == 1
    bench.receive("a", id="m3")  # it may have been written anew meanwhile
    tasks += bench.begin()
    assert len(tasks) == 2
    bench.end(*tasks[1])
    assert bench.deleted == ["m3"]
    bench.end(*tasks[0])
    assert bench.deleted == ["m3", "m1", "m2"]


def test_the_same_object_twice_in_a_message_is_worked_once() -> None:
    bench = Bench()
    bench.receive("a a a@1 a@1")
    assert bench.work() == ["a", "a"]
    assert len(bench.deleted) == 1


# --- the end


def test_what_the_end_of_the_run_has_cut_short_is_given_back_and_in_no_list() -> None:
    bench = Bench()
    bench.receive("a b", id="m1")
    bench.receive("c", id="m2")
    done, cut, _ = bench.begin()
    bench.end(*done)
    bench.end(*cut, FAILED, STOPPED)
    bench.inflight.give_back()
    assert bench.rows() == [("a", DONE, False)]
    assert bench.hidden == {"rm1": 0, "rm2": 0}
    assert bench.inflight.counts["put back unfinished"] == 2


OUTCOMES = st.sampled_from([(DONE, ""), (SKIPPED, ""), (FAILED, GONE), (FAILED, DELIVERY), (FAILED, TRANSIENT), (FAILED, CORRUPT), (FAILED, "")])


@given(data=st.data())
def test_whatever_happens_a_message_is_deleted_only_when_all_it_names_is_done_and_every_message_is_answered(data: st.DataObject) -> None:
    bench = Bench(max_receives=data.draw(st.integers(1, 3)))
    keys = st.lists(st.sampled_from(["a", "b", "c", "a@1", "b@2"]), min_size=1, max_size=4).map(" ".join)
    bodies = dict(enumerate(data.draw(st.lists(keys, min_size=1, max_size=5))))
    done: set[tuple[str, str]] = set()
    tries: collections.Counter[int] = collections.Counter()
    running: list[tuple[int, Source]] = []
    for step in range(data.draw(st.integers(1, 25))):
        bench.now = float(step)
        if data.draw(st.booleans()):
            number = data.draw(st.sampled_from(sorted(bodies)))
            tries[number] += 1
            bench.receive(bodies[number], id=str(number), receipt=f"{number}.{tries[number]}", receives=tries[number])
        running += bench.begin()
        if running and data.draw(st.booleans()):
            position, source = running.pop(data.draw(st.integers(0, len(running) - 1)))
            status, failure = data.draw(OUTCOMES)
            if status != FAILED:
                done.add((source.key, source.etag))
            if position in bench.inflight.working:
                bench.end(position, source, status, failure)
        for message in bench.deleted:
            named = {(key, etag) for key, _, etag in (word.partition("@") for word in bodies[int(message)].split())}
            assert named <= done
    received = {str(number) for number in tries}
    in_hand = set(bench.inflight.held) | set(bench.inflight.deferred) | set(bench.deleted)
    assert received == in_hand
    bench.inflight.give_back()
    assert received == {receipt.partition(".")[0] for receipt in (*bench.hidden, *bench.inflight.receipts.deletes)}
    json.dumps(bench.inflight.counts)
