r"""``file_format = cef``: one record a line in ArcSight's Common Event Format, alone or behind a syslog header.

Source: ArcSight Common Event Format Implementation Standard. In the header ``\|`` and ``\\`` are escapes, in the extension
``\=``, ``\\``, ``\n`` and ``\r`` (and ``\|``, which many write there). All values are text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from loader.api import CHARSET, Blocks, Limits, LogType, ParseError, Parser, Raws, Record, decoded, line_chunks, lines

FIELDS = ("cef_version", "cef_device_vendor", "cef_device_product", "cef_device_version", "cef_device_event_class_id", "cef_name", "cef_severity")
PART = r"\|([^|\\]*(?:\\.[^|\\]*)*)"  # of the header, up to a pipe that is not escaped
HEADER = re.compile(rf"CEF:\s*(\d+(?:\.\d+)?){PART * 6}(?:\||\Z)", re.DOTALL)
KEY = re.compile(r"(?:\A|(?<=\s))(\w[\w.\[\]-]*)=")
LABEL = re.compile(r"(?:cs|cn|cfp|c6a|flex(?:String|Number|Date)|deviceCustom(?:String|Number|FloatingPoint|IPv6Address|Date))\d*Label")
HEADER_ESCAPE = re.compile(r"\\([\\|])")
ESCAPE = re.compile(r"\\([\\|=nr])")
ESCAPED = {"n": "\n", "r": "\r"}
EXTENSION = "cef_extension"  # what stands before the first key


class CefParser(Parser):
    """Read lines of CEF; custom fields bear the names that their labels give."""

    options = (CHARSET,)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source."""
        charset = log_type.read(CHARSET)

        def read(blocks: Blocks) -> Iterator[Raws]:
            return line_chunks(lines(decoded(blocks, charset=charset), limits.record_bytes), parse, limits)

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one line."""
        return parse


def parse(line: str) -> Record:
    """Parse one line of CEF; raises ParseError for any other."""
    header = HEADER.search(line)
    if header is None:
        raise ParseError("not CEF: it has no 'CEF:' and seven fields with '|' between them")
    values = header.groups()
    if "\\" in header[0]:
        values = tuple(HEADER_ESCAPE.sub(r"\1", value) for value in values)
    record: Record = dict(zip(FIELDS, values, strict=True))
    if extension := line[header.end() :]:
        _extend(record, extension)
    return record


def _extend(record: Record, extension: str) -> None:
    """Add the fields of an extension. A value ends one blank before the next key: further blanks are its own, as the standard says."""
    keys = list(KEY.finditer(extension))
    if before := (extension[: keys[0].start()] if keys else extension).strip():
        record[EXTENSION] = before
    if not keys:
        return
    ends = [key.start() - 1 for key in keys[1:]] + [len(extension)]
    values = [extension[key.end() : end] for key, end in zip(keys, ends, strict=True)]
    if "\\" in extension:
        values = [ESCAPE.sub(_unescaped, value) for value in values]
    names = [key[1] for key in keys]
    record.update(zip(names, values, strict=True))
    if "Label=" in extension:
        _name_by_label(record, names)


def _name_by_label(record: Record, names: list[str]) -> None:
    """Give custom fields the names in their labels. One whose label is empty, or the name of another field, stays as it is."""
    for name in names:
        if name.endswith("Label") and LABEL.fullmatch(name):
            custom, label = name.removesuffix("Label"), record.get(name)
            if label and custom in record and label not in record:
                record[label] = record.pop(custom)
                del record[name]


def _unescaped(escape: re.Match[str]) -> str:
    return ESCAPED.get(escape[1], escape[1])
