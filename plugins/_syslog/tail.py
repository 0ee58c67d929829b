"""What a connection was given last. Its receiver's TCP has it, but nobody knows whether the program there has read it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence


@dataclasses.dataclass(slots=True)
class Blob:
    """Whole messages, as they went out in one write. Those that were ``flushed`` nobody offers again."""

    messages: Sequence[bytes]
    size: int
    flushed: bool = False


class Tail:
    """The last ``most`` bytes that were flushed, or a little more, and everything since; 0 keeps nothing.

    TCP is a queue: what was sent before them on the same connection has been read, as long as ``most`` is more than the
    receiver's buffers hold. ``told`` gets the number of messages that are about to be sent again.
    """

    def __init__(self, most: int, told: Callable[[int], None] = lambda messages: None) -> None:
        self.most, self._told = most, told
        self._blobs: list[Blob] = []
        self._lost: list[Blob] = []

    def __bool__(self) -> bool:
        """Whether anything may not have been read."""
        return bool(self._blobs or self._lost)

    def sent(self, messages: Sequence[bytes], size: int) -> None:
        """Keep messages that are about to be sent, so many bytes together: themselves, which the engine keeps too until they are flushed."""
        if self.most:
            self._blobs.append(Blob(messages, size))

    def flushed(self) -> None:
        """The receiver's TCP has everything: forget what is beyond ``most``."""
        if not self.most:
            return
        size, keep = 0, len(self._blobs)
        while keep and size < self.most:
            keep -= 1
            size += self._blobs[keep].size
        del self._blobs[:keep]
        for blob in self._blobs:
            blob.flushed = True

    def died(self) -> None:
        """The connection broke: what was flushed on it is to be sent again, the rest is offered again by the engine."""
        self._lost += [blob for blob in self._blobs if blob.flushed]
        self._blobs = []

    def ended(self) -> None:
        """The receiver has read everything and closed."""
        self._blobs = []

    def again(self) -> bytes:
        """Return what the next connection has to begin with; it is part of the tail of that one."""
        blobs, self._lost = self._lost, []
        if blobs:
            self._told(sum(len(blob.messages) for blob in blobs))
        self._blobs = blobs
        return b"".join(message for blob in blobs for message in blob.messages)
