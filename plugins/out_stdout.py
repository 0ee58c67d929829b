"""``out_stdout``: documents on standard output, one JSON line each. What Sluice does when no output is configured."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from loader.api import TAKEN, Outcome, Output, OutputClosed


class StdoutOutput(Output):
    """Write to standard output, chunk by chunk under the run's lock: workers never mix within a line."""

    def open(self) -> None:
        """Find the descriptor."""
        self.descriptor = sys.stdout.fileno()

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Write all; raises OutputClosed when the reader has gone."""
        data = memoryview(b"".join(messages))
        with self.lock:
            try:
                while data:
                    data = data[os.write(self.descriptor, data) :]
            except BrokenPipeError as why:
                raise OutputClosed("the reader of standard output has gone") from why
        return TAKEN
