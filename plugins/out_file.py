"""``out_file``: documents appended to a local file, one a line; also the usual dead letter. Workers share the file."""

from __future__ import annotations

import contextlib
import datetime
import errno
import fcntl
import logging
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path

from loader.api import TAKEN, ConfigError, Option, Outcome, Output, Problem, Retryable, flag, number, path, size

STAMP = "%Y%m%dT%H%M%S.%fZ"  # UTC: names sort by time, and a file is renamed once
STAMPED = r"\d{8}T\d{6}\.\d{6}Z"
log = logging.getLogger(__name__)


class FileOutput(Output):
    """Append to a file, created with its folders at the first record. Each chunk is one append, which the system keeps whole.

    Where the file is renamed or deleted, by rotation here, in another worker or by logrotate, the next chunk begins a new one.
    """

    path = Option(path, None, doc="The file to append to.")
    rotate_bytes = Option(size, "0", doc="Size beyond which the file gets its time as part of its name and a new one is begun; 0: never.")
    rotate_keep = Option(number(0), "0", doc="How many such files are kept, the oldest being deleted, with a warning; 0: all.")

    sync = Option(flag, "no", doc="Have the disk write what was appended before it counts as delivered: a crash of the machine then costs nothing.")

    descriptor = -1
    torn = False
    unsynced = False

    @property
    def destination(self) -> str:
        """The file, whatever the section is called."""
        return f"file {Path(self.path).resolve()}"

    def open(self) -> None:
        """Check that the place is not a folder; raises ConfigError."""
        if Path(self.path).is_dir():
            raise ConfigError(Problem(f"{self.path!r} is a folder, not a file", section=self.name, key="path"))

    def close(self) -> None:
        """Close the file."""
        if self.unsynced:
            with contextlib.suppress(Retryable):
                self._synced()
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Append all or, as far as the system allows, nothing; raises Retryable when the disk is full or the file cannot be written."""
        data = b"".join(messages)
        try:
            try:
                self._lock()
                if self.rotate_bytes:
                    self._rotate(len(data))
                self._append(b"\n" * self.torn + data)
                self.unsynced = self.sync
            finally:
                if self.descriptor >= 0:
                    with contextlib.suppress(OSError):
                        fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        except OSError as why:
            raise Retryable(f"[{self.name}] cannot append to {self.path!r}: {why.strerror}") from why
        return TAKEN

    def flush(self) -> None:
        """Where ``sync`` is set, return once the disk has what was appended; raises Retryable."""
        if self.unsynced:
            self._synced()

    def _synced(self) -> None:
        try:
            os.fsync(self.descriptor)
        except OSError as why:
            if why.errno != errno.EINVAL:  # a pipe, which has no disk
                raise Retryable(f"[{self.name}] cannot write {self.path!r} to its disk: {why.strerror}") from why
        self.unsynced = False

    def _lock(self) -> None:
        """Open the file where that is to be done, and lock it: the one that stands at the path now, for somebody may have rotated it."""
        while True:
            fresh = self.descriptor < 0
            if fresh:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                self.descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)
            facts = os.fstat(self.descriptor)
            if _stands_at(self.path, facts):
                self.torn |= fresh and _is_torn(self.path, facts)
                return
            self.close()
            self.torn = False

    def _rotate(self, coming: int) -> None:
        """Give a file that would grow beyond ``rotate_bytes`` another name and begin a new one; those who wait for the lock notice."""
        while self._too_large(coming):  # again: another process may have filled the new one by the time we have its lock
            self._begin_anew()

    def _too_large(self, coming: int) -> bool:
        facts = os.fstat(self.descriptor)
        return stat.S_ISREG(facts.st_mode) and facts.st_size > 0 and facts.st_size + coming > self.rotate_bytes

    def _begin_anew(self) -> None:
        self.flush()
        path = Path(self.path).resolve()
        now = datetime.datetime.now(datetime.UTC)
        while (target := path.with_name(f"{path.stem}-{now:{STAMP}}{path.suffix}")).exists():
            now += datetime.timedelta(microseconds=1)
        path.rename(target)
        self.close()
        self.torn = False
        self._lock()
        for oldest in self._rotated(path)[: -self.rotate_keep] if self.rotate_keep else ():
            self._drop(oldest)

    def _rotated(self, path: Path) -> list[Path]:
        """Return the files that rotation has left, the oldest first."""
        name = re.compile(rf"{re.escape(path.stem)}-{STAMPED}{re.escape(path.suffix)}")
        return sorted(file for file in path.parent.iterdir() if name.fullmatch(file.name))

    def _drop(self, file: Path) -> None:
        with contextlib.suppress(OSError):  # another process was faster
            with file.open("rb") as lines:
                count = sum(block.count(b"\n") for block in iter(lambda: lines.read(1024 * 1024), b""))
            file.unlink()
            log.warning("[%s] %s is deleted, and its %d lines are gone: rotate_keep is %d", self.name, file, count, self.rotate_keep)

    def _append(self, data: bytes) -> None:
        """Append ``data``. What of it did not find room is taken back, or ended with a newline before anything else is written."""
        written = 0
        try:
            while written < len(data):
                written += os.write(self.descriptor, memoryview(data)[written:])
            self.torn = False
        except OSError:
            if written:
                self.torn = True
                with contextlib.suppress(OSError):
                    end = os.lseek(self.descriptor, 0, os.SEEK_CUR)
                    if end == os.fstat(self.descriptor).st_size:  # nobody without a lock has appended since
                        os.ftruncate(self.descriptor, end - written)
                        self.torn = False
            raise


def _stands_at(path: str, facts: os.stat_result) -> bool:
    """Tell whether this file is the one that has the name now."""
    try:
        now = Path(path).stat()
    except FileNotFoundError:
        return False
    return (now.st_ino, now.st_dev) == (facts.st_ino, facts.st_dev)


def _is_torn(path: str, facts: os.stat_result) -> bool:
    """Tell whether the file ends in the middle of a line: whoever wrote it was killed, or its disk was full."""
    if not facts.st_size or not stat.S_ISREG(facts.st_mode):
        return False
    try:
        with Path(path).open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    except OSError:  # it may be written, and not read
        return False
