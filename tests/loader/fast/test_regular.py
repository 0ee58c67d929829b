"""``loader/fast/regular.py``: a question to a column has the answer of that to each value, and rows that are otherwise keep their places."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.errors import Overdue, ParseError
from loader.fast import regular
from loader.fast.leaves import Odd
from loader.fast.regular import ADDRESS, DIGITS, SOMETHING, ByColumns, Kind, columns

SHORT = settings(deadline=None, max_examples=150)
NUMBERS = ["0", "7", "10", "443", "9" * 18]
NO_NUMBERS = ["9" * 19, "", "00", "07", "+7", "-7", "1_0", " 7", "7 ", "7 0", "1><2", "٣", "²", "1.0", "1e3", "-", None]
ADDRESSES = ["192.0.2.1", "0.0.0.0", "255.255.255.255"]  # noqa: S104
NO_ADDRESSES = ["192.0.2.01", "192.0.2.256", "192.0.2", "192.0.2.1 ", "192.0.2.1:80", "", "-", "a\0", "é", "\ud800", None]


def of(usual: list[Any], unusual: list[Any]) -> st.SearchStrategy[list[Any]]:
    """Return columns most of whose values are usual."""
    return st.lists(st.sampled_from(usual * 4) | st.sampled_from([*usual, *unusual]), max_size=8)


@SHORT
@given(of(NUMBERS, NO_NUMBERS))
@example(["0", "0", "0"])
@example(["5", ""])
@example(["1", "0", "01"])
def test_all_are_digits_where_each_is(column: list[Any]) -> None:
    assert DIGITS.all_are(column) == (all(map(DIGITS.is_one, column)) and column != [])


@pytest.mark.parametrize(("kind", "right", "wrong"), [(DIGITS, NUMBERS, NO_NUMBERS), (ADDRESS, [*ADDRESSES, "2001:db8::1"], NO_ADDRESSES)])
def test_what_one_is(kind: Kind, right: list[Any], wrong: list[Any]) -> None:
    assert all(map(kind.is_one, right))
    assert not any(map(kind.is_one, wrong))


@SHORT
@given(of(ADDRESSES, ["2001:db8::1", *NO_ADDRESSES]))
def test_all_are_addresses_where_each_is_one_of_ipv4(column: list[Any]) -> None:
    assert ADDRESS.all_are(column) == all(map(ADDRESS.is_one, column)) & ("2001:db8::1" not in column)


@SHORT
@given(of(["a", "0"], ["-", "", "null", "[]", None]))
def test_all_say_something_where_each_does(column: list[Any]) -> None:
    assert SOMETHING.all_are(column) == all(map(SOMETHING.is_one, column))


ROWS = ["192.0.2.1 7 a"] * 3 + ["2001:db8::1 7 a", "192.0.2.1 x a", "192.0.2.1 7 -", "nowhere x -", "192.0.2.1 7", "a b c d", ""]


@SHORT
@given(st.lists(st.sampled_from(ROWS)))
def test_rows_that_are_regular_are_in_step_with_their_fields(rows: list[str]) -> None:
    places, kept, texts, *fields = columns(str.split, (ADDRESS, DIGITS, SOMETHING), rows, [row.upper() for row in rows])
    fits = lambda row: row in ("192.0.2.1 7 a", "2001:db8::1 7 a")  # noqa: E731
    assert [*places] == [at for at, row in enumerate(rows) if fits(row)]
    assert [*kept] == [rows[at] for at in places]
    assert [*texts] == [row.upper() for row in kept]
    assert [" ".join(values) for values in zip(*fields, strict=True)] == [*kept]


def test_a_row_that_is_not_cut_is_not_regular() -> None:
    places, *_ = columns(lambda row: None if row == "x" else row.split(), (None, None), ["a b", "x", "c d"], ["a b", "x", "c d"])
    assert [*places] == [0, 2]


def test_a_row_that_cannot_be_cut_is_set_apart_and_no_other() -> None:
    def split(row: str) -> list[str]:
        if row == "x":
            raise ParseError("does not match")
        return row.split()

    places, _, _, first, second = columns(split, (None, None), ["a b", "x", "c d"], ["a b", "x", "c d"])
    assert ([*places], [*first], [*second]) == ([0, 2], ["a", "c"], ["b", "d"])


def plain(rows: list[str], texts: list[str], number: int, dirty: bool) -> Any:
    """Stand for the function for any row: it writes the number of a record, and one is odd."""
    odd = [at for at, row in enumerate(rows) if row == "odd"]
    return ([None if row == "odd" else f"{text}{number + at}" for at, (row, text) in enumerate(zip(rows, texts, strict=True))],), odd, []


def quick(rows: list[str], texts: list[str], number: int, dirty: bool) -> Any:
    """Stand for the one for regular rows."""
    if "broken" in rows:
        raise Odd
    if "slow" in rows:
        raise Overdue(1)
    places = [at for at, row in enumerate(rows) if row == "good"]
    return ([f"{text}{number + at}" if at in places else None for at, text in enumerate(texts)],), [], places


def test_what_is_irregular_takes_its_place_with_its_number() -> None:
    rows = ["good", "else", "good", "odd", "good", "good", "good", "good"]
    (out,), odd, met = ByColumns(quick, plain, numbered=True)(rows, [*"abcdefgh"], 10, False)
    assert (out, odd, met) == (["a10", "b11", "c12", None, "e14", "f15", "g16", "h17"], [3], [])


def test_one_call_is_enough_where_no_number_is_written() -> None:
    calls = []
    made = ByColumns(quick, lambda *given: calls.append(given[0]) or plain(*given), numbered=False)
    made(["else", "good", "good", "odd", "good", "good", "good"], [*"abcdefg"], 0, False)
    assert calls == [["else", "odd"]]


def test_after_three_chunks_in_a_row_that_are_irregular_no_more_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regular, "IN_VAIN", 3)
    asked = []
    made = ByColumns(lambda *given: asked.append(1) or quick(*given), plain, numbered=True)
    made.regular.source, made.anyway.source = "quick", "plain"
    for rows in (["broken"], ["else", "good"], ["good"], ["else"], ["broken", "good"]):
        assert made(rows, rows, 0, False)[0] == plain(rows, rows, 0, False)[0]
    assert made.source == "quick"
    made(["else"], ["else"], 0, False)
    assert made.source == "plain"
    assert made(["good"], ["good"], 5, False)[0] == (["good5"],)
    assert len(asked) == 6


def test_what_takes_too_long_is_told() -> None:
    with pytest.raises(Overdue):
        ByColumns(quick, plain, numbered=False)(["slow"], ["slow"], 0, False)


def test_a_mistake_of_ours_is_told_once_and_costs_no_record(caplog: pytest.LogCaptureFixture) -> None:
    def mistaken(*_: Any) -> Any:
        raise KeyError("x")

    made = ByColumns(mistaken, plain, numbered=True, title="records of demo")
    for _ in range(3):
        assert made(["good", "else"], ["a", "b"], 0, False) == plain(["good", "else"], ["a", "b"], 0, False)
    (told,) = [found.getMessage() for found in caplog.records]
    assert told.startswith("the function for records of demo by columns has failed: KeyError: 'x'; nothing is lost")
