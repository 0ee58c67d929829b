"""``plugins/parser_winevtxml.py``: Windows events, however they are laid out."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any
from xml.sax import saxutils

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import Limits, within
from plugins.parser_winevtxml import WinevtxmlParser, parse
from tests import drivers
from tests.drivers import blocks_of, log_type, parsed

XMLNS = "xmlns='http://schemas.microsoft.com/win/2004/08/events/event'"
SYSTEM = "<EventID>{}</EventID><TimeCreated SystemTime='2024-05-24T08:00:00.1234567Z'/><Channel>Security</Channel>"


def event(number: int = 1, data: str = "", *, line: str = "") -> str:
    """Write an event, with ``line`` between its elements."""
    system = line.join(("<System>", SYSTEM.format(number), "</System>"))
    return line.join((f"<Event {XMLNS}>", system, f"<EventData>{data}</EventData>", "</Event>"))


def read(text: str, size: int = 65536, limits: Limits | None = None) -> drivers.Parsed:
    return parsed(WinevtxmlParser(), blocks_of(text.encode(), size), limits)


def numbers(found: drivers.Parsed) -> list[str]:
    return [record["Event"]["System"]["EventID"] for record in found.records]


def data_of(text: str) -> Any:
    return parse(event(1, text))["Event"]["EventData"]["Data"]


# --- layouts

LAYOUTS = {
    "one a line": "{0}\n{1}\n{2}\n",
    "with CRLF": "{0}\r\n{1}\r\n{2}\r\n",
    "several a line": "{0}{1} {2}",
    "inside Events": '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n<Events>\n  {0}{1}\n<!-- <x> -->{2}\n</Events>\n',
    "Events that follow one another": "<Events xmlns='urn:x'>{0}</Events>\n<Events>{1}{2}</Events>",
    "behind a syslog header": "<14>May 24 08:00:00 dc1 log: {0}\n<14>1 2024-05-24T08:00:00Z dc1 - - - {1}\n{2}",
    "with a mark": "\ufeff{0}\n{1}{2}",
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("line", ["", "\n  "])
@pytest.mark.parametrize("size", [1, 7, 65536])
def test_events_are_found_however_they_are_laid_out(layout: str, line: str, size: int) -> None:
    events = [event(number, line=line) for number in (4624, 4625, 4634)]
    found = read(LAYOUTS[layout].format(*events), size)
    assert numbers(found) == ["4624", "4625", "4634"]
    assert found.raws == events
    assert (found.rejects, found.error) == ([], None)


def test_the_raw_text_of_a_record_is_its_xml(tmp_path: Path) -> None:
    ini = "[win]\ns3_key = win/\nindex_name = win\nfile_format = winevtxml\n"
    ini += "timestamp_key = Event.System.TimeCreated.SystemTime\ntimestamp_nano = yes\n"
    loaded = drivers.load(tmp_path, ini, "win/x", f"<Events>{event(4624)}</Events>".encode())
    (document,) = loaded.documents
    assert document["@message"] == event(4624)
    assert document["@timestamp"] == "2024-05-24T08:00:00.123456+00:00"


# --- the dict


def test_attributes_have_their_bare_names() -> None:
    assert parse(event(4624))["Event"] == {
        "System": {"EventID": "4624", "TimeCreated": {"SystemTime": "2024-05-24T08:00:00.1234567Z"}, "Channel": "Security"},
        "EventData": None,
    }


def test_data_becomes_a_dict_by_name() -> None:
    assert data_of("<Data Name='User'>bob</Data> <Data Name='Empty'/><Data Name='Host'> h </Data>") == {"User": "bob", "Empty": None, "Host": "h"}
    assert data_of("<Data Name='User'>bob</Data>") == {"User": "bob"}


def test_data_without_names_stay_as_they_are() -> None:
    assert data_of("<Data>one</Data>") == "one"
    assert data_of("<Data>one</Data><Data/>") == ["one", None]


def test_data_of_which_some_have_names_get_one_from_their_place() -> None:
    assert data_of("<Data>one</Data><Data Name='two'>2</Data><Data/>") == {"param1": "one", "two": "2", "param3": None}


def test_data_of_one_name_become_a_list() -> None:
    assert data_of("<Data Name='a'>1</Data><Data Name='a'>2</Data>") == {"a": ["1", "2"]}


def test_qualifiers_of_the_event_id_are_lifted() -> None:
    text = event(1).replace("<EventID>1<", "<EventID Qualifiers='16384'>7036<")
    system = parse(text)["Event"]["System"]
    assert (system["EventID"], system["Qualifiers"]) == ("7036", "16384")


def test_access_and_privilege_lists_are_split() -> None:
    text = "<Data Name='AccessList'>%%1537\r\n\t\t\t\t%%4423 </Data><Data Name='PrivilegeList'>SeBackupPrivilege</Data>"
    assert data_of(text) == {"AccessList": ["%%1537", "%%4423"], "PrivilegeList": ["SeBackupPrivilege"]}
    assert data_of("<Data Name='AccessList'>-</Data><Data Name='PrivilegeList'/>") == {"AccessList": "-", "PrivilegeList": None}


def test_user_data_stay_nested() -> None:
    text = event(1).replace("<EventData></EventData>", "<UserData><Log xmlns='urn:x'><Name>a</Name></Log></UserData>")
    assert parse(text)["Event"]["UserData"] == {"Log": {"Name": "a"}}


@pytest.mark.parametrize("forbidden", ["\x01", "\x1f", "\0", "&#1;", "&#x1F;", "&#xD800;", "&#0;", "\uffff", "&#x110000;"])
def test_control_characters_are_left_out_where_they_stop_an_event_from_being_read(forbidden: str) -> None:
    text = event(1, f"<Data Name='User'>b{forbidden}ob&#x41;&#10;&amp;</Data>")
    found = read(event(2) + text)
    assert found.raws[1] == text
    assert found.records[1]["Event"]["EventData"]["Data"] == {"User": "bobA\n&"}


# --- what is broken


@pytest.mark.parametrize(
    "broken", [event(2).replace("</System>", ""), event(2, "<Data>a & b</Data>"), event(2, "<Data Name=x/>"), "<Event ></Event>"]
)
@pytest.mark.parametrize("size", [1, 65536])
def test_an_event_that_is_broken_is_rejected_alone(broken: str, size: int) -> None:
    found = read(event(1) + broken + event(3), size)
    assert numbers(found) == ["1", "3"]
    ((text, reason),) = found.rejects
    assert text == broken
    assert "XML" in reason


@pytest.mark.parametrize("size", [1, 65536])
def test_an_event_that_is_not_closed_costs_itself_only(size: int) -> None:
    open_event = event(2).removesuffix("</Event>")
    found = read(f"{event(1)}\n{open_event}\n{event(3)}\n{open_event}", size)
    assert numbers(found) == ["1", "3"]
    assert found.rejects == [
        (f"{open_event}\n", "the event is not closed before the next one"),
        (open_event, "the event is not closed before the source ends"),
    ]


@pytest.mark.parametrize("size", [1, 65536])
@pytest.mark.parametrize("junk", ["a line of text", "</System></Event>", "<Other>1</Other>", '{"a": 1}', "<Even"])
def test_what_stands_between_events_and_is_none_is_rejected(junk: str, size: int) -> None:
    found = read(f"{event(1)}\n{junk}\n{event(2)}\n{junk}\n", size)
    assert numbers(found) == ["1", "2"]
    assert found.rejects == [(junk, "is no <Event> element, nor inside one")] * 2


def test_an_object_without_events_is_one_reject() -> None:
    found = read("line one\nline two\n")
    assert found.rejects == [("line one\nline two", "is no <Event> element, nor inside one")]
    assert read("").read == read("<Events></Events>\n").read == 0


@pytest.mark.parametrize("size", [1, 13, 65536])
def test_an_event_that_is_too_long_is_rejected_alone_with_its_start(size: int) -> None:
    long = event(2, "<Data>" + "x" * 5000 + "</Data>")
    found = read(event(1) + long + event(3), size, Limits(record_bytes=600))
    assert numbers(found) == ["1", "3"]
    ((text, reason),) = found.rejects
    assert long.startswith(text)
    assert reason == "longer than the 600 bytes of [loader] max_record_bytes"


@pytest.mark.parametrize("endless", [f"<Event {XMLNS}>" + "x" * 1000, "y" * 1000, "<" * 1000, "<Event " * 200])
def test_what_has_no_end_is_not_held(endless: str) -> None:
    block = endless.encode() if not endless.startswith(f"<Event {XMLNS}") else b"x" * 1000
    source = (part for part in [endless.encode(), *[block] * 2000, b"\n", event(3).encode()])
    tracemalloc.start()
    try:
        found = parsed(WinevtxmlParser(), source, Limits(record_bytes=20_000))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert numbers(found) == ["3"]
    assert found.rejects


def test_chunks_are_bounded() -> None:
    assert read(event(1) * 7, limits=Limits(chunk_records=3)).sizes == [3, 3, 1]


@pytest.mark.parametrize(
    "piece", [f"<Event {XMLNS}>", "<Event>", "<Event ", "<Events ", "<!-- x -->", "<!--", "</Event>", "<", "<?", "\n", "<14>"]
)
def test_no_source_takes_long(piece: str) -> None:
    with within(10):
        read(piece * (400_000 // len(piece)))


# --- properties

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=10).map(str.strip)


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["User", "Host", "AccessMask"]), TEXT, min_size=1), max_size=5),
    st.sampled_from(["", "\n", "\r\n "]),
    st.integers(1, 300),
)
def test_any_events_come_out_as_they_were_written(rows: list[dict[str, str]], between: str, size: int) -> None:
    written = [event(1, "".join(f"<Data Name='{name}'>{saxutils.escape(value)}</Data>" for name, value in row.items())) for row in rows]
    found = read(between.join(written), size)
    expected = [{name: value or None for name, value in row.items()} for row in rows]
    assert [record["Event"]["EventData"]["Data"] for record in found.records] == expected
    assert found.raws == written


WRAPPING = ["<Events>", "</Events>", "<!--", "-->", "<?", "<14>"]
PIECES = [event(1), f"<Event {XMLNS}>", "<Event>", "</Event>", *WRAPPING, "<", ">", "&", "\x01", "\n", "text "]


@settings(deadline=2000)
@given(st.lists(st.sampled_from(PIECES), max_size=15).map("".join), st.integers(1, 400), st.sampled_from([50, 300, 10_000]))
def test_any_text_is_events_or_rejects_and_cutting_changes_nothing(text: str, size: int, limit: int) -> None:
    found = read(text, size, Limits(record_bytes=limit))
    assert found.error is None
    if limit == 10_000:
        whole = read(text)
        assert (found.records, found.rejects) == (whole.records, whole.rejects)
        assert bool(found.read) or not text.replace("<Events>", "").replace("</Events>", "").strip() or "<!--" in text or "<?" in text


@settings(deadline=2000)
@given(st.binary(max_size=100), st.sampled_from([1, 4096]))
def test_any_bytes_are_events_or_rejects(data: bytes, size: int) -> None:
    assert parsed(WinevtxmlParser(), blocks_of(event(1).encode() + data, size)).read >= 1


def test_a_carrier_may_bring_events() -> None:
    assert WinevtxmlParser().item(log_type())(event(5))["Event"]["System"]["EventID"] == "5"


@pytest.mark.shared
@pytest.mark.parametrize("size", [1, 65536])
def test_real_events_are_all_read(shared: Path, size: int) -> None:
    read_events = 0
    for folder in ("windows-event", "fsx-windows-audit"):
        for path in sorted((shared / "samples" / folder).glob("*.xml")):
            body = path.read_bytes()
            found = parsed(WinevtxmlParser(), blocks_of(body, size))
            assert (found.rejects, found.error) == ([], None), path
            assert len(found.records) == body.count(b"</Event>")
            assert all("SystemTime" in record["Event"]["System"]["TimeCreated"] for record in found.records)
            assert json.dumps(found.records)
            read_events += len(found.records)
    assert read_events >= 40


def test_of_long_text_between_events_the_start_is_kept() -> None:
    found = read(f"{event(1)}{'x<' * 3000}{event(2)}")
    assert numbers(found) == ["1", "2"]
    assert [raw for raw, _ in found.rejects] == ["x<" * 2048 + " ..."]
