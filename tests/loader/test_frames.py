"""Framing: no byte is lost, lines are lines however the bytes are cut, and a JSON value ends where JSON says."""

from __future__ import annotations

import itertools
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.charset import decoded
from loader.frames import KEPT, Broken, Limits, Overlong, ValueScanner, kept, line_chunks, lines

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")  # NULs might mean UTF-16
TEXTS = st.text(st.one_of(st.sampled_from("\n\r\t ab\u2028\x0b\x1cé€😀\ufeff"), CHARACTERS), max_size=60)
CUTS = st.lists(st.integers(0, 200), max_size=12)


def cut(data: Any, places: list[int]) -> Iterator[Any]:
    """Cut bytes or text at these places, empty pieces included."""
    ends = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(ends))


def flat(found: Iterator[list[str] | Overlong]) -> list[str]:
    return [line for chunk in found for line in (chunk if isinstance(chunk, list) else [f"OVERLONG {chunk.start}"])]


@settings(deadline=None)
@given(TEXTS, CUTS)
def test_lines_are_those_of_split_stripped_however_the_bytes_are_cut(text: str, places: list[int]) -> None:
    expected = [line for line in map(str.strip, text.removeprefix("\ufeff").split("\n")) if line]
    assert flat(lines(decoded(cut(text.encode(), places)), 1000)) == expected


@settings(deadline=None)
@given(TEXTS, CUTS)
def test_lines_unstripped_are_all_there_as_they_are(text: str, places: list[int]) -> None:
    content = text.removeprefix("\ufeff")
    expected = content.removesuffix("\n").split("\n") if content else []
    assert flat(lines(decoded(cut(text.encode(), places)), 1000, strip=False)) == expected


@settings(deadline=None)
@given(st.lists(st.text("ab ", max_size=14), max_size=8), CUTS)
def test_only_lines_over_the_limit_are_lost_each_told_once_with_its_start(texts: list[str], places: list[int]) -> None:
    """Lines of up to 4 are whole, from 9 on overlong whatever the blanks at their ends."""
    texts = [line.strip() * 2 if len(line.strip()) > 4 else line.strip() for line in texts]
    found = flat(lines(cut("\n".join(texts), places), 8))
    expected = [line for line in texts if line]
    assert len(found) == len(expected)
    for got, line in zip(found, expected, strict=True):
        if len(line) > 8:
            start = got.removeprefix("OVERLONG ")
            assert got.startswith("OVERLONG ")
            assert start
            assert line.startswith(start)
        else:
            assert got == line


def test_an_overlong_line_names_the_limit_and_keeps_a_bounded_start() -> None:
    (why,) = lines(iter(["x" * 9000]), 5000)
    assert isinstance(why, Overlong)
    assert str(why) == "longer than the 5000 bytes of [loader] max_record_bytes"
    assert why.start == "x" * 4096


@given(st.text(max_size=9), st.sampled_from([0, KEPT - 9, KEPT - 8, KEPT]))
def test_of_what_is_broken_a_bounded_start_is_kept_and_dots_tell_that_there_was_more(text: str, more: int) -> None:
    whole = text + "x" * more
    assert kept(whole) == (whole if len(whole) <= KEPT else f"{whole[:4096]} ...")
    assert kept(kept(whole)) == kept(whole)


def test_an_endless_line_is_not_held() -> None:
    blocks = itertools.chain(("x" * 65536 for _ in range(1000)), ["\nshort"])
    tracemalloc.start()
    try:
        assert flat(lines(blocks, 100_000))[1:] == ["short"]
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_chunks_are_bounded_and_an_overlong_line_stands_in_its_place() -> None:
    limits = Limits(chunk_records=2)
    found = iter([["1", "2"], ["3", "4", "5"], Overlong("7", 1), ["8"]])
    raws = list(line_chunks(found, dict, limits, names=frozenset("n")))
    assert [one.texts for one in raws] == [["1", "2"], ["3", "4"], ["5"], [], ["8"]]
    assert raws[3].broken == [("7", "longer than the 1 bytes of [loader] max_record_bytes")]
    assert raws[0].names == frozenset("n")


AWKWARD = st.sampled_from(['"', "\\", '\\"', "[{", "}]"])
JSON: Any = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8), AWKWARD),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.text(max_size=4), below, max_size=3)),
    max_leaves=8,
).filter(lambda value: isinstance(value, (list, dict, str)))


@settings(deadline=None)
@given(JSON, st.text(max_size=10), st.text(max_size=5), CUTS, st.booleans(), st.sampled_from([None, 1]))
def test_a_json_value_ends_where_json_says_whatever_follows_and_however_it_arrives(
    value: Any, behind: str, before: str, places: list[int], ascii_only: bool, indent: int | None
) -> None:
    written = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    scanner, text, end = ValueScanner(), before, None
    for piece in cut(written, places):
        assert end is None or not piece
        text += piece
        end = scanner.end(text, len(before)) if end is None and len(text) > len(before) else end
    assert end == len(before) + len(written)
    assert ValueScanner().end(before + written + behind, len(before)) == end


@pytest.mark.parametrize("text", ['{"a": "b\n{"c": 1}', '{"a": "b\\\n{"c": 1}', '"\n'])
def test_a_string_that_is_not_closed_on_its_line_is_broken_at_once(text: str) -> None:
    """Else the scanner would wait for a quote, and swallow the good records behind."""
    with pytest.raises(Broken, match="a string is not closed on its line"):
        ValueScanner().end(text, 0)


@pytest.mark.parametrize("text", ["[}", '{"a": [1}', "{{", '{"a": 1 {', "[[] []", "]", '[{"a": 1]'])
def test_brackets_that_do_not_match_are_broken_at_once(text: str) -> None:
    with pytest.raises(Broken):
        ValueScanner().end(text, 0)


@pytest.mark.parametrize("text", ['{"a": "b', '{"a": "b\\', '{"a": "b\\"', "[[1, 2]", '{"a'])
def test_a_value_that_is_not_complete_asks_for_more(text: str) -> None:
    assert ValueScanner().end(text, 0) is None
