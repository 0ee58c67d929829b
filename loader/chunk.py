"""Encoded records for one output, and the ledgers they are owed to."""

from __future__ import annotations

import dataclasses

from loader.ledger import Ledger


@dataclasses.dataclass(slots=True)
class Chunk:
    """Messages in order. ``owed`` says from which position on they belong to which ledger; ``serial`` is the place of the first among all
    that the delivery was given, or lower.
    """

    messages: list[bytes] = dataclasses.field(default_factory=list)
    size: int = 0
    owed: list[tuple[int, Ledger]] = dataclasses.field(default_factory=list)
    serial: int = 0

    def add(self, messages: list[bytes], size: int, ledger: Ledger) -> None:
        """Append messages of one ledger; ``size`` is their bytes together."""
        if not self.owed or self.owed[-1][1] is not ledger:
            self.owed.append((len(self.messages), ledger))
        self.messages += messages
        self.size += size

    def ledger_at(self, position: int) -> Ledger:
        """Return the ledger of the message at ``position``."""
        return next(ledger for start, ledger in reversed(self.owed) if start <= position)

    def counts(self) -> list[tuple[Ledger, int]]:
        """Return how many messages each ledger has here."""
        ends = [start for start, _ in self.owed[1:]] + [len(self.messages)] * bool(self.owed)
        return [(ledger, end - start) for (start, ledger), end in zip(self.owed, ends, strict=True)]

    def split(self, count: int) -> tuple[Chunk, Chunk]:
        """Return a chunk of the first ``count`` messages, and one of the others."""
        first, others = self.messages[:count], self.messages[count:]
        size = sum(map(len, first))
        ends = [start for start, _ in self.owed[1:]] + [len(self.messages)]
        head = Chunk(first, size, [(start, ledger) for start, ledger in self.owed if start < count], self.serial)
        owed = [(max(start - count, 0), ledger) for (start, ledger), end in zip(self.owed, ends, strict=False) if end > count]
        return head, Chunk(others, self.size - size, owed, self.serial + count)

    def pick(self, positions: list[int]) -> Chunk:
        """Return a chunk of only the messages at ``positions``."""
        picked = Chunk(serial=self.serial + min(positions, default=0))
        for position in sorted(positions):
            message = self.messages[position]
            picked.add([message], len(message), self.ledger_at(position))
        return picked
