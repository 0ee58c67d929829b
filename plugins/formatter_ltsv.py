r"""``format = ltsv``: the record as one line of Labeled Tab-separated Values (ltsv.org).

Labels are dotted names of ASCII letters, digits, ``_``, ``.`` and ``-``; any other character in one is ``_``. Tabs, line breaks and other
controls in a value are written as in Python: ``\t``, ``\n``, ``\x1b``.
"""

from __future__ import annotations

import re
from operator import add

from loader.api import Encode, Formatter, LogType, Record
from plugins._text.leaves import pairs_of
from plugins._text.shapes import Place
from plugins._text.values import escaping_all, utf8

UNFIT = re.compile(r"[^0-9A-Za-z_.-]")


class LtsvFormatter(Formatter):
    """Encode a record as LTSV. Lists have commas between; what two fields of one label hold becomes one list."""

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        pairs, escaped = pairs_of(place), escaping_all({}, {})

        def encode(record: Record) -> bytes:
            prefixes, texts = pairs(record)
            return utf8("\t".join(map(add, prefixes, escaped(texts))))

        return encode


def place(field: str) -> Place:
    """Return the label of a field and the colon behind it."""
    return Place(f"{UNFIT.sub('_', field) or '_'}:")
