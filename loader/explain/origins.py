"""Where each field of a document comes from, told from what every step of a trace has changed and from what the log type's section says."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from loader.batch import Record, Source
from loader.explain.differences import MISSING, Change, Path, differences, dotted, flat
from loader.explain.trace import FOR_ECS, Seen, Trace
from loader.paths import reader
from loader.section import Section
from loader.stages import clock, derive, ecs, stamp, typed

ORIGIN = ("@log_type", "@log_s3bucket", "@log_s3key")
FROM_KEY = ("cloud.account.id", "cloud.region")
LEFT_OUT = " left out: "
UNFIT = "left out: it has not the type that ECS wants"
SAYS_NOTHING: tuple[Any, ...] = (*typed.EMPTY, {})


@dataclasses.dataclass(frozen=True, slots=True)
class Provenance:
    """``kind`` is one of parsed, carrier, key, derived, renamed, stamped, mapped, constant, hook, enriched, or a step's name; ``source``
    names what the value was taken from: a field, an option, a file, a plugin.
    """

    kind: str
    source: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of a finished document."""

    field: str
    value: Any
    origin: str
    source: str


@dataclasses.dataclass(frozen=True, slots=True)
class Removed:
    """A field that is not in the document any more: which step took it, and why."""

    field: str
    value: Any
    step: str
    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Unmapped:
    """A target of the mapping that has no value: ``why`` is empty when none of its sources holds anything that says something."""

    target: str
    sources: list[str]
    value: Any = None
    why: str = ""


@dataclasses.dataclass(slots=True)
class Told:
    """One document with the origin of all its fields."""

    fields: list[Field] = dataclasses.field(default_factory=list)
    removed: list[Removed] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class _Ancestry:
    """What is known of one record between two steps."""

    origins: dict[Path, Provenance]
    removed: list[Removed] = dataclasses.field(default_factory=list)

    def copy(self) -> _Ancestry:
        return _Ancestry(dict(self.origins), list(self.removed))

    def fields(self, record: Record) -> Iterator[Field]:
        for path, value in flat(record).items():
            origin = self.origins.get(path, Provenance(""))
            yield Field(dotted(path), value, origin.kind, origin.source)


class Origins:
    """Follows the fields of one record through the steps of its trace."""

    def __init__(self, log_type: Section, source: Source) -> None:
        self.log_type, self.source = log_type, source
        self.reasons: list[str] = []
        self.targets = ecs.targets(log_type)
        self.static: list[str] = log_type.read(ecs.STATIC)
        self.renamed: list[str] = log_type.read(stamp.RENAMED)
        self.gathers = ecs.types_of(log_type).is_array

    def tell(self, trace: Trace) -> list[Told]:
        """Return the documents of a trace, one as a rule, with the origin of every field and what was removed on the way."""
        lines = [_Ancestry({path: Provenance("parsed", dotted(path)) for path in flat(trace.parsed or {})})]
        for seen in trace.seen:
            if seen.error:
                return []
            self.reasons += seen.reasons
            pairs = zip(seen.parents, seen.after, strict=True)
            lines = [self._step(seen, lines[parent].copy(), seen.before[parent], after) for parent, after in pairs]
        return [Told(list(line.fields(record)), line.removed) for record, line in zip(trace.documents, lines, strict=True)]

    def _step(self, seen: Seen, line: _Ancestry, before: Record, after: Record) -> _Ancestry:
        changes = differences(before, after)
        gone = {change.path: change for change in changes if change.new is MISSING}
        moved: set[Path] = set()
        for change in changes:
            if change.new is not MISSING and not (seen.name == "tidy" and change.path in line.origins):  # which may take items out of lists
                if old := next((path for path in gone if seen.name == "prefix" and change.path[1:] == path), None):
                    line.origins[change.path] = line.origins.get(old, Provenance("parsed", dotted(old)))
                    moved.add(old)
                else:
                    line.origins[change.path] = self._origin(seen, change, before)
        for path, change in gone.items():
            origin = line.origins.pop(path, Provenance(""))
            if path in moved or (change.old == {} and origin.kind != "parsed"):  # objects made for hooks to write into
                continue
            line.removed.append(Removed(dotted(path), change.old, seen.name, self._why(seen, change, after)))
        return line

    def _origin(self, seen: Seen, change: Change, before: Record) -> Provenance:
        name = seen.name
        if name == "stamp":
            return self._stamped(change, before, seen)
        if name == "ecs":
            return self._mapped(change, before, seen)
        if name == "hook":
            return Provenance("hook", f"sf_{self.log_type.name}")
        if name == FOR_ECS:
            identity = dotted(change.path) == "event.id"
            return Provenance("stamped", "bucket, key, etag and number") if identity else Provenance("typed as ECS wants", dotted(change.path))
        if name.startswith("filter_"):
            return Provenance("enriched", name)
        if name == "derive":
            in_key = change.path[0] not in self.log_type.read(derive.DERIVED)
            return Provenance("key", derive.KEY_FIELDS.name) if in_key else Provenance("derived", self.log_type.text(change.path[0]) or "")
        return Provenance("as text of", dotted(change.path)) if name == "as text" else Provenance(name)

    def _stamped(self, change: Change, before: Record, seen: Seen) -> Provenance:
        name = dotted(change.path)
        if change.path[0] in self.renamed:
            return Provenance("renamed", self.log_type.text(change.path[0]) or "")
        if name == "@timestamp":
            if seen.reasons:
                return Provenance("stamped", "not its own time: see event.reason")
            fields = stamp.timestamp_fields(self.log_type)
            found = next((field for field in fields if reader(self._old_name(field))(before) not in clock.ABSENT), "")
            return Provenance("stamped", found or "the time of the carrier, in the key, or of the object")
        if name == "@id":
            field = self.log_type.read(stamp.DOC_ID)
            return Provenance("stamped", field if field and change.new == before.get(self._old_name(field)) else "hash of the raw text")
        if name in clock.CARRIED:
            return Provenance("carrier")
        return Provenance("stamped", "the raw text" if name == "@message" else "the object" if name in ORIGIN else "")

    def _old_name(self, field: str) -> str:
        """Return the name that a field had before it was renamed."""
        head, dot, rest = field.partition(".")
        return f"{(self.log_type.text(head) or head) if head in self.renamed else head}{dot}{rest}"

    def _mapped(self, change: Change, before: Record, seen: Seen) -> Provenance:
        name = dotted(change.path)
        if name == "event.reason" and change.new in self.reasons:
            return Provenance("stamped", "why @timestamp is not the record's own")
        target = next((above for above in _above(name) if above in self.static or above in self.targets), "")
        if target in self.static:
            return Provenance("constant", "static_ecs")
        used = [path for path, _ in self.used(target, change.new, before)]
        if name in FROM_KEY:
            values = [reader(path)(before) for path in used]
            if change.new not in [str(value) for value in values]:
                return Provenance("key" if change.new in ecs.origin(self.source.key) else "carrier")
        if used:
            return Provenance("mapped", ", ".join(used))
        if name in FIXED:
            return Provenance(*FIXED[name])
        return Provenance("carrier")

    def used(self, target: str, value: Any, before: Record) -> list[tuple[str, Any]]:
        """Return the source paths that gave a target its value, each with what it holds: of several fallbacks the first that holds anything."""
        groups = self.targets.get(target, [])
        if not isinstance(value, list) and not self.gathers(target):
            groups = [[path for group in groups for path in group]]
        held = [[(path, found) for path in group if _holds(found := reader(path)(before))] for group in groups]
        return [found[0] for found in held if found]

    def unmapped(self, trace: Trace) -> list[Unmapped]:
        """Return the targets that the mapping gave no value, and why where it left one out."""
        found = []
        finished = trace.documents[0] if trace.documents else {}
        for seen in trace.seen:
            if seen.name != "ecs" or not seen.after:
                continue
            before, after = seen.before[0], seen.after[0]
            misfits = {target: why for flag in seen.flags for target, is_misfit, why in (flag.partition(LEFT_OUT),) if is_misfit}
            for target, groups in self.targets.items():
                if target in misfits:
                    used = self.used(target, "", before)
                    found.append(Unmapped(target, [path for path, _ in used], used[0][1] if used else None, f"left out: {misfits[target]}"))
                elif reader(target)(after) in clock.ABSENT and reader(target)(finished) in clock.ABSENT and target not in self.static:
                    used = self.used(target, "", before)
                    value = used[0][1] if used else None
                    paths = [path for group in groups for path in group]
                    found.append(Unmapped(target, paths, value, "" if value in SAYS_NOTHING else UNFIT))
        return found

    def _why(self, seen: Seen, change: Change, after: Record) -> str:
        if seen.name == "tidy":
            return "says nothing"
        if seen.name == "stamp" and (new := next((new for new in self.renamed if self.log_type.text(new) == dotted(change.path)), "")):
            return f"renamed to {new}"
        if isinstance(reader(dotted(change.path))(after), dict):
            return "an object took its place"
        return ""


FIXED = {
    "event.module": ("constant", "the log type's name"),
    "event.ingested": ("stamped", "the time of this run"),
    "ecs.version": ("constant", ecs.VERSION.name),
    "cloud.provider": ("constant", ecs.PROVIDER.name),
}


def _above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _holds(value: Any) -> bool:
    return bool(value or (value == 0 and value is not None))
