"""Decoding: compression is told by content, read to its last member, and whatever is wrong with it has a name."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader.errors import ConfigError, DecodeError, LimitExceeded, SourceError
from loader.frames import Raws
from loader.stages.decode import PIECE, decode, parquet_or, sniff, zstd

TEXT = b"".join(b"line %d of a log\n" % n for n in range(200))
LIMIT = 10**6


def zipped(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def one_zip(content: bytes) -> bytes:
    return zipped(("a.log", content))


COMPRESS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "bzip2": bz2.compress, "zstd": zstd.compress, "zip": one_zip}
STREAMS = ["gzip", "bzip2", "zstd"]


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def decoded(data: bytes, size: int = 65536, limit: int = LIMIT) -> bytes:
    return b"".join(decode(blocks(data, size), limit)[0])


@pytest.mark.parametrize("size", [1, 7, 65536])
@pytest.mark.parametrize("kind", COMPRESS)
def test_each_kind_is_told_by_its_content_however_it_arrives(kind: str, size: int) -> None:
    found, peeled = decode(blocks(COMPRESS[kind](TEXT), size), LIMIT)
    assert b"".join(found) == TEXT
    assert peeled == [kind]


@pytest.mark.parametrize("kinds", list(itertools.product(COMPRESS, repeat=2)), ids="-".join)
def test_what_is_compressed_twice_is_peeled_twice(kinds: tuple[str, str]) -> None:
    inner, outer = kinds
    assert decoded(COMPRESS[outer](COMPRESS[inner](TEXT))) == TEXT


def test_three_layers_are_peeled_and_a_fourth_is_refused_with_all_that_was_peeled() -> None:
    data = zstd.compress(bz2.compress(gzip.compress(TEXT)))
    found, peeled = decode(iter([data]), LIMIT)
    assert b"".join(found) == TEXT
    assert peeled == ["zstd", "bzip2", "gzip"]
    with pytest.raises(DecodeError, match=r"compressed 3 times over \(gzip, zstd, bzip2\) and inside still gzip: unpack it before loading"):
        decoded(gzip.compress(data))
    with pytest.raises(DecodeError, match="compressed 3 times over"):
        decoded(one_zip(data))


@pytest.mark.parametrize("kind", STREAMS)
@pytest.mark.parametrize("size", [1, 50, 65536])
def test_all_members_are_read_with_padding_zeros_between_and_behind(kind: str, size: int) -> None:
    compress = COMPRESS[kind]
    data = compress(b"a\n") + compress(b"") + b"\0" * 5 + compress(b"b\n") + b"\0" * 600
    assert decoded(data, size) == b"a\nb\n"


@pytest.mark.parametrize("kind", STREAMS)
def test_an_empty_member_may_be_padded_too(kind: str) -> None:
    assert decoded(COMPRESS[kind](b"") + b"\0" * 512 + COMPRESS[kind](b"a\n")) == b"a\n"


@pytest.mark.parametrize(("kind", "said"), [("gzip", "gzip followed by bytes that are not gzip"), ("bzip2", "bzip2 followed by"), ("zstd", "zstd")])
def test_junk_behind_the_last_member_is_told_after_what_came_before_was_given(kind: str, said: str) -> None:
    found, _ = decode(iter([COMPRESS[kind](TEXT * 2) + b"junk junk"]), LIMIT)
    got = []
    with pytest.raises(DecodeError, match=said):
        got.extend(found)
    assert b"".join(got).startswith(TEXT)


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("size", [3, 65536])
def test_an_object_cut_short_anywhere_is_broken_and_gives_only_what_was_in_it(kind: str, size: int) -> None:
    """From where its magic number is whole: before that, nothing tells what it was."""
    data = COMPRESS[kind](b"line 1 of a log\nline 2 of it\n")
    whole = {"gzip": 2, "bzip2": 10, "zstd": 4, "zip": 4}[kind]
    for end in range(whole, len(data)):
        got: list[bytes] = []
        with pytest.raises(DecodeError):
            got.extend(decode(blocks(data[:end], size), LIMIT)[0])
        assert b"line 1 of a log\nline 2 of it\n".startswith(b"".join(got)), end


def test_a_gzip_cut_short_says_so_and_how_much_there_was() -> None:
    with pytest.raises(DecodeError, match=r"gzip ends early, after \d+ bytes of content: the object is incomplete"):
        decoded(gzip.compress(random.Random(1).randbytes(3000).hex().encode())[:-500])


@pytest.mark.parametrize("data", [b"", *(compress(b"") for compress in COMPRESS.values()), zipped()])
def test_nothing_decodes_to_nothing(data: bytes) -> None:
    assert decoded(data) == b""


@pytest.mark.parametrize("data", [b"\x1f", b"B", b"P", b"plain\ntext", b"BZh1 starts this line", b"\x1b[0m", "ünïcödé".encode(), b"PK is no zip"])
def test_text_passes_as_it_is(data: bytes) -> None:
    assert decoded(data, 1) == data


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_utf_16_and_utf_32_pass_as_they_are(encoding: str) -> None:
    data = "some text\n".encode(encoding)
    assert decoded(data) == data


def test_parquet_passes_as_it_is_also_out_of_gzip_and_zip() -> None:
    data = b"PAR1\0\0\1PAR1"
    for packed in (data, gzip.compress(data), one_zip(data)):
        assert decoded(packed) == data


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x7fELF\0\0", "binary data of an unknown format, starting 7f 45 4c 46 00 00: neither text nor gzip, zip, bzip2 or zstd"),
        (gzip.compress(b"\0" * 100), "binary data of an unknown format, starting 00 00"),
        (gzip.compress(b"")[:10] + b"\xff" * 30, "broken gzip after 0 bytes of content"),
        (b"\x28\xb5\x2f\xfd" + b"\xff" * 30, "broken zstd after 0 bytes of content"),
        (b"PK\x03\x04" + b"x" * 30, "broken zip: "),
    ],
)
def test_what_is_no_log_is_told_by_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(DecodeError, match=said):
        decoded(data)


def test_a_damaged_gzip_is_told_by_its_checksum() -> None:
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 1
    with pytest.raises(DecodeError, match=r"broken gzip after \d+ bytes of content: .*checksum"):
        decoded(bytes(data))


@pytest.mark.parametrize("kind", COMPRESS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_bomb_ends_at_the_limit_with_the_limit_named_and_little_memory(kind: str, nested: bool) -> None:
    bomb = COMPRESS[kind](b"A" * 50_000_000)
    if nested:
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    try:
        found, _ = decode(iter([bomb]), 1_000_000)
        with pytest.raises(LimitExceeded, match=r"more than the 1000000 bytes of \[loader\] max_object_bytes: raise it if this object is genuine"):
            for _ in found:
                pass
        assert tracemalloc.get_traced_memory()[1] < 8 * PIECE + 4 * len(bomb)
    finally:
        tracemalloc.stop()


def test_a_bomb_that_claims_to_be_a_zip_inside_ends_at_the_limit_too() -> None:
    """A zip is spooled before it is read, so its own size counts as well: else it would fill the disk."""
    with pytest.raises(LimitExceeded):
        decoded(gzip.compress(b"PK\x03\x04" + bytes(5_000_000)), limit=1_000_000)


def test_an_object_of_exactly_the_limit_is_within_it() -> None:
    assert decoded(gzip.compress(TEXT), limit=len(TEXT)) == TEXT
    with pytest.raises(LimitExceeded):
        decoded(gzip.compress(TEXT), limit=len(TEXT) - 1)


def test_all_members_of_a_zip_are_read_each_ending_in_a_newline_and_peeled_by_itself() -> None:
    data = zipped(("logs/", b""), ("logs/a.log", b"a"), ("logs/b.log.gz", gzip.compress(b"b\n")), ("empty", b""), ("c", bz2.compress(b"c")))
    assert decoded(data) == b"a\nb\nc\n"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_may_use_any_method_its_library_knows(method: int) -> None:
    assert decoded(zipped(("a", TEXT), method=method)) == TEXT


def test_an_encrypted_zip_says_that_it_is() -> None:
    data = bytearray(zipped(("secret.log", TEXT)))
    data[6] |= 1  # general purpose bit 0, in the local header and in the directory: PKWARE APPNOTE 4.4.4
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DecodeError, match="broken zip: .*secret.log.* is encrypted"):
        decoded(bytes(data))


def test_a_zip_whose_method_nobody_knows_says_so() -> None:
    data = bytearray(zipped(("a.log", TEXT)))
    data[8] = data[data.index(b"PK\x01\x02") + 10] = 99
    with pytest.raises(DecodeError, match="broken zip: .*compression method"):
        decoded(bytes(data))


MAGIC = [b"\x1f\x8b\x08", b"BZh91AY&SY", b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"PK\x03\x04", b"PK\x05\x06", b"PAR1", b""]
WHOLE = [compress(TEXT[:300]) for compress in COMPRESS.values()] + [gzip.compress(one_zip(b"x\n")), zipped(("a", b"1"), ("b", gzip.compress(b"2")))]

DAMAGES = st.lists(st.tuples(st.integers(0, 500), st.binary(min_size=1, max_size=3)), min_size=1, max_size=3)


def survives(data: bytes, size: int) -> None:
    try:
        assert isinstance(decoded(data, size), bytes)
    except SourceError as why:
        assert str(why)


@settings(deadline=2000, max_examples=300)
@given(st.sampled_from(MAGIC), st.binary(max_size=200), st.sampled_from([1, 13, 4096]))
@example(b"PK\x05\x06", bytes(18), 4096)
def test_any_bytes_decode_or_raise_a_source_error(magic: bytes, behind: bytes, size: int) -> None:
    survives(magic + behind, size)


@settings(deadline=2000, max_examples=600)
@given(st.sampled_from(WHOLE), DAMAGES, st.sampled_from([13, 4096]))
def test_any_damage_decodes_or_raises_a_source_error(whole: bytes, damages: list[tuple[int, bytes]], size: int) -> None:
    data = bytearray(whole)
    for place, patch in damages:
        place %= len(data)  # noqa: PLW2901
        data[place : place + len(patch)] = patch
    survives(bytes(data), size)


def test_the_damage_of_each_single_byte_decodes_or_raises_a_source_error() -> None:
    for whole in WHOLE:
        for place in range(len(whole)):
            for value in (0, 1, 0x7F, 0xFF):
                survives(whole[:place] + bytes([value]) + whole[place + 1 :], 4096)


def test_an_error_of_the_source_itself_passes_through() -> None:
    def broken() -> Iterator[bytes]:
        yield gzip.compress(TEXT)[:40]
        raise SourceError("the connection broke")

    for wrap in (broken, lambda: itertools.chain([b"PK\x03\x04"], broken())):
        with pytest.raises(SourceError, match="the connection broke"):
            list(decode(wrap(), LIMIT)[0])


def test_every_kind_that_can_be_told_can_be_peeled() -> None:
    assert {sniff(compress(TEXT)) for compress in COMPRESS.values()} == {"gzip", "bzip2", "zstd", "zip"}
    assert sniff(TEXT) == ""


def test_parquet_is_told_by_its_first_bytes_and_its_reader_made_when_there_is_some() -> None:
    def reader(name: str) -> Callable[[Iterator[bytes]], Iterator[Raws]]:
        return lambda found: iter([Raws([f"{name}: {b''.join(found)!r}"], dict)])

    made = []
    read = parquet_or(reader("text"), lambda: made.append(1) or reader("parquet"))  # type: ignore[func-returns-value]
    for data in (b"", b"P", b"PAR", b"par1", b"a PAR1"):
        (raws,) = read(blocks(data, 1))
        assert raws.texts == [f"text: {data!r}"]
    assert made == []
    (raws,) = read(blocks(b"PAR1 and more", 1))
    assert raws.texts == ["parquet: b'PAR1 and more'"]


def test_a_parquet_object_that_cannot_be_read_costs_itself_only() -> None:
    def without_package() -> Callable[[Iterator[bytes]], Iterator[Raws]]:
        raise ConfigError("it takes the package pyarrow")

    read = parquet_or(lambda found: iter([Raws(["a"], dict)]), without_package)
    with pytest.raises(DecodeError, match="a Parquet object, which cannot be read here: it takes the package pyarrow"):
        read(iter([b"PAR1"]))
    assert [raws.texts for raws in read(iter([b"a"]))] == [["a"]]
