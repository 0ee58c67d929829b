"""The places of sections and keys, and what is no INI: told apart as configparser does."""

from __future__ import annotations

import configparser

from hypothesis import given
from hypothesis import strategies as st

from loader.ini import Scan


def mistakes(text: str) -> list[tuple[int, str, bool]]:
    return [(bad.line, bad.message, bad.fatal) for bad in Scan(text).mistakes]


def test_a_text_without_mistakes_is_left_as_it_is() -> None:
    text = "# c\n[a]\nx = 1\n    more\n\ny: 2\n[DEFAULT]\nz =\n"
    scan = Scan(text)
    assert (scan.text, scan.mistakes) == (text, [])
    assert [(place.section, place.key, place.line, place.more) for place in scan.places] == [
        ("a", "", 2, []),
        ("a", "x", 3, [4]),
        ("a", "y", 6, []),
        ("DEFAULT", "", 7, []),
        ("DEFAULT", "z", 8, []),
    ]


def test_lines_before_the_first_section_are_one_mistake_however_many() -> None:
    scan = Scan("x = 1\ny = 2\n[a]\nz = 3\n")
    assert [bad.line for bad in scan.mistakes] == [1]
    assert scan.text == "#\n#\n[a]\nz = 3\n"


def test_a_section_twice_and_a_key_twice_name_the_line_of_the_first() -> None:
    assert mistakes("[a]\nx = 1\n[b]\nx = 1\n[a]\nx = 2\n") == [
        (5, "the section is there already, in line 1", True),
        (6, "the key is there already, in line 2", True),
    ]


def test_default_may_come_in_parts() -> None:
    assert mistakes("[DEFAULT]\nx = 1\n[DEFAULT]\ny = 1\n") == []


def test_a_line_that_is_nothing_is_left_out_and_what_follows_deeper_belongs_to_the_value_above() -> None:
    scan = Scan("[a]\nx = 1\nnonsense\n    more\n")
    assert [bad.line for bad in scan.mistakes] == [3]
    assert (scan.places[-1].key, scan.places[-1].more) == ("x", [4])


def test_what_follows_a_header_is_a_warning_unless_it_is_a_comment() -> None:
    assert mistakes("[a] # fine\n[b] x = 1\n[c] # see [d]\n") == [
        (2, "the header names a section 'b' and ignores 'x = 1'", False),
        (3, "the header names a section 'c] # see [d' up to the last bracket of the line", False),
    ]


def test_a_long_line_is_cut_in_the_message() -> None:
    ((_, message, _),) = mistakes(f"[a]\n{'x' * 200}\n")
    assert len(message) < 120


def test_the_line_of_a_character_skips_blank_lines_and_comments() -> None:
    (_, place) = Scan("[a]\nx = one\n\n# c\n  two\n    three\n").places
    raw = "one\n\ntwo\nthree"
    assert [place.line_of(raw, raw.index(word)) for word in ("one", "two", "three")] == [2, 5, 6]


SECTIONS = ["[a]", "[b] x", "[]", "[c", "\t[b]"]
LINES = st.lists(st.sampled_from([*SECTIONS, "x = 1", " y: 2", "   z = 3", "", "  ", "# c", " ;d", "odd", "   odder", "=", ": 3", "x", "k\f=1"]))


@given(LINES)
def test_what_is_left_is_ini_for_configparser_and_its_keys_are_the_places(lines: list[str]) -> None:
    scan = Scan("\n".join(lines))
    parser = configparser.RawConfigParser(default_section="\0", strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(scan.text)
    assert {name: set(parser[name]) for name in parser.sections()} == {
        name: {place.key for place in scan.places if place.section == name and place.key} for name in dict.fromkeys(p.section for p in scan.places)
    }
    for place in scan.places:
        assert place.key in lines[place.line - 1]


@given(LINES)
def test_a_text_configparser_refuses_has_a_mistake_and_one_it_takes_has_none_that_is_fatal(lines: list[str]) -> None:
    text = "\n".join(lines)
    strict = configparser.RawConfigParser(default_section="\0")
    try:
        strict.read_string(text)
        refused = False
    except configparser.Error:
        refused = True
    assert refused == any(bad.fatal for bad in Scan(text).mistakes)
