"""``loader/separators.py``: which patterns are fields between separators, and in how many forms; test_cutter.py sees that it is so."""

from __future__ import annotations

import re

import pytest

from loader.regexpath import Field, Unfit
from loader.separators import Pair, Token, shape


def shown(form: list[Token]) -> str:
    """Return a form as a text: F is a run, F:F a pair, with a question mark where it may be one run."""
    kinds = {Field: lambda _: "F", str: str, Pair: lambda one: f"F{one.mark}F{'?' * one.optional}"}
    return "".join(kinds[type(one)](one) for one in form)


@pytest.mark.parametrize(
    ("pattern", "forms"),
    [
        (r"(?P<a>[^ ]+) (?P<b>\d+)", ["F F"]),
        (r"(?P<a>[^ ]+)(?: (?P<b>[^ ]+)(?: (?P<c>[^ ]+))?)?", ["F F F", "F F", "F"]),
        (r"(?P<a>[^ ]+)(?:(?P<b> x))?", ["F x", "F"]),
        (r"(?P<a>[^ ]+) (?:(?P<b>[^ :]+):)?(?P<c>[^ ]*)", ["F F:F?"]),
        (r"(?P<a>[^ ]+):(?P<b>\d+) (?P<c>.)", ["F:F F"]),
        (r'"(?P<a>[^"\\]*(?:\\.[^"\\]*)*)"', ['"F"']),
        (r'"(?P<a>.*)"(?: (?P<b>\d))?', ['"F" F', '"F"']),
        (r'"(?P<a>.*)"(?: "(?P<b>[^"]*)")?', ['"F"']),
        (r'"(?P<a>[^"]*(?:"(?! x)[^"]*)*)" x', ['"F" x']),
        (r"(?P<a>[^ ]*)(?: (?P<b>[^|]*)(?:(?P<c>[^ ]*))?)?", ["F"]),  # the others are none
    ],
)
def test_forms(pattern: str, forms: list[str]) -> None:
    assert [shown(form) for form in shape(re.compile(pattern)).forms] == forms


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<a>[^ ]*)(?P<b>.)",  # nothing between
        r"(?P<a>.*) (?P<b>[^ ]*)-(?P<c>.)x",  # the last blank is not known before the text is at its end
        r"(?P<a>[^|]*)(?:(?: (?P<b>[^ ]*))|x)",  # nor where there need not be one
        r'(?P<a>.*)(?:"(?P<b>[^"]*)")?x',
        r"(?P<a>[^ ]+)(?: z)?:(?P<b>\d+) (?P<c>.)",  # goes on behind the blank
        r'"(?P<a>[^"]*(?:"(?! x)[^"]*)*)" y',  # what must not follow does not follow
        r'"(?P<a>[^"]*(?:"(?! x)[^"]*)*)"',
        r"(?P<a>[^ ]*):?:(?P<b>x)",
        r"(?P<a>[^ ]*) x?(?P<b>[^ x]*)x",
        r"(?P<a>\d*) :?(?P<b>[^ ]+):(?P<c>\d+)",
    ],
)
def test_a_run_whose_end_is_in_doubt_is_unfit(pattern: str) -> None:
    with pytest.raises(Unfit):
        shape(re.compile(pattern))


@pytest.mark.parametrize(("end", "goes_on"), [("", True), ("$", False), (r"\Z", False), ("(?: (?P<y>.)(?P<z>.))?", False)])
def test_a_text_may_go_on_behind_the_longest_form_where_the_pattern_ends_there(end: str, goes_on: bool) -> None:
    assert shape(re.compile(rf"(?P<a>[^ ]+)(?: (?P<b>[^ ]+))?{end}")).open is goes_on
