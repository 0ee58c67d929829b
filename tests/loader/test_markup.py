"""XML as dicts: the shape that hooks know, and nothing that grows."""

from __future__ import annotations

import gc
from typing import Any
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.errors import ParseError
from loader.markup import DEEPEST, add_child, parse_xml

NAMES = st.sampled_from(["a", "b", "Event", "x.y", "_n-1", "été"])
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=12).filter(lambda text: text == text.strip())


@st.composite
def elements(draw: Any, depth: int = 3) -> tuple[str, Any, str]:
    """Return an element's name, its value as parsed, and its text as written."""
    name = draw(NAMES)
    attributes = draw(st.dictionaries(st.sampled_from(["id", "n", "é"]), TEXTS, max_size=2))
    text = draw(TEXTS | st.just(""))
    children = draw(st.lists(elements(depth - 1), max_size=3)) if depth else []
    value: Any = {f"@{key}": one for key, one in attributes.items()}
    for child, below, _ in children:
        add_child(value, child, below)
    if text:
        value["#text"] = text
    value = text if set(value) == {"#text"} else value or None
    blanks = draw(st.sampled_from(["", "\n  ", "<!-- < & > -->", "<?go on?>"]))
    content = draw(st.sampled_from([saxutils.escape(text), f"<![CDATA[{text}]]>" if "]]>" not in text else saxutils.escape(text)]))
    written = "".join(f" {key}={saxutils.quoteattr(one)}" for key, one in attributes.items())
    inside = blanks + content + blanks.join(below for _, _, below in children) + blanks
    empty = not inside and draw(st.booleans())
    return name, value, f"<{name}{written}/>" if empty else f"<{name}{written}>{inside}</{name} >"


@settings(deadline=None)
@given(elements())
def test_any_element_that_is_written_comes_out(element: tuple[str, Any, str]) -> None:
    name, value, written = element
    assert parse_xml(written) == {name: value}
    assert parse_xml(f'<?xml version="1.0" encoding="UTF-16"?>\n{written}\n') == {name: value}


def test_the_shape_is_that_of_xmltodict() -> None:
    text = '<r xmlns="urn:a" xmlns:p="urn:b" id="1" p:kind="x"><p:one>1</p:one><b/><b>2</b><b c="3">4</b> tail </r>'
    record = parse_xml(text)["r"]
    assert record.pop("b") == [None, "2", {"@c": "3", "#text": "4"}]
    assert record == {"@xmlns": "urn:a", "@xmlns:p": "urn:b", "@id": "1", "@kind": "x", "one": "1", "#text": "tail"}


def test_attributes_of_one_local_name_keep_their_prefix() -> None:
    assert parse_xml('<r type="a" xsi:type="b"/>') == {"r": {"@type": "a", "@xsi:type": "b"}}


def test_without_a_prefix_attributes_are_members_and_declarations_left_out() -> None:
    assert parse_xml('<r xmlns="urn:a" id="1"><id>2</id></r>', "") == {"r": {"id": ["1", "2"]}}


LAUGHS = "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
BOMB = f"<!DOCTYPE r [<!ENTITY a 'ha'>{LAUGHS}]><r>&i;</r>"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not XML: no element found"),
        ("plain", "not XML: syntax error"),
        ("<a>", "not XML: no element found"),
        ("<a></b>", "not XML: mismatched tag"),
        ("<a/><b/>", "not XML: junk after document element"),
        ("<a b='1' b='2'/>", "not XML: duplicate attribute"),
        ("<a>\x01</a>", "not XML: not well-formed"),
        ("<a>\0</a>", "not XML: not well-formed"),
        ("<a>&#1;</a>", "not XML: reference to invalid character"),
        ("<a>\ud800</a>", "not XML: surrogates not allowed"),
        ("<a>&nbsp;</a>", "not XML: undefined entity"),
        ("<!DOCTYPE a SYSTEM 'a.dtd'><a>&nbsp;</a>", "not XML: undefined entity &nbsp;"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><a>&x;</a>", "document type declaration that defines"),
        (BOMB, "document type declaration that defines"),
        ("<a>" * (DEEPEST + 1) + "</a>" * (DEEPEST + 1), "nested more than 100 levels deep"),
    ],
)
def test_what_is_broken_or_could_harm_is_refused(text: str, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        parse_xml(text)


def test_a_type_declaration_that_defines_nothing_is_no_harm() -> None:
    assert parse_xml('<!DOCTYPE log SYSTEM "logger.dtd"><log>a &amp; b</log>') == {"log": "a & b"}


def test_as_many_levels_as_are_allowed_are_read() -> None:
    assert parse_xml("<a>" * DEEPEST + "</a>" * DEEPEST)


def test_a_record_leaves_no_work_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            parse_xml("<a b='1'><c>2</c></a>")
        assert gc.collect() == 0
    finally:
        gc.enable()


@settings(deadline=None)
@given(st.text(max_size=60) | st.text("<>ab/=' &;!-[]?\"", max_size=60))
def test_any_text_is_a_dict_or_a_parse_error(text: str) -> None:
    try:
        assert len(parse_xml(text)) == 1
    except ParseError as why:
        assert str(why)
