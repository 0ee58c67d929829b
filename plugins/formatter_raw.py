r"""``format = raw``: the raw record as it was read, as one line.

Line breaks, and controls other than tabs, are written as in Python: ``\n``, ``\x1b``. The output's ``fields`` are ``full`` or ``ecs``: lean has
no raw text.
"""

from __future__ import annotations

from loader.api import Encode, Formatter, LogType, ParseError, Record
from plugins._text.values import CONTROLS, notation, raw_text, utf8

TABLE = {ord(control): notation(control) for control in CONTROLS if control != "\t"}


class RawFormatter(Formatter):
    """Encode a record as its raw text; one without it is rejected."""

    needs_raw = True

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``, which raises ParseError for a record without its raw text."""

        def encode(record: Record) -> bytes:
            found = raw_text(record)
            if found is None:
                raise ParseError("format = raw needs the raw text, and the output leaves it out: see its options fields, keep and drop")
            return utf8(found if found.isprintable() else found.translate(TABLE))

        return encode
