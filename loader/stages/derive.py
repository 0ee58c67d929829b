"""Fields made from the object's key and from other fields, before anything else looks at the record.

    s3_key_fields = tenants/(?P<tenant>[^/]+)/(?P<site>[a-z]+)
    derived_fields = host zone app
    host = s3_key | split / 3 | lower
    zone = site | replace - _
    app = labels.app tags.app | match "^(\\w+) v"

The groups of ``s3_key_fields`` that matched become fields of every record that has none of that name. A derived field is the first
of its sources that holds something (0 and False do), changed by one operation after the other; it takes the place of what the
record has under its name, and where nothing comes out that stays. A source is ``s3_key``, ``s3_bucket``, a group, a derived field
that stands before, or a field of the record, dotted.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable
from typing import Any

from loader.batch import Batch, Record, Source
from loader.changes import Change, parsed
from loader.options import TypeOption, regex, words
from loader.paths import reader
from loader.section import Section

KEY_FIELDS = TypeOption(regex, "", name="s3_key_fields", doc="Regular expression searched in the object's key; its named groups become fields.")
DERIVED = TypeOption(words, "", name="derived_fields", doc="Fields to make; each has a key of its own: `a = source ... | split - 1 | lower`.")
OPTIONS = (KEY_FIELDS, DERIVED)
FACTS = ("s3_key", "s3_bucket")
ABSENT: tuple[Any, ...] = (None, "", [], {})
Maker = Callable[[Record, Record], Any]  # of a field, from a record and the facts of its key
TAKEN = ("ecs", "static_ecs", "renamed_newfields")  # lists whose names have keys of their own too


@dataclasses.dataclass(frozen=True, slots=True)
class Definition:
    """One derived field: ``sources`` are tried in turn, ``changes`` made in order."""

    name: str
    sources: tuple[str, ...]
    changes: tuple[Change, ...]

    def of(self, value: Any) -> Any:
        """Return what becomes of a source's value, None when nothing does. Only scalars can be changed."""
        if not self.changes:
            return value
        if isinstance(value, dict | list):
            return None
        text: str | None = value if type(value) is str else str(value)
        for change in self.changes:
            if not text:
                return None
            text = change(text)
        return text or None


def names(log_type: Section) -> frozenset[str]:
    """Return the fields that records of this type may be given here."""
    pattern = log_type.read(KEY_FIELDS)
    return frozenset((*(pattern.groupindex if pattern else ()), *log_type.read(DERIVED)))


def prepare(log_type: Section) -> Callable[[Batch], None] | None:
    """Return ``derive(batch)``, or None when the type asks for nothing; mistakes are noted as problems of the log type."""
    pattern = log_type.read(KEY_FIELDS)
    if pattern is not None and not pattern.groupindex:
        log_type.problem(KEY_FIELDS.name, "has no named group such as (?P<name>...): it makes no field")
    definitions, given = _definitions(log_type), names(log_type)
    groups = tuple(pattern.groupindex) if pattern else ()
    fixed, makers = _parted(definitions, {*FACTS, *groups})

    def derive(batch: Batch) -> None:
        own, settled, facts = _settled(batch.source, pattern, fixed)
        for record in batch.records:
            for name, value in own.items():
                if record.get(name) is None:
                    record[name] = value
            record.update(settled)
            for make, name in makers:
                if (value := make(record, facts)) is not None:
                    record[name] = value
        batch.names = batch.names | given if batch.names is not None else None

    return derive if given else None


def _settled(source: Source, pattern: re.Pattern[str] | None, fixed: list[Definition]) -> tuple[Record, Record, Record]:
    """Return what the key gives: the groups that matched, the derived fields, and these and all else that may be a source."""
    found = pattern.search(source.key) if pattern else None
    own = {name: value for name, value in found.groupdict().items() if value} if found else {}
    facts = dict(zip(FACTS, (source.key, source.bucket), strict=True)) | own
    settled = {}
    for one in fixed:
        value = one.of(next((facts[name] for name in one.sources if facts.get(name)), ""))
        if value:
            facts[one.name] = settled[one.name] = value
    return own, settled, facts


def _parted(definitions: list[Definition], known: set[str]) -> tuple[list[Definition], list[tuple[Maker, str]]]:
    """Part what the key settles, once for all records of an object, from what each record says anew; ``known`` is what the key tells."""
    fixed: list[Definition] = []
    makers: list[tuple[Maker, str]] = []
    for one in definitions:
        if known.issuperset(one.sources):
            fixed.append(one)
            known.add(one.name)
        else:
            makers.append((_maker(one, known), one.name))
            known.discard(one.name)
    return fixed, makers


def _maker(one: Definition, known: set[str]) -> Maker:
    getters = [(name if name in known else "", reader(name)) for name in one.sources]

    def make(record: Record, facts: Record) -> Any:
        for fact, get in getters:
            value = facts.get(fact) if fact else get(record)
            if value not in ABSENT:
                return one.of(value)
        return None

    return make


def _definitions(log_type: Section) -> list[Definition]:
    """Return the definitions that make sense, and note what is wrong with the others."""
    taken = {name: key for key in TAKEN for name in words(log_type.values.get(key, ""))}
    found = []
    for name in log_type.read(DERIVED):
        value = log_type.text(name)
        if value is None:
            log_type.problem(DERIVED.name, f"{name!r} is listed, but there is no key {name!r} with its definition", f"write {name} = s3_key | ...")
        elif name.startswith("@") or "." in name:
            log_type.problem(DERIVED.name, f"{name!r} cannot be derived: these fields are plain names", f"map it to {name} afterwards")
        elif name == "timestamp":  # the older name of timestamp_key
            log_type.problem(DERIVED.name, "'timestamp' is an option too, and cannot mean both", "give the derived field another name")
        elif name in taken:
            log_type.problem(DERIVED.name, f"{name!r} is a key of {taken[name]} too, and cannot mean both", "give the derived field another name")
        else:
            try:
                found.append(Definition(name, *parsed(value)))
            except ValueError as why:
                log_type.problem(name, str(why))
    _check_sources(log_type, found)
    return found


def _check_sources(log_type: Section, found: list[Definition]) -> None:
    if log_type.fields is None:
        return
    given = log_type.fields | names(log_type) | {*FACTS}
    for one in found:
        heads = [source.partition(".")[0] for source in one.sources]
        if not any(head in given or head.startswith("@") for head in heads):
            near = difflib.get_close_matches(heads[0], given, 1)
            log_type.problem(one.name, f"its records have no field {heads[0]!r}", f"did you mean {near[0]!r}?" if near else "")
