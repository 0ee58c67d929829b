"""The SQLite file of indicators: written whole, read in place by any number of processes."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from loader.api import unmapped
from plugins._ioc.indicator import Indicator, domain, utc

APPLICATION, VERSION = 0x536C696F, 1  # what SQLite files of ours, and of this form, say of themselves
COLUMNS = [field.name for field in dataclasses.fields(Indicator)]
SCHEMA = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE indicator ({", ".join(COLUMNS)}, PRIMARY KEY (value, provider, id)) WITHOUT ROWID;
CREATE INDEX network ON indicator (type, prefix) WHERE prefix IS NOT NULL;
"""
COUNTS = """
SELECT provider, sum(type != 'domain-name' AND prefix IS NULL), sum(prefix IS NOT NULL), sum(type = 'domain-name')
FROM indicator GROUP BY provider ORDER BY provider
"""
Counts = dict[str, tuple[int, ...]]


def write(file: Path, indicators: Iterable[Indicator]) -> Counts:
    """Write a database beside ``file`` and put it in its place at once, unless it is empty; raises OSError and sqlite3.Error.

    The counts are addresses, networks and domains by provider.
    """
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    try:
        with contextlib.closing(sqlite3.connect(beside)) as database:
            database.executescript(SCHEMA)
            insert = f"INSERT OR IGNORE INTO indicator VALUES ({', '.join('?' * len(COLUMNS))})"  # noqa: S608  # only question marks
            with database:
                database.executemany(insert, map(dataclasses.astuple, indicators))
            counts: Counts = {provider: tuple(rest) for provider, *rest in database.execute(COUNTS)}
        if counts:
            beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return counts


class Database:
    """Finds indicators; those that are not valid any more when it is opened are not found."""

    def __init__(self, file: Path) -> None:
        """Open ``file``; raises ValueError when it is no database of ours, OSError when it cannot be read."""
        file.open("rb").close()  # SQLite would not say why
        self.now = utc(datetime.datetime.now(datetime.UTC))
        try:
            self.file = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
            marks = [self.file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
            if marks != [APPLICATION, VERSION]:
                raise ValueError("it is another kind of database")
            networks = self.file.execute("SELECT DISTINCT type, prefix FROM indicator WHERE prefix IS NOT NULL").fetchall()
            self.above = bool(self.file.execute("SELECT EXISTS (SELECT 1 FROM indicator WHERE value >= '*.' AND value < '*/')").fetchone()[0])
        except sqlite3.Error as why:
            raise ValueError(str(why)) from why
        self.prefixes = {version: sorted(prefix for kind, prefix in networks if kind == f"ipv{version}-addr") for version in (4, 6)}

    def close(self) -> None:
        """Close the file."""
        self.file.close()

    def address(self, text: str) -> list[Indicator]:
        """Return the indicators of an address and of the networks it lies in; none for what is no address."""
        try:
            one = unmapped(ipaddress.ip_address(text.strip()))
        except ValueError:
            return []
        network = ipaddress.IPv4Network if one.version == 4 else ipaddress.IPv6Network
        values = [str(one), *(str(network((int(one), prefix), strict=False)) for prefix in self.prefixes[one.version])]
        return self._find(values, f"ipv{one.version}-addr")

    def domain(self, text: str) -> list[Indicator]:
        """Return the indicators of a name, and those that take all names below one of its parents; none for what is no name."""
        try:
            name = domain(text)
        except ValueError:
            return []
        labels = name.split(".") if self.above else []
        return self._find([name, *(f"*.{'.'.join(labels[start:])}" for start in range(1, len(labels) - 1))], "domain-name")

    def _find(self, values: list[str], kind: str) -> list[Indicator]:
        among = f"value IN ({', '.join('?' * len(values))}) AND type = ? AND (valid_until = '' OR valid_until > ?)"
        query = f"SELECT * FROM indicator WHERE {among} ORDER BY value, provider, id"  # noqa: S608  # only question marks
        return [Indicator(*row) for row in self.file.execute(query, (*values, kind, self.now))]
