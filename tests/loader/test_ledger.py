"""Ledgers: the account balances exactly when every record is accounted for at every output."""

from __future__ import annotations

import collections

from hypothesis import given
from hypothesis import strategies as st

from loader.ledger import Ledger

SMALL = st.integers(0, 4)
COUNTS = st.dictionaries(st.sampled_from("abc"), SMALL).map(collections.Counter)
LEDGERS = st.builds(
    Ledger, st.sampled_from([(), ("a",), ("a", "b")]), SMALL, SMALL, SMALL, COUNTS, COUNTS, COUNTS, bytes_in=SMALL, bytes_out=SMALL
)


@given(LEDGERS)
def test_it_balances_exactly_when_read_is_excluded_rejected_delivered_and_refused_at_every_output(ledger: Ledger) -> None:
    sums = [ledger.excluded + ledger.rejected + ledger.delivered[output] + ledger.refused[output] for output in ledger.outputs]
    assert ledger.balances() == all(ledger.read == one for one in sums)
    assert [ledger.missing(output) for output in ledger.outputs] == [ledger.read - one for one in sums]


@given(LEDGERS)
def test_what_arrived_did_so_everywhere_and_what_was_turned_away_counts_once(ledger: Ledger) -> None:
    assert all(ledger.arrived <= ledger.delivered[output] for output in ledger.outputs)
    assert ledger.turned_away - ledger.rejected in {0, *(ledger.refused[output] for output in ledger.outputs)}
    assert all(ledger.turned_away >= ledger.rejected + ledger.refused[output] for output in ledger.outputs)


@given(LEDGERS, LEDGERS)
def test_adding_sums_every_number_and_changes_only_the_left(left: Ledger, right: Ledger) -> None:
    before = {output: left.missing(output) + right.missing(output) for output in "abc"}
    sums = (left.read + right.read, left.bytes_in + right.bytes_in, left.bytes_out + right.bytes_out, left.flags["a"] + right.flags["a"])
    other = repr(right)
    left.add(right)
    assert {output: left.missing(output) for output in "abc"} == before
    assert (left.read, left.bytes_in, left.bytes_out, left.flags["a"]) == sums
    assert set(left.outputs) >= set(right.outputs)
    assert repr(right) == other
