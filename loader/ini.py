"""Where each section and key of an INI text stands, and all that is no INI in it: configparser forgets the one and stops at the other.

Lines are told apart as configparser does: a deeper line continues the value above, ``#`` and ``;`` begin a comment that is a line of its own.
"""

from __future__ import annotations

import dataclasses
import re

HEADER = re.compile(r"\[(.+)\]")
KEY = re.compile(r"(.*?)\s*[=:]")


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """A section (its key is empty) or a key, with its line and the lines on which its value goes on."""

    section: str
    key: str
    line: int
    more: list[int] = dataclasses.field(default_factory=list)

    def line_of(self, value: str, offset: int) -> int:
        """Return the line of a character of the raw value; blank lines and comments inside it have no part in the count."""
        before = value[:offset].split("\n")
        following = sum(1 for text in value.split("\n")[1 : len(before)] if text)
        return self.more[following - 1] if 0 < following <= len(self.more) else self.line


@dataclasses.dataclass(frozen=True, slots=True)
class Mistake:
    """What is no INI, or is there twice. ``fatal`` is not what has always been taken, and silently ignored."""

    line: int
    section: str
    key: str
    message: str
    hint: str
    fatal: bool = True


class Scan:
    """One text: ``places`` in their order, ``mistakes``, and ``text`` without the lines that are no INI."""

    def __init__(self, content: str) -> None:
        self.places: list[Place] = []
        self.mistakes: list[Mistake] = []
        self._known: dict[tuple[str, str], int] = {}
        self._section = ""
        self._level = 0
        lines = content.split("\n")
        for number, line in enumerate(lines, 1):
            text = line.strip()
            if text and text[0] not in "#;" and not self._take(number, text, len(line) - len(line.lstrip())):
                lines[number - 1] = "#"
        self.text = "\n".join(lines)

    def _take(self, number: int, text: str, indent: int) -> bool:
        """Take in a line that is neither blank nor comment; returns whether it is INI."""
        if self.places and self.places[-1].key and indent > self._level:
            self.places[-1].more.append(number)
            return True
        if header := HEADER.match(text):
            self._header(number, header[1], text[header.end() :].strip())
        elif not self.places:
            if not self.mistakes:
                self.mistakes.append(Mistake(number, "", "", f"{_short(text)} stands before the first [section]", "put a [section] above it"))
            return False
        elif (key := KEY.match(text)) and key[1]:
            self._key(number, key[1])
        else:
            hint = "a section is written [name]" if text.startswith("[") else "indent it if the value above goes on; a comment begins with #"
            self.mistakes.append(Mistake(number, self._section, "", f"{_short(text)} is neither a [section] nor key = value", hint))
            return False
        self._level = indent
        return True

    def _header(self, number: int, name: str, rest: str) -> None:
        self._section = name
        if "]" in name or rest and rest[0] not in "#;":
            ignored = f"and ignores {rest!r}" if rest else "up to the last bracket of the line"
            self.mistakes.append(Mistake(number, name, "", f"the header names a section {name!r} {ignored}", "write [name] and nothing else", False))
        before = self._known.setdefault((name, ""), number)
        if before != number and name != "DEFAULT":
            self.mistakes.append(Mistake(number, name, "", f"the section is there already, in line {before}", "join the two"))
        self.places.append(Place(name, "", number))

    def _key(self, number: int, key: str) -> None:
        before = self._known.setdefault((self._section, key), number)
        if before != number:
            self.mistakes.append(Mistake(number, self._section, key, f"the key is there already, in line {before}", "keep one of the two"))
        self.places.append(Place(self._section, key, number))


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
