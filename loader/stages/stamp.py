"""What every record is stamped with: renamed fields, its time, its id, and where it came from.

A time that is missing or cannot be read does not cost the record: the time in the object's key stands in, else the object's
own, and ``event.reason`` says so.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from loader import times
from loader.batch import Batch, Record
from loader.errors import ConfigError
from loader.memo import Memo
from loader.options import TypeOption, flag, regex, text, words
from loader.paths import reader
from loader.section import Section


def _formats(value: str) -> list[str]:
    """A JSON list of formats."""
    found = json.loads(value) if value else []
    if not isinstance(found, list) or not all(isinstance(form, str) for form in found):
        raise ValueError(f'{value!r} is not a JSON list of formats: write for example ["iso8601", "%Y-%m-%d"]')
    return found


KEY = TypeOption(text, "", name="timestamp_key", doc="Field that holds the time of the event; dotted.")
ALIAS = TypeOption(text, "", name="timestamp", doc="Older name of timestamp_key.")
KEYS = TypeOption(words, "", name="timestamp_key_list", doc="Fields tried in turn for the time of the event.")
FORMAT = TypeOption(text, "iso8601", name="timestamp_format", doc="iso8601, epoch, syslog, or a strptime format.")
FORMATS = TypeOption(_formats, "", name="timestamp_format_list", doc="JSON list of formats tried in turn.")
ZONE = TypeOption(times.zone, "", name="timestamp_tz", doc="Zone of times that name none: +09:00 or a name such as Asia/Tokyo.")
NANO = TypeOption(flag, "", name="timestamp_nano", doc="Cut fractions of a second to six digits before reading.")
FILE_TIME = TypeOption(regex, "", name="file_timestamp_format", doc="Regular expression on the key with groups year, month, day, hour, ...")
DOC_ID = TypeOption(text, "", name="doc_id", doc="Top-level field that identifies the record; else a hash of its text does.")
RENAMED = TypeOption(words, "", name="renamed_newfields", doc="New names; each has a key of its own with the old name.")
OPTIONS = (KEY, ALIAS, KEYS, FORMAT, FORMATS, ZONE, NANO, FILE_TIME, DOC_ID, RENAMED)
FILE_TIMESTAMP = "file_timestamp"
ABSENT = (None, "")


def prepare(log_type: Section) -> Callable[[Batch], None]:
    """Return ``stamp(batch)``, which renames, then sets @timestamp, @id, @message and the origin on each record."""
    new_names: list[str] = log_type.read(RENAMED)
    rename, renamed = _renamer(log_type), frozenset(new_names)
    time_of = _clock(log_type)
    doc_id, name = log_type.read(DOC_ID), log_type.name

    def stamp(batch: Batch) -> None:
        bucket, key = batch.source.bucket, batch.source.key
        if rename:
            for record in batch.records:
                rename(record)
            batch.names = batch.names | renamed if batch.names is not None else None
        stamps = time_of(batch)
        for record, raw, timestamp in zip(batch.records, batch.raws, stamps, strict=True):
            identity = record.get(doc_id) if doc_id else None
            record["@message"] = raw
            record["@timestamp"] = timestamp
            record["@log_type"] = name
            record["@log_s3bucket"] = bucket
            record["@log_s3key"] = key
            record["@id"] = identity or hashlib.md5(raw.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()

    return stamp


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
            if record.get(old) not in ABSENT:
                record[new] = record.pop(old)

    return rename if pairs else None


def timestamp_fields(log_type: Section) -> list[str]:
    """Return the fields that may hold the event's time, in the order they are asked."""
    alias = "" if ALIAS.name in log_type.read(RENAMED) else log_type.read(ALIAS)
    key = log_type.read(KEY) or alias
    return log_type.read(KEYS) or ([key] if key else [])


def _clock(log_type: Section) -> Callable[[Batch], list[str]]:
    """Return a function that gives the ``@timestamp`` of each record of a batch."""
    fields = timestamp_fields(log_type)
    if not fields:
        return _object_time(log_type)
    if fields == [FILE_TIMESTAMP]:
        return _object_time(log_type, use_record=False)
    get = _first([reader(field) for field in fields if field != FILE_TIMESTAMP])
    read = _converter(log_type)
    stand_in = _stand_in(log_type.read(FILE_TIME))
    dated = any("syslog" in form for form in _forms(log_type))  # its year depends on the object's own time
    reference = times.EPOCH
    quick = _iso_text(log_type) if _forms(log_type) == ["iso8601"] and not log_type.read(NANO) else None
    memo = Memo(quick or (lambda value: read(value, reference).isoformat()))

    def clock(batch: Batch) -> list[str]:
        nonlocal reference
        now = batch.source.modified or batch.ingested
        if dated and now != reference:
            memo.clear()
            reference = now
        stamps = []
        for record in batch.records:
            value = get(record)
            try:
                stamps.append(memo[value] if type(value) is str and value else read(value, now).isoformat())
            except (ValueError, OverflowError) as why:
                stamps.append(stand_in(batch))
                batch.flags["bad timestamp"] += 1
                batch.reasons.append((record, f"no usable timestamp in {' '.join(fields)}: {why}"))
        return stamps

    return clock


def _object_time(log_type: Section, *, use_record: bool = True) -> Callable[[Batch], list[str]]:
    stand_in = _stand_in(log_type.read(FILE_TIME))
    log_type.read(FORMAT), log_type.read(ZONE)

    def clock(batch: Batch) -> list[str]:
        default = stand_in(batch)
        return [str(use_record and record.get("@timestamp") or default) for record in batch.records]

    return clock


def _stand_in(pattern: re.Pattern[str] | None) -> Callable[[Batch], str]:
    def stand_in(batch: Batch) -> str:
        found = None
        if pattern is not None:
            try:
                found = times.from_key(pattern, batch.source.key)
            except ValueError:  # the groups matched what is no date
                batch.flags["bad file timestamp"] += 1
        return (found or batch.source.modified or batch.ingested).isoformat()

    return stand_in


def _forms(log_type: Section) -> list[str]:
    return log_type.read(FORMATS) or [log_type.read(FORMAT)]


def _converter(log_type: Section) -> times.Reader:
    zone, nano = log_type.read(ZONE), log_type.read(NANO)
    readers = []
    for form in _forms(log_type):
        try:
            readers.append(times.reader(form, zone, nano=nano))
        except ValueError as why:
            log_type.problem(FORMATS.name if log_type.read(FORMATS) else FORMAT.name, str(why))
            raise ConfigError(*log_type.problems) from why

    def read(value: Any, reference: datetime.datetime) -> datetime.datetime:
        if value in ABSENT:
            raise ValueError("it is missing")
        for attempt in readers[:-1]:
            try:
                return attempt(value, reference)
            except (ValueError, OverflowError):
                continue
        return readers[-1](value, reference)

    return read


def _iso_text(log_type: Section) -> Callable[[str], str]:
    """Return the reader of iso8601 texts as one function: many logs have no time twice."""
    zone, parse = log_type.read(ZONE), datetime.datetime.fromisoformat

    def read(value: str) -> str:
        moment = parse(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    return read


def _first(getters: list[Callable[[Record], Any]]) -> Callable[[Record], Any]:
    if len(getters) == 1:
        return getters[0]

    def get(record: Record) -> Any:
        return next((value for getter in getters if (value := getter(record)) not in ABSENT), None)

    return get


