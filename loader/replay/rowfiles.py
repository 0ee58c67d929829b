"""Files of dead-letter rows, read for a replay while others may still append to them (leaf).

A file that was replayed whole gets ``.replayed`` behind its name, so that nothing is sent twice. How far a replay has come stands beside it
in ``.position``, as long as there is something left.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import gzip
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self, cast

from loader.errors import ConfigError

SUFFIXES = (".ndjson", ".ndjson.gz")
REPLAYED, POSITION = ".replayed", ".position"
LONGEST = 256 * 1024**2  # bytes of a line: the message of the largest record is below


def find(names: Iterable[str]) -> list[Path]:
    """Return the files that are meant, each once; those in a folder with the oldest first. Raises ConfigError for what is not there."""
    found: dict[Path, Path] = {}
    missing = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = [file for file in path.iterdir() if file.name.endswith(SUFFIXES) and file.is_file()]
            files = sorted(inside, key=lambda file: (file.stat().st_mtime_ns, file.name))
        elif path.is_file():
            files = [path] if not path.name.endswith((REPLAYED, POSITION)) else []
        else:
            missing.append(f"there is no file or folder {name!r}")
            continue
        for file in files:
            found.setdefault(file.resolve(), file)
    if missing:
        raise ConfigError(*missing)
    return list(found.values())


class RowFile:
    """One file. Lines are numbered from 1; ``line`` is the last that a replay is done with."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.line = 0
        self.number = 0  # of the line that was read last
        self.consumed = 0  # bytes, of a file that is not compressed
        self.torn = False  # whether that line lacks its newline
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        try:
            raw = self.stack.enter_context(self.path.open("rb"))
            self.packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
        except OSError as why:
            raise ConfigError(f"{self.path} cannot be read: {why.strerror}") from why
        self.raw = raw
        self.stream = cast("BinaryIO", self.stack.enter_context(gzip.GzipFile(fileobj=raw))) if self.packed else raw
        self.line = self._position()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stack.close()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that are left, with their numbers; a last one may lack its newline. Raises ConfigError for what cannot be read.

        Asked again, it yields what has come since.
        """
        while line := self._read():
            self.consumed += len(line)
            if self.torn and line == b"\n":  # somebody who has come since has ended it
                self.torn = False
                continue
            self.number += 1
            self.torn = not line.endswith(b"\n")
            if self.number > self.line and line.strip():
                yield self.number, line

    def _read(self) -> bytes:
        try:
            line = self.stream.readline(LONGEST)
            if line and not line.endswith(b"\n") and not self.packed:
                with self._locked():  # somebody may be in the middle of it
                    line += self.stream.readline(LONGEST)
        except (OSError, EOFError, zlib.error) as why:
            raise ConfigError(f"{self.path} cannot be read: {getattr(why, 'strerror', None) or why}") from why
        if len(line) >= LONGEST:
            raise ConfigError(f"{self.path} has a line longer than {LONGEST} bytes: it is no file of rejects")
        return line

    def note(self, line: int) -> None:
        """Remember that the replay is done with all up to ``line``; where that cannot be written, an interrupted one begins anew."""
        self.line = line
        temporary = self._beside(f"{POSITION}.new")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps({"inode": self._inode(), "line": line}), encoding="ascii")
            temporary.replace(self._beside(POSITION))

    def forget(self) -> None:
        """Begin anew the next time."""
        self._beside(POSITION).unlink(missing_ok=True)

    def finish(self) -> Path | None:
        """Rename the file, and return its new name; None when lines have come behind those that were read. Raises OSError."""
        with self._locked():
            if not self.packed and os.fstat(self.raw.fileno()).st_size > self.consumed:
                return None
            path = self._whereabouts()
            target = path.with_name(path.name + REPLAYED)
            if target.exists():
                target = path.with_name(f"{path.name}.{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%S.%fZ}{REPLAYED}")
            path.rename(target)
        self.forget()
        return target

    def _whereabouts(self) -> Path:
        """Return where the file is by now: whoever appends to it may have rotated it."""
        files = [self.path, *self.path.parent.iterdir()]
        return next((file for file in files if file.exists() and file.stat().st_ino == self._inode()), self.path)

    def _position(self) -> int:
        try:
            found = json.loads(self._beside(POSITION).read_bytes())
            return int(found["line"]) if found["inode"] == self._inode() else 0
        except (OSError, ValueError, TypeError, KeyError):
            return 0

    def _inode(self) -> int:
        return os.fstat(self.raw.fileno()).st_ino

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock under which ``out_file`` appends."""
        descriptor = self.raw.fileno()
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                fcntl.flock(descriptor, fcntl.LOCK_UN)
