"""Pauses grow, differ, and have a longest."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from plugins._aws.backoff import Backoff


def test_nothing_is_waited_for_while_nothing_has_failed(monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: 1 / 0)
    backoff = Backoff()
    backoff.wait()
    backoff.failed()
    backoff.worked()
    backoff.wait()


@given(st.integers(1, 5000))
def test_a_pause_is_never_longer_than_the_longest(failures):
    backoff = Backoff(0.5, 3.0)
    backoff.failures = failures
    assert 0 <= backoff.pause() <= min(3.0, 0.5 * 2 ** min(failures - 1, 10))


def test_pauses_grow_and_are_not_alike(monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    backoffs = [Backoff(0.2, 3.0) for _ in range(50)]
    for _ in range(5):
        for one in backoffs:
            one.failed()
            one.wait()
    rounds = [slept[start : start + 50] for start in range(0, 250, 50)]
    assert all(len(set(pauses)) > 40 for pauses in rounds)
    assert max(rounds[0]) <= 0.2 < max(rounds[4]) <= 3.0
