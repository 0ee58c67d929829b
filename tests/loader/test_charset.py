"""Bytes to text: what the charset of a source is, and that no byte is lost."""

from __future__ import annotations

import codecs
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.charset import HEAD, WIDE, charset, decoded, encodable, peek, told_by
from tests import drivers

CUTS = st.lists(st.integers(0, 200), max_size=12)
WITHOUT_NUL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)  # UTF-16's mark and a NUL are UTF-32's mark
LOGS = ["2024-05-24 08:00:00 a line\r\nanother\tone\n", "2024-05-24 日本語のログです\n次の行\n", "level=warn user=Zoë 😀\n", "A: 1"]
# what every codec of text in Python can write of plain ASCII, and the bytes of it are not UTF-16's
CHARSETS = ["utf-8", "latin-1", "cp1252", "koi8-r", "shift-jis", "euc-jp", "gb18030", "big5", "utf-7", "cp037", "utf-16-le", "utf-16-be", "utf-32-le"]


def cut(data: Any, places: list[int]) -> Iterator[Any]:
    """Cut bytes at these places, empty pieces included."""
    ends = [0, *sorted(min(place, len(data)) for place in places), len(data)]
    return (data[start:end] for start, end in itertools.pairwise(ends))


@settings(deadline=None)
@given(st.binary(max_size=60), CUTS)
def test_no_byte_is_dropped_and_cutting_changes_nothing(data: bytes, places: list[int]) -> None:
    data = data.replace(b"\0", b"\1").lstrip(b"\xfe\xff")  # which would mean UTF-16
    whole = data.removeprefix(b"\xef\xbb\xbf").decode(errors="backslashreplace")
    assert "".join(decoded(cut(data, places))) == whole


@pytest.mark.parametrize("data", [b"\xef", b"\xef\xbb", b"a\xff", b"caf\xe9"])
def test_bytes_that_are_no_utf_8_stay_visible(data: bytes) -> None:
    assert "".join(decoded(iter([data]))) == data.decode(errors="backslashreplace")


def test_only_the_first_byte_order_mark_is_left_out() -> None:
    assert list(decoded(iter([b"\xef", b"\xbb\xbf", b"\xef\xbb\xbfa"]))) == ["\ufeffa"]
    assert list(decoded(iter(["\ufeff\ufeffa\ufeff".encode()]))) == ["\ufeffa\ufeff"]


@settings(deadline=None)
@given(st.binary(max_size=20))
def test_bytes_that_are_no_utf_8_stay_visible_inside_a_json_string(data: bytes) -> None:
    escaped = data.replace(b"\0", b"\1").replace(b"\\", b"/").replace(b'"', b"'")
    text = "".join(decoded(iter([b'["' + escaped + b'"]']), "jsonreplace"))
    assert json.loads(text, strict=False) == [escaped.decode(errors="backslashreplace")]


def test_only_decoding_is_mended() -> None:
    with pytest.raises(UnicodeEncodeError):
        "\udc80".encode(errors="jsonreplace")


@pytest.mark.parametrize("log", LOGS)
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("encoding", WIDE)
@pytest.mark.parametrize("size", [1, 3, 4096])
def test_utf_16_and_utf_32_are_recognised_with_and_without_a_mark(log: str, marked: bool, encoding: str, size: int) -> None:
    data = ("\ufeff" * marked + log).encode(encoding)
    assert "".join(decoded(drivers.blocks_of(data, size))) == log


@pytest.mark.parametrize("encoding", ["utf-8", *WIDE])
def test_a_mark_goes_before_the_setting(encoding: str) -> None:
    data = ("\ufeff" + LOGS[2]).encode(encoding)
    assert "".join(decoded(iter([data]), charset="cp1252")) == LOGS[2]


def test_nuls_do_not_go_before_a_setting_of_utf_16() -> None:
    assert "".join(decoded(iter(["\u4100".encode("utf-16-le")]), charset="utf-16-le")) == "\u4100"


def test_nuls_in_text_and_other_binary_data_are_no_utf_16() -> None:
    binary = (b"\0", b"\0\0\0\0", b"\x7fELF\2\1\1\0\0\0", bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1")
    for data in (b"a line with a stray \0 in it\n", b"abababab\0bababab", b"0\0", *binary):
        assert told_by(data) == "", data


def test_only_the_first_bytes_are_asked() -> None:
    assert told_by(b"a" * HEAD + b"\0") == ""
    assert told_by(("a" * HEAD).encode("utf-16-le") + b"\xff\0\0\xd8") == "utf-16-le"


@settings(deadline=None)
@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40), st.sampled_from(CHARSETS), CUTS)
def test_text_comes_out_as_it_was_written_in_any_charset_however_it_is_cut(text: str, encoding: str, places: list[int]) -> None:
    assert "".join(decoded(cut(text.encode(encoding), places), charset=charset(encoding))) == text


@settings(deadline=None)
@given(WITHOUT_NUL, st.sampled_from(["utf-8-sig", "utf-16", "utf-32"]), CUTS)
@example("\ufeff", "utf-16", [])
def test_a_mark_is_left_out_whatever_the_charset(text: str, encoding: str, places: list[int]) -> None:
    assert "".join(decoded(cut(text.encode(encoding), places), charset=charset(encoding))) == text


@settings(deadline=None)
@given(st.binary(max_size=80), st.sampled_from(CHARSETS), CUTS)
def test_any_bytes_are_text_in_any_charset_and_cutting_changes_nothing(data: bytes, encoding: str, places: list[int]) -> None:
    name = charset(encoding)
    whole = "".join(decoded(iter([data]), charset=name))
    assert "".join(decoded(cut(data, places), charset=name)) == whole
    assert bool(whole) or not data.removeprefix(b"\xef\xbb\xbf") or encoding == "utf-7" or told_by(data)


@pytest.mark.parametrize(
    ("data", "name", "text"), [(b"\x81", "cp1252", r"\x81"), (b"\x82\xa0\xff", "shift_jis", r"あ\xff"), (b"a\0b", "utf-16-le", r"a\x62")]
)
def test_bytes_that_are_no_text_in_a_charset_stay_visible(data: bytes, name: str, text: str) -> None:
    assert "".join(decoded(iter([data]), charset=name)) == text


@pytest.mark.parametrize(
    ("value", "name"),
    [("", "utf-8"), ("UTF8", "utf-8"), ("utf-8-sig", "utf-8"), ("latin1", "iso8859-1"), ("UTF-16", "utf-16-le"), ("ebcdic-cp-us", "cp037")],
)
def test_a_charset_has_any_name_that_python_knows(value: str, name: str) -> None:
    assert charset(value) == name


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("utf-88", "there is no charset 'utf-88': did you mean 'utf-8'?"),
        ("klingon", "there is no charset 'klingon': write for example"),
        ("base64", "'base64' is no charset of text"),
        ("idna", "'idna' is no charset of text"),
        ("unicode_escape", "'unicode_escape' is no charset of text"),
        ("x\0y", "there is no charset"),
    ],
)
def test_what_is_no_charset_is_refused_with_the_nearest_name(value: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        charset(value)


def test_every_charset_that_is_taken_decodes_any_bytes() -> None:
    from encodings.aliases import aliases

    taken = 0
    for value in sorted(set(aliases.values())):
        try:
            name = charset(value)
        except ValueError:
            continue
        taken += 1
        assert "".join(decoded(iter([bytes(range(255, -1, -1))]), charset=name)), name
        assert codecs.lookup(name).name == name
    assert taken > 80


def test_peeking_changes_nothing_and_takes_no_more_blocks_than_it_needs() -> None:
    blocks = iter([b"ab", b"", b"cd", b"ef"])
    again, head = peek(blocks, 3)
    assert head == b"abcd"
    assert next(blocks) == b"ef"
    assert list(again) == [b"ab", b"", b"cd"]


def test_plain_utf_8_is_not_slower_than_its_decoder() -> None:
    """But for what is done once per source."""
    blocks = [b"a line of plain text, rather short\n" * 2000] * 100

    def best(run: Any) -> float:
        times = []
        for _ in range(5):
            began = time.perf_counter()
            run()
            times.append(time.perf_counter() - began)
        return min(times)

    decoder = codecs.getincrementaldecoder("utf-8")
    floor = best(lambda: list(map(decoder("backslashreplace").decode, blocks)))
    assert best(lambda: list(decoded(iter(blocks)))) < 2 * floor + 0.005


@pytest.mark.parametrize(
    ("ini", "line"),
    [
        ("file_format = text\nlog_pattern = (?P<name>.*)", "Zoë"),
        ("file_format = multiline\nmultiline_firstline = .\nlog_pattern = (?P<name>.*)", "Zoë"),
        ("file_format = csv\ncsv_delimiter = ,\ncsv_header = name", "name\nZoë"),
        ("file_format = json", '{"name": "Zoë"}'),
        ("file_format = cef\nrenamed_newfields = name\nname = cef_name", "CEF:0|a|b|1|2|Zoë|3|"),
        ("file_format = xml", "<name>Zoë</name>"),
        ("file_format = winevtxml", "<Event xmlns='x'><name>Zoë</name></Event>"),
    ],
)
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-8-sig"])
def test_every_format_reads_the_charset_of_its_section(tmp_path: Any, ini: str, line: str, encoding: str) -> None:
    loaded = drivers.load(tmp_path, f"[odd]\ns3_key = odd/\nindex_name = odd\ncharset = {encoding}\n{ini}\n", "odd/x", (line + "\n").encode(encoding))
    (document,) = loaded.documents
    assert "Zoë" in document["@message"]
    assert "Zoë" in (document.get("name"), document.get("Event", {}).get("name"))
    assert loaded.account.status == "done"


@given(st.text(st.characters(exclude_categories=[]), max_size=20))
@example("caf\udce9")
def test_any_text_can_be_written_as_utf_8_and_what_can_be_stays_as_it_is(text: str) -> None:
    found = encodable(text)
    assert found.encode().decode() == found
    assert (found == text) == (not any("\ud800" <= character <= "\udfff" for character in text))
    assert "\udce9" not in text or r"\udce9" in found
