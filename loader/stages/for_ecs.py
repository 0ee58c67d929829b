"""What outputs of ECS alone need of finished records: an id, objects where the section has a prefix or keys with dots, the types of ECS."""

from __future__ import annotations

from loader import schema
from loader.batch import Batch
from loader.paths import put, reader
from loader.stages import typed
from loader.stages.stamp import place_of


def identify(batch: Batch) -> None:
    """Set ``event.id`` where the type gives none: the same for the same record of the same object, however often it is loaded."""
    place = place_of(batch.source)
    last, part = -1, 0
    for record, number in zip(batch.records, batch.numbers, strict=True):
        part = part + 1 if number == last else 0  # of the records that a hook has made of one
        last = number
        event = record.get("event")
        if isinstance(event, dict) and "id" not in event:
            record["event"] = {**event, "id": f"{place}-{number:012d}{f'.{part}' if part else ''}"}  # a hook may have given several records one


def unprefix(batch: Batch, prefix: str) -> None:
    """Take objects with names of ECS out from under ``field_prefix`` again: outputs of ECS alone know no prefix."""
    for record in batch.records:
        below = record.get(prefix)
        if isinstance(below, dict):
            for top in below.keys() & schema.tops() - record.keys():
                record[top] = below.pop(top)


def nest(batch: Batch, keys: tuple[str, ...]) -> None:
    """Make paths of literal keys with dots in them, in the record and in its objects; a list joins the one that is there."""
    for record in batch.records:
        for place in (record, *(value for value in record.values() if isinstance(value, dict))):
            for key in keys:
                if key in place:
                    value, own = place.pop(key), reader(key)(place)
                    joined = own and isinstance(value, list)
                    put(place, key, [*(own if isinstance(own, list) else [own]), *value] if joined else value)


def conform(batch: Batch) -> None:
    """Give the raw fields that bear names of ECS objects the types of ECS: outputs of ECS alone get them too."""
    if batch.alike:
        for record, number in zip(batch.records, batch.numbers, strict=True):
            for top in batch.alike.get(number, set()) & record.keys():
                record[top] = typed.conform(record[top], top)
