"""Rows of the dead letter: what did not go on, why, and all it takes to try it again (leaf).

A row is one JSON object on a line. ``stage`` is where it ended, ``reason`` why, ``time`` when. ``log_type``, ``bucket`` and ``key`` are of its
source, as are, where they are known, ``etag``, ``version`` and ``modified``; ``direct`` marks a message of a queue that was a log itself.

- frame, parse, map: a record. ``record`` is its number in the source, from 0; ``raw`` its text, and only the beginning where ``cut`` is true;
  ``carrier`` what a carrier (CloudWatch Logs, FireLens, EventBridge) told of it.
- deliver: a packed message that ``output`` refused. ``message`` is a list where one record was several messages; ``encoding`` is base64
  where they are not UTF-8.
- source: an object that could not be loaded; ``first`` and ``stop`` where only that range of records was wanted, ``alternates`` (percent-encoded)
  where its key may be spelt otherwise. Of a message, ``raw``.

Texts that are not UTF-8 are shown with backslashes: then ``key_quoted`` has the key (percent-encoded), and such a ``raw`` counts as cut.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from typing import Any, Self
from urllib.parse import quote, unquote

import orjson

from loader.batch import Carried, Meta, Parts, Record, Reject, Source
from loader.charset import encodable
from loader.ledger import WHOLE

RECORD_STAGES = frozenset({"frame", "parse", "map"})
DELIVER, SOURCE = "deliver", "source"
TOLD = ("account", "region", "time", "salt", "fields", "ecs", "leads")  # of a Meta: not what this run made of it
TEXTS = ("reason", "log_type", "bucket", "key", "etag", "version", "output", "raw")


def of_records(source: Source, log_type: str, rejects: Iterable[Reject], now: float) -> Iterator[bytes]:
    """Return the rows of records of one source."""
    where, facts = _place(log_type, source.bucket, source.key), {"time": _iso(now), **_facts(source)}
    for reject in rejects:
        raw = encodable(reject.raw)
        row = {"stage": reject.stage, "reason": encodable(reject.reason), **where, "record": reject.number, "raw": raw, **facts}
        if reject.cut or raw != reject.raw:
            row["cut"] = True
        if reject.meta is not None:
            row["carrier"] = _told(reject.meta)
        yield _line(row)


def of_message(output: str, message: bytes, reason: str, place: tuple[str, str, str], now: float) -> bytes:
    """Return the row of a message that an output has refused; ``place`` is the log type, bucket and key it came from."""
    row: Record = {"stage": DELIVER, "reason": encodable(reason), "output": output, **(_place(*place) if any(place) else {}), "time": _iso(now)}
    pieces = message.pieces if isinstance(message, Parts) else (message,)
    try:
        texts = [piece.decode() for piece in pieces]
    except UnicodeDecodeError:
        texts, row["encoding"] = [base64.b64encode(piece).decode() for piece in pieces], "base64"
    return _line({**row, "message": texts if isinstance(message, Parts) else texts[0]})


def of_source(source: Source, reason: str, log_type: str, now: float) -> bytes:
    """Return the row of an object that could not be loaded."""
    wanted: Record = {"first": source.first, "stop": source.stop} if source.first or source.stop is not None else {}
    if source.alternates:
        wanted["alternates"] = [quote(key, errors="surrogatepass") for key in source.alternates]
    place = _place(log_type, source.bucket, source.key)
    body = {"raw": source.body.decode("utf-8", "backslashreplace")} if isinstance(source, Carried) else {}
    return _line({"stage": SOURCE, "reason": encodable(reason), **place, "time": _iso(now), **_facts(source), **wanted, **body})


@dataclasses.dataclass(slots=True)
class Row:
    """One row, read."""

    stage: str
    reason: str = ""
    log_type: str = ""
    bucket: str = ""
    key: str = ""
    etag: str = ""
    version: str = ""
    modified: datetime.datetime | None = None
    time: datetime.datetime | None = None
    direct: bool = False
    record: int = 0
    raw: str = ""
    cut: bool = False
    carrier: Meta | None = None
    output: str = ""
    message: bytes = b""
    first: int = 0
    stop: int | None = None
    alternates: tuple[str, ...] = ()

    @classmethod
    def of(cls, line: bytes) -> Self:
        """Read a line; raises ValueError, with the reason, for what is no row."""
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as why:
            raise ValueError(f"not JSON: {why}") from why
        if not isinstance(found, dict) or not isinstance(found.get("stage"), str):
            raise ValueError("JSON, but no row of a dead letter: it has no stage")
        row = cls(found["stage"], **{name: found[name] for name in TEXTS if isinstance(found.get(name), str)})
        if isinstance(found.get("key_quoted"), str):
            row.key = unquote(found["key_quoted"], errors="surrogatepass")
        row.modified, row.time = _moment(found.get("modified")), _moment(found.get("time"))
        row.direct, row.cut = found.get("direct") is True, found.get("cut") is True
        row.record, row.first = _whole(found, "record", 0), _whole(found, "first", 0)
        row.stop = _whole(found, "stop", 0) if found.get("stop") is not None else None
        row.alternates = _alternates(found.get("alternates", []))
        row.carrier = _meta(found["carrier"]) if isinstance(found.get("carrier"), dict) else None
        row.message = _message(found) if row.stage == DELIVER else b""
        row._check(found)
        return row

    def _check(self, found: Record) -> None:
        needed = {DELIVER: ("output", "message"), SOURCE: ("bucket", "key")}.get(self.stage, ("bucket", "key", "record", "raw"))
        missing = [name for name in needed if name not in found]
        if missing and self.stage in {*RECORD_STAGES, DELIVER, SOURCE}:
            raise ValueError(f"a row of stage {self.stage} without {' and '.join(missing)}")

    def source(self) -> Source:
        """Return the object as it was when the row was written: as a replay names it in documents."""
        kind = Carried if self.direct else Source
        return kind(self.bucket, self.key, etag=self.etag, version=self.version, modified=self.modified or self.time)

    def wanted(self) -> Source:
        """Return the object as it is to be read again."""
        if self.direct:
            return Carried(self.bucket, self.key, body=self.raw.encode(), log_type=self.log_type)
        return Source(self.bucket, self.key, version=self.version, first=self.first, stop=self.stop, alternates=self.alternates)


def _place(log_type: str, bucket: str, key: str) -> Record:
    shown = encodable(key)
    exact = {"key_quoted": quote(key, errors="surrogatepass")} if shown != key else {}
    return {"log_type": log_type, "bucket": encodable(bucket), "key": shown, **exact}


def _facts(source: Source) -> Record:
    found: Record = {"etag": source.etag, "version": source.version, "modified": source.modified and source.modified.isoformat()}
    return {name: value for name, value in (*found.items(), ("direct", isinstance(source, Carried))) if value}


def _told(meta: Meta) -> Record:
    """Return what a carrier told, without what it did not."""
    blank = Meta()
    return {name: value for name in TOLD if (value := getattr(meta, name)) != getattr(blank, name)}


def _meta(told: Record) -> Meta:
    meta = Meta()
    for name in TOLD:
        value, usual = told.get(name), getattr(meta, name)
        if name == "time" or isinstance(value, str if usual is None else type(usual)):
            setattr(meta, name, value)
    return meta


def _message(found: Record) -> bytes:
    message = found.get("message", "")
    texts = message if isinstance(message, list) else [message]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a row of stage deliver whose message is no text")
    try:
        pieces = [base64.b64decode(text, validate=True) if found.get("encoding") == "base64" else text.encode() for text in texts]
    except binascii.Error as why:
        raise ValueError(f"a row of stage deliver whose message is not base64: {why}") from why
    return Parts(pieces) if isinstance(message, list) else pieces[0]


def _alternates(keys: Any) -> tuple[str, ...]:
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError(f"alternates are no list of keys: {keys!r}")
    return tuple(unquote(key, errors="surrogatepass") for key in keys)


def _whole(found: Record, name: str, otherwise: int) -> int:
    value = found.get(name, otherwise)
    if type(value) is not int or not 0 <= value < WHOLE:
        raise ValueError(f"{name} is no number: {value!r}")
    return value


def _moment(value: Any) -> datetime.datetime | None:
    try:
        found = datetime.datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=datetime.UTC) if found and found.tzinfo is None else found


def _iso(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat(timespec="milliseconds")


def _line(row: Record) -> bytes:
    try:
        return orjson.dumps(row)
    except TypeError:  # what a carrier told may have texts that are not UTF-8, or numbers beyond 64 bits
        return orjson.dumps({**row, "carrier": _clean(row.get("carrier")), "cut": True})


def _clean(value: Any) -> Any:
    """Return a value that JSON can hold."""
    if isinstance(value, dict):
        return {encodable(str(name)): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_clean(inner) for inner in value]
    return encodable(str(value)) if isinstance(value, str) or type(value) is int and value.bit_length() > 63 else value

