"""Unwrap carriers: what brings a record and is no part of it.

- ``via_cwl``: CloudWatch Logs subscriptions, JSON messages one behind the other, each with events of one log stream
  (CloudWatch Logs User Guide, "Using subscription filters"). An event's text is one record of the type's ``file_format``.
- ``via_firelens``: container output by way of FireLens, one JSON object a line whose ``log`` is the record
  (Amazon ECS Developer Guide, "Custom log routing").
- EventBridge: a JSON event whose ``detail`` is the record, recognised by itself (EventBridge User Guide, "Events").

What they tell of a record goes with it as a ``Meta``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from loader.batch import Batch, Blocks, Meta, Record
from loader.errors import ParseError
from loader.frames import Raws, Read
from loader.options import TypeOption, flag
from loader.paths import merge
from loader.section import Section

VIA_CWL = TypeOption(flag, "no", name="via_cwl", doc="Records come as events of a CloudWatch Logs subscription.")
VIA_FIRELENS = TypeOption(flag, "no", name="via_firelens", doc="Records come as the log lines of containers, by way of FireLens.")
NO_STDERR = TypeOption(flag, "yes", name="ignore_container_stderr", doc="Leave out what containers wrote to stderr (with via_firelens).")
OPTIONS = (VIA_CWL, VIA_FIRELENS, NO_STDERR)
TASK = re.compile(r"arn:[^:]+:ecs:([^:]+):(\d{12}):")
FIRELENS = frozenset({
    "container_id", "container_name", "container_source", "ecs_cluster", "ecs_task_arn", "ecs_task_definition", "ec2_instance_id",
})  # fmt: skip
Parse = Callable[[str], Record]


def carried(log_type: Section) -> bool:
    """Tell whether a carrier brings this type's records, so that each is a text by itself."""
    return log_type.read(VIA_CWL) or log_type.read(VIA_FIRELENS)


def names(log_type: Section) -> frozenset[str]:
    """Return the fields that a carrier adds to the records of this type."""
    return FIRELENS if log_type.read(VIA_FIRELENS) else frozenset()


def unwrap(log_type: Section, objects: Read, parse: Parse, *, lenient: bool, limit: int) -> Read:
    """Return ``read(blocks)`` for a type that ``carried`` holds of; ``objects`` reads JSON, ``parse`` a record's text.

    With ``lenient``, and always from containers, a text that does not parse is no reject: it goes on as ``@message`` alone, the
    reason in ``error.message``.
    """
    firelens, no_stderr = log_type.read(VIA_FIRELENS), log_type.read(NO_STDERR)
    parse_item = forgiving(log_type, parse, lenient=lenient)

    def read(blocks: Blocks) -> Iterator[Raws]:
        for raws in objects(blocks):
            pile = _Pile()
            for place, text in enumerate(raws.texts):
                try:
                    envelope = raws.parse(text) if raws.records is None else raws.records[place]
                    if firelens:
                        _container_line(envelope, pile, no_stderr=no_stderr)
                    else:
                        _log_events(envelope, pile)
                except ParseError as why:
                    pile.broken(text, str(why))
            for start, reason in raws.broken:
                pile.broken(start, reason)
            yield from pile.chunks(parse_item, limit, log_type.fields)

    return read


def forgiving(log_type: Section, parse: Parse, *, lenient: bool) -> Parse:
    """Return ``parse`` as it is for records that a carrier brings: see ``unwrap``."""

    def kept(text: str) -> Record:
        try:
            return parse(text)
        except ParseError as why:
            return Unparsed(str(why))

    return kept if lenient or log_type.read(VIA_FIRELENS) else parse


class Unparsed(Record):
    """What stands for a record whose text could not be parsed, though it is passed on. A class, for a log could bear any name."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


class _Pile:
    """What carriers have brought, in its order: records, what is none, and what is not wanted."""

    def __init__(self) -> None:
        self.read = 0
        self.items: list[tuple[int, str, Meta]] = []
        self.bad: list[tuple[int, str, str]] = []
        self.unwanted: list[int] = []

    def add(self, text: str, meta: Meta) -> None:
        """Add a record's text."""
        self.items.append((self.read, text, meta))
        self.read += 1

    def broken(self, start: str, reason: str) -> None:
        """Add what is no record."""
        self.bad.append((self.read, start, reason))
        self.read += 1

    def leave_out(self) -> None:
        """Add what is not wanted."""
        self.unwanted.append(self.read)
        self.read += 1

    def chunks(self, parse: Parse, limit: int, names: frozenset[str] | None) -> Iterator[Raws]:
        """Yield all in chunks of up to ``limit``."""
        for start in range(0, self.read, limit):
            end = start + limit
            items = [item for item in self.items if start <= item[0] < end]
            bad = [one for one in self.bad if start <= one[0] < end]
            unwanted = sum(start <= place < end for place in self.unwanted)
            yield Raws(
                [text for _, text, _ in items],
                parse,
                names,
                metas=[meta for _, _, meta in items],
                broken=[(text, reason) for _, text, reason in bad],
                left_out={NO_STDERR.name: unwanted} if unwanted else {},
                places=[place - start for place, *_ in (*items, *bad)],
            )


def _log_events(envelope: Record, pile: _Pile) -> None:
    """Add the events of a subscription's message; a control message has none. Raises ParseError for what is no such message."""
    if envelope.get("messageType") == "CONTROL_MESSAGE":
        return
    events = envelope.get("logEvents")
    if envelope.get("messageType") != "DATA_MESSAGE" or not isinstance(events, list):
        raise ParseError("no message of a CloudWatch Logs subscription (via_cwl): it has no logEvents")
    fields = {"@log_group": envelope.get("logGroup"), "@log_stream": envelope.get("logStream")}
    account = _text(envelope.get("owner"))
    for event in events:
        if isinstance(event, dict) and isinstance(event.get("message"), str):
            pile.add(event["message"].strip(), Meta(account, time=event.get("timestamp"), salt=str(event.get("id", "")), fields=fields))
        else:
            pile.broken(json.dumps(event, ensure_ascii=False), "an event of a CloudWatch Logs subscription without a text")


def _text(value: Any) -> str | None:
    """Return what a carrier tells as text; it may tell anything."""
    return value if isinstance(value, str) else str(value) if type(value) is int else None


def _container_line(envelope: Record, pile: _Pile, *, no_stderr: bool) -> None:
    """Add the text in ``log``, and what FireLens adds to it; the other members stay fields of the record. Raises ParseError without one."""
    text = envelope.get("log")
    if not isinstance(text, str):
        raise ParseError("no line of FireLens (via_firelens): it has no text under 'log'")
    if no_stderr and envelope.get("source") == "stderr":
        pile.leave_out()
        return
    fields = {key: value for key, value in envelope.items() if key not in ("log", "source")}
    if "source" in envelope:
        fields["container_source"] = envelope["source"]
    task = TASK.match(str(envelope.get("ecs_task_arn", "")))
    container = {"id": _text(envelope.get("container_id")), "name": _text(envelope.get("container_name"))}
    objects = {"container": container, "cloud": {"instance": {"id": _text(envelope.get("ec2_instance_id"))}}}
    account, region = (task[2], task[1]) if task else (None, None)
    pile.add(text.strip(), Meta(account, region, salt=str(envelope.get("container_name", "")), fields=fields, ecs=objects, leads=True))


def unbridge(read: Read) -> Read:
    """Return ``read(blocks)`` of JSON records with those that EventBridge wrapped taken out of their wrapping."""

    def unwrapped(blocks: Blocks) -> Iterator[Raws]:
        for raws in read(blocks):
            if raws.records and any("detail-type" in record for record in raws.records):
                _unbridge(raws, raws.records)
            yield raws

    return unwrapped


def _unbridge(raws: Raws, records: list[Record]) -> None:
    raws.metas = [Meta() for _ in records]
    for place, event in enumerate(records):
        detail = event.get("detail")
        if "detail-type" in event and "resources" in event and isinstance(detail, dict):
            salt = str(event.get("id") or "")
            raws.metas[place] = Meta(_text(event.get("account")), _text(event.get("region")), event.get("time"), salt)
            records[place] = detail
            raws.texts[place] = json.dumps(detail, ensure_ascii=False)


def join(batch: Batch) -> None:
    """Put the fields that a carrier tells into the records, in place; why one did not parse goes to its meta."""
    if batch.metas is None:
        return
    names: set[str] = set()
    for record, meta in zip(batch.records, batch.metas, strict=True):
        if isinstance(record, Unparsed):
            meta.error = record.why
        record.update(merge({}, meta.fields))  # a chunk may be done again: what a hook changes in one must not stand in the meta
        names.update(meta.fields)
    if batch.names is not None:
        batch.names = batch.names | names
