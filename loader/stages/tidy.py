"""Take out of a finished record what says nothing, and clip what no index takes.

Removed at any depth: None, '', '-', 'null', '[]', and empty lists and objects, also a list of one empty text; an object emptied
so goes too. Texts in lists stay, and so does an object emptied within a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from loader import schema
from loader.batch import Batch
from loader.memo import Memo

EMPTY = frozenset({"", "-", "null", "[]"})
NOTHING = EMPTY | {None}
NONE: frozenset[str] = frozenset()
PLAIN = frozenset({str, type(None)})
LARGE_RECORD = 65536  # bytes of JSON below which no single text can be too long for an index
LONGEST_TEXT = 32766  # bytes: the longest term Lucene indexes
CLIPPED = "<<TRUNCATED>>"


def prepare(*, mapped_tidy: bool, targets: Iterable[str] = ()) -> Callable[[Batch], None]:
    """Return ``tidy(batch)``. ``mapped_tidy`` says that mapping and hook leave nothing empty: then flat records need no walk.

    Of ``targets``, what these two set, those without a dot may have taken the place of a field.
    """
    tops = schema.tops() | {target for target in targets if "." not in target}
    parts = Memo(lambda names: (tuple(names - tops), tuple(names & tops)), 256)  # fields that are text or absent; those that may be anything

    def tidy(batch: Batch) -> None:
        if batch.names is None or not mapped_tidy:
            for record in batch.records:
                tidy_object(record, batch.finished)
            return
        texts, either = parts[batch.names]
        dirty = False  # whether the record before had something to remove: then this one will too, most likely
        for record in batch.records:
            get = record.get
            if dirty or not NOTHING.isdisjoint(map(get, texts)):
                dead = [name for name in texts if get(name) in NOTHING]
                dirty = bool(dead)
                for name in dead:
                    record.pop(name, None)
            for name in either:
                if get(name).__class__ in PLAIN and get(name) in NOTHING:
                    record.pop(name, None)

    return tidy


def tidy_object(record: dict[str, Any], finished: frozenset[str] = NONE) -> None:
    """Tidy a record, or any object, in place; the objects ``finished`` need it not."""
    dead = []
    for key, value in record.items():
        kind = value.__class__
        if kind is str:
            if len(value) < 5 and value in EMPTY:  # the length first: a long text need not be hashed
                dead.append(key)
        elif kind is dict:
            if key not in finished:
                tidy_object(value)
                if not value:
                    dead.append(key)
        elif kind is list:
            if not value or value == [""]:
                dead.append(key)
            else:
                _tidy_list(value)
        elif value is None:
            dead.append(key)
    for key in dead:
        del record[key]


def _tidy_list(values: list[Any]) -> None:
    for value in values:
        kind = value.__class__
        if kind is dict:
            tidy_object(value)
        elif kind is list:
            _tidy_list(value)


def clip(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record with over-long texts cut, a marker at their end. Lists are not searched.

    The raw text, ``@message`` or ``event.original`` (which ECS does not index), is left whole.
    """
    found = {key: value if key == "@message" else _clipped(value) for key, value in record.items()}
    event = record.get("event")
    if isinstance(event, dict) and "original" in event:
        found["event"]["original"] = event["original"]
    return found


def _clipped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _clipped(below) for key, below in value.items()}
    if isinstance(value, str) and len(raw := value.encode("utf-8", "surrogatepass")) >= LONGEST_TEXT:
        return raw[: LONGEST_TEXT - len(CLIPPED)].decode("utf-8", "ignore") + CLIPPED
    return value
