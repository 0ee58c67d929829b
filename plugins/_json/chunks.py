"""Records on their way out of the framing: gathered to chunks, given the fields of the objects around them, held where those come late."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator

import orjson

from loader.api import Limits, Meta, Raws, Record, kept


class Chunks:
    """Records and their texts, as they are added; what comes back is full chunks.

    ``extra`` are fields for records that have none of these names: name and value as JSON texts. ``write`` makes of a record's text
    what is kept of it: of all with ``always``, else of those that may have an escape in them. ``meta`` is what an event around the
    records tells of them.
    """

    def __init__(self, parse: Callable[[str], Record], limits: Limits, write: Callable[[str], str], *, always: bool = False) -> None:
        self.parse, self.limits, self.write, self.always = parse, limits, write, always
        self.extra: dict[str, str] = {}
        self.meta: Meta | None = None
        self.texts: list[str] = []
        self.records: list[Record] = []
        self.held: Held | None = None

    def add(self, text: str, record: Record) -> bool:
        """Add one record and tell whether that makes a chunk, to be had from ``flush``."""
        self.texts.append(joined(text, record, self.extra) if self.extra else text)
        self.records.append(record)
        return len(self.texts) >= self.limits.chunk_records

    def run(self, texts: list[str], records: list[Record], *, escaped: bool) -> Iterator[Raws]:
        """Add many records; ``escaped`` tells whether one of them may have an escape."""
        yield from self.flush()
        if self.extra:
            texts = [joined(text, record, self.extra) for text, record in zip(texts, records, strict=True)]
        if escaped or self.always:
            texts = list(map(self.write, texts))
        step = self.limits.chunk_records
        for at in range(0, len(texts), step):
            yield from self._give(self._raws(texts[at : at + step], records[at : at + step]))

    def reject(self, text: str) -> Iterator[Raws]:
        """Add what is no record, for ``parse`` to say why."""
        yield from self.flush()
        yield from self._give(Raws([text], self.parse))

    def broken(self, start: str, reason: str) -> Iterator[Raws]:
        """Add what is not even the text of a record."""
        yield from self.flush()
        yield from self._give(Raws([], self.parse, broken=[(kept(start), reason)]))

    def flush(self) -> Iterator[Raws]:
        """Give what has been added."""
        if self.texts:
            texts, self.texts = self.texts, []
            records, self.records = self.records, []
            yield from self._give(self._raws(list(map(self.write, texts)), records))

    def told(self, meta: Meta | None) -> Iterator[Raws]:
        """Add to the records from now on what is told of them; those before are given as they are."""
        if meta is not self.meta:
            yield from self.flush()
            self.meta = meta

    def hold(self) -> Iterator[Raws]:
        """From now on hold what is added, as ``extra`` is not yet complete; what was added before is given."""
        if self.held is None:
            yield from self.flush()
            self.held = Held(self.limits.record_bytes)

    def release(self) -> Iterator[Raws]:
        """Give what was held, with what ``extra`` has now; it is then empty."""
        if self.held is not None:
            yield from self.flush()
            held, self.held = self.held, None
            yield from held.given(self)
            yield from self.flush()
        self.extra = {}

    def _raws(self, texts: list[str], records: list[Record]) -> Raws:
        return Raws(texts, self.parse, records=records, metas=[self.meta] * len(texts) if self.meta else None)

    def _give(self, raws: Raws) -> Iterator[Raws]:
        if self.held is None:
            yield raws
        else:
            self.held.put(raws)


class Held:
    """Chunks set aside: in memory up to ``limit`` bytes, in a temporary file beyond."""

    def __init__(self, limit: int) -> None:
        self.file = tempfile.SpooledTemporaryFile(limit)  # noqa: SIM115  # closed in given

    def put(self, raws: Raws) -> None:
        """Set a chunk aside."""
        self.file.write(json.dumps((raws.texts, raws.records is not None, raws.broken)).encode() + b"\n")

    def given(self, chunks: Chunks) -> Iterator[Raws]:
        """Add all to ``chunks``, as if they were read now."""
        with self.file:
            self.file.seek(0)
            for line in self.file:
                texts, good, broken = json.loads(line)
                for text in texts:
                    if not good:
                        yield from chunks.reject(text)
                    elif chunks.add(text, orjson.loads(text)):
                        yield from chunks.flush()
                for start, reason in broken:
                    yield from chunks.broken(start, reason)


def joined(text: str, record: Record, extra: dict[str, str]) -> str:
    """Give ``record`` the fields of ``extra`` whose names it lacks, behind its own, and return its text with them."""
    added = ", ".join(f"{name}: {value}" for name, value in extra.items() if orjson.loads(name) not in record)
    if not added:
        return text
    comma = ", " if record else ""
    record.update(orjson.loads(f"{{{added}}}"))  # parsed for each: a record shares nothing with another
    return f"{text[:-1].rstrip()}{comma}{added}}}"
