"""Which key each field of a record gets in a schema that has keys of its own: by the one map, or a name of its own."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Mapping

from plugins._text import fields
from plugins._text.leaves import Placing
from plugins._text.shapes import Place
from plugins._text.typed import Convert, choosing

WORD = re.compile(r"[0-9A-Za-z]+")
PAIR = re.compile(r"([0-9A-Za-z]+)=([^\s=\\]+)")
Prefix = Callable[[str, str], str]  # what stands before the value of a key, and the field it is of


@dataclasses.dataclass(frozen=True, slots=True)
class Schema:
    """The keys of a schema. ``typed[key]`` are the keys, itself the first, that take what can be converted; any other key takes any text.

    ``reserved`` are keys that no field without a place in the map may have.
    """

    name: str
    typed: Mapping[str, Collection[tuple[str, Convert]]]
    reserved: Collection[str]


def field_map(ours: str) -> Callable[[str], dict[str, str]]:
    """Keys and the fields they take, ``key=dotted.field``, separated by blanks or commas; the pattern ``ours`` has those not for taking."""

    def convert(value: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for word in value.replace(",", " ").split():
            pair = PAIR.fullmatch(word)
            if pair is None:
                raise ValueError(f"{word!r} is not key=dotted.field, with a key of letters and digits")
            if re.fullmatch(ours, pair[1]):
                raise ValueError(f"{pair[1]!r} is written by the formatter itself")
            if pair[1] in found:
                raise ValueError(f"{pair[1]!r} is there twice")
            found[pair[1]] = pair[2]
        return found

    return convert


def by_field(schema: str, changes: Mapping[str, str]) -> dict[str, str]:
    """Return the keys of a schema by field, in the order in which fields take them; ``changes`` are fields by key, and go before the map."""
    taken = {field: key for field, key in fields.keys(schema).items() if key not in changes and field not in changes.values()}
    return {field: key for key, field in changes.items()} | taken


def placing(schema: Schema, changes: Mapping[str, str], prefix: Prefix, *, keep: bool) -> Placing:
    """Return ``place(field)``; for ``changes`` see ``by_field``.

    With ``keep`` a field without a key, or one whose value its key does not take, goes under a name of its own.
    """
    keys = by_field(schema.name, changes)
    ranks = {field: rank for rank, field in enumerate(keys)}
    reserved = {key.lower() for key in (*schema.reserved, *keys.values())}

    def place(field: str) -> Place:
        own = prefix(own_name(field, reserved), field) if keep else ""
        key = keys.get(field)
        if key is None:
            return Place(own, own=own)
        choices = [(prefix(other, field), convert) for other, convert in schema.typed.get(key, ())]
        return Place(prefix(key, field), choosing(choices, own) if choices else None, own, ranks[field])

    return place


def own_name(field: str, reserved: Collection[str]) -> str:
    """Return a key of letters and digits for a field, none of those reserved (in lower case), whatever its case.

    >>> own_name("source.geo.city_name", {"src"}), own_name("SRC", {"src"})
    ('sourceGeoCityName', 'fieldSRC')
    """
    found: list[str] = WORD.findall(field) or ["field"]
    name = found[0] + "".join(word[0].upper() + word[1:] for word in found[1:])
    while name.lower() in reserved:
        name = f"field{name[0].upper()}{name[1:]}"
    return name
