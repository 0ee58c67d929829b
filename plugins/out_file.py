"""``out_file``: documents appended to a local file, one a line; also the usual dead letter. Workers share the file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from loader.api import TAKEN, ConfigError, Option, Outcome, Output, Retryable, path


class FileOutput(Output):
    """Append to a file, created with its folders at the first record. Each chunk is one append, which the system keeps whole."""

    path = Option(path, None, doc="The file to append to.")

    descriptor = -1
    torn = False

    def open(self) -> None:
        """Check that the place is not a folder; raises ConfigError."""
        if Path(self.path).is_dir():
            raise ConfigError(f"[{self.name}] path: {self.path!r} is a folder, not a file")

    def close(self) -> None:
        """Close the file."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Append all; raises Retryable when the disk is full or the file cannot be written."""
        data = memoryview((b"\n" if self.torn else b"") + b"".join(messages))
        try:
            if self.descriptor < 0:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
                self.descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
            while data:
                written = os.write(self.descriptor, data)
                self.torn = written < len(data)  # should the rest fail, what comes next starts on a line of its own
                data = data[written:]
        except OSError as why:
            raise Retryable(f"[{self.name}] cannot append to {self.path!r}: {why.strerror}") from why
        return TAKEN
