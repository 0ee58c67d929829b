"""``file_format = json``: objects one a line, several a line, over many lines, in arrays, or in a list under ``json_delimiter``.

Lines and array elements are cut at the text that usually separates them and then parsed; that every piece parses as an object
proves the cut right. Where one does not, that stretch is cut again by following strings and brackets, and what remains broken
is rejected alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson

from loader.api import Blocks, Limits, LogType, ParseError, Parser, Raws, Record, TypeOption, decoded, text
from plugins._json.frames import JsonFrames

DELIMITER = TypeOption(text, "", name="json_delimiter", doc="Key of the list that holds the records; dots lead to a nested one.")
KINDS = {list: "an array", str: "a string", int: "a number", float: "a number", bool: "a boolean", type(None): "null"}


class JsonParser(Parser):
    """Read JSON objects however they are laid out."""

    options = (DELIMITER,)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source. It raises DecodeError when the source ends inside a list."""
        delimiter = log_type.read(DELIMITER)
        keys = tuple(delimiter.split(".")) if delimiter else ()

        def read(blocks: Blocks) -> Iterator[Raws]:
            return JsonFrames(decoded(blocks, "jsonreplace"), parse, limits, keys).chunks()

        return read


    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one object."""
        return parse


def parse(text: str) -> Record:
    """Parse one JSON object; raises ParseError for anything else."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as why:
        raise ParseError(f"not JSON: {why}") from why
    if type(value) is not dict:
        raise ParseError(f"JSON, but {KINDS[type(value)]} where an object was expected")
    return value
