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

from loader.batch import Batch, Meta, Record
from loader.errors import ParseError
from loader.frames import Raws
from loader.options import TypeOption, flag
from loader.section import Section

VIA_CWL = TypeOption(flag, "no", name="via_cwl", doc="Records come as events of a CloudWatch Logs subscription.")
VIA_FIRELENS = TypeOption(flag, "no", name="via_firelens", doc="Records come as the log lines of containers, by way of FireLens.")
NO_STDERR = TypeOption(flag, "yes", name="ignore_container_stderr", doc="Leave out what containers wrote to stderr (with via_firelens).")
OPTIONS = (VIA_CWL, VIA_FIRELENS, NO_STDERR)
ERROR = "__error_message"  # in a record: why its text could not be parsed, though it is passed on
TASK = re.compile(r"arn:[^:]+:ecs:([^:]+):(\d{12}):")
FIRELENS = frozenset({
    "container_id", "container_name", "container_source", "ecs_cluster", "ecs_task_arn", "ecs_task_definition", "ec2_instance_id",
})  # fmt: skip
Blocks = Iterator[bytes]
Read = Callable[[Blocks], Iterator[Raws]]
Parse = Callable[[str], Record]
Item = tuple[str, Meta]


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

    def kept(text: str) -> Record:
        try:
            return parse(text)
        except ParseError as why:
            return {ERROR: str(why)}

    parse_item = kept if lenient or firelens else parse
    open_envelope = _container_line if firelens else _log_events

    def read(blocks: Blocks) -> Iterator[Raws]:
        for raws in objects(blocks):
            found: list[Item] = []
            left_out = 0
            for place, text in enumerate(raws.texts):
                try:
                    envelope = raws.parse(text) if raws.records is None else raws.records[place]
                    items = open_envelope(envelope)
                except ParseError as why:
                    raws.broken.append((text, str(why)))
                    continue
                if no_stderr and firelens and envelope.get("source") == "stderr":
                    left_out += len(items)
                    continue
                found += items
            yield from _chunks(found, parse_item, limit, log_type.fields)
            if raws.broken or left_out:
                yield Raws([], parse_item, broken=raws.broken, left_out={"ignore_container_stderr": left_out} if left_out else {})

    return read


def _chunks(found: list[Item], parse: Parse, limit: int, names: frozenset[str] | None) -> Iterator[Raws]:
    for start in range(0, len(found), limit):
        part = found[start : start + limit]
        yield Raws([text for text, _ in part], parse, names, metas=[meta for _, meta in part])


def _log_events(envelope: Record) -> list[Item]:
    """Return the events of a subscription's message; a control message has none."""
    if envelope.get("messageType") == "CONTROL_MESSAGE":
        return []
    events = envelope.get("logEvents")
    if envelope.get("messageType") != "DATA_MESSAGE" or not isinstance(events, list):
        raise ParseError("no message of a CloudWatch Logs subscription (via_cwl): it has no logEvents")
    fields = {"@log_group": envelope.get("logGroup"), "@log_stream": envelope.get("logStream")}
    account = envelope.get("owner")
    found = []
    for event in events:
        if not isinstance(event, dict) or not isinstance(event.get("message"), str):
            raise ParseError("a message of a CloudWatch Logs subscription with an event that has no text")
        found.append((event["message"].strip(), Meta(account, time=event.get("timestamp"), salt=str(event.get("id", "")), fields=fields)))
    return found


def _container_line(envelope: Record) -> list[Item]:
    """Return the text in ``log``, and what FireLens adds to it; the other members stay fields of the record."""
    text = envelope.get("log")
    if not isinstance(text, str):
        raise ParseError("no line of FireLens (via_firelens): it has no text under 'log'")
    fields = {key: value for key, value in envelope.items() if key not in ("log", "source")}
    if "source" in envelope:
        fields["container_source"] = envelope["source"]
    task = TASK.match(str(envelope.get("ecs_task_arn", "")))
    container = {"id": envelope.get("container_id"), "name": envelope.get("container_name")}
    objects = {"container": container, "cloud": {"instance": {"id": envelope.get("ec2_instance_id")}}}
    account, region = (task[2], task[1]) if task else (None, None)
    return [(text.strip(), Meta(account, region, salt=str(envelope.get("container_name", "")), fields=fields, ecs=objects, leads=True))]


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
            raws.metas[place] = Meta(event.get("account"), event.get("region"), event.get("time"), salt)
            records[place] = detail
            raws.texts[place] = json.dumps(detail, ensure_ascii=False)


def join(batch: Batch) -> None:
    """Put the fields that a carrier tells into the records, in place; why one did not parse goes to its meta."""
    if batch.metas is None:
        return
    names: set[str] = set()
    for record, meta in zip(batch.records, batch.metas, strict=True):
        if ERROR in record:
            meta.error = record.pop(ERROR)
        record.update(meta.fields)
        names.update(meta.fields)
    if batch.names is not None:
        batch.names = batch.names | names
