"""The accounting that decides whether a source is done: read and made = excluded + rejected + delivered or refused, for every output.

What an output had from an earlier try counts for it as ``earlier``; records that no output needs any more are ``passed`` over unread.
"""

from __future__ import annotations

import collections
import dataclasses

DONE, SKIPPED, FAILED = "done", "skipped", "failed"
WHOLE = 2**62  # the mark of a destination that has all records of a source


@dataclasses.dataclass(slots=True)
class Ledger:
    """What became of the records of one source. ``outputs`` are those that must each take every record."""

    outputs: tuple[str, ...] = ()
    read: int = 0
    made: int = 0  # records that hooks have made beside those that were read
    excluded: int = 0
    rejected: int = 0
    passed: int = 0
    earlier: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    delivered: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    refused: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    flags: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    bytes_in: int = 0
    bytes_out: int = 0
    rules: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)  # records by the exclusion rule they met
    place: tuple[str, str, str] = ("", "", "")  # log type, bucket and key of the source, once it is open

    def missing(self, output: str) -> int:
        """Return how many records ``output`` has neither taken nor refused for good; never negative in a sound account."""
        settled = self.delivered[output] + self.refused[output] + self.earlier[output]
        return self.read + self.made - self.excluded - self.rejected - settled

    def balances(self) -> bool:
        """Tell whether every record is accounted for at every output."""
        return all(self.missing(output) == 0 for output in self.outputs)

    @property
    def arrived(self) -> int:
        """How many records every output has taken."""
        return min((self.delivered[output] + self.earlier[output] for output in self.outputs), default=0)

    @property
    def turned_away(self) -> int:
        """How many records ended in the dead letter: rejected on the way, or refused by the output that refused most."""
        return self.rejected + max((self.refused[output] for output in self.outputs), default=0)

    def add(self, other: Ledger) -> None:
        """Add another ledger's numbers to this one."""
        self.outputs = tuple(dict.fromkeys((*self.outputs, *other.outputs)))
        for name in ("read", "made", "excluded", "rejected", "passed", "bytes_in", "bytes_out"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("earlier", "delivered", "refused", "flags", "rules"):
            getattr(self, name).update(getattr(other, name))


@dataclasses.dataclass(slots=True)
class Account:
    """The result of one source, as a worker reports it: its ledger, how it ended and why. ``position`` is its line in the list;
    ``stop`` says that nothing more can be delivered in this run; ``failure`` is the class of a failure (``loader/errors.py`` names them).
    """

    position: int
    uri: str
    key: str
    log_type: str = ""
    status: str = DONE
    reason: str = ""
    detail: str = ""
    ledger: Ledger = dataclasses.field(default_factory=Ledger)
    seconds: float = 0.0
    stop: bool = False
    failure: str = ""
