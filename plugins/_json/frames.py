"""Where JSON records end in a stream of text: see parser_json."""

from __future__ import annotations

from collections.abc import Iterator

from loader.api import Broken, DecodeError, Limits, Overlong, Raws
from plugins._json.chunks import Chunks
from plugins._json.cursor import Unclosed
from plugins._json.elements import BETWEEN, INCOMPLETE, Elements
from plugins._json.members import Layout, Members


class JsonFrames:
    """One source's JSON, cut to chunks of raw records."""

    def __init__(self, blocks: Iterator[str], out: Chunks, limits: Limits, layout: Layout) -> None:
        self.at, self.out = Elements(blocks, out, limits), out
        self.members = Members(self.at, layout) if layout.keys else None
        self.several = 0  # up to here the line is not one object; lasts
        self.open = 0  # lists around the objects that hold the records

    def chunks(self) -> Iterator[Raws]:
        """Yield the records in order; raises DecodeError when the source ends inside a list."""
        at = self.at
        try:
            while at.skip(BETWEEN):
                run = at.line_run() if self.members is None and at.may_run else None
                yield from run or self._careful_value()
            if self.open:
                raise DecodeError(INCOMPLETE.format("a list"))
        except DecodeError:
            yield from self.out.flush()
            raise
        yield from self.out.flush()

    def _careful_value(self) -> Iterator[Raws]:
        """Take the one top-level value at hand; what cannot be one costs its lines and nothing else."""
        at = self.at
        begins_line = "\n" in at.gap or at.base + at.pos == len(at.gap)
        at.indent = len(at.gap) - at.gap.rfind("\n") - 1 if begins_line else 0
        try:
            try:
                yield from self._value()
            except Broken:
                yield from at.take(at.broken_end())
        except (Overlong, Unclosed) as why:
            yield from self.out.broken(why.start, str(why))

    def _value(self) -> Iterator[Raws]:
        at, first = self.at, self.at.text[self.at.pos]
        if first == "[" and at.starts_list("{" if self.members else ""):
            if self.members:
                self.open, at.pos = self.open + 1, at.pos + 1
            else:
                yield from at.elements()
        elif first == "]" and self.open:
            self.open, at.pos = self.open - 1, at.pos + 1
        elif first == "{":
            yield from self.members.take() if self.members else self._one()
        else:
            yield from at.take(at.line_end())

    def _one(self) -> Iterator[Raws]:
        """Take the object at hand: its line, as a rule, but it may have several or share it."""
        at = self.at
        end = at.text.find("\n", at.pos)
        record = None
        if end >= 0 and at.base + end > self.several and end - at.pos <= at.limits.record_bytes:
            record, self.several = at.record(end), at.base + end
        if record is None:
            end = at.value_end()
            record = at.record(end)
            if record is None and "\n" in at.text[at.pos : end]:
                raise Broken("it is no JSON")
        yield from at.take(end, record)
