"""``loader/queues/receipts.py``: how long receipts are good for, and the answers that wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.queues.notice import Message
from loader.queues.receipts import ENDED, LONGEST, Receipts

VISIBILITY = 300


def message(receipt: str = "r1") -> Message:
    return Message("m", receipt, "")


def test_a_receipt_is_due_after_a_third_of_its_time_and_again_a_third_after_each_extension() -> None:
    receipts = Receipts(VISIBILITY)
    receipts.keep(message(), 0)
    assert receipts.due(99) == {}
    assert receipts.due(100) == {"r1": VISIBILITY}
    receipts.extended("r1", 100 + VISIBILITY)
    assert receipts.due(199) == {}
    assert receipts.due(200) == {"r1": VISIBILITY}


@given(tick=st.floats(30, 120))
def test_no_extension_goes_beyond_twelve_hours_of_one_hand_out_and_none_is_late(tick: float) -> None:
    receipts, now = Receipts(VISIBILITY), 0.0
    handout = receipts.keep(message(), now)
    while now < LONGEST + 2 * VISIBILITY:
        assert handout.until >= min(now, LONGEST - 1)
        for receipt, seconds in receipts.due(now).items():
            assert 0 < seconds <= VISIBILITY
            assert now + seconds <= LONGEST
            receipts.extended(receipt, now + seconds)
        now += tick
    assert LONGEST - 1 <= handout.until <= LONGEST


def test_a_later_hand_out_starts_anew_with_its_own_receipt() -> None:
    receipts = Receipts(VISIBILITY)
    handout = receipts.keep(message("r1"), 0)
    receipts.invalid("r1", "expired")
    assert receipts.due(LONGEST + 10) == {}
    receipts.renew(handout, message("r2"), LONGEST + 10)
    assert receipts.due(LONGEST + 110) == {"r2": VISIBILITY}
    receipts.delete(handout)
    assert receipts.deletes == {"r2": "m"}


def test_nothing_is_asked_with_a_receipt_that_has_ended() -> None:
    receipts = Receipts(VISIBILITY)
    handout = receipts.keep(message(), 0)
    receipts.invalid("r1", "expired")
    assert receipts.due(200) == {}
    receipts.give_back(handout, 0)
    receipts.delete(handout)
    assert (receipts.hides, receipts.deletes, receipts.counts[ENDED]) == ({}, {}, 1)
    assert receipts.notes == ["the receipt of message m has ended: expired"]


def test_a_deletion_that_is_refused_for_its_receipt_is_not_tried_again() -> None:
    receipts = Receipts(VISIBILITY)
    receipts.delete(receipts.keep(message(), 0))
    receipts.invalid("r1", "expired")
    assert (receipts.deletes, receipts.counts[ENDED]) == ({}, 1)
    receipts.deleted("r1")
    assert receipts.counts["deleted"] == 0
