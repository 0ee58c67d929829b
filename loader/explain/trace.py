"""One record of a source followed through its plan: the record before and after each step.

The plan itself is run, with its steps watched: what is seen is what a load does, packing included. Nothing is delivered.
"""

from __future__ import annotations

import collections
import copy
import dataclasses
from collections.abc import Callable
from typing import Any

from loader.api import Blocks
from loader.batch import Batch, Label, Record, Reject, Source
from loader.errors import SourceError
from loader.frames import Raws
from loader.plan import Done, Plan, Step, WayOut

FOR_ECS = "for ecs and lean"  # stands for a step: what only outputs get that do not get the original fields
COUNTED = 100_000  # records behind the wanted one that are counted


@dataclasses.dataclass(slots=True)
class Found:
    """One raw record as a chunk of its own, or why it could not be framed; and how many there are (``all``: that is the whole source)."""

    number: int
    raws: Raws | None = None
    broken: tuple[str, str] | None = None
    left_out: str = ""  # the option for which the source's records behind the last one were left out
    count: int = 0
    all: bool = True
    error: str = ""  # what ended the source early


@dataclasses.dataclass(slots=True)
class Seen:
    """One step's work. ``parents`` has for each record of ``after`` its place in ``before``: hooks may make many of one."""

    name: str
    before: list[Record]
    after: list[Record] = dataclasses.field(default_factory=list)
    parents: list[int] = dataclasses.field(default_factory=list)
    flags: dict[str, int] = dataclasses.field(default_factory=dict)
    reasons: list[str] = dataclasses.field(default_factory=list)
    error: str = ""

    @property
    def dropped(self) -> bool:
        """Whether nothing is left behind this step."""
        return bool(self.before) and not self.after and not self.error


@dataclasses.dataclass(slots=True)
class Trace:
    """What became of one record. ``parsed`` is None when it could not be; ``messages`` are the packed bytes by output, ``rules`` the
    exclusion rules that it met. ``for_ecs`` is the last of ``seen`` where no output gets the original fields.
    """

    raw: str
    parsed: Record | None = None
    seen: list[Seen] = dataclasses.field(default_factory=list)
    for_ecs: Seen | None = None
    reject: Reject | None = None
    flags: dict[str, int] = dataclasses.field(default_factory=dict)
    rules: list[str] = dataclasses.field(default_factory=list)
    messages: dict[str, list[bytes]] = dataclasses.field(default_factory=dict)

    @property
    def documents(self) -> list[Record]:
        """The records behind the last step: none when the record was excluded or rejected."""
        return self.seen[-1].after if self.seen and not self.reject else []


def find(plan: Plan, blocks: Blocks, number: int) -> Found:
    """Return the record of this number (from 0) as the plan reads it, and count those behind it, up to COUNTED."""
    found = Found(number)
    try:
        for raws in plan.read(blocks):
            offset, texts = number - found.count, len(raws.texts)
            if 0 <= offset < texts:
                found.raws = _alone(raws, offset)
            elif 0 <= offset < texts + len(raws.broken):
                found.broken = raws.broken[offset - texts]
            elif 0 <= offset < texts + len(raws.broken) + sum(raws.left_out.values()):
                found.left_out = next(iter(raws.left_out))
            found.count += texts + len(raws.broken) + sum(raws.left_out.values())
            if found.count > number + COUNTED:
                found.all = False
                break
    except SourceError as why:
        found.error = str(why)
    except Exception as why:  # noqa: BLE001  # the seam around a source
        found.error = f"unexpected {type(why).__name__}: {why}"
    return found


def _alone(raws: Raws, place: int) -> Raws:
    """Return a chunk of the one record."""
    one: dict[str, Any] = {"texts": [raws.texts[place]], "broken": [], "left_out": {}}
    for field in ("records", "metas"):
        values = getattr(raws, field)
        one[field] = [copy.deepcopy(values[place])] if values is not None else None
    return dataclasses.replace(raws, **one)


def follow(plan: Plan, source: Source, found: Found) -> Trace:
    """Run the plan on a record that ``find`` has found."""
    if found.raws is None:
        raw, reason = found.broken or ("", "")
        return Trace(raw, reject=Reject(found.number, raw, reason, "frame") if found.broken else None)
    trace = Trace(found.raws.texts[0])
    steps = [Step(step.name, _watched(step.name, step.run, trace.seen, first=not place)) for place, step in enumerate(plan.steps)]
    packed: list[Record] = []
    done: Done = dataclasses.replace(plan, steps=steps, ways_out=_noted(plan, packed), fast=None).run(found.raws, source, found.number)
    trace.parsed = trace.seen[0].before[0] if trace.seen else None
    trace.reject = done.rejects[0] if done.rejects else None
    trace.flags, trace.rules = dict(done.flags), list(done.rules)
    if len(packed) == len(trace.documents) and packed != trace.documents:
        trace.for_ecs = Seen(FOR_ECS, trace.documents, packed, list(range(len(packed))))
        trace.seen += [trace.for_ecs] if not plan.without_id else []
    trace.messages = dict(zip(plan.outputs, done.packed, strict=True))
    return trace


def _noted(plan: Plan, packed: list[Record]) -> list[WayOut]:
    """Return the ways out, the first of those without the original fields noting the records it packs."""
    ways_out = list(plan.ways_out)
    if plan.without_id >= 0:
        way_out = ways_out[plan.without_id]

        def pack(record: Record, *label: Label) -> bytes:
            packed.append(copy.deepcopy(record))
            return way_out.pack(record, *label)

        ways_out[plan.without_id] = dataclasses.replace(way_out, pack=pack)
    return ways_out


def _watched(name: str, run: Callable[[Batch], None], seen: list[Seen], *, first: bool) -> Callable[[Batch], None]:
    """Return a step that notes what it does. ``first``: what was noted of an earlier try is forgotten."""

    def watched(batch: Batch) -> None:
        if first:
            seen.clear()
        if not batch.records:
            return run(batch)
        noted = Seen(name, copy.deepcopy(batch.records))
        seen.append(noted)
        held = list(batch.records)  # so that no identity is used twice
        places = {id(record): place for place, record in enumerate(held)}
        flags, reasons = collections.Counter(batch.flags), len(batch.reasons)
        try:
            run(batch)
        except BaseException as why:
            noted.error = f"{type(why).__name__}: {why}"
            raise
        noted.after = copy.deepcopy(batch.records)
        same = len(batch.records) == len(held)
        noted.parents = [places.get(id(record), place if same else 0) for place, record in enumerate(batch.records)]
        noted.flags = dict(batch.flags - flags)
        noted.reasons = [why for _, why in batch.reasons[reasons:]]
        return None

    return watched
