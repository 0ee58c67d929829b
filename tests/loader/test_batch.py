"""Batches: dropping keeps records, raw texts and numbers in step."""

from __future__ import annotations

import datetime

from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source


@given(st.lists(st.booleans()))
def test_keep_drops_the_same_places_everywhere_and_counts_them(wanted: list[bool]) -> None:
    count = len(wanted)
    records, numbers = [{"n": n} for n in range(count)], [100 + n for n in range(count)]
    batch = Batch(Source("b", "k"), [f"raw{n}" for n in range(count)], records, numbers, datetime.datetime.now(datetime.UTC), excluded=5)
    batch.keep(wanted)
    kept = [n for n in range(count) if wanted[n]]
    assert batch.raws == [f"raw{n}" for n in kept]
    assert batch.records == [{"n": n} for n in kept]
    assert batch.numbers == [100 + n for n in kept]
    assert batch.excluded == 5 + count - len(kept)


def test_a_source_says_where_it_is() -> None:
    assert Source("logs", "a b/+%41").uri == "s3://logs/a b/+%41"
