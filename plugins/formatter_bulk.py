"""``format = bulk``: two lines a record for the bulk API of OpenSearch and Elasticsearch: where it belongs (index and id), then the document.

The index is the type's ``index_name`` with its suffix and date, the id is ``@id`` with its suffix, both as the es-loader named them.
For ``out_file`` and ``out_stdout``.
"""

from __future__ import annotations

import orjson

from loader.api import Encode, Formatter, Label, LogType, Record


class BulkFormatter(Formatter):
    """Encode a record as the action line and the document of a bulk request."""

    labelled = True

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record, label)``; values JSON has no type for are written as their text."""

        def encode(record: Record, label: Label) -> bytes:
            action = orjson.dumps({"index": {"_index": label.index, "_id": label.id}})
            return action + b"\n" + orjson.dumps(record, str, orjson.OPT_NON_STR_KEYS)

        return encode
