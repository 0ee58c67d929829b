"""A place in a stream of JSON text, and where the value or line there ends. Holds one block, or one record that spans blocks."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from loader.api import KEPT, Broken, DecodeError, Limits, Overlong, ValueScanner

BARE = re.compile(r"[^\s,\[\]{}]+")
BLANKS = re.compile(r"[\s,]*")
ELEMENT = re.compile(r'(?:[\[\]{"]|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)[\s,\]])')
ELEMENT_BEGUN = re.compile(r"[\w.+-]{0,40}\Z")
SIBLING = re.compile(r"\n(?=[\[{])")  # behind it begins, if anything is broken before, the next record
GAP = 4096
PATIENCE = 8  # how often a largest record may be looked at in vain


class Ends(Broken):
    """The source ends inside a value."""


class Unclosed(ValueError):
    """The value that starts with ``start`` is not closed, and at hand is the next."""

    def __init__(self, what: str, start: str) -> None:
        super().__init__(f"{what} is not closed before the next record")
        self.start = start


class Cursor:
    """``text`` from ``pos`` on is at hand. ``base`` characters have gone before it: adding them makes a position that lasts."""

    def __init__(self, blocks: Iterator[str], limits: Limits) -> None:
        self.blocks, self.limits = blocks, limits
        self.text, self.pos, self.base = "", 0, 0
        self.gap = ""  # what was skipped last
        self.indent = 0  # of the top-level value at hand
        self.strict = False  # an object was left open: from now on each has to end where its lines seem to
        self.stretch, self.measured = 0, 0  # the end of the last such lines (lasts), and the indent they were told by
        self.offence = 0  # where the last broken value was found to be that; lasts
        self.wasted = 0  # characters looked at in vain

    def more(self) -> bool:
        """Read one more block behind what is still needed."""
        block = next(self.blocks, None)
        if block is None:
            return False
        self.base += self.pos
        self.text, self.pos = self.text[self.pos :] + block, 0
        return True

    def advance(self, end: int) -> str:
        """Go to ``end`` and return what lies before."""
        start, self.pos = self.pos, end
        return self.text[start:end]

    def start(self) -> str:
        """Return the beginning of what is at hand: one character more than is passed on of it tells that there are more."""
        return self.text[self.pos : self.pos + KEPT + 1]

    def passed(self, start: str, begin: int) -> str:
        """Return of ``start``, which stood at the lasting position ``begin``, what has been passed since; dots where that is longer."""
        length = self.base + self.pos - begin
        return start[:length] if length <= len(start) else f"{start} ..."

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Skip what ``pattern`` matches, noting it in ``gap``, and return the first character behind it, or '' at the end."""
        self.gap = ""
        while True:
            end = pattern.match(self.text, self.pos).end()  # type: ignore[union-attr]  # these patterns match anywhere
            if end > self.pos:
                self.gap += self.text[self.pos : end]
                self.pos = end
                if len(self.gap) > GAP:
                    self.gap = self.gap[: GAP // 2] + self.gap[-GAP // 2 :]
            if self.pos < len(self.text):
                return self.text[self.pos]
            if not self.more():
                return ""

    def value_end(self) -> int:
        """Return where the value at hand ends; raises Overlong (the value is then skipped) or Broken."""
        if self.text[self.pos] not in '{["':
            return self._bare_end()
        scanner = ValueScanner()
        while (end := self._scan(scanner)) is None:
            if len(self.text) - self.pos > self.limits.record_bytes:
                if self.stretch_end() == len(self.text):
                    raise self._overlong(scanner)
                self.strict = True
                raise Broken("it is not closed")
            if not self.more():
                self.strict = True
                raise Ends("the JSON ends inside it")
        if end - self.pos > self.limits.record_bytes:
            why = Overlong(self.start(), self.limits.record_bytes)
            self.pos = end
            raise why
        return end

    def _scan(self, scanner: ValueScanner) -> int | None:
        wall = self.stretch_end() if self.strict else len(self.text)
        try:
            end = scanner.end(self.text, self.pos, wall)
            if end is None and wall < len(self.text):
                raise Broken("it is not closed")
        except Broken:
            self.offence = self.base + self.pos + scanner.at
            raise
        return end

    def _bare_end(self) -> int:
        while True:
            found = BARE.match(self.text, self.pos)
            if found is None:
                self.offence = self.base + self.pos
                raise Broken(f"{self.text[self.pos]!r} where a value was expected")
            if found.end() < len(self.text) or found.end() - self.pos > self.limits.record_bytes or not self.more():
                return found.end()

    def _overlong(self, scanner: ValueScanner) -> Overlong:
        """Skip to the end of a value that is too long to hold, and return the error to raise."""
        why = Overlong(self.start(), self.limits.record_bytes)
        while True:
            rest = self.text[self.pos + scanner.at :]
            if rest.startswith('"'):  # inside a string: keep its opening quote, and a backslash that escapes what comes next
                rest = '"' + "\\" * ((len(rest) - len(rest.rstrip("\\"))) % 2)
            self.base += len(self.text) - len(rest)
            self.text, self.pos, scanner.at = rest, 0, 0
            if not self.more():
                self.text = ""
                return why
            sibling = SIBLING.search(self.text)
            try:
                end = scanner.end(self.text, 0, sibling.end() if sibling else 0)
            except Broken:
                end = max(0, self.text.find("\n", scanner.at))
            if end is None and sibling:
                end = sibling.end()
            if end is not None:
                self.pos = end
                return why

    def line_end(self) -> int:
        """Return where the line at hand ends; raises Overlong, the line then skipped."""
        while (end := self.text.find("\n", self.pos)) < 0 and len(self.text) - self.pos <= self.limits.record_bytes and self.more():
            pass
        if (len(self.text) if end < 0 else end) - self.pos <= self.limits.record_bytes:
            return len(self.text) if end < 0 else end
        why = Overlong(self.start(), self.limits.record_bytes)
        while end < 0:
            self.pos = len(self.text)
            if not self.more():
                raise why
            end = self.text.find("\n", self.pos)
        self.pos = end
        raise why

    def broken_end(self) -> int:
        """Return where what is at hand and cannot be a value ends: its line and those that go on with it; raises Overlong."""
        while (end := self.stretch_end()) == len(self.text) and end - self.pos <= self.limits.record_bytes and self.more():
            pass
        return end if end - self.pos <= self.limits.record_bytes else self.line_end()

    def stretch_end(self) -> int:
        """Return where the line at hand and those that look like its continuation end, or the end of the text at hand."""
        if self.stretch <= self.base + self.pos or self.measured != self.indent:
            beyond = re.compile(rf"\n(?![ \t]{{{self.indent + 1}}}|[ \t]*(?:[\]}}\r\n]|\Z))")  # re remembers these
            found = beyond.search(self.text, self.pos)
            end = found.start() if found else len(self.text)
            if end == len(self.text):
                return end
            self.stretch, self.measured = self.base + end, self.indent
        return self.stretch - self.base

    def starts_list(self, first: str = "") -> bool:
        """Tell a list from a line that starts with a bracket: ``[INFO] started``. Its first element has to begin with ``first``, if any."""
        ahead = 1  # of the bracket: what is known to be blank is not looked at again
        while ahead <= self.limits.record_bytes:
            at = BLANKS.match(self.text, self.pos + ahead).end()  # type: ignore[union-attr]  # it matches anywhere
            ahead = at - self.pos
            if found := ELEMENT.match(self.text, at):
                return first in ("", found[0][-1])
            if not ELEMENT_BEGUN.match(self.text, at) or not self.more():
                break
        return False

    def resynchronise(self, separators: Collection[str], why: Broken) -> bool:
        """Skip a broken element up to where the next begins, or to a list or object on a line of its own: then return False.

        ``separators`` are what has stood between elements. Raises DecodeError when there is neither.
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
