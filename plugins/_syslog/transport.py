"""What the output needs of a way to the receiver. Datagrams, Stream, Local and Relp are such ways, each in its module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from loader.api import Outcome


class Transport(Protocol):
    """A way to the receiver, connected when first needed and again after it broke."""

    @property
    def address(self) -> str:
        """The receiver that is talked to, or all that are tried."""

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send framed messages; raises Retryable."""

    def flush(self) -> None:
        """Return once the receiver has them as far as can be told; raises Retryable."""

    def settled(self) -> int:
        """Return how many messages since the last flush the receiver is known to have, counted from the first; counting begins anew."""

    def close(self) -> None:
        """End the connection in an orderly way."""
