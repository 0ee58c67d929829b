"""Pauses between requests to a service that is in trouble: they grow, are never the same twice, and have a longest."""

from __future__ import annotations

import random
import time

FIRST, LONGEST = 0.2, 3.0  # seconds; the longest is short enough for a stop signal to be heard in time


class Backoff:
    """Counts failures in a row. ``wait`` pauses before the next request, and not at all while none has failed.

    A pause is a random part of one that doubles from failure to failure ("full jitter"), so that workers that failed together do not
    ask again together.
    """

    def __init__(self, first: float = FIRST, longest: float = LONGEST) -> None:
        self.first, self.longest, self.failures = first, longest, 0

    def failed(self) -> None:
        """Note a failure that may pass."""
        self.failures += 1

    def worked(self) -> None:
        """Note that the service is well."""
        self.failures = 0

    def pause(self) -> float:
        """Return how long to wait before the next request, in seconds."""
        longest = min(self.longest, self.first * 2.0 ** min(self.failures - 1, 32)) if self.failures else 0.0
        return random.uniform(0, longest)  # noqa: S311  # no secret

    def wait(self) -> None:
        """Wait as long as ``pause`` says."""
        if self.failures:
            time.sleep(self.pause())
