"""Tokens of regular expressions: nothing is lost, and each part is what ``re`` takes it for."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.regextokens import tokens

PIECES = [
    "a", "b*", "[^]a|(]+", r"\(", r"\101", r"\0", r"\x41", r"\N{DIGIT ONE}", "(?:a|b){2,3}", "(?P<n>a+?)(?P=n)", "(?i:a)", "(?=a{,2})", "(?<!a)",
    "(c)?", r"\.{2}", "{", "a{}", "(?#*(|)", ".", "^", "$", "|", "(?s-i:.)", "(?>a|b)",
]  # fmt: skip


def told(pattern: str, *, verbose: bool = False) -> list[tuple[str | None, str]]:
    return [(token.lastgroup, token[0]) for token in tokens(pattern, verbose=verbose)]


@given(st.text(), st.booleans())
def test_the_tokens_of_any_text_are_the_text(text: str, verbose: bool) -> None:
    assert "".join(part for _, part in told(text, verbose=verbose)) == text


@given(st.lists(st.sampled_from(PIECES), max_size=6, unique=True))
def test_groups_close_and_what_stands_between_bars_outside_of_them_is_a_pattern(pieces: list[str]) -> None:
    depth, parts = 0, [""]
    for kind, text in told("".join(pieces)):
        depth += (kind == "open") - (kind == "close")
        if kind == "bar" and not depth:
            parts.append("")
        else:
            parts[-1] += text
    assert depth == 0
    assert all(re.compile(part) for part in parts)


@pytest.mark.parametrize(
    ("pattern", "kinds"),
    [
        (r"a|\|[|]", [(None, "a"), ("bar", "|"), (None, r"\|"), (None, "[|]")]),
        ("(?P<n>a)*?", [("open", "(?P<n>"), (None, "a"), ("close", ")"), ("many", "*?")]),
        ("a{,}b{x}", [(None, "a"), ("many", "{,}"), (None, "b"), (None, "{"), (None, "x"), (None, "}")]),
        ("(?i)a(?#)x)", [("nothing", "(?i)"), (None, "a"), ("nothing", "(?#)"), (None, "x"), ("close", ")")]),
        ("(a)(?(1)b|c)", [("open", "("), (None, "a"), ("close", ")"), ("open", "(?(1)"), (None, "b"), ("bar", "|"), (None, "c"), ("close", ")")]),
        (r"\101\18\189", [(None, r"\101"), (None, r"\18"), (None, r"\18"), (None, "9")]),
        ("a #b", [(None, "a"), (None, " "), (None, "#"), (None, "b")]),
    ],
)
def test_parts_are_what_they_are_for_re(pattern: str, kinds: list[tuple[str | None, str]]) -> None:
    assert told(pattern) == kinds


def test_blanks_and_comments_of_a_verbose_pattern_are_nothing_but_in_a_set_or_escaped() -> None:
    assert told("a  # |\n [ #]\\ ", verbose=True) == [
        (None, "a"), ("nothing", "  "), ("nothing", "# |"), ("nothing", "\n "), (None, "[ #]"), (None, "\\ "),
    ]  # fmt: skip
