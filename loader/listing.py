"""Lists of objects: ``aws s3 ls --recursive`` output, bare keys, ``s3://`` URIs, S3 Inventory CSV, and our own error.log (leaf).

Each line is told by its own form, so that lists can be joined. Keys are taken as they stand; only in an Inventory CSV are they
URL-encoded (S3 user guide, "Amazon S3 Inventory list"): there the key as written is an alternate, should the decoded one not exist.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote, unquote, unquote_plus

from loader.batch import Source
from loader.errors import ConfigError

NO_BUCKET = "*"  # in place of the bucket of a list whose lines all name their own
LISTED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ (?P<key>.+)")
ERROR_ROW = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\t\d+\t(?P<key>.+)")
INVENTORY = re.compile(r'"(?:[^"/]{3,255})?","')  # a bucket left empty is the one of the command line
URI = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)")
SUMMARY = re.compile(r"\s*(Total Objects: +\d+|Total Size: +.*|PRE .*/)")


def parse(lines: Iterable[str], bucket: str) -> Iterator[tuple[int, Source]]:
    """Yield the line number (from 1) and the source of every line that names one; blank and summary lines name none."""
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r\n")  # noqa: PLW2901  # blanks at either end may belong to the key
        if not line.strip() or SUMMARY.fullmatch(line):
            continue
        yield number, _source(line, bucket)


def _source(line: str, bucket: str) -> Source:
    if match := LISTED.fullmatch(line) or ERROR_ROW.fullmatch(line):
        line = match["key"]
    if INVENTORY.match(line):
        row = next(csv.reader([line]))
        key = unquote(row[1], errors="surrogateescape")
        spellings = dict.fromkeys((unquote_plus(row[1], errors="surrogateescape"), key.replace("+", " "), row[1]))
        return Source(row[0] or bucket, key, alternates=tuple(other for other in spellings if other != key))
    if match := URI.fullmatch(line):
        return Source(match["bucket"], match["key"])
    return Source(bucket, line)


def row(source: Source, bucket: str = "") -> str:
    """Return a line that names ``source`` in a list for ``bucket`` (empty: its own): the bare key where that reads as just this, else
    as Inventory writes it.
    """
    key = source.key
    if not source.alternates and bucket in ("", source.bucket) and _stands_bare(source):
        return key
    written = (*reversed(source.alternates), key) if source.alternates else ()  # as the list had it: then the alternates come again
    spellings = (*written, quote(key, errors="surrogateescape"))
    spelling = next(one for one in spellings if unquote(one, errors="surrogateescape") == key)
    own = source.bucket if INVENTORY.fullmatch(f'"{source.bucket}","') else ""
    doubled = spelling.replace('"', '""')
    return f'"{own}","{doubled}"'


def _stands_bare(source: Source) -> bool:
    key = source.key
    if key != key.strip() or any(c < " " for c in key):
        return False
    return [(found.bucket, found.key) for _, found in parse([key], source.bucket)] == [(source.bucket, key)]


def open_list(name: str) -> Iterator[str]:
    """Yield the lines of a list, ``-`` being standard input; it may be gzipped, as Inventory files are. Raises ConfigError."""
    try:
        with _open(name) as raw:
            head = raw.peek(2)[:2] if isinstance(raw, io.BufferedReader) else b""
            plain: BinaryIO = gzip.GzipFile(fileobj=raw) if head == b"\x1f\x8b" else raw  # type: ignore[assignment]
            wide = head in (b"\xff\xfe", b"\xfe\xff")  # what PowerShell's > writes
            yield from io.TextIOWrapper(plain, encoding="utf-16" if wide else "utf-8-sig", errors="surrogateescape", newline="\n")
    except (OSError, EOFError, zlib.error) as why:  # the last two: a gzip cut short, or broken
        raise ConfigError(f"the list {name!r} cannot be read: {getattr(why, 'strerror', None) or why}") from why


def _open(name: str) -> BinaryIO:
    return sys.stdin.buffer if name == "-" else Path(name).open("rb")
