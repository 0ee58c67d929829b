"""``loader/fast/fragments.py``: what is looked up, and how much of it is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from loader.fast import fragments
from loader.fast.fragments import Fragments
from loader.fast.layout import Cell, Fragment
from loader.fast.leaves import Leaf, Odd, key_of


def memo(inputs: Sequence[str], *, of_json: bool = False, several: bool = False) -> Fragments:
    calls: list[Any] = []

    def compute(values: tuple[Any, ...]) -> Any:
        calls.append(values)
        if values[0] == "odd":
            raise Odd
        return repr(values)

    nodes: list[tuple[str, Any]] = [("k", Leaf(tuple(inputs), compute))]
    found = Fragments(Cell(0, tuple(inputs), [*inputs], [Fragment(nodes)] * (2 if several else 1)), of_json=of_json)
    found.calls = calls  # type: ignore[attr-defined]  # a dict's subclass with slots: see below
    return found


@pytest.fixture(autouse=True)
def with_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    class Noting(fragments.Fragments):
        calls: list[Any]

    monkeypatch.setitem(globals(), "Fragments", Noting)


def test_one_fragment_is_a_text_and_several_are_a_tuple() -> None:
    assert memo(["a"])["x"] == '"k":"(\'x\',)"'
    assert memo(["a", "b"], several=True)["x", None] == ('"k":"(\'x\', None)"',) * 2


def test_what_was_looked_up_is_not_computed_again_but_for_long_texts() -> None:
    found: Any = memo(["a"])
    long = "x" * (fragments.LONGEST + 1)
    for key in ("a", "a", None, None, long, long):
        found[key]
    assert len(found.calls) == 4
    assert found.missed == 4


def test_an_odd_value_is_odd_each_time() -> None:
    found: Any = memo(["a"])
    for _ in range(2):
        with pytest.raises(Odd):
            found["odd"]
    assert len(found.calls) == 2


def test_it_starts_afresh_at_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "BOUND", 10)
    found = memo(["a"])
    for number in range(100):
        assert found[str(number)] == f'"k":"(\'{number}\',)"'
        assert len(found) <= 10


def test_keys_of_json_stand_for_values() -> None:
    found: Any = memo(["a"], of_json=True)
    for value in (1, True, 1.0, "1", [1], None):
        found[key_of(value)]
    assert list(map(repr, found.calls)) == ["(1,)", "(True,)", "(1.0,)", "('1',)", "([1],)", "(None,)"]
