"""The time of a record: the fields that may hold it, the forms it may have, and what stands in when it cannot be read.

A time that is missing or cannot be read does not cost the record: the time that its carrier tells stands in, else the one in the
object's key, else the object's own, and ``event.reason`` says so.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from loader import times
from loader.batch import Batch, Meta, Record
from loader.errors import ConfigError
from loader.memo import Memo
from loader.options import TypeOption, flag, regex, text, words
from loader.paths import reader
from loader.section import Section


def _formats(value: str) -> list[str]:
    """A JSON list of formats."""
    try:
        found = json.loads(value) if value else []
    except json.JSONDecodeError:
        found = None
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
OPTIONS = (KEY, ALIAS, KEYS, FORMAT, FORMATS, ZONE, NANO, FILE_TIME)
FILE_TIMESTAMP = "file_timestamp"
CARRIED = ("cwl_timestamp", "cwe_timestamp")  # the time that the carrier tells, also as a field of the record
TOLD = (FILE_TIMESTAMP, *CARRIED)
ABSENT = (None, "")
Clock = Callable[[Batch], list[str]]


def timestamp_fields(log_type: Section, renamed: list[str]) -> list[str]:
    """Return the fields that may hold the event's time, in the order they are asked. ``timestamp`` is no alias where it is a renamed field."""
    alias = "" if ALIAS.name in renamed else log_type.read(ALIAS)
    key = log_type.read(KEY) or alias
    return log_type.read(KEYS) or ([key] if key else [])


def prepare(log_type: Section, renamed: list[str]) -> Clock:
    """Return a function that gives the ``@timestamp`` of each record of a batch."""
    fields = timestamp_fields(log_type, renamed)
    object_time = _object_time(log_type)
    if not fields:
        return _without_key(log_type, object_time)
    from_object = FILE_TIMESTAMP in fields
    asked = fields[: fields.index(FILE_TIMESTAMP)] if from_object else fields
    if not asked:
        return _from_key(log_type, object_time)
    carried = [field for field in asked if field in CARRIED]
    from_record = _from_record(log_type, asked)
    zone = log_type.read(ZONE)

    def clock(batch: Batch) -> list[str]:
        if carried and batch.metas is not None:
            _tell(batch, carried)
        stamps, failed = from_record(batch)
        for place, (value, why) in failed.items():
            meta = batch.metas[place] if batch.metas is not None else None
            told = _told(meta, zone)
            stamps[place] = told or object_time(batch)
            meant = (from_object and value in ABSENT) or (meta and told and (value == meta.time or meta.error))
            if not meant:
                batch.flags["bad timestamp"] += 1
                batch.reasons.append((batch.records[place], f"no usable timestamp in {' '.join(fields)}: {why}"))
        return stamps

    return clock


def _from_record(log_type: Section, fields: list[str]) -> Callable[[Batch], tuple[list[str], dict[int, tuple[Any, str]]]]:
    """Return a function from a batch to its timestamps, and by place the values that are none with the reason."""
    get = _first([reader(field) for field in fields])
    read = converter(log_type)
    tried = forms(log_type)
    dated = any("syslog" in form for form in tried)  # its year depends on the object's own time
    reference = times.EPOCH
    quick = iso_text(log_type) if tried == ["iso8601"] and not log_type.read(NANO) else None
    memo = Memo(quick or (lambda value: read(value, reference).isoformat()))

    def from_record(batch: Batch) -> tuple[list[str], dict[int, tuple[Any, str]]]:
        nonlocal reference
        now = batch.source.modified or batch.ingested
        if dated and now != reference:
            memo.clear()
            reference = now
        stamps: list[str] = []
        failed = {}
        for record in batch.records:
            value = get(record)
            try:
                stamps.append(memo[value] if type(value) is str and value else read(value, now).isoformat())
            except (ValueError, OverflowError) as why:
                failed[len(stamps)] = (value, str(why))
                stamps.append("")
        return stamps, failed

    return from_record


def _tell(batch: Batch, names: list[str]) -> None:
    """Make what the carrier tells of the time a field of each record."""
    for record, meta in zip(batch.records, batch.metas or (), strict=True):
        if meta.time is not None:
            record.update(dict.fromkeys(names, meta.time))


def _told(meta: Meta | None, zone: datetime.tzinfo) -> str | None:
    """Return the time that a carrier tells, if it can be read."""
    if meta is None or meta.time is None:
        return None
    try:
        moment = datetime.datetime.fromisoformat(meta.time) if isinstance(meta.time, str) else times.epoch(meta.time).astimezone(zone)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()


def _from_key(log_type: Section, object_time: Callable[[Batch], str]) -> Clock:
    """Return the clock of a type whose records have the time in the object's key; of a key without one the object's own stands in."""
    pattern = log_type.read(FILE_TIME)

    def clock(batch: Batch) -> list[str]:
        if pattern is None or not pattern.search(batch.source.key):
            batch.flags["bad timestamp"] += len(batch.records)
            batch.reasons += [(record, f"no usable timestamp in {FILE_TIMESTAMP}: the key has none") for record in batch.records]
        return [object_time(batch)] * len(batch.records)

    return clock


def _without_key(log_type: Section, object_time: Callable[[Batch], str]) -> Clock:
    """Return the clock of a type that names no field: the record's own ``@timestamp``, else the time in the key, in the carrier, of the object."""
    log_type.read(FORMAT)
    in_key, zone = log_type.read(FILE_TIME) is not None, log_type.read(ZONE)

    def clock(batch: Batch) -> list[str]:
        default = object_time(batch)
        if batch.metas is None or in_key:
            return [str(record.get("@timestamp") or default) for record in batch.records]
        pairs = zip(batch.records, batch.metas, strict=True)
        return [str(record.get("@timestamp") or _told(meta, zone) or default) for record, meta in pairs]

    return clock


def _object_time(log_type: Section) -> Callable[[Batch], str]:
    pattern = log_type.read(FILE_TIME)

    def object_time(batch: Batch) -> str:
        found = None
        if pattern is not None:
            try:
                found = times.from_key(pattern, batch.source.key)
            except ValueError:  # the groups matched what is no date
                batch.flags["bad file timestamp"] += 1
        return (found or batch.source.modified or batch.ingested).isoformat()

    return object_time


def forms(log_type: Section) -> list[str]:
    """Return the formats of times, in the order they are tried."""
    return log_type.read(FORMATS) or [log_type.read(FORMAT)]


def converter(log_type: Section) -> times.Reader:
    """Return the reader of a value in any of the formats; raises ConfigError for a format that is none."""
    zone, nano = log_type.read(ZONE), log_type.read(NANO)
    readers = []
    for form in forms(log_type):
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


def iso_text(log_type: Section) -> Callable[[str], str]:
    """Return the reader of iso8601 texts as one function: many logs have no time twice."""
    zone, parse = log_type.read(ZONE), datetime.datetime.fromisoformat

    def read(value: str) -> str:
        moment = parse(value)
        if value[26:] == "Z" and value[19] == "." and value[10] == "T" and value[7] == "-" and moment.microsecond:
            return f"{value[:26]}+00:00"  # as isoformat writes it, which takes longer
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()

    return read


def _first(getters: list[Callable[[Record], Any]]) -> Callable[[Record], Any]:
    if len(getters) == 1:
        return getters[0]

    def get(record: Record) -> Any:
        return next((value for getter in getters if (value := getter(record)) not in ABSENT), None)

    return get
