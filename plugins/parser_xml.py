"""``file_format = xml``: elements as dicts, in the shape of the xmltodict package: ``{"order": {"@id": "7", "item": ["a", "b"]}}``.

With ``xml_firstline`` a record begins at a line at whose start that matches, and goes on to the next such line. With ``xml_record``
each element of that name is one, wherever it stands. Without either:

- several outermost elements, one behind the other, are a record each;
- in a single one, its children are the records, when two neighbours have one name and more than text in them, or when there is one
  child and it has elements: a list of one;
- else the single element is the one record.

Names are local ones. Document type declarations that define entities are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loader.api import (
    CHARSET,
    Blocks,
    Limits,
    LogType,
    ParseError,
    Parser,
    Raws,
    Record,
    TypeOption,
    decoded,
    first_line_chunks,
    lines,
    parse_xml,
    regex,
    text,
)
from plugins._xml.frames import ElementFrames
from plugins._xml.layout import level

FIRST_LINE = TypeOption(regex, "", name="xml_firstline", doc="Regular expression that matches at the start of a record's first line.")
RECORD = TypeOption(text, "", name="xml_record", doc="Name of the element that is a record, without its prefix; empty: told by the layout.")
OPENING = re.compile(r"\s*(?:<[?!A-Za-z_][^<>]*>\s*)*")  # declarations, comments, and elements that hold the records
CLOSING = re.compile(r"</[^<>]*>\s*\Z")


class XmlParser(Parser):
    """Read XML elements."""

    options = (FIRST_LINE, RECORD, CHARSET)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source. It raises DecodeError when the source ends inside an element that holds records."""
        first, record, charset = log_type.read(FIRST_LINE), log_type.read(RECORD), log_type.read(CHARSET)
        if first and record:
            log_type.problem(RECORD.name, "has no effect beside xml_firstline", "remove one of them", fatal=False)

        def read_lines(blocks: Blocks) -> Iterator[Raws]:
            assert first is not None
            found = lines(decoded(blocks, charset=charset), limits.record_bytes, strip=False)
            for raws in first_line_chunks(found, first, parse, limits, key=FIRST_LINE.name):
                raws.broken = [told for told in raws.broken if not OPENING.fullmatch(told[0])]
                yield raws

        def read(blocks: Blocks) -> Iterator[Raws]:
            texts = decoded(blocks, charset=charset)
            texts, deep = (texts, 0) if record else level(texts, limits.record_bytes)
            return ElementFrames(limits, parse, deep, record).chunks(texts)

        return read_lines if first else read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one element."""
        log_type.read(FIRST_LINE), log_type.read(RECORD)
        return parse


def parse(text: str) -> Record:
    """Parse one element; raises ParseError. Behind the last of several lines there may be the end of what held them all."""
    try:
        return parse_xml(text)
    except ParseError:
        whole = CLOSING.sub("", text)
        if whole == text:
            raise
        try:
            return parse_xml(whole)
        except ParseError:
            pass
        raise
