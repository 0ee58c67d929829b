"""What every record is stamped with: renamed fields, its time, its id, and where it came from."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import Any

from loader.batch import Batch, Meta, Record, Source
from loader.options import TypeOption, text, words
from loader.section import Section
from loader.stages import clock

try:  # without the table of algorithms in which OpenSSL looks its own up: a third less for a line
    from _md5 import md5 as _quick  # type: ignore[import-not-found]
except ImportError:
    _quick = None
md5: Callable[[bytes], Any] = _quick or functools.partial(hashlib.md5, usedforsecurity=False)

DOC_ID = TypeOption(text, "", name="doc_id", doc="Top-level field that identifies the record; else a hash of its text does.")
RENAMED = TypeOption(words, "", name="renamed_newfields", doc="New names; each has a key of its own with the old name.")
OPTIONS = (*clock.OPTIONS, DOC_ID, RENAMED)


def timestamp_fields(log_type: Section) -> list[str]:
    """Return the fields that may hold the event's time, in the order they are asked."""
    return clock.timestamp_fields(log_type, log_type.read(RENAMED))


def prepare(log_type: Section) -> Callable[[Batch], None]:
    """Return ``stamp(batch)``, which renames, then sets @timestamp, @id, @message and the origin on each record."""
    new_names: list[str] = log_type.read(RENAMED)
    rename, renamed = _renamer(log_type), frozenset(new_names)
    time_of = clock.prepare(log_type, new_names)
    doc_id, name = log_type.read(DOC_ID), log_type.name

    def stamp(batch: Batch) -> None:
        bucket, key = batch.source.bucket, batch.source.key
        if rename:
            for record in batch.records:
                rename(record)
            batch.names = batch.names | renamed if batch.names is not None else None
        stamps = time_of(batch)
        texts = batch.raws if batch.metas is None else _salted(batch.raws, batch.metas, key)
        for record, raw, salted, timestamp in zip(batch.records, batch.raws, texts, stamps, strict=True):
            identity = record.get(doc_id) if doc_id else None
            record["@message"] = raw
            record["@timestamp"] = timestamp
            record["@log_type"] = name
            record["@log_s3bucket"] = bucket
            record["@log_s3key"] = key
            record["@id"] = identity or digest(salted)

    return stamp


def _salted(raws: list[str], metas: list[Meta], key: str) -> list[str]:
    """Return what the ids of carried records are hashes of: the text and what the carrier tells; the key too where it could not be parsed."""
    return [raw + (key if meta.error else "") + meta.salt for raw, meta in zip(raws, metas, strict=True)]


def place_of(source: Source) -> str:
    """Return what stands for an object in the ids of its records."""
    return hashlib.sha256(f"{source.bucket}\0{source.key}\0{source.etag}".encode("utf-8", "surrogatepass")).hexdigest()[:24]


def digest(content: str) -> str:
    """Return the MD5 of a text: what the es-loader gives as id."""
    return str(md5(content.encode("utf-8", "surrogatepass")).hexdigest())


def _renamer(log_type: Section) -> Callable[[Record], None] | None:
    pairs = []
    for new in log_type.read(RENAMED):
        old = log_type.text(new)
        if old is None:
            log_type.problem(RENAMED.name, f"{new!r} is listed, but there is no key {new!r} with the old name")
        else:
            pairs.append((new, old))

    def rename(record: Record) -> None:
        for new, old in pairs:
            if record.get(old) not in clock.ABSENT:
                record[new] = record.pop(old)

    return rename if pairs else None
