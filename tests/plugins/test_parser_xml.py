"""``plugins/parser_xml.py``: which elements are records, and what they become."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import DecodeError, Limits, within
from plugins.parser_xml import XmlParser
from tests import drivers
from tests.drivers import blocks_of, log_type, parsed

SIZES = pytest.mark.parametrize("size", [1, 3, 65536])


def read(text: str, size: int = 65536, limits: Limits | None = None, **options: str) -> drivers.Parsed:
    return parsed(XmlParser(), blocks_of(text.encode(), size), limits, **options)


# --- layouts without a setting


@SIZES
def test_children_of_one_name_are_the_records(size: int) -> None:
    found = read("<?xml version='1.0'?>\n<!-- x --><log v='2'>\n<r a='1'><b>x</b></r><r a='>2'/> <r><b/><b>z</b></r ></log>\n", size)
    assert found.records == [{"r": {"@a": "1", "b": "x"}}, {"r": {"@a": ">2"}}, {"r": {"b": [None, "z"]}}]
    assert found.raws == ["<r a='1'><b>x</b></r>", "<r a='>2'/>", "<r><b/><b>z</b></r >"]
    assert (found.rejects, found.error) == ([], None)


def test_so_are_their_neighbours_of_other_names() -> None:
    assert [[*record] for record in read("<l><head>1</head><r a='1'/><r a='2'/><s>2</s></l>").records] == [["head"], ["r"], ["r"], ["s"]]


def test_records_may_bear_the_name_of_what_holds_them() -> None:
    assert read("<r><r a='1'/><r a='2'><r/></r><r a='3'/></r>").records == [{"r": {"@a": "1"}}, {"r": {"@a": "2", "r": None}}, {"r": {"@a": "3"}}]


def test_a_single_child_with_elements_is_a_list_of_one() -> None:
    assert read("<l><r><b>1</b></r></l>").records == [{"r": {"b": "1"}}]


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("<r><a>1</a><b x='1'/><c><d/></c></r>", {"r": {"a": "1", "b": {"@x": "1"}, "c": {"d": None}}}),
        ("<r><a>1</a><a>2</a><b/></r>", {"r": {"a": ["1", "2"], "b": None}}),
        ("<r>text</r>", {"r": "text"}),
        ("<r a='1'/>", {"r": {"@a": "1"}}),
        ("<r><a x='1'/></r>", {"r": {"a": {"@x": "1"}}}),
    ],
)
@SIZES
def test_an_element_without_children_alike_is_one_record(text: str, record: dict[str, Any], size: int) -> None:
    assert read(text, size).records == [record]


@SIZES
def test_several_outermost_elements_are_a_record_each(size: int) -> None:
    found = read("\ufeff<a><x i='1'/><x i='2'/></a>\n<a>2</a>\n\ufeff<?xml version='1.0'?><!-- x --><b/>\n", size)
    assert found.records == [{"a": {"x": [{"@i": "1"}, {"@i": "2"}]}}, {"a": "2"}, {"b": None}]
    assert (found.rejects, found.error) == ([], None)


def test_outermost_elements_are_records_also_when_the_first_ends_with_a_large_block() -> None:
    one = "<a>" + "<x i='1'/>" * 7000 + "</a>"
    assert read(one + one, len(one)).raws == [one, one]


def test_a_source_without_elements_has_no_records() -> None:
    for text in ("", " \n", "<!-- x -->", "<?xml version='1.0'?>\n"):
        found = read(text)
        assert (found.read, found.error) == (0, None)


def test_a_list_whose_kind_shows_late_is_still_one() -> None:
    found = read(f"<l><head>{'x' * 200_000}</head><r a='1'/><r a='2'/></l>")
    assert [[*record] for record in found.records] == [["head"], ["r"], ["r"]]


def test_what_does_not_end_within_the_limit_is_taken_for_a_list() -> None:
    found = read("<l>" + "".join(f"<r{n}>{n}</r{n}>" for n in range(20_000)) + "</l>", limits=Limits(record_bytes=100_000))
    assert len(found.records) == 20_000


def test_names_are_local_and_declarations_may_stand_outside_of_the_record() -> None:
    found = read("<p:l xmlns:p='urn:a'><p:r p:a='1'><p:b>1</p:b></p:r><p:r a='2' xmlns='urn:b'/></p:l>")
    assert found.records == [{"r": {"@a": "1", "b": "1"}}, {"r": {"@a": "2", "@xmlns": "urn:b"}}]


# --- xml_record


@SIZES
def test_xml_record_names_the_elements_wherever_they_stand(size: int) -> None:
    text = "<e><h>1</h><list>text<p:rec n='1'/><rec><rec>inner</rec></rec></list></e>\n<e><rec>3</rec></e><rec/>"
    found = read(text, size, xml_record="rec")
    assert found.records == [{"rec": {"@n": "1"}}, {"rec": {"rec": "inner"}}, {"rec": "3"}, {"rec": None}]
    assert (found.rejects, found.error) == ([], None)


def test_xml_record_makes_one_record_of_what_looks_like_a_list() -> None:
    assert read("<alert><ip v='4'>a</ip><ip v='6'>b</ip></alert>", xml_record="alert").read == 1


# --- xml_firstline


@SIZES
def test_xml_firstline_begins_a_record_and_none_is_skipped(size: int) -> None:
    found = read("<E a='1'>\n <b/>\n</E>\n<E a='2'>\r\n</E>\r\n<E a='3'/>", size, xml_firstline="<E[ >]")
    assert found.records == [{"E": {"@a": "1", "b": None}}, {"E": {"@a": "2"}}, {"E": {"@a": "3"}}]
    assert found.rejects == []


@SIZES
def test_xml_firstline_takes_what_holds_the_records_for_no_record(size: int) -> None:
    found = read("<?xml version='1.0'?>\n<!-- x -->\n<Es>\n<E a='1'>\n</E>\n<E a='2'/>\n</Es>\n", size, xml_firstline="<E[ >]")
    assert found.records == [{"E": {"@a": "1"}}, {"E": {"@a": "2"}}]
    assert found.rejects == []


def test_xml_firstline_rejects_what_stands_before_the_first_match() -> None:
    found = read("junk\n<E a='1'/>\n", xml_firstline="<E[ >]")
    assert found.records == [{"E": {"@a": "1"}}]
    assert [text for text, _ in found.rejects] == ["junk"]


def test_a_declaration_may_begin_each_record() -> None:
    found = read("<?xml version='1.0' encoding='UTF-16'?>\n<E>1</E>\n" * 2, xml_firstline=r"<\?xml")
    assert found.records == [{"E": "1"}] * 2


def test_xml_record_beside_xml_firstline_is_a_mistake_that_is_told() -> None:
    section = log_type(xml_firstline="<a", xml_record="a")
    XmlParser().prepare(section, Limits())
    assert [str(problem) for problem in section.problems] == ["[demo] xml_record: has no effect beside xml_firstline (remove one of them)"]


# --- what is broken


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("<r a='2'>bad & worse</r>", "not XML: not well-formed (invalid token)"),
        ("<r a='2'><x></r>", "not XML: mismatched tag"),
        ("<r a='2' a='3'/>", "not XML: duplicate attribute"),
        ("<r a='2'>&nbsp;</r>", "not XML: undefined entity"),
        ("<r a='2'>\x01</r>", "not XML: not well-formed (invalid token)"),
        ("<r a='2'>" + "<x>" * 200 + "</x>" * 200 + "</r>", "XML nested more than 100 levels deep"),
    ],
)
@pytest.mark.parametrize("around", [("<l>", "</l>"), ("", "\n")])
@SIZES
def test_a_record_that_is_broken_is_rejected_alone(broken: str, reason: str, around: tuple[str, str], size: int) -> None:
    begin, end = around
    found = read(f"{begin}<r a='1'/>\n<r a='1b'/>\n{broken}\n<r a='3'/>\n<r a='4'>x</r>{end}", size)
    assert [record["r"] if isinstance(record["r"], str) else record["r"]["@a"] for record in found.records] == ["1", "1b", "3", "4"]
    assert found.rejects == [(broken, reason)]
    assert found.error is None


@SIZES
def test_a_record_that_is_not_closed_costs_itself_only(size: int) -> None:
    found = read("<l><r a='1'/><r a='2'/><r a='3'><r a='4'/><r a='5'>x</r></l>", size)
    assert [record["r"]["@a"] for record in found.records] == ["1", "2", "4", "5"]
    assert found.rejects == [("<r a='3'>", "not XML: mismatched tag")]


@SIZES
def test_text_between_records_is_rejected(size: int) -> None:
    found = read("<l><r a='1'/> <r a='2'/> loose <r a='3'/></l>", size)
    assert len(found.records) == 3
    assert found.rejects == [("loose", "stands outside of the elements")]


@SIZES
def test_text_between_outermost_elements_is_rejected(size: int) -> None:
    found = read("<a>1</a>\n<a>2</a>junk<a>3</a> tail", size)
    assert found.records == [{"a": "1"}, {"a": "2"}, {"a": "3"}]
    assert [text for text, _ in found.rejects] == ["junk", "tail"]


@SIZES
def test_what_is_no_xml_is_one_reject(size: int) -> None:
    assert read("just some text\nand more", size).rejects == [("just some text\nand more", "not XML: syntax error")]


@SIZES
def test_a_source_that_ends_inside_a_list_is_incomplete_behind_its_records(size: int) -> None:
    for tail in ("", "<r a='3'", "<r a='3'>x", "\n"):
        found = read(f"<l><r a='1'/><r a='2'/>{tail}", size)
        assert [record["r"]["@a"] for record in found.records] == ["1", "2"]
        assert str(found.error) == "the XML ends inside <l>: the source is incomplete"


def test_an_outermost_element_that_is_not_closed_is_rejected() -> None:
    assert read("<a>1</a>\n<a>2</a>\n<a>3").rejects == [("<a>3", "the element is not closed before the source ends")]


@SIZES
def test_definitions_of_entities_are_refused_with_the_object(size: int) -> None:
    found = read("<!DOCTYPE l [<!ENTITY a 'haha'>]><l><r>&a;</r></l>", size)
    assert (found.records, found.rejects) == ([], [])
    assert "document type declaration that defines things" in str(found.error)


@SIZES
def test_a_record_with_an_entity_that_is_fetched_nowhere_is_rejected(size: int) -> None:
    found = read("<!DOCTYPE l SYSTEM 'file:///l.dtd'><l><r a='1'>&x;</r><r a='2'/></l>", size)
    assert found.records == [{"r": {"@a": "2"}}]
    assert found.rejects == [("<r a='1'>&x;</r>", "not XML: undefined entity &x;")]


@SIZES
def test_a_record_that_is_too_long_is_rejected_alone_with_its_start(size: int) -> None:
    long = f"<r a='2'>{'x' * 3000}<y/></r>"
    found = read(f"<l><r a='1'/><r a='1b'/>{long}<r a='3'/></l>", size, Limits(record_bytes=1000))
    assert [record["r"]["@a"] for record in found.records] == ["1", "1b", "3"]
    ((text, reason),) = found.rejects
    assert long.startswith(text)
    assert reason == "longer than the 1000 bytes of [loader] max_record_bytes"


# --- bounds


def test_a_long_list_is_not_held() -> None:
    def source() -> Any:
        yield b"<l>"
        for number in range(30_000):
            yield b"<r id='%d'><text>some text</text></r>\n" % number
        yield b"</l>"

    read_source = XmlParser().prepare(log_type(), Limits(record_bytes=100_000))
    tracemalloc.start()
    try:
        assert sum(len(raws.texts) for raws in read_source(source())) == 30_000
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("endless", ["<l><r a='", "<l><r>", "<l>", "", "<l><!--", "<l><r a='1'/><r a='2'/>", "<"])
def test_what_has_no_end_is_not_held(endless: str) -> None:
    source = (part for part in [endless.encode(), *[b"x" * 10_000] * 500])
    tracemalloc.start()
    try:
        parsed(XmlParser(), source, Limits(record_bytes=100_000))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "piece", ["<r>", "<r a='1'>", "<r a='1'/>", "<", "<r ", "</r>", "<!-- x -->", "<!--", "&", "<r>&</r>", "x", "<?x?>", "<r><s></r>"]
)
@pytest.mark.parametrize("begin", ["", "<l>", "<l><r a='1'/><r a='1'/>"])
def test_no_source_takes_long(piece: str, begin: str) -> None:
    with within(10):
        found = read(begin + piece * (60_000 // len(piece)), limits=Limits(record_bytes=20_000))
    assert found.error is None or isinstance(found.error, DecodeError)


def test_chunks_are_bounded() -> None:
    assert read("<l>" + "<r a='1'/>" * 7 + "</l>", limits=Limits(chunk_records=3)).sizes == [3, 3, 1]


# --- properties

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=10).map(str.strip)
ROWS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "item", "r"]), TEXT, min_size=1, max_size=3), min_size=2, max_size=6)
LAYOUTS = {"<l>{}</l>": "", "<?xml version='1.0'?><x:l xmlns:x='urn:x' a='>'>\n {}\n</x:l>\n": "", "{}": "", "<a><b>{}</b></a>": "r"}


@settings(deadline=None)
@given(ROWS, st.sampled_from([*LAYOUTS]), st.sampled_from(["", "\n", "<!-- <r> -->", "\r\n  "]), st.integers(1, 200))
def test_any_records_come_out_as_they_were_written_in_any_layout(rows: list[dict[str, str]], layout: str, between: str, size: int) -> None:
    written = []
    for number, row in enumerate(rows):
        inside = "".join(f"<{name}>{saxutils.escape(value)}</{name}>" for name, value in row.items())
        written.append(f'<r n="{number}">{inside}</r>')
    found = read(layout.format(between.join(written)), size, xml_record=LAYOUTS[layout])
    assert found.records == [{"r": {"@n": str(n)} | {name: value or None for name, value in row.items()}} for n, row in enumerate(rows)]
    assert found.raws == written
    assert (found.rejects, found.error) == ([], None)


MARKUP = ["<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!DOCTYPE l ["]
PIECES = ["<l>", "</l>", "<r a='1'/>", "<r>", "</r>", "<r a='2'>x</r>", *MARKUP, "<", ">", "&", "x", "\n", "'"]


@settings(deadline=2000, max_examples=200)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.integers(1, 60), st.sampled_from([20, 10_000]), st.sampled_from(["", "r"]))
def test_any_text_is_records_rejects_or_one_clear_error(text: str, size: int, limit: int, record: str) -> None:
    found = read(text, size, Limits(record_bytes=limit), xml_record=record)
    assert found.error is None or isinstance(found.error, DecodeError)
    assert all(reason for _, reason in found.rejects)
    if limit > len(text):
        whole = read(text, xml_record=record)
        assert (found.records, found.rejects, str(found.error)) == (whole.records, whole.rejects, str(whole.error))


@settings(deadline=2000)
@given(st.binary(max_size=100), st.sampled_from([1, 4096]))
def test_any_bytes_are_records_rejects_or_one_clear_error(data: bytes, size: int) -> None:
    found = parsed(XmlParser(), blocks_of(b"<l><r a='1'/><r a='2'/>" + data, size))
    assert found.read >= 1 or isinstance(found.error, DecodeError)


def test_a_carrier_may_bring_elements() -> None:
    assert XmlParser().item(log_type())("<r a='1'/>") == {"r": {"@a": "1"}}


def test_fields_of_xml_can_be_mapped(tmp_path: Path) -> None:
    ini = "[x]\ns3_key = x/\nindex_name = x\nfile_format = xml\necs = user.name user.id\nuser.name = entry.user.#text\nuser.id = entry.user.@id\n"
    body = b"<log><entry><user id='7'>bob</user></entry><entry><user id='8'>eve</user></entry></log>"
    loaded = drivers.load(tmp_path, ini, "x/a.xml", body)
    assert [document["user"] for document in loaded.documents] == [{"name": "bob", "id": "7"}, {"name": "eve", "id": "8"}]


def test_of_long_text_between_records_the_start_is_kept() -> None:
    found = read("<log>" + "<r a='1'/>" * 9000 + "x" * 5000 + "<r a='2'/></log>")
    assert (len(found.records), [raw for raw, _ in found.rejects]) == (9001, ["x" * 4096 + " ..."])


def test_of_a_long_record_that_is_broken_the_start_is_kept() -> None:
    found = read(f"<log><r/><r>1</r><r>{'x' * 5000}</q></r><r/></log>")
    assert [raw for raw, _ in found.rejects] == ["<r>" + "x" * 4093 + " ..."]
