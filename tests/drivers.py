"""Drivers: run the engine, or one plugin, on INI text and bytes, and get what came out. For the tests of sites too."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from loader import config as configuration
from loader.api import TAKEN, Blocks, Input, Limits, Outcome, Output, ParseError, Parser, Plugin, Record, Source, SourceError
from loader.engine import HOME, Engine, Task
from loader.ledger import Account
from loader.options import Option, declared
from loader.section import Section


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
