"""Ledgers: the account balances exactly when every record is accounted for at every output."""

from __future__ import annotations

import collections

from hypothesis import given
from hypothesis import strategies as st

from loader.ledger import Ledger

SMALL = st.integers(0, 4)
COUNTS = st.dictionaries(st.sampled_from("abc"), SMALL).map(collections.Counter)
NUMBERS = dict.fromkeys(("read", "made", "excluded", "rejected", "bytes_in", "bytes_out"), SMALL)
COUNTERS = dict.fromkeys(("delivered", "refused", "flags", "rules"), COUNTS)
LEDGERS = st.builds(Ledger, st.sampled_from([(), ("a",), ("a", "b")]), **NUMBERS, **COUNTERS)


@given(LEDGERS)
def test_it_balances_exactly_when_what_is_read_and_made_is_excluded_rejected_delivered_and_refused_at_every_output(ledger: Ledger) -> None:
    sums = [ledger.excluded + ledger.rejected + ledger.delivered[output] + ledger.refused[output] for output in ledger.outputs]
    there = ledger.read + ledger.made
    assert ledger.balances() == all(there == one for one in sums)
    assert [ledger.missing(output) for output in ledger.outputs] == [there - one for one in sums]


@given(LEDGERS)
def test_what_arrived_did_so_everywhere_and_what_was_turned_away_counts_once(ledger: Ledger) -> None:
    assert all(ledger.arrived <= ledger.delivered[output] for output in ledger.outputs)
    assert ledger.turned_away - ledger.rejected in {0, *(ledger.refused[output] for output in ledger.outputs)}
    assert all(ledger.turned_away >= ledger.rejected + ledger.refused[output] for output in ledger.outputs)


@given(LEDGERS, LEDGERS)
def test_adding_sums_every_number_and_changes_only_the_left(left: Ledger, right: Ledger) -> None:
    before = {output: left.missing(output) + right.missing(output) for output in "abc"}
    sums = {name: getattr(left, name) + getattr(right, name) for name in NUMBERS}
    counts = {name: getattr(left, name)["a"] + getattr(right, name)["a"] for name in COUNTERS}
    other = repr(right)
    left.add(right)
    assert {output: left.missing(output) for output in "abc"} == before
    assert {name: getattr(left, name) for name in NUMBERS} == sums
    assert {name: getattr(left, name)["a"] for name in COUNTERS} == counts
    assert set(left.outputs) >= set(right.outputs)
    assert repr(right) == other
