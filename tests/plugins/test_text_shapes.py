"""``plugins/_text/shapes.py``: which key each field of a record gets, by shape, as by each record alone."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.api import Memo
from plugins._text import shapes
from plugins._text.leaves import pairs_of
from plugins._text.shapes import Place
from plugins._text.values import text_of

KEYS = ["a", "b", "c", "a.b", "é"]
RECORDS = st.recursive(
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(["x", "1", "2", "", 7, True, None, 1.5, ["x", None, "y"]]), max_size=5),
    lambda below: st.dictionaries(st.sampled_from(KEYS), below | st.sampled_from(["x", "1", None]), max_size=5),
    max_leaves=8,
)
NUMBER = Memo(lambda text: ("n=", f"#{text}") if text.isdigit() else ("t=", text), 64)
PLACES = [
    Place("x=", own="own="), Place("x=", own="other=", rank=1), Place("y="), Place("n=", NUMBER, "own=", 2), Place("n=", NUMBER, "third=", 3),
    Place(""), Place("", own="own="), Place("t=", rank=0),
]  # fmt: skip


def one_by_one(record: dict[str, Any], place: Any) -> list[tuple[str, str]]:
    """The rules, applied to a record by itself."""

    def leaves(value: dict[str, Any], above: str, literal: bool) -> Any:
        for key, below in value.items():
            path, dotted = f"{above}.{key}" if above else key, literal or "." in key
            if isinstance(below, dict):
                yield from leaves(below, path, dotted)
            elif below is not None:
                yield dotted, place(path), text_of(below)

    found = [(dotted, one, text, *(one.typed[text] if one.typed else (one.prefix, text))) for dotted, one, text in leaves(record, "", False)]
    wanted = [(prefix, told) for _, _, _, prefix, told in found if prefix]
    if len({prefix for prefix, _ in wanted}) == len(wanted):
        return wanted
    taken: dict[str, list[str]] = {}
    for _, one, text, prefix, told in sorted(found, key=lambda leaf: (leaf[0], leaf[1].rank)):
        behind, value = (one.own, text) if prefix in taken and one.own else (prefix, told)
        if behind:
            taken.setdefault(behind, []).append(value)
    return [(prefix, ",".join(values)) for prefix, values in taken.items()]


@pytest.mark.parametrize("most", [1, 3, 1024])
def test_each_record_gets_what_the_rules_say_of_it_alone(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether shapes are remembered, forgotten again and again, or no longer remembered."""
    monkeypatch.setattr(shapes, "SHAPES", most)

    @given(st.lists(RECORDS, min_size=1, max_size=8), st.lists(st.sampled_from(PLACES), min_size=5, max_size=5))
    def holds(records: list[dict[str, Any]], places: list[Place]) -> None:
        def place(path: str) -> Place:
            return places[sum(map(ord, path)) % len(places)]

        pairs = pairs_of(place)
        for record in [*records, *records]:
            prefixes, texts = pairs(record)
            assert [*zip(prefixes, texts, strict=True)] == one_by_one(record, place)

    holds()


def test_shapes_that_hardly_repeat_are_not_remembered_and_those_that_do_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SHAPES", 10)
    for times, in_vain in ((1, True), (5, False)):
        found = shapes.Shapes()
        names = [shape_of(number) for number in range(30)]
        for name in names:
            for _ in range(times):
                assert found.pairs((name,), ["x"]) == (["a="], ["x"])
        assert (found.in_vain, len(found) <= 10) == (in_vain, True)


def shape_of(_: int) -> Any:
    return type("Name", (), {"place": Place("a="), "literal": False, "__hash__": object.__hash__, "__eq__": operator.is_})()
