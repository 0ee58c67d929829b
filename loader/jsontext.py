"""The text of a JSON record as it is kept: what becomes ``@message`` and is hashed to ``@id`` (leaf, pure).

Writers that keep to ASCII escape the rest of the world: ``"\\u65e5"``. A search for the word itself would not find such a record.
"""

from __future__ import annotations

import json
import re

from loader.memo import Memo

CONTROL = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]")
"""What JSON need not escape, and what terminals and receivers obey: DEL, C1, the separators of lines and paragraphs; in UTF-8."""

DEL = 0x7F  # the only one of these in ASCII; bytes are asked for a number seven times as fast as for bytes


def controlled(body: bytes) -> bool:
    """Tell whether something stands in a JSON text that CONTROL finds; the usual answer is a quick one."""
    if body.isascii():
        return DEL in body
    return (0xC2 in body or b"\xe2\x80" in body or DEL in body) and CONTROL.search(body) is not None


# two backslashes are one that is escaped, and no escape begins with the second
_ESCAPES = re.compile(r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}")
_LONE = re.compile("[\ud800-\udfff]")


def readable(text: str) -> str:
    """Write each ``\\uXXXX`` of a JSON text as ``json.dumps(.., ensure_ascii=False)`` writes that character; lone surrogates stay.

    Nothing else changes, blanks neither.

    >>> print(readable(r'{"a":"caf\\u00e9 \\u005C\\u000A \\ud83d\\ude00 \\\\u0041"}'))
    {"a":"café \\\\\\n 😀 \\\\u0041"}
    """
    return (
        _ESCAPES.sub(lambda found: _WRITTEN[found[0]], text) if "\\" in text and text.rfind("\\u") >= 0 else text
    )  # in and find take three times as long


def _written(escape: str) -> str:
    character = json.loads(f'"{escape}"')
    return escape if _LONE.match(character) else json.dumps(character, ensure_ascii=False)[1:-1]


_WRITTEN = Memo(_written)


def rewritten(text: str) -> str:
    """Write a JSON text as the es-loader did, who parsed and wrote it again with Python's json; one that Python cannot read stays.

    >>> rewritten('{"a":1E-7,"b":[12345678901234567890123,"\\\\u00e9"]}')
    '{"a": 1e-07, "b": [12345678901234567890123, "é"]}'
    """
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):  # numbers of thousands of digits, nesting of thousands of levels
        return text
