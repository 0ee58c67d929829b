"""What is in hand of a queue: messages, the sources they name, and how these have ended (leaf)."""

from __future__ import annotations

import dataclasses

from loader.batch import Source
from loader.ledger import Account
from loader.queues.receipts import Handout

Identity = tuple[str, str, str, int, int | None]


@dataclasses.dataclass(eq=False, slots=True)
class Held:
    """One message in hand. ``owes`` are the positions of sources that have not ended, ``again`` are those to try when it comes again."""

    handout: Handout
    owes: set[int] = dataclasses.field(default_factory=set)
    again: dict[Identity, tuple[Source, Account]] = dataclasses.field(default_factory=dict)
    kept: str = ""  # why it stays in the queue, if it does
    wanted: bool = False  # whether there is more in it than keys of no log type


@dataclasses.dataclass(eq=False, slots=True)
class Work:
    """One source to load, and the messages that wait for it."""

    position: int
    source: Source
    holders: list[Held] = dataclasses.field(default_factory=list)
    begun: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """How a source ended for this run; ``quarantine``: it goes to the dead letter too."""

    account: Account
    source: Source
    quarantine: bool = False


def is_exact(source: Source) -> bool:
    """Tell whether a source names one version of an object."""
    return bool(source.version or source.etag)


def identity_of(source: Source) -> Identity:
    """Return what tells one source that a queue may name from all others: bucket, key, version or etag, and range."""
    return source.bucket, source.key, source.version or source.etag, source.first, source.stop
