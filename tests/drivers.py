"""Drivers: run the engine, or one plugin, on INI text and bytes, and get what came out. For the tests of sites too."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import json
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from loader import config as configuration
from loader.api import TAKEN, Blocks, Input, Limits, Outcome, Output, ParseError, Parser, Plugin, Record, Source, SourceError
from loader.engine import HOME, Engine, Task
from loader.ledger import Account
from loader.options import Option, declared
from loader.plan import MANY, Plan
from loader.section import Section
from loader.stages.decode import decode


class MemoryInput(Input):
    """Objects in a dict, by key."""

    def __init__(self, objects: dict[str, bytes], block: int = 65536) -> None:
        self.objects, self.block = objects, block

    def read(self, source: Source) -> Blocks:
        data = self.objects[source.key]
        source.size = len(data)
        for start in range(0, len(data), self.block):
            yield data[start : start + self.block]


class MemoryOutput(Output):
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.calls: list[list[bytes]] = []

    def write(self, messages: Sequence[bytes]) -> Outcome:
        self.calls.append(list(messages))
        self.messages += messages
        return TAKEN


@dataclasses.dataclass
class Loaded:
    """What one object became."""

    account: Account
    documents: list[dict[str, Any]]
    rejects: list[dict[str, Any]]


def configured(plugin: Plugin, section: str = "", **values: str) -> Plugin:
    """Give a plugin its options, as an INI section of these values would."""
    plugin.name = section or type(plugin).__name__
    for name, option in declared(type(plugin), Option).items():
        plugin.__dict__[name] = option.read(values.get(name))
    return plugin


def log_type(name: str = "demo", **values: str) -> Section:
    """Return the section of a log type; two underscores in a name stand for a dot."""
    clean = {key.replace("__", "."): value for key, value in values.items()}
    return Section(name, clean, own=frozenset(clean))


def engine(folder: Path, ini: str, *, files: Sequence[Path] = (HOME / "aws.ini",)) -> Engine:
    """Return an engine of the shipped configuration and ``ini``, writing documents and rejects below ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "test.ini"
    path.write_text(f"[out_file]\npath = {folder}/out.jsonl\n[out_file:dead_letter]\npath = {folder}/rejects.ndjson\n{ini}", encoding="utf-8")
    return Engine(configuration.load([*files, path]), "in_file")


def load(folder: Path, ini: str, key: str, body: bytes, *, bucket: str = "sample-bucket", block: int = 65536, **options: Any) -> Loaded:
    """Load one object and return its account, documents and rejects."""
    one = engine(folder, ini, **options)
    one.input = MemoryInput({key: body}, block)
    account = one.run(Task(1, Source(bucket, key, etag="e")))
    one.close()
    return Loaded(account, rows(folder / "out.jsonl"), rows(folder / "rejects.ndjson"))


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the JSON lines of a file, none when it does not exist."""
    return [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


@dataclasses.dataclass
class Parsed:
    """What a parser made of a source: records and their raw texts, rejects as (text, reason), sizes of the chunks, the error that ended it."""

    records: list[Record] = dataclasses.field(default_factory=list)
    raws: list[str] = dataclasses.field(default_factory=list)
    rejects: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    sizes: list[int] = dataclasses.field(default_factory=list)
    error: SourceError | None = None

    @property
    def read(self) -> int:
        """How many records there were, rejects included."""
        return len(self.records) + len(self.rejects)


def parsed(parser: Parser, blocks: Blocks, limits: Limits | None = None, **options: str) -> Parsed:
    """Parse the blocks of one source as the plan does."""
    found = Parsed()
    read = parser.prepare(log_type(**options), limits or Limits())
    try:
        for raws in read(blocks):
            found.sizes.append(len(raws.texts) + len(raws.broken))
            for place, text in enumerate(raws.texts):
                try:
                    record = raws.parse(text) if raws.records is None else raws.records[place]
                except ParseError as why:
                    found.rejects.append((text, str(why)))
                else:
                    found.records.append(record)
                    found.raws.append(text)
            found.rejects += raws.broken
    except SourceError as why:
        found.error = why
    return found


def blocks_of(body: bytes, size: int = 65536) -> Blocks:
    """Cut ``body`` into blocks."""
    return (body[start : start + size] for start in range(0, len(body), size))


@dataclasses.dataclass
class Told:
    """All that a plan makes of an object: messages by output, in order; rejects; what was counted; the error that ended it."""

    packed: dict[str, list[bytes]]
    rejects: list[tuple[Any, ...]] = dataclasses.field(default_factory=list)
    counts: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    error: str = ""


NOW = datetime.datetime(2024, 5, 24, 9, 0, 0, 123456, datetime.UTC)


class Frozen(datetime.datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
        return NOW


def planned(plan: Plan, source: Source, body: bytes, block: int = 65536) -> Told:
    """Run an object through a plan at a time that stands still."""
    still, told, number = types.SimpleNamespace(datetime=Frozen, UTC=datetime.UTC), Told({name: [] for name in plan.outputs}), 0
    with mock.patch("loader.plan.datetime", still), mock.patch("loader.fast.run.datetime", still):
        try:
            for raws in plan.read(decode(blocks_of(body, block), 2**30)[0]):
                done = plan.run(raws, source, number)
                number += raws.count
                for name, messages in zip(plan.outputs, done.packed, strict=True):
                    told.packed[name] += messages
                told.rejects += [dataclasses.astuple(reject) for reject in done.rejects]
                told.counts.update({"read": done.read, "made": done.made, "excluded": done.excluded, **done.flags, **done.rules})
                for counter in plan.counted:
                    told.counts.update(counter)
                    counter.clear()
        except SourceError as why:
            told.error = str(why)
    return told


def both_ways(
    plan: Plan,
    key: str,
    body: bytes,
    *,
    bucket: str = "sample-bucket",
    block: int = 65536,
    varied: bool = False,
    complete: bool = False,
    together: bool = False,
) -> tuple[Told, Told, int]:
    """Run an object through a plan's generated function, and step by step; and tell how many records went through the function.

    ``varied``: behind the first chunk nothing is looked up that can be computed, as where values hardly repeat; with ``complete`` the
    function is one for rows with something in every field, too, whatever they have. ``together``: behind the first chunk, of two records
    at the least, all that is looked up is looked up at one go, as where nothing varies.
    """
    fast, through = plan.fast, 0
    assert fast is not None, plan.why_not
    fast.functions.clear()
    ask = fast.run

    def counted(raws: Any, source: Source, first: int) -> Any:
        nonlocal through
        found = ask(raws, source, first)
        if found is not None and len(found[1]) <= MANY * len(raws.texts):
            through += len(raws.texts) - len(found[1])
        return found

    soon = {"IN_VAIN": 10**9, **({"MOST": -1.0} if complete else {})}
    soon |= {"FEW": 1, "OFTEN": -1.0} if varied else {"FEW": 1} if together else {}
    steady = {"NEW": 10**9, "TOO_OFTEN": 10**9, "AT_FIRST": 10**9} if together else {"SAMPLE": 0}
    with (
        mock.patch.multiple("loader.fast.run", **soon),
        mock.patch.multiple("loader.fast.together", **steady),
        mock.patch("loader.fast.regular.IN_VAIN", 10**9),
        mock.patch.object(fast, "run", counted),
    ):
        quick = planned(plan, Source(bucket, key, etag="e"), body, block)
    plain = planned(dataclasses.replace(plan, fast=None), Source(bucket, key, etag="e"), body, block)
    return quick, plain, through
