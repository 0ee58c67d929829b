"""``out_file``: documents appended to a local file, one a line; also the usual dead letter. Workers share the file."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from loader.api import TAKEN, ConfigError, Option, Outcome, Output, Problem, Retryable, path


class FileOutput(Output):
    """Append to a file, created with its folders at the first record. Each chunk is one append, which the system keeps whole."""

    path = Option(path, None, doc="The file to append to.")

    descriptor = -1
    torn = False

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
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Append all or, as far as the system allows, nothing; raises Retryable when the disk is full or the file cannot be written."""
        try:
            if self.descriptor < 0:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                self.descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            with contextlib.suppress(OSError):  # not every file system has locks
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)
            try:
                self._append(b"\n" * self.torn + b"".join(messages))
            finally:
                with contextlib.suppress(OSError):
                    fcntl.flock(self.descriptor, fcntl.LOCK_UN)
        except OSError as why:
            raise Retryable(f"[{self.name}] cannot append to {self.path!r}: {why.strerror}") from why
        return TAKEN

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
