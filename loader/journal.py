"""The ledger on disk: which objects each destination has, and how far it has those that were cut off (SQLite).

An object is its bucket, key and etag (or version), and the range of records that was asked for. For each destination there is a mark:
the number of its first records that have arrived there, or been excluded or rejected. Marks are written behind deliveries: a program
that is killed sends again what arrived since the last mark, and nothing else. When the file cannot be written, the load goes on
without it: duplicates before loss.
"""

from __future__ import annotations

import collections
import logging
import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from loader.batch import Source
from loader.charset import encodable
from loader.errors import STOPPED, ConfigError
from loader.ledger import DONE, WHOLE, Account

T = TypeVar("T")
log = logging.getLogger(__name__)
NAME = "ledger.db"
PATIENCE = 5.0  # seconds that a lock is waited for
SCHEMA = """
CREATE TABLE IF NOT EXISTS object (
    id INTEGER PRIMARY KEY, bucket TEXT NOT NULL, key TEXT NOT NULL, etag TEXT NOT NULL, first INTEGER NOT NULL, stop INTEGER NOT NULL,
    log_type TEXT NOT NULL DEFAULT '', form TEXT NOT NULL DEFAULT '', status TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0, records INTEGER NOT NULL DEFAULT 0, excluded INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
    delivered INTEGER NOT NULL DEFAULT 0, bytes_out INTEGER NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, changed REAL NOT NULL,
    UNIQUE (bucket, key, etag, first, stop)
);
CREATE INDEX IF NOT EXISTS object_changed ON object (changed);
CREATE TABLE IF NOT EXISTS mark (
    object INTEGER NOT NULL REFERENCES object (id) ON DELETE CASCADE, destination TEXT NOT NULL, records INTEGER NOT NULL,
    changed REAL NOT NULL, PRIMARY KEY (object, destination)
) WITHOUT ROWID;
"""
FIND = "SELECT id, form FROM object WHERE bucket = ? AND key = ? AND etag = ? AND first = ? AND stop = ?"
PUT = "INSERT INTO object (bucket, key, etag, first, stop, log_type, form, size, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id, form"
MARK = """INSERT INTO mark VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
SET records = max(records, excluded.records), changed = excluded.changed"""
DONE_ETAGS = """SELECT etag FROM object JOIN mark ON mark.object = object.id
WHERE bucket = ? AND key = ? AND first = ? AND stop = ? AND mark.records >= ? AND destination IN ({}) GROUP BY object.id HAVING count(*) = ?"""
END = """UPDATE object SET log_type = ?, status = ?, reason = ?, size = ?, records = ?, excluded = excluded + ?, rejected = rejected + ?,
delivered = delivered + ?, bytes_out = bytes_out + ?, seconds = seconds + ?, changed = ? WHERE id = ?"""


class Journal:
    """The ledger in ``folder``; without a folder there is none, and nothing is done or begun already.

    ``keep``: seconds after which an object is forgotten that was not touched since.
    """

    def __init__(self, folder: str, *, keep: float = 90 * 86400, clock: Callable[[], float] = time.time) -> None:
        self.path = Path(folder) / NAME if folder else None
        self.keep, self.clock = keep, clock
        self.failed = ""  # why the file could not be written last, if it could not
        self._connection: sqlite3.Connection | None = None

    def check(self) -> None:
        """Make the file, where it is missing; raises ConfigError when that cannot work, so that it is known before the first record."""
        if self.path:
            try:
                self._open()
            except (OSError, sqlite3.Error) as why:
                hint = "name another folder as state in [loader], or leave it empty to go without"
                raise ConfigError(f"the ledger {str(self.path)!r} cannot be used: {getattr(why, 'strerror', None) or why} ({hint})") from why
            self.close()

    def done(self, source: Source, destinations: Iterable[str]) -> frozenset[str]:
        """Return the etags under which all destinations have the object whole."""
        wanted = list(destinations)
        if not self.path or not wanted:
            return frozenset()
        query = DONE_ETAGS.format(", ".join("?" * len(wanted)))

        def look_up(connection: sqlite3.Connection) -> frozenset[str]:
            keys = (encodable(key) for key in (source.key, *source.alternates))
            asked = [(encodable(source.bucket), key, *_range(source), WHOLE, *wanted, len(wanted)) for key in keys]
            return frozenset(etag for values in asked for (etag,) in connection.execute(query, values))

        return self._do(look_up, frozenset())

    def begin(self, source: Source, log_type: str, destinations: Iterable[str], *, form: str = "", fresh: bool = False) -> dict[str, int]:
        """Return the mark of each destination, 0 where nothing is known; from now on the object is in the ledger.

        ``form`` stands for how the object is cut into records: marks within an object mean nothing under another one, and are forgotten.
        ``fresh`` forgets all marks that are there.
        """
        marks = dict.fromkeys(destinations, 0)
        identity = _identity(source)
        if not self.path or not identity or not marks:
            return marks

        def enter(connection: sqlite3.Connection) -> dict[str, int]:
            row = connection.execute(FIND, identity).fetchone()
            if row is None:
                connection.execute(PUT, (*identity, log_type, form, source.size, self.clock()))
                return {}
            number, before = row
            if fresh or before != form:
                connection.execute("DELETE FROM mark WHERE object = ? AND records < ?", (number, WHOLE + fresh))
                connection.execute("UPDATE object SET form = ? WHERE id = ?", (form, number))
            return dict(connection.execute("SELECT destination, records FROM mark WHERE object = ?", (number,)))

        known: dict[str, int] = self._do(enter, {})
        return {name: known.get(name, 0) for name in marks}

    def note(self, source: Source, marks: Mapping[str, int], *, form: str = "") -> None:
        """Move marks on; not those within an object that somebody else has begun under another ``form`` meanwhile."""
        identity = _identity(source)
        if self.path and identity and marks:
            self._do(lambda connection: self._mark(connection, connection.execute(FIND, identity).fetchone(), marks, form), None)

    def end(self, source: Source, account: Account, marks: Mapping[str, int], *, form: str = "") -> None:
        """Move marks on as ``note`` does, and note how the source ended."""
        identity = _identity(source)
        if not self.path or not identity or not marks:
            return
        ledger = account.ledger
        counts = (ledger.passed + ledger.read, ledger.excluded, ledger.turned_away, ledger.arrived, ledger.bytes_out)

        def finish(connection: sqlite3.Connection) -> None:
            now = self.clock()
            row = connection.execute(FIND, identity).fetchone()
            if row is None:  # an object without a record was never begun
                row = connection.execute(PUT, (*identity, account.log_type, form, source.size, now)).fetchone()
            self._mark(connection, row, {name: at for name, at in marks.items() if at or account.status == DONE}, form)
            status = "" if account.failure == STOPPED else account.status  # it goes on with the next run
            ended = (account.log_type, status, encodable(account.reason), source.size)
            connection.execute(END, (*ended, *counts, account.seconds, now, row[0]))

        self._do(finish, None)

    def _mark(self, connection: sqlite3.Connection, row: tuple[int, str] | None, marks: Mapping[str, int], form: str) -> None:
        if row is not None:
            number, now = row
            connection.executemany(MARK, [(number, name, at, self.clock()) for name, at in marks.items() if at >= WHOLE or now == form])

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _do(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Return what ``work`` gives within a transaction, or ``otherwise`` when the file fails: that is told once, and the load goes on."""
        try:
            connection = self._connection or self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                found = work(connection)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        except (OSError, sqlite3.Error) as why:
            self.close()
            if not self.failed:
                log.warning("the ledger %s cannot be used: %s; what is sent meanwhile may be sent again by a later run", self.path, why)
            self.failed = str(why)
            return otherwise
        self.failed = ""
        return found

    def _open(self) -> sqlite3.Connection:
        """Open the file, patiently: where several programs make it at once, SQLite refuses some of them without waiting."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self._open_once()
            except sqlite3.OperationalError as why:
                if "locked" not in str(why) or time.monotonic() > deadline:
                    raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311  # no secret

    def _open_once(self) -> sqlite3.Connection:
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a crash of the machine may take the last marks along: duplicates, no loss
            connection.execute("PRAGMA foreign_keys = ON")
            connection.executescript(SCHEMA)
            connection.execute("DELETE FROM object WHERE changed < ?", (self.clock() - self.keep,))
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection


class Entry:
    """One source in the ledger. ``destinations`` are those of its outputs that last, by the output's name. ``form``: see ``Journal.begin``;
    to a ``fresh`` one, nothing that the ledger has counts.
    """

    def __init__(
        self, journal: Journal, source: Source, log_type: str, destinations: Mapping[str, str], *, form: str = "", fresh: bool = False
    ) -> None:
        self.journal, self.source, self.log_type, self.form, self.fresh = journal, source, log_type, form, fresh
        times = collections.Counter(destinations.values())
        named = {name: where if times[where] == 1 else f"{where} by {name}" for name, where in destinations.items()}  # each has marks of its own
        self.destinations = {name: encodable(where) for name, where in named.items()}

    def done(self, outputs: int) -> frozenset[str]:
        """Return the etags under which the source needs no reading, there being that many outputs."""
        if self.fresh or len(self.destinations) < outputs:
            return frozenset()
        return self.journal.done(self.source, self.destinations.values())

    def begin(self, source: Source) -> dict[str, int]:
        """Return the marks by output."""
        marks = self.journal.begin(source, self.log_type, self.destinations.values(), form=self.form, fresh=self.fresh)
        return {name: marks[destination] for name, destination in self.destinations.items()}

    def note(self, marks: Mapping[str, int]) -> None:
        """Move marks on, by output."""
        self.journal.note(self.source, self._by_destination(marks), form=self.form)

    def end(self, account: Account, marks: Mapping[str, int]) -> None:
        """Note how the source ended, and its marks by output."""
        self.journal.end(self.source, account, self._by_destination(marks), form=self.form)

    def _by_destination(self, marks: Mapping[str, int]) -> dict[str, int]:
        return {self.destinations[name]: at for name, at in marks.items() if name in self.destinations}


def _identity(source: Source) -> tuple[str, str, str, int, int] | None:
    """Return what an object is known by; None for one whose etag is not known: it may be another the next time."""
    etag = encodable(source.etag or source.version)
    return (encodable(source.bucket), encodable(source.key), etag, *_range(source)) if etag else None


def _range(source: Source) -> tuple[int, int]:
    return source.first, -1 if source.stop is None else source.stop

