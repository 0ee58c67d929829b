"""A log type ready to run: how to read it, the steps of a record in their order, and how to pack it for each output.

``run`` takes a chunk through all of it at once; when that fails, record by record, so that the culprit alone is rejected.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
from collections.abc import Callable, Iterator, Sequence

from loader import schema
from loader.api import Blocks, Encode
from loader.batch import OVERDUE, Batch, Meta, Record, Reject, Source
from loader.errors import Overdue, ParseError
from loader.fast.run import Fast
from loader.frames import KEPT, Limits, Raws, pick
from loader.memo import Memo
from loader.stages.for_ecs import conform, identify, nest, unprefix
from loader.watchdog import within

RAW_KEPT = 65536  # characters of a rejected record that go to the dead letter
NO_CONTROL: Record = {}
MANY = 0.5  # share of odd records in a chunk from which on all of it goes step by step
CHUNK = 3  # times as long as a record a chunk may take, before it is looked at record by record


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
    made: int = 0
    excluded: int = 0
    rejects: list[Reject] = dataclasses.field(default_factory=list)
    flags: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    rules: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    numbers: list[int] = dataclasses.field(default_factory=list)  # of the records that were packed; not kept for those of generated functions

    def add(self, batch: Batch, packed: list[list[bytes]]) -> None:
        """Take in what became of a batch that all steps are done with."""
        for place, messages in enumerate(packed):
            self.packed[place] += messages
        self.numbers += batch.numbers
        self.excluded += batch.excluded
        self.made += batch.made
        self.flags.update(batch.flags)
        self.rules.update(batch.rules)


@dataclasses.dataclass(frozen=True, slots=True)
class WayOut:
    """How records are packed for one output. ``pack`` takes the record, and its label where ``labelled``; ``renamed[name]`` packs those
    to whom their hook has given a label of their own.
    """

    pack: Encode
    renamed: Memo | None
    labelled: bool = False


@dataclasses.dataclass(slots=True)
class Plan:
    """One log type, ready to run. ``ways_out`` are in step with ``outputs``; those that want an ``event.id`` come last."""

    name: str
    read: Callable[[Blocks], Iterator[Raws]]
    steps: list[Step]
    outputs: list[str]
    ways_out: list[WayOut]
    without_id: int
    limits: Limits = Limits()
    prefix: str = ""  # the name under which the record's own fields have gone
    literal: tuple[str, ...] = ()  # keys with dots in them that filters write
    counted: tuple[collections.Counter[str], ...] = ()  # what outputs note while they pack
    at: str = ""  # the step that is under way
    fast: Fast | None = None  # the same as one generated function
    why_not: str = ""  # why there is none

    def run(self, raws: Raws, source: Source, first: int) -> Done:
        """Take a chunk through all steps; ``first`` is the number of its first record in the source."""
        if self.fast is not None and (done := self._run_fast(self.fast, raws, source, first)) is not None:
            return done
        return self._run_steps(raws, source, first)

    def _run_fast(self, fast: Fast, raws: Raws, source: Source, first: int) -> Done | None:
        """Take a chunk through the generated function, and what that has left through the steps; None when all is for the steps."""
        try:
            with within(CHUNK * self.limits.hook_seconds):
                found = fast.run(raws, source, first)
        except Overdue:  # whose fault it is shows step by step
            raws.records = None
            return None
        if found is None:
            return None
        packed, odd, met = found
        if not odd and not met:
            return Done(packed, read=len(raws.texts))  # type: ignore[arg-type]  # None stands for those that are odd
        if len(odd) > MANY * len(raws.texts):
            fast.give_up(raws.columns)
            raws.records = None  # they may be changed already
            return None
        rest = pick(raws, frozenset(odd))
        rest.records = None
        done = self._run_steps(rest, source, first)
        done.read = len(raws.texts)
        done.excluded += len(met)
        done.rules.update(met)
        done.packed = [_filled(messages, first, done.numbers, others) for messages, others in zip(packed, done.packed, strict=True)]
        return done

    def _run_steps(self, raws: Raws, source: Source, first: int) -> Done:
        done = Done([[] for _ in self.ways_out], read=len(raws.texts) + len(raws.broken))
        for option, count in raws.left_out.items():
            done.read += count
            done.excluded += count
            done.flags[f"left out by {option}"] += count
        batch = self._parse(raws, source, first, done)
        places = raws.places[len(raws.texts) :] if raws.places else range(len(raws.texts), len(raws.texts) + len(raws.broken))
        for place, (raw, reason) in zip(places, raws.broken, strict=True):
            done.rejects.append(Reject(first + place, raw[:RAW_KEPT], reason, "frame", cut=len(raw) >= KEPT))
        numbers, texts, metas = batch.numbers, batch.raws, batch.metas
        try:
            with within(CHUNK * self.limits.hook_seconds):
                packed = self._finish(batch)
            done.add(batch, packed)
        except Exception:  # noqa: BLE001  # the seam around a record: find the culprit, let the others through
            for counter in self.counted:  # it is all packed again
                counter.clear()
            for place, (number, raw) in enumerate(zip(numbers, texts, strict=True)):
                self._alone(raws, raw, source, number, done, metas[place : place + 1] if metas is not None else None)
        return done

    def _parse(self, raws: Raws, source: Source, first: int, done: Done) -> Batch:
        texts, metas, count = raws.texts, raws.metas, len(raws.texts)
        numbers = [first + place for place in raws.places[:count]] if raws.places else list(range(first, first + count))
        records = raws.records
        if records is None:
            try:
                with within(CHUNK * self.limits.match_seconds):
                    records = list(map(raws.parse, texts))
            except Exception:  # noqa: BLE001  # told one by one below
                records, kept = [], []
                for place, raw in enumerate(texts):
                    try:
                        records.append(self._parse_one(raws, raw))
                        kept.append(place)
                    except Exception as why:  # noqa: BLE001  # the seam around a record
                        self._reject(done, numbers[place], raw, why, "parse", metas[place] if metas is not None else None)
                texts, numbers = [texts[place] for place in kept], [numbers[place] for place in kept]
                metas = [metas[place] for place in kept] if metas is not None else None
        return Batch(source, texts, records, numbers, datetime.datetime.now(datetime.UTC), raws.names, metas=metas)

    def _parse_one(self, raws: Raws, raw: str) -> Record:
        with within(self.limits.match_seconds):
            return raws.parse(raw)

    def _reject(self, done: Done, number: int, raw: str, why: Exception, stage: str, meta: Meta | None) -> None:
        reason = f"{type(why).__name__}: {why}"
        if isinstance(why, ParseError):
            reason = str(why)
        elif isinstance(why, Overdue):
            done.flags[OVERDUE] += 1
            limit = "match_seconds" if stage == "parse" else "hook_seconds"
            what = "matching it with log_pattern" if stage == "parse" else f"the step {self.at!r}"
            hint = f"index.py check tells which patterns of {self.name} go back and forth"
            reason = f"{what} takes longer than {why.seconds:g} s ([loader] {limit}): {hint}"
        done.rejects.append(Reject(number, raw[:RAW_KEPT], reason, stage, cut=len(raw) > RAW_KEPT, meta=meta))

    def _finish(self, batch: Batch) -> list[list[bytes]]:
        """Take a batch through all steps and return what was packed of it, by output."""
        if self.without_id >= 0:
            tops = schema.tops()
            batch.alike = {number: alike for number, record in zip(batch.numbers, batch.records, strict=True) if (alike := record.keys() & tops)}
        for step in self.steps:
            self.at = step.name
            step.run(batch)
        self.at = "pack"
        records = batch.records
        packed: list[list[bytes]] = []
        for place, way_out in enumerate(self.ways_out):
            if place == self.without_id:
                if self.prefix:
                    unprefix(batch, self.prefix)
                identify(batch)
                if self.literal:
                    nest(batch, self.literal)
                conform(batch)
            if way_out.labelled or batch.controls:
                packed.append(_labelled(way_out, batch))
            else:
                pack = way_out.pack
                packed.append([pack(record) for record in records])
        return packed

    def _alone(self, raws: Raws, raw: str, source: Source, number: int, done: Done, metas: list[Meta] | None) -> None:
        try:
            batch = Batch(source, [raw], [self._parse_one(raws, raw)], [number], datetime.datetime.now(datetime.UTC), raws.names, metas=metas)
            batch.seconds = self.limits.hook_seconds
            with within(2 * self.limits.hook_seconds):  # the hook's own time ends before
                packed = self._finish(batch)
            done.add(batch, packed)
        except Exception as why:  # noqa: BLE001  # the seam around a record
            self._reject(done, number, raw, why, "map", metas[0] if metas is not None else None)


def _filled(messages: Sequence[bytes | None], first: int, numbers: Sequence[int], others: Sequence[bytes]) -> list[bytes]:
    """Return messages with those of the records ``numbers`` in the places that are None; a record may have none, or several."""
    made = collections.defaultdict(list)
    for number, message in zip(numbers, others, strict=True):
        made[number].append(message)
    found: list[bytes] = []
    for number, one in enumerate(messages, first):
        if one is None:
            found += made[number]
        else:
            found.append(one)
    return found


def _labelled(way_out: WayOut, batch: Batch) -> list[bytes]:
    """Pack records where labels matter: for a form that has them, or behind a hook that has set some."""
    if way_out.labelled:
        return [way_out.pack(record, batch.labels[id(record)]) for record in batch.records]
    found = []
    for record in batch.records:
        name = batch.controls.get(id(record), NO_CONTROL).get("__index_name")
        pack = way_out.renamed[str(name)] if name and way_out.renamed is not None else way_out.pack
        found.append(pack(record))
    return found
