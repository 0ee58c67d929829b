"""How things stand in the ledger on disk: by log type, by destination, and the objects touched last. Reads; never writes, never waits for a lock.

An object that was begun and has not ended is in work, or its run was stopped or killed: the ledger cannot tell which.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import time
import urllib.parse
from pathlib import Path

from loader.ledger import DONE, FAILED, WHOLE

SPANS = (60, 3600, 86400)  # seconds
TRIES, PAUSE = 10, 0.1
# What has arrived anywhere of an object, when that was last, and how long it took; where it has not ended, its marks tell.
STAND = """WITH stand AS (SELECT *, max(changed, coalesce(marked, 0)) AS moved,
    CASE status WHEN '' THEN coalesce(reached, 0) ELSE records END AS arrived,
    CASE status WHEN '' THEN max(coalesce(marked, 0) - changed, 0) ELSE seconds END AS lasted
  FROM (SELECT *,
    CASE status WHEN :done THEN 0 ELSE (SELECT max(changed) FROM mark WHERE object = id) END AS marked,
    CASE status WHEN '' THEN (SELECT max(records) - first FROM mark WHERE object = id AND records < :whole) END AS reached
  FROM object WHERE log_type GLOB :log_type))
"""
# Of what has moved within a span, the part that fell into it, as if it had gone on evenly.
WITHIN = "coalesce(sum(CASE WHEN moved > :now - {0} THEN arrived * min((moved - :now + {0}) / max(lasted, 1e-3), 1) END), 0) / {0}.0"
TYPES = """SELECT log_type, sum(status = :done), sum(status = ''), sum(status = :failed), sum(arrived), sum(excluded), sum(rejected),
  sum(delivered), sum(size), sum(bytes_out), max(moved), {} FROM stand WHERE moved >= :since GROUP BY log_type ORDER BY log_type"""
DESTINATIONS = """SELECT destination, sum(mark.records >= :whole), sum(mark.records < :whole),
  sum(CASE WHEN mark.records >= :whole THEN stand.records ELSE max(mark.records - first, 0) END), max(mark.changed)
  FROM mark JOIN stand ON stand.id = mark.object WHERE moved >= :since GROUP BY destination ORDER BY destination"""
NEWEST = """SELECT id, bucket, key, log_type, status, reason, arrived, moved FROM stand WHERE moved >= :since
  ORDER BY moved DESC, id DESC LIMIT :count"""
MADE = "SELECT 1 FROM sqlite_master WHERE name = 'mark'"  # the last thing that is made of a new ledger
MARKS = "SELECT destination, records FROM mark WHERE object = ? ORDER BY destination"


@dataclasses.dataclass(frozen=True, slots=True)
class TypeStats:
    """Objects of a log type by how they ended, what was in them, and records a second in the last minute, hour and day.

    Records are those of the objects, however often they were tried; what was excluded, rejected, delivered and sent counts at each try.
    Times are seconds since 1970.
    """

    log_type: str
    done: int
    begun: int
    failed: int
    records: int
    excluded: int
    rejected: int
    delivered: int
    bytes_in: int
    bytes_out: int
    last: float
    minute: float
    hour: float
    day: float


@dataclasses.dataclass(frozen=True, slots=True)
class DestinationStats:
    """How many objects a destination has whole and in part, how many records of them were passed on to it or left out, and when last."""

    destination: str
    whole: int
    partly: int
    records: int
    last: float


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectStats:
    """An object. ``marks``: by destination its first records that are settled there; None for all."""

    bucket: str
    key: str
    log_type: str
    status: str
    reason: str
    records: int
    last: float
    marks: dict[str, int | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Stats:
    """All of it. ``size``: bytes on disk; ``oldest``: when the object was touched that will be forgotten first."""

    size: int
    objects: int
    oldest: float | None
    types: list[TypeStats]
    destinations: list[DestinationStats]
    newest: list[ObjectStats]


def read(path: Path, *, now: float, since: float = 0.0, log_type: str = "*", newest: int = 0) -> Stats:
    """Read the ledger at ``path``: log types that match a shell glob, objects touched since a time, and the last few of them.

    Raises FileNotFoundError where there is none, and sqlite3.Error.
    """
    for _ in range(TRIES - 1):
        with contextlib.suppress(sqlite3.DatabaseError):  # as it may be while a load makes or closes it
            return _read(path, now, since, log_type, newest)
        time.sleep(PAUSE)
    return _read(path, now, since, log_type, newest)


def _read(path: Path, now: float, since: float, log_type: str, newest: int) -> Stats:
    size = path.stat().st_size
    asked = {"now": now, "since": since, "log_type": log_type, "count": newest, "done": DONE, "failed": FAILED, "whole": WHOLE}
    types = TYPES.format(", ".join(map(WITHIN.format, SPANS)))
    with contextlib.closing(_opened(path)) as connection:
        connection.execute("BEGIN")  # all is of one moment, whatever a load writes meanwhile
        if not connection.execute(MADE).fetchone():
            return Stats(size, 0, None, [], [], [])
        objects, oldest = connection.execute("SELECT count(*), min(changed) FROM object").fetchone()
        return Stats(
            size=size + _size(_log(path)),
            objects=objects,
            oldest=oldest,
            types=[TypeStats(*row) for row in connection.execute(STAND + types, asked)],
            destinations=[DestinationStats(*row) for row in connection.execute(STAND + DESTINATIONS, asked)],
            newest=[ObjectStats(*[*row, _marks(connection, at)]) for at, *row in connection.execute(STAND + NEWEST, asked)] if newest else [],
        )


def _opened(path: Path) -> sqlite3.Connection:
    """Open for reading. Where no program has the ledger open, nothing is made beside it, as ``mode=ro`` would."""
    how = "mode=ro" if _log(path).exists() else "immutable=1"
    return sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?{how}", uri=True, isolation_level=None)


def _log(path: Path) -> Path:
    """Return the write-ahead log of a file, which is there while a program has it open."""
    return path.with_name(f"{path.name}-wal")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _marks(connection: sqlite3.Connection, at: int) -> dict[str, int | None]:
    found = connection.execute(MARKS, (at,))
    return {name: None if records >= WHOLE else records for name, records in found}
