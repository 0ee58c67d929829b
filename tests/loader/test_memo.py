"""Memo: computes once, forgets at its bound, never remembers a failure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.memo import LONGEST, Memo


def test_a_value_is_computed_once() -> None:
    asked: list[str] = []
    memo = Memo(lambda key: asked.append(key) or key.upper())
    assert [memo["a"], memo["a"], memo["b"]] == ["A", "A", "B"]
    assert asked == ["a", "b"]


def test_none_is_not_remembered() -> None:
    answers = iter([None, "now"])
    memo = Memo(lambda key: next(answers))
    assert memo["a"] is None
    assert memo["a"] == "now"


def test_what_raises_raises_each_time() -> None:
    memo = Memo(int)
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            _ = memo["x"]
    assert not memo


@given(st.lists(st.integers(0, 9)), st.integers(1, 4))
def test_it_never_holds_more_than_its_bound_and_always_answers_right(keys: list[int], bound: int) -> None:
    memo = Memo(lambda key: -key or 99, bound)
    for key in keys:
        assert memo[key] == (-key or 99)
        assert len(memo) <= bound


@pytest.mark.parametrize("key", ["x" * (LONGEST + 1), ("a", "x" * (LONGEST + 1), 3)])
def test_what_has_a_long_text_in_its_key_is_not_remembered(key: Any) -> None:
    memo = Memo(len)
    assert memo[key] == len(key)
    assert not memo
    assert memo["x" * LONGEST] == LONGEST
    assert list(memo) == ["x" * LONGEST]
