"""The way down the members of an object to the records in it, and what they take from beside it: ``json_delimiter``, ``json_include``."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import orjson

from loader.api import Broken, DecodeError, Meta, Overlong, Raws
from plugins._json.cursor import Unclosed
from plugins._json.elements import BETWEEN, INCOMPLETE, Elements
from plugins._json.outer import Include, quoted

COLON = re.compile(r"[\s:]*")
EVERY = "*"
DETAIL, TYPE = "detail", "detail-type"  # of an event of EventBridge: what it brings, and what tells it
TOLD = (TYPE, "account", "region", "time", "id")


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """Where the records are: ``keys`` lead to the list that holds them or, with a last key ``*``, to the object whose members they are.

    ``include`` are the fields that they take from the objects around them; ``member``, as JSON, is the field that takes the key of ``*``.
    """

    keys: tuple[str, ...]
    include: Include
    member: str = ""


class Members:
    """Takes the records in objects, one object after the other."""

    def __init__(self, at: Elements, layout: Layout) -> None:
        self.at, self.out, self.keys, self.include, self.member = at, at.out, layout.keys, layout.include, layout.member
        self.lists = [".".join(self.keys[level:]) for level in range(len(self.keys))]  # by level; a name may have dots of its own
        self.plain = not self.include and self.keys[-1] != EVERY  # all is to be skipped but the list
        self.wrapping = self.plain and self.keys[0] != DETAIL  # whether an event of EventBridge may be around it all

    def take(self) -> Iterator[Raws]:
        """Take the records in the object at hand, whatever comes first: they or the fields that they are to have."""
        return self._walk() if self.plain else self._walk_and_release()

    def _walk_and_release(self) -> Iterator[Raws]:
        failure: Exception | None = None
        try:
            yield from self._walk()
        except (Broken, Overlong, Unclosed, DecodeError) as why:
            failure = why
        yield from self.out.release()
        if failure:
            raise failure

    def _walk(self) -> Iterator[Raws]:
        """Take what the members lead to. ``level`` says how many keys down the members at hand are, ``event`` what is told of them."""
        yield from self.out.told(None)
        at, start, begin = self.at, self.at.start(), self.at.base + self.at.pos
        self.level, self.found, self.wrapped = 0, self.keys[0] == EVERY, False
        self.event: dict[str, Any] = {}
        at.pos += 1
        while (first := at.skip(BETWEEN)) != "}" or self.level or self.wrapped:
            if first == "}":
                self.wrapped = self.wrapped and self.level > 0
                self.level, at.pos = max(0, self.level - 1), at.pos + 1
            elif first == '"':
                name = self._name()
                yield from self._member(name, at.skip(COLON))
            elif first == "{" and "\n" in at.gap:
                raise Unclosed("the object", start)
            else:
                raise Broken("it is no JSON object") if first else DecodeError(INCOMPLETE.format("an object"))
        at.pos += 1
        yield from self.out.told(None)
        if not self.found:
            yield from self.out.broken(at.passed(start, begin), f"has no list under {self.lists[0]!r} (json_delimiter)")

    def _member(self, name: str, first: str) -> Iterator[Raws]:
        """Go down into the member's value, which begins with ``first``, or take it, or skip it."""
        level = self.level
        if first == "[" and name == self.lists[level]:
            yield from self._list()
            self.found = True
        elif first == "{" and level < len(self.keys) - 1 and name == self.keys[level]:
            self.level, self.at.pos = level + 1, self.at.pos + 1
            self.found = self.found or self.keys[level + 1] == EVERY
        elif self.wrapping and not level and not self.wrapped and self._is_told(name, first):
            yield from self._unwrap(name, first)
        elif first and self.plain:
            self._skip()
        elif first:
            yield from self._beside(level, name, first)

    def _is_told(self, name: str, first: str) -> bool:
        """Tell whether a member is what an event of EventBridge brings, or what it tells of that."""
        return first not in "[{" and name in TOLD if name != DETAIL else first == "{" and TYPE in self.event

    def _unwrap(self, name: str, first: str) -> Iterator[Raws]:
        if first == "{":
            event, salt = self.event, str(self.event.get("id", ""))
            account, region = (told if isinstance(told := event.get(name), str) else None for name in ("account", "region"))
            yield from self.out.told(Meta(account, region, event.get("time"), salt))
            self.wrapped, self.at.pos = True, self.at.pos + 1
            return
        with contextlib.suppress(Overlong, orjson.JSONDecodeError):
            self.event[name] = orjson.loads(self.at.advance(self.at.value_end()))

    def _name(self) -> str:
        text = self.at.advance(self.at.value_end())
        if "\\" in text:
            with contextlib.suppress(orjson.JSONDecodeError):
                return str(orjson.loads(text))
        return text[1:-1]

    def _list(self) -> Iterator[Raws]:
        if self._must_wait():
            yield from self.out.hold()
        yield from self.at.elements()

    def _beside(self, level: int, name: str, first: str) -> Iterator[Raws]:
        """Take the value of a member, ``level`` keys down, that begins with ``first`` and is not the list."""
        path = (*self.keys[:level], name)
        if self.include.wants(path, first):
            yield from self._note(path)
        elif self.keys[level] == EVERY:
            yield from self._under(name, first)
        else:
            self._skip()

    def _skip(self) -> None:
        try:
            self.at.pos = self.at.value_end()
        except Overlong:  # not a record: it was skipped, and nothing is lost
            return

    def _note(self, path: tuple[str, ...]) -> Iterator[Raws]:
        """Note the fields that records take from the value at hand."""
        start = self.at.start()
        try:
            self.out.extra |= self.include.fields(path, self.at.advance(self.at.value_end()))
        except (Overlong, orjson.JSONDecodeError) as why:
            yield from self.out.broken(start, f"cannot be included (json_include): {why}")

    def _must_wait(self) -> bool:
        """Tell whether records wait for fields that may stand behind them."""
        return bool(self.include) and not self.include.complete(self.out.extra)

    def _under(self, name: str, first: str) -> Iterator[Raws]:
        """Take the record, or the list of records, that stands under a key of its own."""
        if self._must_wait():
            yield from self.out.hold()
        if self.member:
            self.out.extra[self.member] = quoted(name)
        if first == "[":
            yield from self.at.elements()
        else:
            try:
                end = self.at.value_end()
                yield from self.at.take(end, self.at.record(end))
            except Overlong as why:
                yield from self.out.broken(why.start, str(why))
