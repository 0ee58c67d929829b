r"""What a value is as text, and how a body of text holds what would end a line or a field in it.

A character that cannot stand for itself is written as in Python: ``\n``, ``\x1b``, ``\u2028``. These are the controls (C0, DEL and C1),
the separators of lines and paragraphs of Unicode, and what a format has for itself.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

CONTROLS = "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)))
ASCII_CONTROLS = bytes([*range(0x20), 0x7F])
SHORT = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}
LONE = re.compile("[\ud800-\udfff]")
Escape = Callable[[str], str]


def notation(character: str) -> str:
    r"""Return how a character is written that cannot stand for itself.

    >>> notation("|"), notation("\n")
    ('\\x7c', '\\n')
    """
    code = ord(character)
    return SHORT.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")


def escaping(special: Mapping[str, str], controls: Mapping[str, str]) -> Escape:
    """Return a function that writes each ``special`` character of a text as is said there, in the order given, and each control.

    A control that ``controls`` does not have is written by its notation, of which the special characters are written likewise.
    """
    pairs = list(special.items())

    def replaced(text: str) -> str:
        for character, written in pairs:
            if character in text:
                text = text.replace(character, written)
        return text

    table = {ord(control): controls.get(control) or replaced(notation(control)) for control in CONTROLS}

    def escape(text: str) -> str:
        text = replaced(text)
        return text if text.isprintable() else text.translate(table)

    return escape


def neutral(characters: str = "") -> Escape:
    """Return a function that writes these characters and the controls by their notation."""
    return escaping({character: notation(character) for character in characters}, {})


visible = neutral()


def escaping_all(special: Mapping[str, str], controls: Mapping[str, str]) -> Callable[[list[str]], Iterable[str]]:
    """Return a function that does to several texts what ``escaping`` does to one, at once where none has a control."""
    escape, pairs = escaping(special, controls), list(special.items())

    def escape_all(texts: list[str]) -> Iterable[str]:
        whole = joined = "\0".join(texts)
        if not _is_free(whole, len(texts) - 1):
            return map(escape, texts)
        for character, written in pairs:
            if character in whole:
                whole = whole.replace(character, written)
        return texts if whole is joined else whole.split("\0")

    return escape_all


def _is_free(whole: str, joints: int) -> bool:
    """Tell whether a text has no control but so many NULs."""
    if whole.isascii():
        raw = whole.encode()
        return len(raw) - len(raw.translate(None, ASCII_CONTROLS)) == joints
    return whole.count("\0") == joints and whole.replace("\0", "").isprintable()


def utf8(line: str) -> bytes:
    """Encode a line; a lone surrogate becomes the replacement character."""
    try:
        return line.encode()
    except UnicodeEncodeError:
        return LONE.sub("\ufffd", line).encode()


def text_of(value: Any) -> str:
    """Return the text of a value: a list's by item with commas between, an object in a list as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(text_of(item) for item in value if item is not None)
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, dict):
        try:
            return orjson.dumps(value, str, orjson.OPT_NON_STR_KEYS).decode()
        except TypeError:
            pass
    return str(value)


def raw_text(record: dict[str, Any]) -> str | None:
    """Return the raw text of a record: ``@message`` where the output's fields are full, ``event.original`` where they are ecs."""
    found = record.get("@message")
    if found is None:
        event = record.get("event")
        found = event.get("original") if isinstance(event, dict) else record.get("event.original")
    return None if found is None else text_of(found)
