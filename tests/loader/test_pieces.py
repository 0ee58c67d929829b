"""``loader/pieces.py``: the lines for a field, and all that is asked of it."""

from __future__ import annotations

import re

import pytest

from loader.cutter import written


@pytest.mark.parametrize(
    ("pattern", "fits", "others"),
    [
        (r"(?P<a>[^ ]+) x", ["a x"], [" x", "a  x", "a xx"]),
        (r"(?P<a>[^ ]*) x", [" x"], ["a b x"]),
        (r"(?P<a>\d+) x", ["17 x", "\u0663 x"], [" x", "1a x", "\u00b2 x"]),
        (r"(?P<a>\d*) x", [" x", "17 x"], ["a x"]),
        (r"(?P<a>\d{2}) x", ["17 x"], ["1 x", "117 x"]),
        (r"(?P<a>[^ ]{2,}) x", ["aa x", "aaa x"], ["a x"]),
        (r"(?P<a>\S+) x", ["a x"], ["a\tb x", "a\x1fb x", "a\u2003b x", "a\nb x"]),
        (r"(?P<a>[^ \]]+) x", ["a x"], ["a] x"]),
        (r"(?P<a>.*)", ["a", ""], ["a\nb"]),
        (r"(?P<a>[^ ]*)", ["a"], ['a"']),  # no field has a quote in it
        (r"(?P<a>[^ ]+):(?P<b>\d+) x", ["a:1 x", "a:b:1 x"], ["a x", ":1 x", "a: x", "a:b x"]),
        (r"(?:(?P<a>\d+):)?(?P<b>[^ ]*) x", ["1:a x", "1: x", "a x", " x"], ["b:a x", ":a x"]),
        (r"(?P<a>[^ ]*) (?P<b>[^ ]*) \[(?P<c>[^\]]*)\]", ["a b [c d]"], ["a b [c d", "a b c d]", "a b [c]]"]),
        (r"(?P<a>[^ ]*) \[(?P<b>[^\]]*)\] (?P<c>[^ \]]*) (?P<d>[^ ]*)", ["a [b b] c d", "a [b b] c d]"], ["a [b b] c] d"]),
        (r"(?P<a>[^ ]*) y?(?P<b>[^ ]*)", ["a b"], ["a yb", "a by"]),
        (r'"(?P<a>[^"]*(?:"(?! \d)[^"]*)*)" (?P<b>[^ ]*)', ['"a" 1'], ['"a" b', '"a" 11']),
    ],
)
def test_a_field_is_taken_where_all_of_it_is_in_its_class(pattern: str, fits: list[str], others: list[str]) -> None:
    compiled = re.compile(pattern)
    cut = written(compiled)
    for row in fits:
        found = compiled.match(row)
        assert found is not None
        assert cut(row) == found.groups()
    assert [row for row in others if cut(row) is not None] == []
