"""Where JSON records end in a stream of text: see parser_json."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

import orjson

from loader.api import Broken, DecodeError, Limits, Overlong, Raws, Record
from plugins._json.cursor import SIBLING, Cursor, Ends

BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")  # RS: JSON text sequences, RFC 7464; the mark: files put one behind the other
COLON = re.compile(r"[\s:]*")
HEAD = re.compile(r'\{\s*"(?:[^"\\\n]|\\.)*"')
LIST = re.compile(r'\[[\s,]*(?:[\[\]{"]|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[\s,\]])')
LIST_BEGUN = re.compile(r"\[[\s,]*[\w.+-]{0,40}\Z")
MOST_HEADS = 16
PATIENCE = 8  # how often a largest record may be looked at in vain
Separators = dict[str, None]  # from a closing brace to the next first key, in the order seen


class Unclosed(ValueError):
    """The value that starts with ``start`` is not closed, and at hand is the next."""

    def __init__(self, what: str, start: str) -> None:
        super().__init__(f"{what} is not closed before the next record")
        self.start = start


class JsonFrames(Cursor):
    """One source's JSON, cut to chunks of raw records. ``keys`` lead to the list that holds them; empty: the objects themselves."""

    def __init__(self, blocks: Iterator[str], parse: Callable[[str], Record], limits: Limits, keys: tuple[str, ...]) -> None:
        super().__init__(blocks, limits)
        self.parse, self.keys = parse, keys
        self.careful = 0  # up to here the quick cut has failed; lasts
        self.several = 0  # up to here the line is not one object; lasts
        self.wasted = 0  # characters looked at in vain
        self.open = 0  # lists around the objects that hold the list
        self.taken: list[str] = []
        self.records: list[Record] = []

    def chunks(self) -> Iterator[Raws]:
        """Yield the records in order; raises DecodeError when the source ends inside a list."""
        try:
            while self.skip(BETWEEN):
                if not self.keys and self.base + self.pos >= self.careful and (run := self._line_run()):
                    yield from self._flush()
                    yield from run
                else:
                    yield from self._careful_value()
            if self.open:
                raise DecodeError("the JSON ends inside a list: the source is incomplete")
        except DecodeError:
            yield from self._flush()
            raise
        yield from self._flush()

    def _line_run(self) -> list[Raws]:
        """Return the complete lines at hand when each of them parses as an object."""
        cut = self.text.rfind("\n", self.pos)
        if cut < 0:
            self.careful = self.base + len(self.text)
            return []
        found = [line for line in map(str.strip, self.text[self.pos : cut].split("\n")) if line]
        runs = self._parsed(found, cut)
        if runs:
            self.pos = cut + 1
        return runs

    def _parsed(self, found: list[str], upto: int) -> list[Raws]:
        try:
            records = list(map(orjson.loads, found))
            good = set(map(type, records)) == {dict} and max(map(len, found)) <= self.limits.record_bytes
        except orjson.JSONDecodeError:
            good = False
        if not good:
            self.careful = self.base + upto
            return []
        step = self.limits.chunk_records
        return [Raws(found[at : at + step], self.parse, records=records[at : at + step]) for at in range(0, len(found), step)]

    def _careful_value(self) -> Iterator[Raws]:
        """Take the one top-level value at hand; what cannot be one costs its lines and nothing else."""
        begins_line = "\n" in self.gap or self.base + self.pos == len(self.gap)
        self.indent = len(self.gap) - self.gap.rfind("\n") - 1 if begins_line else 0
        try:
            try:
                yield from self._value()
            except Broken:
                yield from self._take(self.broken_end())
        except (Overlong, Unclosed) as why:
            yield from self._broken(why.start, str(why))

    def _value(self) -> Iterator[Raws]:
        first = self.text[self.pos]
        if first == "[" and self._starts_list():
            self.pos += 1
            if self.keys:
                self.open += 1
            else:
                yield from self._list()
        elif first == "]" and self.open:
            self.open, self.pos = self.open - 1, self.pos + 1
        elif first == "{":
            yield from self._object() if self.keys else self._one()
        else:
            yield from self._take(self.line_end())

    def _starts_list(self) -> bool:
        """Tell a list from a line that starts with a bracket: ``[INFO] started``. One around objects that hold the list has them at once."""
        while not (found := LIST.match(self.text, self.pos)) and LIST_BEGUN.match(self.text, self.pos) and self.more():
            pass
        return bool(found) and (not self.keys or found[0][-1] == "{")  # type: ignore[index]

    def _one(self) -> Iterator[Raws]:
        """Take the object at hand: its line, as a rule, but it may have several or share it."""
        end = self.text.find("\n", self.pos)
        record = None
        if end >= 0 and self.base + end > self.several and end - self.pos <= self.limits.record_bytes:
            record, self.several = self._record(end), self.base + end
        if record is None:
            end = self.value_end()
            record = self._record(end)
            if record is None and "\n" in self.text[self.pos : end]:
                raise Broken("it is no JSON")
        yield from self._take(end, record)

    def _record(self, end: int) -> Record | None:
        """Return the object from here to ``end``, or None when that is none."""
        try:
            record = orjson.loads(self.text[self.pos : end])
        except orjson.JSONDecodeError:
            return None
        return record if type(record) is dict else None

    def _object(self) -> Iterator[Raws]:
        """Walk the members of the object at hand down ``keys`` and take the elements of the list there."""
        start, level, found = self.start(), 0, False
        self.pos += 1
        while (first := self.skip(BETWEEN)) != "}" or level:
            if first == "}":
                level, self.pos = level - 1, self.pos + 1
            elif first == '"':
                key = self.advance(self.value_end())
                first = self.skip(COLON)
                wanted = key == f'"{self.keys[level]}"'
                if wanted and first == "[" and level == len(self.keys) - 1:
                    found, self.pos = True, self.pos + 1
                    yield from self._list()
                elif wanted and first == "{" and level < len(self.keys) - 1:
                    level, self.pos = level + 1, self.pos + 1
                elif first:
                    self._skip_value()
            elif first == "{" and "\n" in self.gap:
                raise Unclosed("the object", start)
            else:
                raise Broken("it is no JSON object") if first else DecodeError("the JSON ends inside an object: the source is incomplete")
        self.pos += 1
        if not found:
            yield from self._broken(start, f"has no list under {'.'.join(self.keys)!r} (json_delimiter)")

    def _list(self) -> Iterator[Raws]:
        """Take the elements up to the closing bracket."""
        start, separators, separator, follows = self.start(), Separators(), "", ""
        while (first := self.skip(BETWEEN)) != "]":
            if not first:
                raise DecodeError("the JSON ends inside a list: the source is incomplete")
            if follows and first in "[{" and "\n" in self.gap and "," not in self.gap:
                raise Unclosed("the list", start)
            if separator and self.base + self.pos >= self.careful and (run := self._list_run(separator)):
                yield from self._flush()
                yield from run
                follows = ""
                continue
            gap = self.gap if follows else ""
            follows = yield from self._element(separators, start)
            if gap and (head := HEAD.match(follows)):
                separator = "}" + gap + head[0]
                if len(separators) < MOST_HEADS:
                    separators[separator] = None
        self.pos += 1

    def _element(self, separators: Separators, start: str) -> Generator[Raws, None, str]:
        """Take one element of a list, or skip what is broken; return its text when it is an object."""
        try:
            end = self.value_end()
        except Overlong as why:
            yield from self._broken(why.start, str(why))
        except Broken as why:
            broken = self.start()
            is_next = self._resynchronise(Separators() if isinstance(why, Ends) else separators, why)
            yield from self._broken(broken, f"not JSON: {why}")
            if not is_next:
                raise Unclosed("the list", start) from why
        else:
            text, record = self.text[self.pos : end], self._record(end)
            yield from self._take(end, record)
            return text if record is not None else ""
        return ""

    def _list_run(self, separator: str) -> list[Raws]:
        """Return the complete elements at hand that ``separator`` (from a closing brace to the next first key) cuts right."""
        cut = self.text.rfind(separator, self.pos)
        if cut < 0:
            self.careful = self.base + len(self.text)
            return []
        head = separator[separator.index("{") :]
        first, *others = self.text[self.pos : cut].split(separator)
        runs = self._parsed([first + "}", *[head + other + "}" for other in others]], cut)
        if runs:
            self.pos = cut + len(separator) - len(head)
        return runs

    def _resynchronise(self, separators: Separators, why: Broken) -> bool:
        """Skip a broken element up to where the next begins, or to a list or object on a line of its own: then return False.

        Raises DecodeError when there is neither.
        """
        seen = max(0, self.offence - self.base - self.pos)
        self.wasted += seen
        self.pos += 0 if isinstance(why, Ends) else seen
        overlap = max(map(len, separators), default=2)
        while self.wasted <= PATIENCE * self.limits.record_bytes:
            cuts = [at for one in separators if (at := self.text.find(one[1:], self.pos)) >= 0]  # what is broken may lack its brace
            sibling = SIBLING.search(self.text, self.pos, min(cuts, default=len(self.text)))
            if sibling or cuts:
                self.pos = sibling.end() if sibling else min(cuts)
                return not sibling
            self.pos = max(self.pos, len(self.text) - overlap)
            if not self.more():
                break
        raise DecodeError(f"the JSON list is broken: {why}")

    def _skip_value(self) -> None:
        try:
            self.pos = self.value_end()
        except Overlong:  # not a record: it was skipped, and nothing is lost
            return

    def _take(self, end: int, record: Record | None = None) -> Iterator[Raws]:
        """Take what stands from here to ``end``; when it is no record, for ``parse`` to reject."""
        text = self.advance(end).strip()
        if record is None:
            yield from self._flush()
            if text:
                yield Raws([text], self.parse)
            return
        self.taken.append(text)
        self.records.append(record)
        if len(self.taken) >= self.limits.chunk_records:
            yield from self._flush()

    def _flush(self) -> Iterator[Raws]:
        if self.taken:
            taken, self.taken = self.taken, []
            records, self.records = self.records, []
            yield Raws(taken, self.parse, records=records)

    def _broken(self, start: str, reason: str) -> Iterator[Raws]:
        yield from self._flush()
        yield Raws([], self.parse, broken=[(start, reason)])
