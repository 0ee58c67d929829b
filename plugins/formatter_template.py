r"""``format = template``: the record as a line that a template says: ``{event.action} by {user.name|-} from {source.ip}``.

``{dotted.field}`` is the text of a field, ``{dotted.field|text}`` another text for records without it; ``{{`` and ``}}`` are braces. Controls
and line breaks in a value are written as in Python: ``\n``, ``\x1b``. What else may end a field of the line is not known here: choose marks
that values lack.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from loader.api import Encode, Formatter, LogType, Option, Record, reader
from plugins._text.values import text_of, utf8, visible

TOKEN = re.compile(r"(?P<text>[^{}]+)|(?P<brace>\{\{|\}\})|\{(?P<field>[^{}|]*)(?:\|(?P<default>[^{}]*))?\}")
NAME = re.compile(r"[^\s.]+(\.[^\s.]+)*")


class Hole(NamedTuple):
    """Where a field goes, and what goes there for records without it."""

    field: str
    default: str


def template(value: str) -> list[str | Hole]:
    """A line with ``{dotted.field}`` or ``{dotted.field|text}`` in it; ``{{`` and ``}}`` are braces."""
    if not value.isprintable():
        raise ValueError("is more than one line, or has a control in it")
    parts: list[str | Hole] = []
    at = 0
    while at < len(value):
        token = TOKEN.match(value, at)
        if token is None:
            wrong = "'{' is not closed, or holds another: write {{ for a brace" if value[at] == "{" else "'}' closes nothing: write }} for a brace"
            raise ValueError(f"column {at + 1}: {wrong}")
        if token["field"] is not None and not NAME.fullmatch(token["field"]):
            raise ValueError(f"column {at + 1}: {token[0]!r} does not name a field: write {{dotted.field}} or {{dotted.field|text}}")
        parts.append(token["text"] or (token["brace"][0] if token["brace"] else Hole(token["field"], token["default"] or "")))
        at = token.end()
    return parts


class TemplateFormatter(Formatter):
    """Encode a record by a template."""

    template = Option(
        template, None, doc="The line: text with {dotted.field} in it; behind a bar in the braces, what stands there for records without the field."
    )

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        parts = [literal(part) if isinstance(part, str) else filler(part) for part in self.template]

        def encode(record: Record) -> bytes:
            return utf8("".join([part(record) for part in parts]))

        return encode


def literal(text: str) -> Callable[[Record], str]:
    """Return a function to a text that is always the same."""
    return lambda record: text


def filler(hole: Hole) -> Callable[[Record], str]:
    """Return a function from a record to the text of a field, nested or by a name with dots in it; empty is as missing."""
    name, default, get = hole.field, hole.default, reader(hole.field)

    def fill(record: Record) -> str:
        value = get(record)
        if value is None:
            value = record.get(name)
        if value.__class__ is not str:
            value = default if value is None else text_of(value)
        return visible(value) or default

    return fill
