"""Drafts are tried: a section is compiled and read with the loader's own parts, and what it rejects decides between guesses."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path

from loader import config, schema
from loader.api import Parser
from loader.assembly import HOME, Assembly
from loader.batch import Record, Source
from loader.draft.sample import Sample
from loader.errors import ConfigError, Problem, SourceError
from loader.explain.generated import generated
from loader.frames import Limits
from loader.lint import checks
from loader.lint.finding import MISTAKE, Finding
from loader.plan import Plan
from loader.planner import Parts, compile_plan
from loader.registry import Registry
from loader.section import Section
from loader.stages.decode import PARQUET

BUCKET, ETAG = "sample-bucket", "e"  # as tests/drivers.py has them
MOST_NAMES = 4  # that are shown
MOST = 2000  # records that are looked at


@dataclasses.dataclass(slots=True)
class Trial:
    """What a section makes of a sample: its first records and their texts, how many there were, and the rejects with their reasons."""

    records: list[Record] = dataclasses.field(default_factory=list)
    texts: list[str] = dataclasses.field(default_factory=list)
    count: int = 0
    rejects: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    carried: str = ""  # the field in which a carrier tells the time of a record


def read(values: Mapping[str, str], body: bytes) -> Trial:
    """Read a sample as a section with these values would; raises ConfigError for a section that cannot be compiled."""
    registry, empty = Registry([HOME / "plugins"]), config.load([])

    def parser(name: str) -> Parser:
        found = registry.create(empty, f"parser_{name}")
        found.open()
        assert isinstance(found, Parser)
        return found

    section = Section("draft", dict(values), own=frozenset(values))
    name = "parquet" if body.startswith(PARQUET) else values["file_format"]
    plan = compile_plan(section, parser(name), [], Parts((), Limits(), [], (), lambda: parser("json"), fast=False))
    found = Trial()
    try:
        for raws in plan.read(iter([body])):
            if raws.metas and raws.metas[0].time is not None:
                found.carried = "cwe_timestamp" if isinstance(raws.metas[0].time, str) else "cwl_timestamp"
            for place, text in enumerate(raws.texts):
                try:
                    record = raws.parse(text) if raws.records is None else raws.records[place]
                except Exception as why:  # noqa: BLE001  # as the plan does around each record
                    found.rejects.append((text, str(why)))
                    continue
                found.count += 1
                if len(found.records) < MOST:
                    found.records.append(record)
                    found.texts.append(text)
            found.rejects += raws.broken
    except SourceError as why:
        found.rejects.append(("", str(why)))
    return found


@dataclasses.dataclass(slots=True)
class Outcome:
    """What a drafted type makes of a sample in the place where it will be: documents, rejects, and what ``check`` says of it."""

    documents: list[bytes]
    count: int
    rejects: list[tuple[str, str]]
    flags: dict[str, int]
    findings: list[Finding]
    taken_by: str
    why_not: str  # why it does not run as one generated function, '' where it does


def run(files: list[Path], hooks: Path, name: str, key: str, body: bytes) -> Outcome:
    """Run a type of these INI files over a sample, whatever its key is; raises ConfigError when check would not pass."""
    settings = config.load([HOME / "aws.ini"], files)
    settings.override("loader", "hooks", str(hooks) if hooks.is_dir() else None)
    assembly = Assembly(settings, "in_file")
    try:
        findings = [one for one in checks.findings(assembly) if one.problem.section == name or one.level == MISTAKE]
        wrong = [one.problem for one in findings if one.level == MISTAKE]
        if wrong:
            raise ConfigError(*wrong)
        return _outcome(assembly, name, key, body, findings)
    finally:
        assembly.close()


def _outcome(assembly: Assembly, name: str, key: str, body: bytes, findings: list[Finding]) -> Outcome:
    plan, source, number = assembly.plans[name], Source(BUCKET, key, etag=ETAG, size=len(body)), 0
    _, why_not = generated(plan, assembly.config.types[name], iter([body]))
    why_not = why_not or _left_over(plan, source, body)
    if not plan.outputs:
        raise ConfigError(Problem("no output takes this type", section=name, hint="an [out_...] section of these files matches other types alone"))
    found = Outcome([], 0, [], {}, findings, assembly.router.route(key).log_type, why_not)
    try:
        for raws in plan.read(iter([body])):
            done = plan.run(raws, source, number)
            number += raws.count
            found.count += done.read
            found.documents += itertools.islice(done.packed[0], max(0, MOST - len(found.documents)))
            found.rejects += [(reject.raw, reject.reason) for reject in done.rejects]
            for flag, count in done.flags.items():
                found.flags[flag] = found.flags.get(flag, 0) + count
    except SourceError as why:
        found.rejects.append(("", str(why)))
    return found


def _left_over(plan: Plan, source: Source, body: bytes) -> str:
    """Return how many of the first records the generated function leaves to the steps, '' where it takes all of them, and why it may do so."""
    raws = next(iter(plan.read(iter([body]))), None)
    if raws is None or plan.fast is None or not raws.texts:
        return ""
    named = sorted({name for record in raws.records or () for name in record.keys() & schema.tops()})
    found = plan.fast.run(raws, source, 0)
    odd = len(raws.texts) if found is None else len(found[1])
    because = f": they have fields that bear names of ECS ({', '.join(named[:MOST_NAMES])})" if named else ""
    return f"{odd:,} of the first {len(raws.texts):,} records are not as it expects{because}" if odd else ""


def reads(values: Mapping[str, str], sample: Sample) -> Trial | None:
    """Return the trial of a guess, None where the loader refuses the section."""
    try:
        return read(values, sample.body)
    except ConfigError:
        return None
