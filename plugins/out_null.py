"""``out_null``: takes everything and keeps nothing, for measuring."""

from __future__ import annotations

from collections.abc import Sequence

from loader.api import TAKEN, Outcome, Output


class NullOutput(Output):
    """Drop messages."""

    lasting = False

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Take all."""
        return TAKEN
