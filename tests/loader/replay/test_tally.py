"""``loader/replay/tally.py``: numbers add up, and reasons stay few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.ledger import Ledger
from loader.replay.tally import KEPT, OTHERS, REASONS, REJECTED, Tally

TOLD = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9), st.booleans()), max_size=20)


def tally_of(told: list[tuple[str, int, bool]], at: int = 0) -> Tally:
    tally = Tally()
    for number, (name, count, kept) in enumerate(told, at):
        if kept:
            tally.keep(name, f"reason {count}", f"line {number}")
        else:
            ledger = Ledger(("out",), read=count, place=(name, "b", "k"))
            ledger.delivered["out"] = count
            tally.take(ledger)
    return tally


@given(TOLD, TOLD)
def test_two_tallies_added_are_the_tally_of_both(one: list[tuple[str, int, bool]], other: list[tuple[str, int, bool]]) -> None:
    both = tally_of(one)
    both.add(tally_of(other, len(one)))
    assert both == tally_of([*one, *other])
    assert both.rows == sum(1 if kept else count for _, count, kept in [*one, *other])
    assert both.sound


def test_an_account_that_does_not_balance_is_remembered_by_its_object() -> None:
    tally = Tally()
    tally.take(Ledger(("out",), read=1, place=("demo", "b", "a/k")))
    assert (tally.sound, tally.unsound) == (False, ["s3://b/a/k"])


def test_reasons_are_counted_with_the_first_place_and_endless_ones_together() -> None:
    tally = Tally()
    for number in range(REASONS + 50):
        tally.tell(REJECTED, f"quotes {number}", f"line {number}")
    tally.tell(REJECTED, "quotes 3", "line 999", 2)
    tally.tell(KEPT, "last", "line 1000")
    assert len(tally.why) <= REASONS + 2
    assert tally.why[REJECTED, "quotes 3"] == (3, "line 3")
    assert tally.why[REJECTED, OTHERS] == (50, f"line {REASONS}")
    assert sum(count for count, _ in tally.why.values()) == REASONS + 50 + 3
