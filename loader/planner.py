"""A log type's section compiled to a plan: the order of its steps is written here, and nowhere else.

The order is the product's: parse, unwrap, derive, exclude, stamp, map, hook, enrich, prefix, exclude again, tidy, pack.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from loader.api import Encode, Filter, Formatter, Limits, Output, Parser
from loader.batch import Batch, Label, Record
from loader.errors import Overdue
from loader.fast import build
from loader.fast.leaves import Unfit
from loader.fast.run import Fast
from loader.frames import Read
from loader.memo import Memo
from loader.options import TypeOption, text
from loader.plan import CHUNK, Plan, Step, WayOut
from loader.rules.rule import Rule
from loader.section import Section
from loader.stages import as_text, clock, declared, derive, ecs, envelope, exclude, hooks, label, own_logs, prefix, select, stamp, tidy

FORMAT = TypeOption(text, None, name="file_format", doc="How the object is laid out: the name of a parser.")
MAX_COUNT = TypeOption(text, "", name="max_log_count", doc="Has no effect: an object is worked on in pieces, however many records it has.")
OPTIONS = (FORMAT, MAX_COUNT)
Change = Callable[[Batch], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Parts:
    """What the plans of all log types are made of. ``objects`` reads the JSON objects of carriers."""

    filters: Iterable[Filter]
    limits: Limits
    rules: list[Rule]
    hook_folders: Iterable[Path]
    objects: Callable[[], Parser]
    fast: bool = True


def compile_plan(log_type: Section, parser: Parser, outputs: Sequence[tuple[Output, Formatter]], parts: Parts) -> Plan:
    """Compile a section; mistakes are noted as its problems, and ConfigError raised when nothing can be compiled."""
    log_type.read(MAX_COUNT)
    read = _reader(log_type, parser, parts)
    check_sources(log_type)
    steps, is_tidy, rows, rules = _steps(log_type, parts)
    labeller = label.prepare(log_type)
    ordered = sorted(outputs, key=lambda pair: pair[0].fields != "full")
    ways_out = [_way_out(log_type, output, formatter) for output, formatter in ordered]
    if any(way_out.labelled for way_out in ways_out):
        steps.append(Step("label", labeller))
    fast, why_not = _fast(log_type, ordered, [step.name for step in steps], rows, rules) if parts.fast else (None, "[loader] fast is off")
    if fast is not None:
        fast.seconds = CHUNK * parts.limits.match_seconds
    return Plan(
        log_type.name,
        read,
        [*steps, Step("tidy", tidy.prepare(mapped_tidy=is_tidy, targets=_targets(log_type, rows)))],
        [output.name for output, _ in ordered],
        ways_out,
        next((place for place, (output, _) in enumerate(ordered) if output.fields != "full"), -1),
        parts.limits,
        log_type.read(prefix.PREFIX),
        tuple(key for one in parts.filters for key in one.literal if one.name in {step.name for step in steps}),
        tuple(output.counted for output, _ in ordered),
        fast=fast,
        why_not=why_not,
    )


def _targets(log_type: Section, rows: declared.Rows) -> set[str]:
    """Return all that mapping and table set."""
    return {*log_type.read(ecs.ECS), *log_type.read(ecs.STATIC), *(target for row in rows for target in row.targets)}


def _fast(
    log_type: Section, outputs: Sequence[tuple[Output, Formatter]], steps: Sequence[str], rows: declared.Rows, rules: exclude.Excluder | None
) -> tuple[Fast | None, str]:
    """Return the log type as a generated function, or why it cannot be one."""
    if envelope.carried(log_type):
        return None, "a carrier brings its records"
    try:
        return build.build(log_type, outputs, steps, rows, rules), ""
    except Unfit as why:
        return None, why.why


def _reader(log_type: Section, parser: Parser, parts: Parts) -> Read:
    """Return the reader of a source: the parser's, or one that takes the records out of what carries them."""
    limits = parts.limits
    if not envelope.carried(log_type):
        read = parser.prepare(log_type, limits)
        single = log_type.read(FORMAT) == "json" and not log_type.values.get("json_delimiter")  # else the parser looks for the list within
        return envelope.unbridge(read) if single else read
    objects = parts.objects().prepare(Section(log_type.name), limits)
    return envelope.unwrap(log_type, objects, parser.item(log_type), lenient=_lenient(log_type), limit=limits.chunk_records)


def item(log_type: Section, parser: Parser) -> Callable[[str], Record]:
    """Return ``parse(text)`` of one record, as the reader parses it; raises ConfigError where the format has none for a text alone."""
    parse = parser.item(log_type)
    return envelope.forgiving(log_type, parse, lenient=_lenient(log_type)) if envelope.carried(log_type) else parse


def _lenient(log_type: Section) -> bool:
    return log_type.read(FORMAT) == "json"


def _steps(log_type: Section, parts: Parts) -> tuple[list[Step], bool, declared.Rows, exclude.Excluder | None]:
    """Return all steps but the last, whether records stay tidy up to there, the table of the hook, the rules."""
    rules = exclude.prepare(log_type, parts.rules)
    mapped = {*ecs.targets(log_type), *log_type.read(ecs.STATIC), *ecs.FROM_KEY}
    hook = hooks.prepare(log_type, parts.hook_folders, mapped)
    is_tidy = hook.tidy and not ecs.completes(log_type)
    renamed: list[str] = log_type.read(stamp.RENAMED)
    remember, move = prefix.prepare(log_type, renamed)
    enrichers = [(one.name, _enricher(one.name, apply)) for one in parts.filters if (apply := one.prepare(log_type))]
    alone = is_tidy and (hook.run is None or bool(hook.rows)) and not enrichers and move is None

    def places(names: frozenset[str] | None) -> tuple[str, ...]:
        return declared.places(declared.able(hook.rows, mapped, names), mapped)

    found: list[tuple[str, Change | None]] = [
        ("remember", remember),
        ("carrier", envelope.join if envelope.carried(log_type) or log_type.read(FORMAT) == "json" else None),
        ("derive", derive.prepare(log_type)),
        ("own logs", own_logs.prepare(log_type)),
        ("exclude", rules.raw if rules else None),
        ("stamp", stamp.prepare(log_type)),
        ("as text", as_text.prepare(log_type)),
        ("ecs", ecs.prepare(log_type, parents=not is_tidy, places=places, alone=alone)),
        ("hook", hook.run),
        *enrichers,
        ("prefix", move),
        ("exclude again", rules.final if rules else None),
    ]
    return [Step(name, run) for name, run in found if run], is_tidy, hook.rows, rules


def check_sources(log_type: Section) -> None:
    """Note mapped fields, and timestamps, whose sources the parser is known never to give: groups that log_pattern lacks."""
    if log_type.fields is None:
        return
    renamed: list[str] = log_type.read(stamp.RENAMED)
    given = log_type.fields | {*renamed, *clock.TOLD, *derive.names(log_type), *envelope.names(log_type)}
    wanted = {target: [path for group in groups for path in group] for target, groups in ecs.targets(log_type).items()}
    wanted[clock.KEY.name] = stamp.timestamp_fields(log_type)
    for key, paths in wanted.items():
        heads = [path.partition(".")[0] for path in paths]
        if heads and not any(head in given or head.startswith("@") for head in heads):
            near = difflib.get_close_matches(heads[0], given, 1)
            log_type.problem(key, f"log_pattern has no group {heads[0]!r}", f"did you mean {near[0]!r}?" if near else "", fatal=False)


def _enricher(name: str, apply: Callable[[Record], Record | None]) -> Callable[[Batch], None]:
    """Make a step of a filter. What raises costs the enrichment and not the record: ``error.message`` says so, and it is counted."""

    def enrich(batch: Batch) -> None:
        wanted = []
        for record in batch.records:
            try:
                wanted.append(apply(record) is not None)
            except Overdue:
                raise
            except (Exception, SystemExit) as why:  # noqa: BLE001  # the seam around a step that may fail without losing the record
                hooks.note_error(record, f"{name}: {type(why).__name__}: {why}")
                batch.flags[f"{name} failed"] += 1
                wanted.append(True)
        batch.keep(wanted)

    return enrich


def _way_out(log_type: Section, output: Output, formatter: Formatter) -> WayOut:
    """Put selection before, and clipping around, the formatter, and let the output pack what it gives."""
    chosen = select.prepare(output.fields, output.keep, output.drop, (*log_type.read(ecs.ECS), *log_type.read(ecs.STATIC)))

    def packer(section: Section) -> Encode:
        encode = formatter.prepare(section)

        def bounded(record: Record) -> bytes:
            body = encode(record)
            return body if len(body) < tidy.LARGE_RECORD else encode(tidy.clip(record))

        return output.prepare(section, bounded if chosen is None else lambda record: bounded(chosen(record)))

    def labelling(encode: Encode) -> Encode:
        def bounded(record: Record, of: Label) -> bytes:
            record = chosen(record) if chosen else record
            body = encode(record, of)
            return body if len(body) < tidy.LARGE_RECORD else encode(tidy.clip(record), of)

        bounded.labelled = True  # type: ignore[attr-defined]  # told to Output.prepare
        return bounded

    if formatter.labelled:
        return WayOut(output.prepare(log_type, labelling(formatter.prepare(log_type))), None, labelled=True)
    renamed = Memo(lambda name: packer(dataclasses.replace(log_type, values={**log_type.values, label.NAME.name: name})), 64)
    return WayOut(packer(log_type), renamed)
