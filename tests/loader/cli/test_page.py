"""``loader/cli/page.py``: what is cut on a terminal, and what never is."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from loader.cli.page import Page, shown, visible


def printed(*, width=40, terminal=True, full=False, act):
    out = io.StringIO()
    act(Page(Console(file=out, width=width, force_terminal=terminal, color_system=None, highlight=False), full=full))
    return out.getvalue()


ROWS = [("name", '"a value that is much too long for this"', "note", ""), ("x" * 50, "1", "", "")]


def test_rows_fit_a_terminal():
    lines = printed(act=lambda page: page.rows(ROWS)).splitlines()
    assert max(map(cell_len, lines)) <= 40
    assert "…" in lines[0]
    assert lines[0].endswith("note")


def test_nothing_is_cut_elsewhere_or_with_full():
    for more in ({"terminal": False}, {"full": True}):
        text = printed(act=lambda page: page.rows(ROWS), **more)
        assert ROWS[0][1] in text
        assert ROWS[1][0] in text
        assert "…" not in text


@given(st.lists(st.text("ab 日本", max_size=30), min_size=1, max_size=5), st.integers(60, 120))
def test_columns_stand_below_one_another(values, width):
    rows = [("n", shown(value), f"note{place}", "") for place, value in enumerate(values)]
    lines = printed(width=width, act=lambda page: page.rows(rows)).splitlines()
    assert len({cell_len(line.partition("note")[0]) for line in lines}) == 1
    assert all(cell_len(line) <= width for line in lines)


def test_a_long_text_is_folded_and_cut_with_its_length():
    text = "x" * 300
    assert printed(act=lambda page: page.block(text, 2)).splitlines() == ["  " + "x" * 38, "  " + "x" * 38, "  … 300 characters in all"]
    assert printed(act=lambda page: page.block(text, 2), full=True) == f"  {text}\n"


def test_a_list_is_folded_between_its_items_and_one_a_line_where_it_is_whole():
    items = [f"item{n}" for n in range(8)]
    assert max(map(len, printed(act=lambda page: page.listed("title", items)).splitlines())) <= 40
    assert printed(act=lambda page: page.listed("title", items), full=True).split() == ["title", *items]
    assert printed(act=lambda page: page.listed("title", [])) == ""


@given(st.text())
def test_nothing_that_is_printed_moves_a_cursor(text):
    assert visible(text).isprintable()
    assert shown({text: text}).isprintable()


def test_values_keep_their_types():
    assert [shown(value) for value in (443, "443", None, True, ["ü"], object)] == ["443", '"443"', "null", "true", '["ü"]', '"<class \'object\'>"']
