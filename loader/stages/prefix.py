"""``field_prefix``: the record's own top-level fields move under one name once all else is done; what was mapped stays where it is.

An ECS object that bears the name of a raw field moves with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from loader.batch import Batch
from loader.options import TypeOption, text
from loader.section import Section

PREFIX = TypeOption(text, "", name="field_prefix", doc="Name under which the record's own fields go in the document; empty: they stay at the top.")
OPTIONS = (PREFIX,)
Change = Callable[[Batch], None]


def prepare(log_type: Section, renamed: Sequence[str] = ()) -> tuple[Change, Change] | tuple[None, None]:
    """Return ``remember(batch)``, for the freshly parsed record, and ``move(batch)``, for the finished one; or twice None.

    ``renamed`` are names that the record's own fields get in between.
    """
    prefix = log_type.read(PREFIX)
    if not prefix:
        return None, None

    def remember(batch: Batch) -> None:
        names = [name for name in renamed if name[:1] != "@"]  # what all records are stamped with stays where it is looked for
        pairs = zip(batch.numbers, batch.records, strict=True)
        batch.own = {number: (*(name for name in record if name[:1] != "@"), *names) for number, record in pairs}

    def move(batch: Batch) -> None:
        for number, record in zip(batch.numbers, batch.records, strict=True):
            moved = {name: record.pop(name) for name in batch.own[number] if name in record}
            below = record.get(prefix)
            record[prefix] = {**below, **moved} if isinstance(below, dict) else moved

    return remember, move
