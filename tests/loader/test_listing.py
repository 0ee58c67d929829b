"""Lists: every line names the object it was written for, whatever is in its key."""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loader import listing
from loader.batch import Source
from loader.errors import ConfigError

PLAIN = st.text(min_size=1, max_size=12)
AWKWARD = st.text(st.sampled_from('"\t\n\r\0 ,+%41/s3:\\PRE\x85\u2028é\udc80'), min_size=1, max_size=12)
LISTED = ['"abc","def"', '"","x"', "s3://other/key", "Total Objects: 3", "PRE a/", "2024-01-01 00:00:00  12 k", "2024-01-01 00:00:00\t12\tk"]
KEYS = st.one_of(PLAIN, AWKWARD, st.sampled_from(LISTED))
BARE = ["AWSLogs/1/a.gz", "a b", " leading", "a+b", "%41", "2024-01-01", "folder/", "Total", "s3:/x", '"a/b","c"', "s3://only-a-bucket"]


def parsed(text: str, bucket: str = "main") -> list[tuple[int, Source]]:
    return list(listing.parse(text.splitlines(keepends=True), bucket))


def only(line: str, bucket: str = "main") -> Source:
    ((_, source),) = listing.parse([line], bucket)
    return source


@pytest.mark.parametrize(
    "key",
    [
        "AWSLogs/1/a.gz", "a b  c.log", " leading", "trailing ", "tab\there", "ünïcödé/日本.log", "a+b", "a%41%2Fb", "a,b", '"quoted"',
        "'", "x\u2028y", "-l", "2024-01-01 00:00:00 12 k",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_the_key_of_an_aws_s3_ls_line_is_taken_as_it_stands(key: str, end: str) -> None:
    assert only(f"2024-05-24 07:32:05    1234567 {key}{end}") == Source("main", key)


@pytest.mark.parametrize("key", BARE)
def test_a_bare_line_is_a_key(key: str) -> None:
    assert only(key + "\n") == Source("main", key)


def test_a_uri_names_its_own_bucket() -> None:
    assert only("s3://other/a b/+%41\n") == Source("other", "a b/+%41")
    assert only("2024-05-24 07:32:05 1 s3://other/x\n") == Source("other", "x")


def test_blank_and_summary_lines_name_nothing_but_are_counted() -> None:
    text = "2024-05-24 07:32:05    1 a\n\n   PRE b/\n \t\nc\r\n\nTotal Objects: 2\n   Total Size: 2.0 MiB\n"
    assert [(number, source.key) for number, source in parsed(text)] == [(1, "a"), (5, "c")]


def test_lists_of_different_forms_can_be_joined() -> None:
    text = '2024-05-24 07:32:05    1 a\nb\n"inv","c%20d","1"\ns3://other/e\n2024-05-24 07:32:05\t7\tf\n'
    expected = [("main", "a"), ("main", "b"), ("inv", "c d"), ("other", "e"), ("main", "f")]
    assert [(source.bucket, source.key) for _, source in parsed(text)] == expected


@given(PLAIN)
def test_an_inventory_row_names_its_bucket_and_the_decoded_key(key: str) -> None:
    source = only(f'"inventory-bucket","{quote(key)}","123","2024-05-24T07:32:05.000Z","etag"\n')
    assert (source.bucket, source.key) == ("inventory-bucket", key)
    assert key not in source.alternates


@given(PLAIN)
@example("+ %41")
def test_an_inventory_row_with_plus_for_blanks_or_nothing_encoded_has_its_key_among_the_alternates(key: str) -> None:
    line = '"inventory-bucket","' + quote_plus(key) + '","123"'
    source = only(line)
    assert key in (source.key, *source.alternates)
    bare = key.replace("\n", " ").replace("\r", " ").replace('"', " ")
    source = only(f'"inventory-bucket","{bare}","123"')
    assert bare in (source.key, *source.alternates)


@given(KEYS, st.sampled_from(["main", "my-bucket", "ab", "a/local folder", 'odd"name']))
@example("a\n\udc80", "main")
def test_a_row_read_again_gives_the_same_object(key: str, bucket: str) -> None:
    line = listing.row(Source(bucket, key))
    assert "\n" not in line
    assert "\r" not in line
    for written in (line, f"2024-05-24 07:32:05\t7\t{line}\n"):
        back = only(written, bucket)
        assert (back.bucket, back.key) == (bucket, key)


@given(KEYS)
def test_a_row_of_another_bucket_than_the_lists_says_which(key: str) -> None:
    back = only(listing.row(Source("other", key), "main"))
    assert (back.bucket, back.key) == ("other", key)


@given(st.text(st.sampled_from('a+ %41250B"/'), min_size=1, max_size=12).map(lambda raw: '"inventory-bucket","' + raw.replace('"', '""') + '"'))
def test_a_row_of_an_inventory_source_keeps_its_alternates(line: str) -> None:
    source = only(line)
    back = only(listing.row(source))
    assert back.key == source.key
    assert {*source.alternates} <= {*back.alternates, back.key}


def test_a_plain_key_stays_readable_in_a_row_though_reading_filled_its_source_in() -> None:
    assert listing.row(Source("main", "a b/ü+%41.gz", size=3, etag="e")) == "a b/ü+%41.gz"


def opened(path: Path) -> list[str]:
    return list(listing.open_list(str(path)))


def test_a_list_is_utf_8_with_or_without_a_mark_and_lines_end_at_newlines_only(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("\ufeffa\u2028b\x0cc\r\nü\n".encode() + b"caf\xe9")
    assert opened(path) == ["a\u2028b\x0cc\r\n", "ü\n", "caf\udce9"]


def test_a_gzipped_list_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "inventory.csv"
    path.write_bytes(gzip.compress(b'"inventory-bucket","a"\n') + gzip.compress(b'"inventory-bucket","b"\n'))
    assert [source.key for _, source in listing.parse(opened(path), "main")] == ["a", "b"]


def test_a_list_may_be_empty_and_may_be_a_single_byte(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    for content, expected in ((b"", []), (b"a", ["a"])):
        path.write_bytes(content)
        assert opened(path) == expected


@pytest.mark.parametrize("content", [b"a\nb\n", gzip.compress(b"a\nb\n")])
def test_a_dash_is_standard_input(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))  # type: ignore[type-var]
    assert list(listing.open_list("-")) == ["a\n", "b\n"]


def broken(name: str, folder: Path) -> Any:
    path = folder / name
    whole = gzip.compress(b"some key\n" * 1000)
    if name == "folder":
        path.mkdir()
    elif name != "missing":
        path.write_bytes({"cut short": whole[:-12], "damaged": whole[:30] + b"\0\0\0\0" + whole[34:], "no header": b"\x1f\x8bxyz"}[name])
    return path


@pytest.mark.parametrize("name", ["missing", "folder", "cut short", "damaged", "no header"])
def test_a_list_that_cannot_be_read_is_a_mistake_that_names_it(name: str, tmp_path: Path) -> None:
    path = broken(name, tmp_path)
    with pytest.raises(ConfigError) as why:
        opened(path)
    assert str(why.value).startswith(f"the list '{path}' cannot be read: ")
    assert "None" not in str(why.value)


def test_a_list_that_powershell_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("a b\r\nü\r\n".encode("utf-16"))
    assert [source.key for _, source in listing.parse(listing.open_list(str(path)), "main")] == ["a b", "ü"]
