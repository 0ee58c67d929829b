"""Positions: the automaton takes what the pattern matches, names what is repeated, and finds its way."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.positions import Positions, components, path, repeated

PIECES = ["a", "b", ".", "[ab]", "[^a]", r"\d", "(?:a|bc)", "(?P<n>a)", "(a|)", "(?=a)", "(?:a{2})", "(?:a{1,3})"]


def patterns() -> st.SearchStrategy[str]:
    quantified = st.tuples(st.sampled_from(PIECES), st.sampled_from(["", "*", "+?", "?", "{2}", "{0,2}"])).map("".join)
    sequence = st.lists(quantified, min_size=1, max_size=4).map("".join)
    nested = st.lists(sequence, min_size=1, max_size=2).map(lambda some: f"(?:{'|'.join(some)})*")
    return st.lists(st.one_of(sequence, nested), min_size=1, max_size=3).map("".join).map(lambda one: one.replace("?P<n>", ""))


def accepts(positions: Positions, text: str) -> bool:
    """Tell whether the text leads somewhere in the automaton."""
    at = {p for p in positions.start if positions.takes[p] >> positions.alphabet.index(text[0]) & 1}
    for letter in text[1:]:
        at = {q for p in at for q in positions.follow[p] if positions.takes[q] >> positions.alphabet.index(letter) & 1}
    return bool(at)


@given(patterns(), st.text("ab0", min_size=1, max_size=6))
def test_what_a_pattern_matches_leads_through_its_automaton(pattern: str, text: str) -> None:
    found = re.match(pattern, text)
    if found and found[0]:
        assert accepts(Positions(pattern), found[0])


@given(patterns())
def test_as_many_repetitions_are_found_in_the_text_of_a_pattern_as_its_parser_sees(pattern: str) -> None:
    positions = Positions(pattern)
    texts = [pattern[slice(*span)] for span in repeated(pattern, verbose=False)]
    assert all(re.compile(text) for text in texts)
    assert {pattern[slice(*part.span)] for part in positions.parts} <= set(texts)


@pytest.mark.parametrize(
    ("pattern", "parts"),
    [
        (r"(a+)+$", ["a+", "(a+)+"]),
        (r"(?P<x>[\]*+]*) \++?", [r"[\]*+]*", r"\++?"]),
        (r"[]*]+(?#a+)(?i:b{2,})", ["[]*]+", "b{2,}"]),
        (r"(?x) a  # b+ in words" "\n" r" (?: c | d ) *", ["(?: c | d ) *"]),
        (r"(?<=a{2})b+(?!c*)(?=d+)", ["b+", "c*", "d+"]),
        (r"\x41+\101*", [r"\x41+", r"\101*"]),
    ],
)
def test_parts_are_named_as_they_stand_in_the_pattern(pattern: str, parts: list[str]) -> None:
    assert [pattern[slice(*part.span)] for part in Positions(pattern).parts] == parts


def test_a_fixed_number_of_times_is_as_many_positions() -> None:
    positions = Positions(r"\d{3}-(?:ab){2}")
    assert len(positions.takes) == 8
    assert positions.parts == []
    assert positions.text(positions.takes[p] for p in path(positions.start, 7, positions.follow)) == "000-abab"


def test_numbers_without_end_do_not_make_automata_without_end() -> None:
    assert len(Positions(r"(?:(?:a{100}){100}){100}b{5000}").takes) < 3000


@pytest.mark.parametrize(
    ("pattern", "ways"), [("a*", 1), ("(a*)*", 2), ("(?:a|a(?:))*", 2), ("(?:a|b)*", 1), ("(a?b?)*", 1), ("(?i:a+)", 1), ("(?:a(?:|))*", 2)]
)
def test_ways_from_a_position_to_itself_are_counted(pattern: str, ways: int) -> None:
    assert len(Positions(pattern).follow[0][0]) == ways


def test_flags_of_groups_count() -> None:
    positions = Positions("(?i:a)a")
    taken = ["".join(letter for bit, letter in enumerate(positions.alphabet) if mask >> bit & 1) for mask in positions.takes]
    assert taken == ["aA", "a"]


def test_a_text_has_a_character_of_each_mask_and_a_question_mark_for_none() -> None:
    positions = Positions("[^a]")
    assert positions.text([*positions.takes, 0]) == "0?"


def test_the_shortest_way_is_found_or_none() -> None:
    edges = {1: [2, 3], 2: [4], 3: [4], 4: [1], 5: [1]}
    assert path([1], 4, edges) in ([1, 2, 4], [1, 3, 4])
    assert path([4], 4, edges) == [4]
    assert path([1], 5, edges) == []


@given(st.dictionaries(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=4), max_size=8))
def test_components_are_what_reaches_each_other_each_before_what_reaches_it(drawn: dict[int, list[int]]) -> None:
    edges = {node: drawn.get(node, []) for node in range(8)}
    found = list(components(edges))
    assert sorted(node for some in found for node in some) == list(range(8))
    order = {node: place for place, some in enumerate(found) for node in some}
    for one in edges:
        for two in edges:
            if one != two:
                reached, back = bool(path([one], two, edges)), bool(path([two], one, edges))
                assert (order[one] == order[two]) == (reached and back)
                assert order[two] <= order[one] or not reached
