"""``file_format = json``: objects one a line, several a line, over many lines, in arrays, or in a list under ``json_delimiter``.

Lines and array elements are cut at the text that usually separates them and then parsed; that every piece parses as an object
proves the cut right. Where one does not, that stretch is cut again by following strings and brackets, and what remains broken
is rejected alone.

A record's text is what stands in the source, but that ``\\uXXXX`` is written as the character it means; with ``compat = es-loader``
it is what Python's json writes. The fields of ``json_include`` stand in it too, behind the record's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson

from loader.api import (
    CHARSET,
    COMPAT,
    Blocks,
    Limits,
    LogType,
    ParseError,
    Parser,
    Raws,
    Record,
    TypeOption,
    decoded,
    readable,
    rewritten,
    text,
    words,
)
from plugins._json.chunks import Chunks
from plugins._json.frames import JsonFrames
from plugins._json.members import EVERY, Layout
from plugins._json.outer import Include, quoted
from plugins._json.separated import newlines_for

ESCAPE = re.compile(r"\\(?:[\\nrtvf]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})")


def include(value: str) -> Include:
    """Fields of outer objects."""
    return Include(words(value))


def separator(value: str) -> str:
    """A text in which escapes such as ``\\t`` stand for one character each."""
    return ESCAPE.sub(lambda found: found[0].encode().decode("unicode_escape"), value)


DELIMITER = TypeOption(
    text, "", name="json_delimiter", doc="Key of the list that holds the records; dots lead to a nested one, a last `*` to an object of records."
)
INCLUDE = TypeOption(include, "", name="json_include", doc="Fields around that list for each record: `account`, `new=path.to.field`, `path.*`.")
MEMBER = TypeOption(text, "", name="json_key_field", doc="Field that takes the key a record stands under, where json_delimiter ends in `*`.")
SEPARATOR = TypeOption(
    separator, "", name="json_separator", doc="Text between records that is neither blank nor a comma; `\\n`, `\\t`, `\\x1e` are characters."
)
KINDS = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean", type(None): "null"}


class JsonParser(Parser):
    """Read JSON objects however they are laid out."""

    options = (DELIMITER, INCLUDE, MEMBER, SEPARATOR, CHARSET)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source. It raises DecodeError when the source ends inside a list."""
        where, between, charset = layout(log_type), log_type.read(SEPARATOR), log_type.read(CHARSET)
        as_before = bool(log_type.read(COMPAT))
        write = rewritten if as_before else readable

        def read(blocks: Blocks) -> Iterator[Raws]:
            texts = decoded(blocks, "jsonreplace", charset)
            if between:
                texts = newlines_for(between, texts)
            return JsonFrames(texts, Chunks(parse, limits, write, always=as_before), limits, where).chunks()

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one object."""
        return parse


def layout(log_type: LogType) -> Layout:
    """Return where the records are, as the section says."""
    delimiter, included, member = log_type.read(DELIMITER), log_type.read(INCLUDE), log_type.read(MEMBER)
    keys = tuple(delimiter.split(".")) if delimiter else ()
    if not all(keys) or EVERY in keys[:-1]:
        log_type.problem(DELIMITER.name, f"{delimiter!r} does not lead to a list", "write for example Records, detail.events or hosts.*")
    if included and not keys:
        log_type.problem(INCLUDE.name, "there is nothing around the records", f"say in {DELIMITER.name} where they are")
    if member and keys[-1:] != (EVERY,):
        log_type.problem(MEMBER.name, "records of a list have no key", f"it goes with a {DELIMITER.name} that ends in {EVERY}")
    return Layout(keys, included, quoted(member) if member else "")


def parse(text: str) -> Record:
    """Parse one JSON object; raises ParseError for anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as why:
        raise ParseError(f"not JSON: {why}") from why
    if type(value) is not dict:
        raise ParseError(f"JSON, but {KINDS[type(value)]} where an object was expected")
    return value
