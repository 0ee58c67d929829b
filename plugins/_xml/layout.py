"""Which elements of a source are its records, told by how it begins: see parser_xml."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from xml.parsers import expat

from loader.api import ParseError, xml_parser

JUNK = expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]
FIRST = 65536  # characters that tell it, as a rule


def level(texts: Iterator[str], most: int) -> tuple[Iterator[str], int]:
    """Return an equal iterator and how deep the records are: 1 for the children of the outermost element, 0 for it itself.

    No more than ``most`` characters are held. Where all of them do not tell, it is 1: else there would be one record without end.
    """
    head, wanted = "", FIRST
    for text in texts:
        head += text
        if len(head) >= wanted:
            found = Layout(head).level(complete=False)
            if found is not None or len(head) >= most:
                return itertools.chain([head], texts), 1 if found is None else found
            wanted = 2 * len(head)
    return iter([head]), Layout(head).level(complete=True) or 0


class Layout:
    """What a text tells of the outermost element and its children."""

    def __init__(self, text: str) -> None:
        self.depth = 0
        self.children = 0
        self.first = self.last = ""  # names of children
        self.whole = self.last_whole = False  # whether the child at hand, and the one before, has attributes or elements
        self.nested = False  # whether any has elements
        self.alike = False  # whether two neighbours have one name, and are more than text
        self.ended = self.followed = self.broken = False
        parser = xml_parser()
        parser.StartElementHandler, parser.EndElementHandler = self.start, self.end
        data = text.encode("utf-8", "replace")
        try:
            parser.Parse(data, False)
        except expat.ExpatError as why:
            self.followed = why.code == JUNK and data[parser.ErrorByteIndex :].startswith(b"<")
            self.broken = not self.ended
        except ParseError:
            self.broken = True
        if self.broken and self.first:  # most likely in the first record: is there another of its name?
            self.alike = self.alike or len(re.findall(rf"<{re.escape(self.first)}[\s/>]", text)) > 1

    def level(self, *, complete: bool) -> int | None:
        """Return the level, or None when more text may tell another."""
        if self.followed:
            return 0
        if self.alike and (complete or not self.ended):
            return 1
        return int(self.nested and self.children == 1) if complete or self.broken else None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self.depth == 1:
            self.children += 1
            self.first = self.first or name
            self.whole = bool(attributes)
        elif self.depth == 2:
            self.whole = self.nested = True
        self.depth += 1

    def end(self, name: str) -> None:
        """An element ends."""
        self.depth -= 1
        if self.depth == 1:
            self.alike = self.alike or (name == self.last and self.whole and self.last_whole)
            self.last, self.last_whole = name, self.whole
        self.ended = not self.depth
