"""``out_stdout``: documents on standard output, one JSON line each. What Sluice does when no output is configured."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Sequence

from loader.api import TAKEN, ConfigError, Outcome, Output, OutputClosed, Problem, Retryable


class StdoutOutput(Output):
    """Write to standard output, chunk by chunk under the run's lock: workers never mix within a line."""

    lasting = False
    torn = False

    def open(self) -> None:
        """Find the descriptor; raises ConfigError when standard output is closed."""
        try:
            self.descriptor = sys.__stdout__.fileno()  # type: ignore[union-attr]  # a hook may print; documents go where the shell said
        except (AttributeError, ValueError) as why:  # None, or no file at all
            raise ConfigError(Problem("standard output is closed: configure another output", section=self.name)) from why

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Write all; raises OutputClosed when the reader has gone, Retryable when standard output is a file and its disk full."""
        data = memoryview(b"\n" * self.torn + b"".join(messages))
        with self.lock:
            try:
                while data:
                    data = data[self._write(data) :]
            except BrokenPipeError as why:
                raise OutputClosed("the reader of standard output has gone") from why
            except OSError as why:
                raise Retryable(f"cannot write to standard output: {why.strerror}") from why
        return TAKEN

    def _write(self, data: memoryview) -> int:
        """Write what there is room for; what comes after a failure starts on a line of its own."""
        try:
            written = os.write(self.descriptor, data)
        except BlockingIOError:  # somebody made the pipe non-blocking
            select.select([], [self.descriptor], [])
            return 0
        self.torn = written < len(data)
        return written
