"""Where JSON records end in a stream of text: see parser_json. Holds one block, or one record that spans blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator

import orjson

from loader.api import Broken, DecodeError, Limits, Overlong, Raws, Record, ValueScanner

BETWEEN = re.compile(r"[\s,\x1e\ufeff]*")  # RS: JSON text sequences, RFC 7464; the mark: files put one behind the other
COLON = re.compile(r"[\s:]*")
BARE = re.compile(r"[^\s,\[\]{}]+")
NEXT_HEAD = re.compile(r'(\s*,\s*)(\{\s*"(?:[^"\\\n]|\\.)*")')
LIST = re.compile(r'\[[\s,]*(?:[\[\]{"]|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[\s,\]])')
LIST_BEGUN = re.compile(r"\[[\s,]*[\w.+-]{0,40}\Z")
WALL = re.compile(r"\n(?:(?<=[^\s,\[:]\n)|(?<=[^\s,\[:]\r\n))\s*(?=\{)")  # then an object begins that no JSON value can have there
STRETCH = re.compile(r"[^\n]*+(?:\n(?=[ \t\r\n\]}])[^\n]*+)*+")  # a line, and the lines that look like its continuation
SIBLING = re.compile(r"\n(?=[\[{])")
MOST_HEADS = 16


class Unclosed(ValueError):
    """A list ends before its bracket: the next record has begun, the position is there."""


class JsonFrames:
    """One source's JSON, cut to chunks of raw records. ``keys`` lead to the list that holds them; empty: the objects themselves."""

    def __init__(self, blocks: Iterator[str], parse: Callable[[str], Record], limits: Limits, keys: tuple[str, ...]) -> None:
        self.blocks, self.parse, self.limits, self.keys = blocks, parse, limits, keys
        self.text, self.pos = "", 0
        self.base = 0  # how much text has gone before self.text; the next six count from the start of the source
        self.careful = 0  # up to here the quick cut has failed
        self.several = 0  # up to here the line is not one object
        self.searched = 0  # up to here there is no wall
        self.wall = 0  # the last one found
        self.stretch = 0  # the end of the last one found
        self.strict = False  # an object was left open: from now on each has to end where its lines seem to
        self.gap: set[str] = set()  # what was skipped last
        self.taken: list[str] = []
        self.records: list[Record] = []

    def chunks(self) -> Iterator[Raws]:
        """Yield the records in order; raises DecodeError when the source ends inside a list."""
        try:
            while self._skip(BETWEEN):
                if not self.keys and self.base + self.pos >= self.careful and (run := self._line_run()):
                    yield from self._flush()
                    yield from run
                else:
                    yield from self._careful_value()
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
        try:
            try:
                yield from self._value()
            except Broken:
                yield from self._take(self._broken_end())
        except Unclosed as why:
            yield from self._broken(self.text[self.pos : self.pos + 4096], f"{why}, which starts here")
        except Overlong as why:
            yield from self._broken(why.start, str(why))

    def _value(self) -> Iterator[Raws]:
        first = self.text[self.pos]
        if first == "[" and self._starts_list():
            self.pos += 1
            yield from self._list()
        elif first == "{" and self.keys:
            yield from self._object()
        elif first == "{":
            yield from self._one()
        else:
            yield from self._take(self._line_end())

    def _starts_list(self) -> bool:
        """Tell a list from a line that starts with a bracket: ``[INFO] started``."""
        while not (found := LIST.match(self.text, self.pos)) and LIST_BEGUN.match(self.text, self.pos) and self._more():
            pass
        return bool(found)

    def _one(self) -> Iterator[Raws]:
        """Take the object at hand: its line, as a rule, but it may have several or share it."""
        end = self.text.find("\n", self.pos)
        record = None
        if end >= 0 and self.base + end > self.several and end - self.pos <= self.limits.record_bytes:
            record, self.several = self._record(end), self.base + end
        if record is None:
            end = self._value_end()
            record = self._record(end)
            if record is None and "\n" in self.text[self.pos : end]:
                raise Broken("its brackets match by chance")
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
        start, level, found = self.text[self.pos : self.pos + 4096], 0, False
        self.pos += 1
        while True:
            first = self._skip(BETWEEN)
            if first == "}":
                self.pos += 1
                if level == 0:
                    break
                level -= 1
            elif first == '"':
                key = self._advance(self._value_end())
                first = self._skip(COLON)
                wanted = key == f'"{self.keys[level]}"'
                if wanted and first == "[" and level == len(self.keys) - 1:
                    found, self.pos = True, self.pos + 1
                    yield from self._list()
                elif wanted and first == "{" and level < len(self.keys) - 1:
                    level, self.pos = level + 1, self.pos + 1
                elif first:
                    self._skip_value()
            else:
                raise Broken("no JSON object") if first else DecodeError("the JSON ends inside an object: the source is incomplete")
        if not found:
            yield from self._broken(start, f"has no list under {'.'.join(self.keys)!r} (json_delimiter)")

    def _list(self) -> Iterator[Raws]:
        """Take the elements up to the closing bracket."""
        separators: dict[str, None] = {}  # from a closing brace to the next first key, in the order seen
        separator, follows = "", False
        while (first := self._skip(BETWEEN)) != "]":
            if not first:
                raise DecodeError("the JSON ends inside a list: the source is incomplete")
            if follows and first in "[{" and "\n" in self.gap and "," not in self.gap:
                raise Unclosed("the list is not closed before the next record")
            if separator and self.base + self.pos >= self.careful and (run := self._list_run(separator)):
                yield from self._flush()
                yield from run
                follows = False
                continue
            follows = yield from self._element(separators)
            if follows and (head := NEXT_HEAD.match(self.text, self.pos)):
                separator = "}" + head[1] + head[2]
                if len(separators) < MOST_HEADS:
                    separators[separator] = None
        self.pos += 1

    def _element(self, separators: dict[str, None]) -> Generator[Raws, None, bool]:
        """Take one element of a list, or skip what is broken; tell whether it was whole."""
        try:
            end = self._value_end()
            record = self._record(end) if self.text[self.pos] == "{" else None
            if record is None and any(self.text.find(one, self.pos, end) >= 0 for one in separators):
                raise Broken("its brackets match by chance")
        except Overlong as why:
            yield from self._broken(why.start, str(why))
            return False
        except Broken as why:
            start = self.text[self.pos : self.pos + 4096]
            unclosed = self._resynchronise(separators, why)
            yield from self._broken(start, f"not JSON: {why}")
            if unclosed:
                raise Unclosed("the list is not closed before the next record") from why
            return False
        yield from self._take(end, record)
        return True

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

    def _resynchronise(self, separators: dict[str, None], why: Broken) -> bool:
        """Skip a broken element up to where the next is known to begin, or a list or object on a line of its own: then tell so.

        Raises DecodeError when there is neither.
        """
        overlap = max(map(len, separators), default=2)
        while True:
            cuts = [at for one in separators if (at := self.text.find(one, self.pos)) >= 0]
            sibling = SIBLING.search(self.text, self.pos, min(cuts, default=len(self.text)))
            if sibling or cuts:
                self.pos = sibling.end() if sibling else min(cuts) + 1
                return bool(sibling)
            self.pos = max(self.pos, len(self.text) - overlap)
            if not self._more():
                raise DecodeError(f"the JSON list is broken: {why}")

    def _value_end(self) -> int:
        """Return where the value at hand ends; raises Overlong (the value is then skipped) or Broken."""
        if self.text[self.pos] not in '{["':
            return self._bare_end()
        scanner = ValueScanner()
        wall = self._find_wall()
        while (end := scanner.end(self.text, self.pos, wall)) is None:
            if wall:
                raise Broken("not closed before the next one")
            if len(self.text) - self.pos > self.limits.record_bytes:
                self.strict = self._stretch_end() < len(self.text)
                raise Broken("not closed") if self.strict else self._overlong(scanner)
            if not self._more():
                self.strict = True
                raise Broken("the JSON ends inside a value")
            wall = self._find_wall()
        if end - self.pos > self.limits.record_bytes:
            start, self.pos = self.pos, end
            raise Overlong(self.text[start : start + 4096], self.limits.record_bytes)
        return end

    def _find_wall(self) -> int:
        """Return where, in the text at hand, what is no part of the value here begins, or 0: not seen yet."""
        if self.wall <= self.base + self.pos:
            if found := WALL.search(self.text, max(self.pos, self.searched - self.base)):
                self.wall = self.base + found.end()
            else:
                self.searched = self.base + max(0, len(self.text.rstrip()) - 1)
        wall = max(0, self.wall - self.base) if self.wall > self.base + self.pos else 0
        if self.strict and (end := self._stretch_end()) < len(self.text):
            return min(wall or end, end)
        return wall

    def _stretch_end(self) -> int:
        """Return where the line at hand and those that look like its continuation end, or the end of the text at hand."""
        if self.stretch <= self.base + self.pos:
            end = STRETCH.match(self.text, self.pos).end()  # type: ignore[union-attr]  # it matches anywhere
            if end == len(self.text):
                return end
            self.stretch = self.base + end
        return self.stretch - self.base

    def _broken_end(self) -> int:
        """Return where what cannot be a value ends: no later than where the next may begin; raises Overlong."""
        while (end := self._stretch_end()) == len(self.text) and end - self.pos <= self.limits.record_bytes and self._more():
            pass
        wall = self._find_wall()
        end = min(wall or end, end)
        return end if end - self.pos <= self.limits.record_bytes else self._line_end()

    def _bare_end(self) -> int:
        while True:
            found = BARE.match(self.text, self.pos)
            if found is None:
                raise Broken(f"{self.text[self.pos]!r} where a value was expected")
            if len(self.text) - self.pos > self.limits.record_bytes and found.end() == len(self.text):
                return found.end()
            if found.end() < len(self.text) or not self._more():
                return found.end()

    def _overlong(self, scanner: ValueScanner) -> Overlong:
        """Skip to the end of a value that is too long to hold, and return the error to raise."""
        why = Overlong(self.text[self.pos : self.pos + 4096], self.limits.record_bytes)
        while True:
            rest = self.text[self.pos + scanner.at :]
            if rest.startswith('"'):  # inside a string: keep its opening quote, and a backslash that escapes what comes next
                rest = '"' + "\\" * ((len(rest) - len(rest.rstrip("\\"))) % 2)
            self.base += len(self.text) - len(rest)
            self.text, self.pos, scanner.at = rest, 0, 0
            if not self._more():
                self.text = ""
                return why
            sibling = SIBLING.search(self.text)
            try:
                end = scanner.end(self.text, 0, sibling.end() if sibling else 0)
            except Broken:
                end = self.text.find("\n")
            if end is not None or sibling:
                self.pos = sibling.end() if end is None and sibling else end or 0
                return why

    def _skip_value(self) -> None:
        try:
            self.pos = self._value_end()
        except Overlong:  # not a record: it was skipped, and nothing is lost
            return

    def _line_end(self) -> int:
        """Return where the line at hand ends; raises Overlong, the line then skipped."""
        while (end := self.text.find("\n", self.pos)) < 0 and len(self.text) - self.pos <= self.limits.record_bytes and self._more():
            pass
        if (len(self.text) if end < 0 else end) - self.pos <= self.limits.record_bytes:
            return len(self.text) if end < 0 else end
        why = Overlong(self.text[self.pos : self.pos + 4096], self.limits.record_bytes)
        while end < 0:
            self.pos = len(self.text)
            if not self._more():
                raise why
            end = self.text.find("\n", self.pos)
        self.pos = end
        raise why

    def _take(self, end: int, record: Record | None = None) -> Iterator[Raws]:
        """Take what stands from here to ``end``; when it is no record, to be rejected by ``parse``."""
        text = self._advance(end).strip()
        if record is None:
            yield from self._flush()
            if text:
                yield Raws([text], self.parse)
            return
        self.taken.append(text)
        self.records.append(record)
        if len(self.taken) >= self.limits.chunk_records:
            yield from self._flush()

    def _advance(self, end: int) -> str:
        start, self.pos = self.pos, end
        return self.text[start:end]

    def _flush(self) -> Iterator[Raws]:
        if self.taken:
            taken, self.taken = self.taken, []
            records, self.records = self.records, []
            yield Raws(taken, self.parse, records=records)

    def _broken(self, start: str, reason: str) -> Iterator[Raws]:
        yield from self._flush()
        yield Raws([], self.parse, broken=[(start, reason)])

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Skip what ``pattern`` matches, noting it in ``gap``, and return the first character behind it, or '' at the end."""
        self.gap = set()
        while True:
            end = pattern.match(self.text, self.pos).end()  # type: ignore[union-attr]  # these patterns match anywhere
            if end > self.pos:
                self.gap.update(self.text[self.pos : end])
                self.pos = end
            if self.pos < len(self.text):
                return self.text[self.pos]
            if not self._more():
                return ""

    def _more(self) -> bool:
        """Read one more block behind what is still needed."""
        block = next(self.blocks, None)
        if block is None:
            return False
        self.base += self.pos
        self.text, self.pos = self.text[self.pos :] + block, 0
        return True
