"""``format = json``: the record as one line of compact JSON (RFC 8259), UTF-8."""

from __future__ import annotations

import orjson

from loader.api import Encode, Formatter, LogType, Record

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


class JsonFormatter(Formatter):
    """Encode a record as JSON."""

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``; values JSON has no type for are written as their text."""
        dumps = orjson.dumps

        def encode(record: Record) -> bytes:
            try:
                return dumps(record)
            except TypeError:
                return dumps(record, str, OPTIONS)

        return encode
