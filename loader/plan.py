"""A log type's section compiled: how to read it, the steps of a record in their fixed order, and how to pack it for each output.

The order is the product's: parse, exclude, stamp, map, hook, enrich, exclude again, tidy, pack. ``run`` takes a chunk through all
of it at once; when that fails, record by record, so that the culprit alone is rejected.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import difflib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from loader import schema
from loader.api import Blocks, Encode, Filter, Formatter, Limits, Output, Parser
from loader.batch import Batch, Record, Reject, Source
from loader.errors import ParseError
from loader.frames import Raws
from loader.options import TypeOption, text
from loader.section import Section
from loader.stages import ecs, exclude, hooks, select, stamp, tidy, typed

FORMAT = TypeOption(text, None, name="file_format", doc="How the object is laid out: the name of a parser.")
LABEL = TypeOption(text, "", name="index_name", doc="Label of the stream: index, APP-NAME, tag or file name at the destination.")
OPTIONS = (FORMAT, LABEL)
RAW_KEPT = 65536  # characters of a rejected record that go to the dead letter


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One thing done to the records of a batch, in place: ``explain`` shows what each has changed."""

    name: str
    run: Callable[[Batch], None]


@dataclasses.dataclass(slots=True)
class Done:
    """What became of a chunk: per output the packed messages; how many were read and excluded; the rejects; what was mended."""

    packed: list[list[bytes]]
    read: int = 0
    excluded: int = 0
    rejects: list[Reject] = dataclasses.field(default_factory=list)
    flags: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)


@dataclasses.dataclass(slots=True)
class Plan:
    """One log type, ready to run. ``packers`` are in step with ``outputs``; those that want an ``event.id`` come last."""

    name: str
    read: Callable[[Blocks], Iterator[Raws]]
    steps: list[Step]
    outputs: list[str]
    packers: list[Encode]
    without_id: int

    def run(self, raws: Raws, source: Source, first: int) -> Done:
        """Take a chunk through all steps; ``first`` is the number of its first record in the source."""
        done = Done([[] for _ in self.packers], read=len(raws.texts) + len(raws.broken))
        batch = self._parse(raws, source, first, done)
        for offset, (raw, reason) in enumerate(raws.broken, len(raws.texts)):
            done.rejects.append(Reject(first + offset, raw, reason, "frame"))
        numbers, texts = batch.numbers, batch.raws
        try:
            self._finish(batch, done)
        except Exception:  # noqa: BLE001  # the seam around a record: find the culprit, let the others through
            for packed in done.packed:
                packed.clear()
            for number, raw in zip(numbers, texts, strict=True):
                self._alone(raws, raw, source, number, done)
        return done

    def _parse(self, raws: Raws, source: Source, first: int, done: Done) -> Batch:
        texts, numbers = raws.texts, list(range(first, first + len(raws.texts)))
        records = raws.records
        if records is None:
            try:
                records = list(map(raws.parse, texts))
            except Exception:  # noqa: BLE001  # told one by one below
                records, kept = [], []
                for number, raw in zip(numbers, texts, strict=True):
                    try:
                        records.append(raws.parse(raw))
                        kept.append(number)
                    except Exception as why:  # noqa: BLE001  # the seam around a record
                        reason = str(why) if isinstance(why, ParseError) else f"{type(why).__name__}: {why}"
                        done.rejects.append(Reject(number, raw[:RAW_KEPT], reason, "parse"))
                texts, numbers = [texts[number - first] for number in kept], kept
        return Batch(source, texts, records, numbers, datetime.datetime.now(datetime.UTC), raws.names)

    def _finish(self, batch: Batch, done: Done) -> None:
        if self.without_id >= 0:
            tops = schema.tops()
            batch.alike = {number: alike for number, record in zip(batch.numbers, batch.records, strict=True) if (alike := record.keys() & tops)}
        for step in self.steps:
            step.run(batch)
        records = batch.records
        packed: list[list[bytes]] = []
        for place, pack in enumerate(self.packers):
            if place == self.without_id:
                identify(batch)
                conform(batch)
            packed.append([pack(record) for record in records])
        for place, messages in enumerate(packed):
            done.packed[place] += messages
        done.excluded += batch.excluded
        done.flags.update(batch.flags)

    def _alone(self, raws: Raws, raw: str, source: Source, number: int, done: Done) -> None:
        try:
            batch = Batch(source, [raw], [raws.parse(raw)], [number], datetime.datetime.now(datetime.UTC), raws.names)
            self._finish(batch, done)
        except Exception as why:  # noqa: BLE001  # the seam around a record
            done.rejects.append(Reject(number, raw[:RAW_KEPT], f"{type(why).__name__}: {why}", "map"))


def identify(batch: Batch) -> None:
    """Set ``event.id`` where the type gives none: the same for the same record of the same object, however often it is loaded."""
    source = batch.source
    place = hashlib.sha256(f"{source.bucket}\0{source.key}\0{source.etag}".encode("utf-8", "surrogatepass")).hexdigest()[:24]
    for record, number in zip(batch.records, batch.numbers, strict=True):
        event = record.get("event")
        if isinstance(event, dict):
            event.setdefault("id", f"{place}-{number:012d}")


def conform(batch: Batch) -> None:
    """Give the raw fields that bear names of ECS objects the types of ECS: outputs of ECS alone get them too."""
    if batch.alike:
        for record, number in zip(batch.records, batch.numbers, strict=True):
            for top in batch.alike.get(number, set()) & record.keys():
                record[top] = typed.conform(record[top], top)


def compile_plan(
    log_type: Section,
    parser: Parser,
    filters: Iterable[Filter],
    outputs: Sequence[tuple[Output, Formatter]],
    *,
    limits: Limits,
    rules: list[dict[str, str]],
    hook_folders: Iterable[Path],
) -> Plan:
    """Compile a section; mistakes are noted as its problems, and ConfigError raised when nothing can be compiled."""
    log_type.read(LABEL)
    read = parser.prepare(log_type, limits)
    check_sources(log_type)
    excluded = exclude.prepare(log_type, rules)
    leave_out = _excluder(excluded) if excluded else None
    hook, is_tidy = hooks.prepare(log_type, hook_folders)
    found = [("exclude", leave_out), ("stamp", stamp.prepare(log_type)), ("ecs", ecs.prepare(log_type, parents=not is_tidy)), ("hook", hook)]
    found += [(one.name, _enricher(one.name, apply)) for one in filters if (apply := one.prepare(log_type))]
    found += [("exclude again", leave_out), ("tidy", tidy.prepare(mapped_tidy=is_tidy))]
    ordered = sorted(outputs, key=lambda pair: pair[0].fields != "full")
    mapped = (*log_type.read(ecs.ECS), *log_type.read(ecs.STATIC))
    return Plan(
        log_type.name,
        read,
        [Step(name, run) for name, run in found if run],
        [output.name for output, _ in ordered],
        [output.prepare(log_type, _encoder(output, formatter.prepare(log_type), mapped)) for output, formatter in ordered],
        next((place for place, (output, _) in enumerate(ordered) if output.fields != "full"), -1),
    )


def check_sources(log_type: Section) -> None:
    """Note mapped fields, and timestamps, whose sources the parser is known never to give: groups that log_pattern lacks."""
    if log_type.fields is None:
        return
    renamed: list[str] = log_type.read(stamp.RENAMED)
    given = log_type.fields | {*renamed, stamp.FILE_TIMESTAMP}
    wanted = {target: [path for group in groups for path in group] for target, groups in ecs.targets(log_type).items()}
    wanted[stamp.KEY.name] = stamp.timestamp_fields(log_type)
    for key, paths in wanted.items():
        heads = [path.partition(".")[0] for path in paths]
        if heads and not any(head in given or head.startswith("@") for head in heads):
            near = difflib.get_close_matches(heads[0], given, 1)
            log_type.problem(key, f"log_pattern has no group {heads[0]!r}", f"did you mean {near[0]!r}?" if near else "")


def _excluder(excluded: Callable[[Record], bool]) -> Callable[[Batch], None]:
    def leave_out(batch: Batch) -> None:
        batch.keep([not excluded(record) for record in batch.records])

    return leave_out


def _enricher(name: str, apply: Callable[[Record], Record | None]) -> Callable[[Batch], None]:
    """Make a step of a filter. What raises costs the enrichment and not the record: ``error.message`` says so, and it is counted."""

    def enrich(batch: Batch) -> None:
        wanted = []
        for record in batch.records:
            try:
                wanted.append(apply(record) is not None)
            except (Exception, SystemExit) as why:  # noqa: BLE001  # the seam around a step that may fail without losing the record
                hooks.note_error(record, f"{name}: {type(why).__name__}: {why}")
                batch.flags[f"{name} failed"] += 1
                wanted.append(True)
        batch.keep(wanted)

    return enrich


def _encoder(output: Output, encode: Encode, mapped: tuple[str, ...]) -> Encode:
    """Put selection before, and clipping around, the formatter."""
    chosen = select.prepare(output.fields, output.keep, output.drop, mapped)

    def bounded(record: Record) -> bytes:
        body = encode(record)
        return body if len(body) < tidy.LARGE_RECORD else encode(tidy.clip(record))

    if chosen is None:
        return bounded
    return lambda record: bounded(chosen(record))
