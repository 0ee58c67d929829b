"""What a plan works on: a chunk of raw records of one source on its way to documents (leaf)."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Self

Record = dict[str, Any]
OVERDUE = "took too long"  # the flag of records that a pattern or a hook did not get done with
Blocks = Iterator[bytes]  # of one source, in order


@dataclasses.dataclass(slots=True)
class Source:
    """One object to load. ``alternates`` are further spellings of the key, tried in turn when the first does not exist.

    Only the records from ``first`` up to, not including, ``stop`` are wanted. ``done`` are etags of it that need no reading.
    """

    bucket: str
    key: str
    size: int = 0
    etag: str = ""
    modified: datetime.datetime | None = None
    alternates: tuple[str, ...] = ()
    version: str = ""  # the one to read, where a notice names it
    first: int = 0
    stop: int | None = None
    done: frozenset[str] = frozenset()

    @property
    def uri(self) -> str:
        """The ``s3://bucket/key`` of the source."""
        return f"s3://{self.bucket}/{self.key}"


@dataclasses.dataclass(slots=True)
class Carried(Source):
    """A source whose bytes have come with the work: a message of the queue ``bucket`` that is a log itself. Its log type is told, not found."""

    body: bytes = b""
    log_type: str = ""

    @property
    def uri(self) -> str:
        """The ``sqs://queue/message`` of the source."""
        return f"sqs://{self.bucket}/{self.key}"


@dataclasses.dataclass(slots=True)
class Meta:
    """What a carrier (CloudWatch Logs, FireLens, EventBridge) tells of the record it brings, apart from its text."""

    account: str | None = None
    region: str | None = None
    time: Any = None  # as the carrier writes it: epoch milliseconds or ISO 8601
    salt: str = ""  # goes into the hash of ``@id``: what tells two equal texts of the carrier apart
    fields: Record = dataclasses.field(default_factory=dict)  # join the record: @log_group, container_id, ...
    ecs: Record = dataclasses.field(default_factory=dict)  # ECS objects that join the mapped ones
    leads: bool = False  # whether account and region go before mapped ones
    error: str = ""  # why the text could not be parsed, though it is passed on: becomes error.message


class Parts(bytes):
    """A packed record that goes out as several messages, one behind the other: taken or refused as a whole."""

    pieces: tuple[bytes, ...]

    def __new__(cls, pieces: Iterable[bytes]) -> Self:
        """Keep the pieces, and be all of them."""
        kept = tuple(pieces)
        made = super().__new__(cls, b"".join(kept))
        made.pieces = kept
        return made


@dataclasses.dataclass(frozen=True, slots=True)
class Label:
    """Where a document belongs at its destination, and under which id."""

    index: str
    id: str


@dataclasses.dataclass(slots=True)
class Reject:
    """A record that goes no further: its number in the source (from 0), its text, why, and at which stage.

    ``cut``: the text is only the beginning. ``meta`` is what its carrier told.
    """

    number: int
    raw: str
    reason: str
    stage: str
    cut: bool = False
    meta: Meta | None = None


@dataclasses.dataclass(slots=True)
class Batch:
    """Records in step with their raw texts and numbers. ``flags`` counts what was mended, ``excluded`` what was dropped."""

    source: Source
    raws: list[str]
    records: list[Record]
    numbers: list[int]
    ingested: datetime.datetime
    names: frozenset[str] | None = None  # the fields that records may have, where known: then their values are all text or None
    flags: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    reasons: list[tuple[Record, str]] = dataclasses.field(default_factory=list)
    alike: dict[int, set[str]] = dataclasses.field(default_factory=dict)  # by number: the raw fields that have names of ECS objects
    own: dict[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)  # by number: the names of the parsed record, where asked for
    controls: dict[int, dict[str, Any]] = dataclasses.field(default_factory=dict)  # by identity of the record: what its hook says
    labels: dict[int, Label] = dataclasses.field(default_factory=dict)  # by identity of the record, where an output wants them
    seconds: float = 0.0  # how long a hook may take for each record, where they are looked at one by one
    excluded: int = 0
    made: int = 0  # records that a hook has made beside those that were read
    rules: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)  # records by the exclusion rule they met
    met: dict[int, set[str]] = dataclasses.field(default_factory=dict)  # by number: the count and include rules that the raw record has met
    metas: list[Meta] | None = None  # in step with records, where a carrier brought them
    finished: frozenset[str] = frozenset()  # objects at the top in which nothing empty is left, in no record

    def spread(self, many: dict[int, list[Record]], dropped: frozenset[int]) -> None:
        """Put the records of ``many`` in the place of the one at each index, and drop those at ``dropped``. One that becomes none is excluded."""
        old, self.records = self.records, []
        places: list[int] = []
        for index, record in enumerate(old):
            found = many.get(index, [] if index in dropped else [record])
            self.records += found
            places += [index] * len(found)
            self.excluded += not found
            self.made += max(0, len(found) - 1)
        self.raws = [self.raws[index] for index in places]
        self.numbers = [self.numbers[index] for index in places]
        self.metas = [self.metas[index] for index in places] if self.metas is not None else None

    def keep(self, wanted: list[bool]) -> None:
        """Drop the records whose place in ``wanted`` is false, counting them as excluded."""
        if not all(wanted):
            self.excluded += len(wanted) - sum(wanted)
            self.raws = list(itertools.compress(self.raws, wanted))
            self.records = list(itertools.compress(self.records, wanted))
            self.numbers = list(itertools.compress(self.numbers, wanted))
            self.metas = list(itertools.compress(self.metas, wanted)) if self.metas is not None else None
