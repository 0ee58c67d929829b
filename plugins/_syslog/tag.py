"""The tag by which Devo chooses a table: ``my.app.sluice.[event.module]``."""

from __future__ import annotations

import re
from typing import Any

from plugins._syslog.settings import Setting

LONGEST_LEVEL = 128  # characters of a value in a tag
_NO_LEVEL = re.compile(r"[^A-Za-z0-9_-]")
_NO_TAG = re.compile(r"[^A-Za-z0-9._-]")
_VARIABLE = re.compile(r"\[([^][]*)\]")


class Template:
    """Text with variables in brackets. A value that is missing is the word null, as Devo's collector writes it."""

    def __init__(self, value: str) -> None:
        """Read the template; raises ValueError with the place of what is wrong."""
        parts = _VARIABLE.split(value)  # text, name, text, name, ..., text
        self.texts = parts[::2]
        self.fields = [Setting("null", _field(name, value)) for name in parts[1::2]]
        if wrong := _NO_TAG.search(_VARIABLE.sub(lambda found: "x" * len(found[0]), value)):
            raise ValueError(f"{value!r} has {wrong[0]!r} at position {wrong.start() + 1}: a tag has letters, digits, . _ - and [dotted.field]")

    def text(self, values: tuple[Any, ...]) -> str:
        """Return the tag when its fields hold ``values``. No value makes a level of its own: what is no letter, digit, _ or - becomes _."""
        found = [self.texts[0]]
        for wanted, value, text in zip(self.fields, values, self.texts[1:], strict=True):
            word = str(value).lower() if isinstance(value, bool) else wanted.chosen(value)
            found += [_NO_LEVEL.sub("_", word[:LONGEST_LEVEL]), text]
        return "".join(found)


def _field(name: str, value: str) -> str:
    path = name.strip().removeprefix("record-").removeprefix("file-")  # Devo's collector tells fields of the record from those of the key
    if not path:
        raise ValueError(f"{value!r} has brackets without a name: write for example my.app.sluice.[event.module]")
    return path


def template(value: str) -> Template | None:
    """A tag with variables in brackets, or None when empty."""
    return Template(value) if value else None
