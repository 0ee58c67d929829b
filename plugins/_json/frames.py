"""Where JSON records end in a stream of text: see parser_json. Holds one block, or one record that spans blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson

from loader.api import Broken, DecodeError, Limits, Overlong, Raws, Record, ValueScanner

BLANK = re.compile(r"\s*")
BETWEEN = re.compile(r"[\s,\x1e]*")  # RS: JSON text sequences, RFC 7464
COLON = re.compile(r"[\s:]*")
BARE = re.compile(r"[^\s,\[\]{}]+")
NEXT_HEAD = re.compile(r'(\s*,\s*)(\{\s*"(?:[^"\\\n]|\\.)*")')


class JsonFrames:
    """One source's JSON, cut to chunks of raw records. ``keys`` lead to the list that holds them; empty: the objects themselves."""

    def __init__(self, blocks: Iterator[str], parse: Callable[[str], Record], limits: Limits, keys: tuple[str, ...]) -> None:
        self.blocks, self.parse, self.limits, self.keys = blocks, parse, limits, keys
        self.text, self.pos = "", 0
        self.base = 0  # how much text has gone before self.text
        self.careful = 0  # up to here, counted like base + pos, the quick cut has failed
        self.one_line = False  # an object was left open: from now on none is looked for beyond its line
        self.taken: list[str] = []

    def chunks(self) -> Iterator[Raws]:
        """Yield the records in order; raises DecodeError when the source ends inside a list."""
        while self._skip(BETWEEN):
            if not self.keys and self.base + self.pos >= self.careful and (run := self._line_run()):
                yield from self._flush()
                yield from run
            else:
                yield from self._careful_value()
        yield from self._flush()

    def _line_run(self) -> list[Raws]:
        """Return the complete lines at hand when each of them parses as an object."""
        cut = self.text.rfind("\n", self.pos)
        if cut < 0:
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
        """Take the one top-level value at hand; what cannot be one costs its line and nothing else."""
        try:
            first = self.text[self.pos]
            if first == "[":
                self.pos += 1
                yield from self._list()
            elif first == "{" and self.keys:
                yield from self._object()
            elif first == "{" and not self._whole_line():
                yield from self._take(self._value_end())
            else:
                yield from self._take(self._line_end())
        except Overlong as why:
            yield from self._flush()
            yield Raws([], self.parse, broken=[(why.start, str(why))])
        except Broken:
            self.one_line = True
            yield from self._take(self._line_end())

    def _whole_line(self) -> bool:
        end = self._line_end()
        try:
            orjson.loads(self.text[self.pos : end])
        except orjson.JSONDecodeError:
            return False
        return True

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
            yield from self._flush()
            yield Raws([], self.parse, broken=[(start, f"has no list under {'.'.join(self.keys)!r} (json_delimiter)")])

    def _list(self) -> Iterator[Raws]:
        """Take the elements up to the closing bracket."""
        separator = ""
        while (first := self._skip(BETWEEN)) != "]":
            if not first:
                yield from self._flush()
                raise DecodeError("the JSON ends inside a list: the source is incomplete")
            if separator and self.base + self.pos >= self.careful and (run := self._list_run(separator)):
                yield from self._flush()
                yield from run
                continue
            try:
                end = self._value_end()
            except Overlong as why:
                yield from self._flush()
                yield Raws([], self.parse, broken=[(why.start, str(why))])
                continue
            except Broken as why:
                yield from self._flush()
                yield from self._resynchronise(separator, why)
                continue
            yield from self._take(end)
            if head := NEXT_HEAD.match(self.text, self.pos):
                separator = "}" + head[1] + head[2]
        self.pos += 1

    def _list_run(self, separator: str) -> list[Raws]:
        """Return the complete elements at hand that ``separator`` (from a closing brace to the next first key) cuts right."""
        cut = self.text.rfind(separator, self.pos)
        if cut < 0:
            return []
        head = separator[separator.index("{") :]
        first, *others = self.text[self.pos : cut].split(separator)
        runs = self._parsed([first + "}", *[head + other + "}" for other in others]], cut)
        if runs:
            self.pos = cut + len(separator) - len(head)
        return runs

    def _resynchronise(self, separator: str, why: Broken) -> Iterator[Raws]:
        """Skip a broken element up to where the next one is known to begin; raises DecodeError when it is not."""
        start = self.text[self.pos : self.pos + 4096]
        while not separator or (cut := self.text.find(separator, self.pos)) < 0:
            if not separator or not self._more():
                raise DecodeError(f"the JSON list is broken: {why}")
        self.pos = cut + 1
        yield Raws([], self.parse, broken=[(start, f"not JSON: {why}")])

    def _value_end(self) -> int:
        """Return where the value at hand ends; raises Overlong (the value is then skipped), Broken or DecodeError."""
        if self.text[self.pos] not in '{["':
            return self._bare_end()
        scanner = ValueScanner()
        while (end := scanner.end(self.text, self.pos)) is None:
            if self.one_line and self.text.find("\n", self.pos) >= 0:
                raise Broken("an object is not closed on its line")
            if len(self.text) - self.pos > self.limits.record_bytes:
                raise self._overlong(scanner)
            if not self._more():
                raise Broken("the JSON ends inside a value")
        if end - self.pos > self.limits.record_bytes:
            start, self.pos = self.pos, end
            raise Overlong(self.text[start : start + 4096], self.limits.record_bytes)
        return end

    def _bare_end(self) -> int:
        while True:
            found = BARE.match(self.text, self.pos)
            if found is None:
                raise Broken(f"{self.text[self.pos]!r} where a value was expected")
            if found.end() < len(self.text) or not self._more():
                return found.end()

    def _overlong(self, scanner: ValueScanner) -> Overlong:
        """Skip to the end of a value that is too long to hold, and return the error to raise."""
        why = Overlong(self.text[self.pos : self.pos + 4096], self.limits.record_bytes)
        end = None
        while end is None:
            rest = self.text[self.pos + scanner.at :]
            if rest.startswith('"'):  # inside a string: keep its opening quote, and a backslash that escapes what comes next
                rest = '"' + "\\" * ((len(rest) - len(rest.rstrip("\\"))) % 2)
            self.base += len(self.text) - len(rest)
            self.text, self.pos, scanner.at = rest, 0, 0
            if not self._more():
                self.text = ""
                return why
            end = scanner.end(self.text, self.pos)
        self.pos = end
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

    def _take(self, end: int) -> Iterator[Raws]:
        self.taken.append(self._advance(end).strip())
        if len(self.taken) >= self.limits.chunk_records:
            yield from self._flush()

    def _advance(self, end: int) -> str:
        start, self.pos = self.pos, end
        return self.text[start:end]

    def _flush(self) -> Iterator[Raws]:
        if self.taken:
            taken, self.taken = self.taken, []
            yield Raws(taken, self.parse)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        """Skip what ``pattern`` matches and return the first character behind it, or '' at the end."""
        while True:
            self.pos = pattern.match(self.text, self.pos).end()  # type: ignore[union-attr]  # these patterns match anywhere
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
