"""Bytes to text: the charset of a source, and what becomes of bytes that are not text in it (leaf, pure).

Everything streams: what is held is one block, and the first bytes of a source, which tell more than its configuration.
"""

from __future__ import annotations

import codecs
import difflib
import itertools
from collections.abc import Iterator
from encodings.aliases import aliases

from loader.batch import Blocks
from loader.options import TypeOption

HEAD = 512  # bytes at the start of a source that tell what it is
MARKS = (  # byte order marks, the longer first
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
WIDE = {"utf-32-le": 4, "utf-32-be": 4, "utf-16-le": 2, "utf-16-be": 2}  # bytes of a code unit
WITHOUT_MARK = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}  # where Python's codec would want one; the order is Windows'
WINDOWS_ALONE = {"mbcs", "oem", "ansi", "dbcs"}
NO_CHARSETS = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")  # text to Python, but no charset of a file


def charset(value: str) -> str:
    """A text encoding that Python knows, by any of its names; none is UTF-8."""
    try:
        found = codecs.lookup(value or "utf-8")
    except (LookupError, ValueError) as why:
        near = difflib.get_close_matches(value.lower().replace("-", "_"), {*aliases, *aliases.values()} - WINDOWS_ALONE, 1)
        hint = f"did you mean {near[0].replace('_', '-')!r}?" if near else "write for example utf-8, latin-1, cp1252 or shift-jis"
        raise ValueError(f"there is no charset {value!r}: {hint}") from why
    if not found._is_text_encoding or found.name in NO_CHARSETS:  # the name is CPython's own, and the only way to tell
        raise ValueError(f"{value!r} is no charset of text: write for example utf-8, latin-1, cp1252 or shift-jis")
    return WITHOUT_MARK.get(found.name, found.name)


CHARSET = TypeOption(charset, "utf-8", name="charset", doc="How text is encoded; a byte order mark, and UTF-16 that is plain to see, go before it.")


def _keep_in_json(error: UnicodeError) -> tuple[str, int]:
    """Render bytes that are not text as ``\\\\xNN``: a JSON string then reads ``\\xNN``."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(f"\\\\x{byte:02x}" for byte in error.object[error.start : error.end]), error.end


codecs.register_error("jsonreplace", _keep_in_json)


def peek(blocks: Blocks, least: int = HEAD) -> tuple[Blocks, bytes]:
    """Return an equal iterator and the first ``least`` bytes of it or more (fewer when there are no more)."""
    taken: list[bytes] = []
    while sum(map(len, taken)) < least and (block := next(blocks, None)) is not None:
        taken.append(block)
    return itertools.chain(taken, blocks), b"".join(taken)


def told_by(head: bytes, charset: str = "utf-8") -> str:
    """Return the charset that the first bytes of a source tell by a byte order mark, or by the NULs of UTF-16 and UTF-32; else ''.

    Where ``charset`` is one of these, NULs tell nothing more.
    """
    for mark, name in MARKS:
        if head.startswith(mark):
            return name
    return _told_by_nuls(head[:HEAD]) if b"\0" in head[:HEAD] and charset not in WIDE else ""


def _told_by_nuls(head: bytes) -> str:
    """Return the charset in which these bytes are printable text: other binary data is that in none, and text with stray NULs has few."""
    if head.count(0) < max(4, len(head) / 4) and _decodes(head, "utf-8"):
        return ""
    big = head[::2].count(0) > head[1::2].count(0)  # of ASCII, which most text has some of, the upper byte is NUL
    for name, unit in sorted(WIDE.items(), key=lambda one: (-one[1], one[0].endswith("be") != big)):
        text = _decodes(head[: len(head) // unit * unit], name)
        if text and all(map(str.isprintable, text.split())):
            return name
    return ""


def _decodes(data: bytes, name: str) -> str:
    """Return the text that ``data`` is in a charset, without a character cut at the end; '' when it is none."""
    try:
        return codecs.getincrementaldecoder(name)().decode(data)
    except UnicodeDecodeError:
        return ""


def decoded(blocks: Blocks, errors: str = "backslashreplace", charset: str = "utf-8") -> Iterator[str]:
    """Decode what ``charset`` encodes, a byte order mark left out. Bytes that are no text in it stay visible as ``\\xNN``, none is dropped."""
    blocks, head = peek(blocks)
    decoder = codecs.getincrementaldecoder(told_by(head, charset) or charset)(errors)  # not utf-8-sig: that drops a source of half a mark
    texts = (text for block in blocks if (text := decoder.decode(block)))
    if first := next(texts, "").removeprefix("\ufeff"):
        yield first
    yield from texts
    if text := decoder.decode(b"", True):
        yield text


def encodable(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates, as of bytes in a file's name that are no UTF-8, stay visible as ``\\udcNN``."""
    return text.encode("utf-8", "backslashreplace").decode()
