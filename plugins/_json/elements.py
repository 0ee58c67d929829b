"""The records at a place in a stream of JSON text: one, a run of complete lines, or the elements of a list."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

import orjson

from loader.api import Broken, DecodeError, Limits, Overlong, Raws, Record
from plugins._json.chunks import Chunks
from plugins._json.cursor import Cursor, Ends, Unclosed

BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")  # RS: JSON text sequences, RFC 7464; the mark: files put one behind the other
HEAD = re.compile(r'\{\s*"(?:[^"\\\n]|\\.)*"')
MOST_HEADS = 16
INCOMPLETE = "the JSON ends inside {}: the source is incomplete"
Separators = dict[str, None]  # from a closing brace to the next first key, in the order seen


class Elements(Cursor):
    """A cursor that takes records into ``out``; what comes back are chunks that became full."""

    def __init__(self, blocks: Iterator[str], out: Chunks, limits: Limits) -> None:
        super().__init__(blocks, limits)
        self.out = out
        self.careful = 0  # up to here the quick cut has failed; lasts

    @property
    def may_run(self) -> bool:
        """Tell whether the quick cut is worth trying."""
        return self.base + self.pos >= self.careful

    def line_run(self) -> Iterator[Raws] | None:
        """Take the complete lines at hand when each of them parses as an object."""
        cut = self.text.rfind("\n", self.pos)
        if cut < 0:
            self.careful = self.base + len(self.text)
            return None
        found = [line for line in map(str.strip, self.text[self.pos : cut].split("\n")) if line]
        return self._run(found, cut, cut + 1)

    def _list_run(self, separator: str) -> Iterator[Raws] | None:
        """Take the complete elements at hand when ``separator`` (from a closing brace to the next first key) cuts them right."""
        cut = self.text.rfind(separator, self.pos)
        if cut < 0:
            self.careful = self.base + len(self.text)
            return None
        head = separator[separator.index("{") :]
        first, *others = self.text[self.pos : cut].split(separator)
        return self._run([first + "}", *[head + other + "}" for other in others]], cut, cut + len(separator) - len(head))

    def _run(self, found: list[str], upto: int, end: int) -> Iterator[Raws] | None:
        """Take ``found``, which stands before ``upto``, and go to ``end`` when all of it parses; else look with care up to there."""
        try:
            records = list(map(orjson.loads, found))
            good = set(map(type, records)) == {dict} and max(map(len, found)) <= self.limits.record_bytes
        except orjson.JSONDecodeError:
            good = False
        if not good:
            self.careful = self.base + upto
            return None
        escaped = self.text.find("\\", self.pos, end) >= 0 and self.text.rfind("\\u", self.pos, end) >= 0  # find takes three times as long
        self.pos = end
        return self.out.run(found, records, escaped=escaped)

    def record(self, end: int) -> Record | None:
        """Return the object from here to ``end``, or None when that is none."""
        try:
            record = orjson.loads(self.text[self.pos : end])
        except orjson.JSONDecodeError:
            return None
        return record if type(record) is dict else None

    def take(self, end: int, record: Record | None = None) -> Iterator[Raws]:
        """Take what stands from here to ``end``; when it is no record, for ``parse`` to reject."""
        text = self.advance(end).strip()
        if record is not None:
            if self.out.add(text, record):
                yield from self.out.flush()
        elif text:
            yield from self.out.reject(text)

    def elements(self) -> Iterator[Raws]:
        """Take the elements of the list whose opening bracket is at hand, up to the closing one."""
        self.pos += 1
        start, separators, separator, follows = self.start(), Separators(), "", ""
        while (first := self.skip(BETWEEN)) != "]":
            if not first:
                raise DecodeError(INCOMPLETE.format("a list"))
            if follows and first in "[{" and "\n" in self.gap and "," not in self.gap:
                raise Unclosed("the list", start)
            if separator and self.may_run and (run := self._list_run(separator)):
                yield from run
                follows = ""
                continue
            gap = self.gap if follows else ""
            follows = yield from self.element(separators, start)
            if gap and (head := HEAD.match(follows)):
                separator = "}" + gap + head[0]
                if len(separators) < MOST_HEADS:
                    separators[separator] = None
        self.pos += 1

    def element(self, separators: Separators, start: str) -> Generator[Raws, None, str]:
        """Take one element of the list that began with ``start``, or skip what is broken; return its text when it is an object."""
        try:
            end = self.value_end()
        except Overlong as why:
            yield from self.out.broken(why.start, str(why))
        except Broken as why:
            broken, begin = self.start(), self.base + self.pos
            is_next = self.resynchronise(Separators() if isinstance(why, Ends) else separators, why)
            yield from self.out.broken(self.passed(broken, begin), f"not JSON: {why}")
            if not is_next:
                raise Unclosed("the list", start) from why
        else:
            text, record = self.text[self.pos : end], self.record(end)
            yield from self.take(end, record)
            return text if record is not None else ""
        return ""
