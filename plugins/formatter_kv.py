r"""``format = kv``: the record as ``key=value`` pairs on one line, with any separator.

Keys are dotted names, lists have commas between. Whatever a value holds, it ends neither the line nor the pair: a control, and a
character of the separator that is no blank, is written as in Python (``\n``, ``\x7c``); where blanks separate, a value that needs it is
quoted, ``\"`` and ``\\`` in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from operator import add

from loader.api import Encode, Formatter, LogType, Option, Record, choice, flag
from plugins._text.leaves import pairs_of
from plugins._text.shapes import Place
from plugins._text.values import CONTROLS, escaping, escaping_all, notation, utf8

UNFIT = re.compile(r"[^\w.@-]")  # in a key
PLAIN = re.compile(r"[^ \"=\\]+")  # a value that is not quoted where blanks separate
BLANKS = " \t"
QUOTED = {control: notation(control) for control in CONTROLS}  # as it is: the backslash of a quoted value is doubled, this one is not


def separator(value: str) -> str:
    r"""What stands between pairs: text, in double quotes where a blank begins or ends it; ``\t`` is a tab."""
    found = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    found = found.replace(r"\t", "\t")
    if not found or re.search(r"[\w.@=\"\\-]", found) or not found.replace("\t", "").isprintable():
        raise ValueError(f'{value!r} cannot stand between pairs: write marks such as | or ||, \\t for a tab, " " for a blank')
    return found


class KvFormatter(Formatter):
    """Encode a record as pairs. What two fields of one name hold becomes one list; a character that a key cannot have is ``_``."""

    separator = Option(separator, '" "', doc="What stands between pairs: text, in double quotes where a blank begins or ends it; `\\t` is a tab.")
    leading = Option(flag, "no", doc="Begin the line with the separator.")
    quote = Option(
        choice("auto", "always", "never"),
        "auto",
        doc="Double quotes around values; auto: where blanks separate and the value is empty or has a blank, quote, backslash or =.",
    )

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        between, first = self.separator, self.separator if self.leading else ""
        pairs, written = pairs_of(place), self._values()

        def encode(record: Record) -> bytes:
            prefixes, texts = pairs(record)
            return utf8(first + between.join(map(add, prefixes, written(texts))))

        return encode

    def _values(self) -> Callable[[list[str]], Iterable[str]]:
        """Return the function that writes values."""
        blank = not self.separator.strip(" ")
        marks = {mark: notation(mark) for mark in self.separator if mark not in BLANKS}
        if self.quote == "never" or (self.quote == "auto" and not blank):
            return escaping_all(marks | ({" ": notation(" ")} if blank else {}), {})
        escape_all = escaping_all({"\\": "\\\\", '"': '\\"', **marks}, QUOTED)
        if self.quote == "always":
            return lambda texts: [f'"{value}"' for value in escape_all(texts)]
        escape = escaping({"\\": "\\\\", '"': '\\"'}, QUOTED)
        return lambda texts: [value if PLAIN.fullmatch(value) and value.isprintable() else f'"{escape(value)}"' for value in texts]


def place(field: str) -> Place:
    """Return the key of a field and the sign behind it."""
    return Place(f"{UNFIT.sub('_', field) or '_'}=")
