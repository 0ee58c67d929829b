"""Peel compression off the bytes of a source, by content and never by name: gzip, zip, bzip2, zstd, nested to a depth of three.

All members are read. Everything streams in bounded pieces, so a small object that unpacks to an enormous one costs time
and ends at ``max_object_bytes``; only zip, whose directory stands at its end, is spooled (to disk when large).
"""

from __future__ import annotations

import bz2
import lzma
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from isal import igzip_lib

from loader.batch import Blocks
from loader.charset import HEAD, peek, told_by
from loader.errors import ConfigError, DecodeError, LimitExceeded
from loader.frames import Raws, Read

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PARQUET = b"PAR1"  # Apache Parquet, "File format": at the start and at the end
PIECE = 256 * 1024
DEPTH = 3
SPOOL = 16 * 1024**2
# what zipfile raises of a damaged archive: it checks little of what it reads there
BROKEN_ZIP = (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, LookupError, struct.error, zlib.error, lzma.LZMAError)


class Inflater(Protocol):
    """What the decompressors of gzip (isal), bzip2 and zstd have in common: bounded output, an explicit end."""

    @property
    def eof(self) -> bool: ...  # noqa: D102
    @property
    def needs_input(self) -> bool: ...  # noqa: D102
    @property
    def unused_data(self) -> bytes: ...  # noqa: D102
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...  # noqa: D102


def decode(blocks: Blocks, max_bytes: int) -> tuple[Blocks, list[str]]:
    """Return the decoded blocks and what was peeled off, outermost first. The blocks raise DecodeError or LimitExceeded while read."""
    peeled: list[str] = []
    return bounded(_peel(blocks, peeled, DEPTH, max_bytes), max_bytes), peeled


def _peel(blocks: Blocks, peeled: list[str], depth: int, max_bytes: int) -> Blocks:
    blocks, head = peek(blocks)
    if kind := sniff(head):
        if not depth:
            raise DecodeError(f"compressed {DEPTH} times over ({', '.join(peeled)}) and inside still {kind}: unpack it before loading")
        peeled.append(kind)
        if kind == "zip":
            return _zip(bounded(blocks, max_bytes), lambda member: _peel(member, [*peeled], depth - 1, max_bytes))
        return _peel(PEELS[kind](blocks), peeled, depth - 1, max_bytes)
    if b"\0" in head[:HEAD] and not head.startswith(PARQUET) and not told_by(head):
        raise DecodeError(f"binary data of an unknown format, starting {head[:8].hex(' ')}: neither text nor gzip, zip, bzip2 or zstd")
    return blocks


def sniff(head: bytes) -> str:
    """Return the compression that the first bytes are the magic number of, or ''."""
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"BZh") and head[4:10] in (b"1AY&SY", b"\x17rE8P\x90"):
        return "bzip2"
    return "zstd" if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] >= b"\x50") else ""


def parquet_or(read: Read, make_parquet: Callable[[], Read]) -> Read:
    """Return ``read`` for objects of any kind but Parquet, which are told by their first bytes and read by what ``make_parquet`` returns."""

    def either(blocks: Blocks) -> Iterator[Raws]:
        blocks, head = peek(blocks, len(PARQUET))
        if not head.startswith(PARQUET):
            return read(blocks)
        try:
            return make_parquet()(blocks)
        except ConfigError as why:
            raise DecodeError(f"a Parquet object, which cannot be read here: {why}") from why

    return either


def bounded(blocks: Blocks, max_bytes: int) -> Blocks:
    """Pass blocks on until they are more than ``max_bytes`` together; then raises LimitExceeded."""
    total = 0
    for block in blocks:
        total += len(block)
        if total > max_bytes:
            raise LimitExceeded(f"unpacks to more than the {max_bytes} bytes of [loader] max_object_bytes: raise it if this object is genuine")
        yield block


def _members(blocks: Blocks, kind: str, new: Callable[[], Inflater], magic: bytes) -> Blocks:
    """Decompress members that follow one another; padding zeros between and behind them are allowed."""
    member: Inflater | None = None
    begun, produced = False, 0
    for block in blocks:
        rest = block
        while rest:
            if member is None:
                rest = rest.lstrip(b"\0") if begun else rest
                if not rest:
                    break
                if not magic.startswith(rest[: len(magic)]) and not rest.startswith(magic):
                    raise DecodeError(f"{kind} followed by bytes that are not {kind}, after {produced} bytes of content")
                member, begun = new(), True
            for piece in _inflate(member, rest, kind, produced):
                produced += len(piece)
                yield piece
            rest = member.unused_data if member.eof else b""
            member = None if member.eof else member
    if member is not None:
        raise DecodeError(f"{kind} ends early, after {produced} bytes of content: the object is incomplete")


def _inflate(member: Inflater, data: bytes, kind: str, produced: int) -> Blocks:
    """Yield what ``data`` makes the decompressor give, in bounded pieces."""
    try:
        while (piece := member.decompress(data, PIECE)) or not (member.eof or member.needs_input):
            yield piece
            if member.eof:
                return
            produced, data = produced + len(piece), b""
            if member.needs_input:
                return
    except (OSError, igzip_lib.IsalError, zstd.ZstdError) as why:  # type: ignore[misc]  # isal's stubs call its error a value
        raise DecodeError(f"broken {kind} after {produced} bytes of content: {why}") from why


def _zip(blocks: Blocks, peel: Callable[[Blocks], Blocks]) -> Blocks:
    """Yield the content of every member, in the order of the archive's directory, each ending in a newline."""
    with tempfile.SpooledTemporaryFile(SPOOL) as spool:
        for block in blocks:
            spool.write(block)
        try:
            with zipfile.ZipFile(spool) as archive:
                for member in archive.infolist():
                    if member.is_dir() or member.filename.startswith("__MACOSX/"):  # what macOS adds describes files, and is none
                        continue
                    content, head = peek(peel(_zip_member(archive, member)), len(PARQUET))
                    last = b""
                    for last in content:  # noqa: B007  # the last one is looked at below
                        yield last
                    if last and not last.endswith(b"\n") and not head.startswith(PARQUET):
                        yield b"\n"
        except BROKEN_ZIP as why:
            raise DecodeError(f"broken zip: {why}") from why


def _zip_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Blocks:
    with archive.open(member) as file:
        while piece := file.read(PIECE):
            yield piece


PEELS: dict[str, Callable[[Blocks], Blocks]] = {
    "gzip": lambda blocks: _members(blocks, "gzip", lambda: igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), b"\x1f\x8b"),
    "bzip2": lambda blocks: _members(blocks, "bzip2", bz2.BZ2Decompressor, b"BZh"),
    "zstd": lambda blocks: _members(blocks, "zstd", zstd.ZstdDecompressor, b""),
}
