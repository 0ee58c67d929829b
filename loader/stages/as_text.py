"""``json_to_text``: fields whose objects and lists become one text, for destinations that would take each member for a field.

The text is compact JSON; with ``compat = es-loader`` it is what Python prints of the value, as the es-loader had it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from loader.batch import Batch
from loader.options import COMPAT, TypeOption, words
from loader.paths import reader
from loader.section import Section

FIELDS = TypeOption(words, "", name="json_to_text", doc="Dotted fields whose object or list becomes text.")
OPTIONS = (FIELDS,)


def prepare(log_type: Section) -> Callable[[Batch], None] | None:
    """Return ``write(batch)``, or None when the type names no field."""
    dump: Callable[[Any], str] = repr if log_type.read(COMPAT) else compact
    fields = [_place(path) for path in log_type.read(FIELDS)]

    def write(batch: Batch) -> None:
        for record in batch.records:
            for owner_of, leaf in fields:
                owner = owner_of(record)
                if isinstance(owner, dict) and isinstance(value := owner.get(leaf), (dict, list)):
                    owner[leaf] = dump(value)

    return write if fields else None


def _place(path: str) -> tuple[Callable[[dict[str, Any]], Any], str]:
    above, _, leaf = path.rpartition(".")
    return (reader(above) if above else lambda record: record), leaf


def compact(value: Any) -> str:
    """Return a value as JSON without blanks."""
    return orjson.dumps(value, str, orjson.OPT_NON_STR_KEYS).decode()
