"""First lines: where records of several lines begin and end, whatever the blocks, and what becomes of lines that belong to none."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.firstline import first_line_chunks
from loader.frames import Limits, Raws, lines

FIRST = re.compile(r"\d+ ")
BEFORE = "stands before the first line that matches the_key"


def chunks(text: str, block: int = 65536, limits: Limits | None = None, first: re.Pattern[str] = FIRST) -> list[Raws]:
    limits = limits or Limits()
    blocks = (text[at : at + block] for at in range(0, len(text), block))
    found = lines(blocks, limits.record_bytes, strip=False)
    return list(first_line_chunks(found, first, lambda text: {"text": text}, limits, key="the_key", names=frozenset(("text",))))


def framed(*arguments: object) -> tuple[list[str], list[tuple[str, str]]]:
    found = chunks(*arguments)  # type: ignore[arg-type]
    return [text for raws in found for text in raws.texts], [broken for raws in found for broken in raws.broken]


@pytest.mark.parametrize("block", [1, 2, 3, 7, 65536])
def test_a_record_goes_on_to_the_next_line_that_matches_at_its_start(block: int) -> None:
    assert framed("1 a\n  b 2 \n\nc\n2 d\n3 e\n f", block) == (["1 a\n  b 2 \n\nc", "2 d", "3 e\n f"], [])


def test_windows_line_ends_are_line_ends() -> None:
    assert framed("1 a\r\n b\r\n2 c\r\n", 65536, None, re.compile(r"\d [ac]$")) == (["1 a\n b", "2 c"], [])


@pytest.mark.parametrize("block", [1, 5, 65536])
def test_lines_before_the_first_match_are_one_broken_record(block: int) -> None:
    assert framed("x\ny\n\n1 a\n", block) == (["1 a"], [("x\ny", BEFORE)])


def test_blank_lines_before_the_first_match_are_nothing() -> None:
    assert framed("\n \r\n1 a\n") == (["1 a"], [])


def test_when_no_line_matches_all_is_one_broken_record_of_which_the_start_is_kept() -> None:
    ((text, reason),) = framed("word\n" * 30000)[1]
    assert (text, reason) == ("word\n" * 819 + "w ...", BEFORE)


@pytest.mark.parametrize("block", [1, 10, 65536])
def test_a_record_over_the_limit_is_broken_alone_and_not_held(block: int) -> None:
    texts, broken = framed("1 a\n" + "2 b\n" + " more\n" * 100 + "3 c\n d\n", block, Limits(record_bytes=40))
    assert texts == ["1 a", "3 c\n d"]
    ((start, reason),) = broken
    assert start.startswith("2 b\n more\n more")
    assert "max_record_bytes" in reason


@pytest.mark.parametrize("block", [1, 10, 65536])
@pytest.mark.parametrize("long", ["2 " + "b" * 100, "2 b\n" + "c" * 100])
def test_so_is_one_with_a_line_over_the_limit(block: int, long: str) -> None:
    texts, broken = framed(f"1 a\n{long}\n more\n3 c\n", block, Limits(record_bytes=40))
    assert texts == ["1 a", "3 c"]
    ((start, reason),) = broken
    assert start.startswith("2 b")
    assert "max_record_bytes" in reason


@pytest.mark.parametrize("block", [1000, 65536])
def test_a_line_of_which_only_the_start_is_known_is_no_record(block: int) -> None:
    texts, broken = framed(f"1 a\n{'b' * 9000}\n2 c\n", block, Limits(record_bytes=6000))
    assert texts == ["2 c"]
    assert [(text[:5], "max_record_bytes" in reason) for text, reason in broken] == [("1 a\nb", True)]


def test_a_record_of_just_the_limit_is_whole() -> None:
    assert framed("1 a\n" + "b" * 6 + "\n2 c", 3, Limits(record_bytes=10)) == (["1 a\nbbbbbb", "2 c"], [])


def test_chunks_have_no_more_records_and_not_much_more_text_than_their_limits() -> None:
    assert [len(raws.texts) for raws in chunks("1 a\n" * 25, limits=Limits(chunk_records=10))] == [10, 10, 5]
    assert [len(raws.texts) for raws in chunks("1 aa\n" * 5, limits=Limits(chunk_bytes=7))] == [2, 2, 1]


def test_records_stay_in_order_with_broken_ones_between_them() -> None:
    found = chunks("x\n1 a\n2 b\n2 " + "b" * 100 + "\n3 c\n", limits=Limits(record_bytes=40))
    assert [(raws.texts, len(raws.broken)) for raws in found] == [([], 1), (["1 a", "2 b"], 1), (["3 c"], 0)]
    assert all(raws.names == {"text"} and raws.parse("y") == {"text": "y"} for raws in found)


def test_a_line_on_which_the_pattern_runs_away_is_broken_with_what_belongs_to_it_and_the_others_are_not() -> None:
    begin = time.monotonic()
    texts, broken = framed(f"1 a\n b\n{'x' * 50}!\n c\n2 d\n", 65536, Limits(match_seconds=0.05), re.compile(r"\d|(x+x+)+y"))
    assert time.monotonic() - begin < 2
    assert texts == ["1 a\n b", "2 d"]
    ((text, reason),) = broken
    assert text == "x" * 50 + "!\n c"
    assert reason.startswith("the_key was not done with this line within 0.05 seconds")


@given(st.lists(st.text("1 a\r", max_size=8), max_size=12), st.integers(1, 9))
def test_every_line_is_in_one_record_or_broken_and_none_is_in_two(rows: list[str], block: int) -> None:
    found = chunks("\n".join(rows), block)
    expected: list[list[str]] = [[]]
    for row in (row.removesuffix("\r") for row in rows):
        if FIRST.match(row):
            expected.append([])
        expected[-1].append(row)
    texts = ["\n".join(some).strip() for some in expected]
    assert [text for raws in found for text in itertools.chain(raws.texts, (text for text, _ in raws.broken))] == [text for text in texts if text]
    assert [reason for raws in found for _, reason in raws.broken] == ([BEFORE] if texts[0] else [])


@given(st.text("1 a\n", max_size=60), st.integers(1, 9), st.integers(1, 20))
def test_no_record_is_longer_than_its_limit_and_blocks_make_no_difference(text: str, block: int, limit: int) -> None:
    first = re.compile("1")
    texts, broken = framed(text, block, Limits(record_bytes=limit), first)
    assert all(len(one) <= limit for one in texts)
    whole, broken_whole = framed(text, 1000, Limits(record_bytes=limit), first)
    assert texts == whole
    assert [reason for _, reason in broken] == [reason for _, reason in broken_whole]
