"""Tokens: nothing of a line is lost, and prose begins where words follow each other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loader.draft.tokens import SYSLOG_PRIORITY, prose_at, tokens

LINES = st.lists(
    st.sampled_from(['"', "[", "]", "a", "Be", " ", "  ", "\t", "\\", ":", ",", "<13>", "2024-05-24 08:00:00", "é", "192.0.2.7"]), max_size=9
)


@given(LINES.map("".join))
def test_tokens_cover_the_line(line: str) -> None:
    at = 0
    for token in tokens(line):
        assert line[at:].startswith(token.before)
        assert token.before.strip() == ""
        assert token.text in line[at : token.end]
        at = token.end
    assert line[at:].strip() == ""
    assert not SYSLOG_PRIORITY.match(line) or tokens(line)[0].kind == "priority"


def test_times_are_one_token_wherever_they_stand() -> None:
    assert [token.kind for token in tokens("fw 2024-05-24 08:00:00 [24/May/2024:08:00:00 +0000] x")] == ["word", "time", "bracketed time", "word"]
    assert [token.text for token in tokens("2024-05-24 08:00:00.5,x")] == ["2024-05-24 08:00:00.5", ",x"]


def test_a_quote_that_is_not_closed_is_a_word() -> None:
    assert [(token.kind, token.text) for token in tokens('say "x \\" y" and "no')][1:] == [
        ("quoted", 'x \\" y'), ("word", "and"), ("word", '"no'),
    ]  # fmt: skip


def test_prose_begins_with_three_words_of_letters() -> None:
    assert prose_at(tokens("fw 17 Accepted password for ann")) == 2
    assert prose_at(tokens("ACCEPT OK NODATA TCP")) == 4
