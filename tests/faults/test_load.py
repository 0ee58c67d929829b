"""``faults/load.py``: a count that could be wrong would make every row worthless."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faults.load import Load

LOAD = Load(objects=3, each=10)


def message(number, text=None):
    return b"<134>1 - h a - - - " + json.dumps({"event": {"original": text or LOAD.line(number)}, "n": 1}).encode()


def test_all_records_are_in_the_objects_once():
    lines = [line for index in range(3) for line in gzip.decompress(LOAD.body(index)).decode().splitlines()]
    assert lines == [LOAD.line(number) for number in range(30)]
    assert len(set(lines)) == 30


def test_a_later_version_of_an_object_begins_as_the_first_did():
    first, later = (gzip.decompress(body) for body in (LOAD.body(1), LOAD.body(1, more=2)))
    assert later == first + f"{LOAD.line(10)}\n{LOAD.line(11)}\n".encode()


@given(st.lists(st.integers(0, 29)))
def test_records_are_counted_by_their_numbers_in_any_order(numbers):
    tally = LOAD.tally(map(message, numbers))
    assert (tally.received, tally.lost) == (len(set(numbers)), 30 - len(set(numbers)))
    assert (tally.duplicated, tally.broken) == (len(numbers) - len(set(numbers)), 0)


@given(st.integers(0, 29), st.integers(1, 400))
def test_a_message_that_was_cut_is_no_record(number, lacking):
    tally = LOAD.tally([message(number)[:-lacking]])
    assert (tally.received, tally.broken) == (0, 1)


@pytest.mark.parametrize("text", [LOAD.line(3).replace("192", "193"), LOAD.line(30), LOAD.line(-1), "a b c", "", LOAD.line(3) + " "])
def test_a_record_that_is_not_as_it_was_sent_is_none_of_ours(text):
    assert LOAD.tally([message(3, text or " ")]).broken == 1
