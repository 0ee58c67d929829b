"""An explanation as data: what the command prints, and what ``--json`` gives as it is. Fields are added here, never renamed."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any

from loader.batch import Record
from loader.errors import Problem
from loader.explain.misses import Miss
from loader.explain.origins import Field, Removed, Unmapped
from loader.explain.routing import Routing

PASTED = "--text"  # stands for the name of an object


class Ending(enum.StrEnum):
    """What would become of the record, or of its object."""

    ROUTED = "routed"  # only a key was given, and it has a log type
    DELIVERED = "delivered"
    EXCLUDED = "excluded"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    FAILED = "failed"  # the object cannot be read to its end
    UNKNOWN = "unknown"  # no log type takes the key
    NOTHING = "nothing"  # there is no such record
    MISTAKEN = "mistaken"  # the configuration has mistakes: a load would not start


@dataclasses.dataclass(slots=True)
class Object:
    """What was read: from where, how many bytes, what decoding peeled off, how many bytes that gave, how many records."""

    name: str
    bytes: int = 0
    peeled: list[str] = dataclasses.field(default_factory=list)
    unpacked: int = 0
    records: int = 0
    all_counted: bool = True
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What one exclusion rule says: of the raw record, and of the finished one (None when the record did not get there, or it is not asked)."""

    rule: str
    action: str
    asks: str
    raw: bool | None
    final: bool | None
    note: str
    file: str
    line: int


@dataclasses.dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that a step has added, changed or removed."""

    field: str
    change: str
    old: Any = None
    new: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """What one step did to the record. ``records`` is how many it is behind it: none when it was dropped there; ``made``, how many more."""

    name: str
    records: int
    made: int
    changes: list[FieldChange]
    mended: dict[str, int]
    error: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A finished document: every field with its origin, and the fields that were taken out on the way."""

    fields: list[Field]
    removed: list[Removed]


@dataclasses.dataclass(slots=True)
class RecordSeen:
    """One record from its raw text to its documents. ``number`` counts from 1. ``stage`` and ``reason`` tell why it is rejected.

    ``unread`` is the end of the raw text that the pattern of the type does not reach.
    """

    number: int
    raw: str = ""
    stage: str = ""
    reason: str = ""
    miss: Miss | None = None
    parsed: Record | None = None
    unread: str = ""
    steps: list[Step] = dataclasses.field(default_factory=list)
    verdicts: list[Verdict] = dataclasses.field(default_factory=list)
    documents: list[Document] = dataclasses.field(default_factory=list)
    unmapped: list[Unmapped] = dataclasses.field(default_factory=list)
    mended: dict[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Sent:
    """The bytes that an output would get, message by message; ``fields`` is its option of this name."""

    output: str
    fields: str
    bytes: int
    messages: list[str]


@dataclasses.dataclass(slots=True)
class Explanation:
    """The whole of it."""

    outcome: Ending
    reason: str
    routing: Routing
    object: Object | None = None
    record: RecordSeen | None = None
    outputs: list[Sent] = dataclasses.field(default_factory=list)
    problems: list[Problem] = dataclasses.field(default_factory=list)
