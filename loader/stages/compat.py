"""The values that the es-loader gave mapped fields, for ``compat = es-loader``: the same functions as stages/typed.py, which says what they do.

Everything is text, as Python writes it; lists are gathered for a fixed set of fields, of texts only; addresses are checked where they are
texts; other lists and objects stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loader import schema
from loader.memo import Memo
from loader.stages import typed

Convert = Callable[[Any], Any]
GATHERED = ("related.", "event.category", "event.type", "host.ip", "host.mac", "observer.", "dns.", "process.args", "threat.", "tls.", "user.roles")
is_known = typed.is_known


def kind(target: str) -> str:
    """Return ``ip`` for whatever has it in its name, else ``keyword``."""
    return "ip" if ".ip" in target else "keyword"


def is_array(target: str) -> bool:
    """Tell whether the es-loader gathered a list for this field."""
    field = schema.field(target)
    return field is not None and field.array and (target.startswith(GATHERED) or ".x509." in target)


def converter(target: str) -> tuple[Convert | None, Memo | None]:
    """Return the converter of any value to what the es-loader made of it, and for addresses one for texts that remembers."""
    if kind(target) == "ip":
        return unchecked, ADDRESSES
    return as_text, None


def as_text(value: Any) -> Any:
    """Numbers and booleans as Python prints them; all else as it is, if there is anything in it."""
    return str(value) if isinstance(value, (bool, int, float)) else value or None


def unchecked(value: Any) -> Any:
    """What stands where an address should, and is no text: the es-loader did not look at it. Another function than that of texts, since
    mappings know by it what they have converted already.
    """
    return as_text(value)


def gatherer(target: str) -> Convert:
    """Return a function from a tuple of values, some of them lists, to the sorted list of the texts among them, each once."""
    valid: Convert = ADDRESSES.__getitem__ if kind(target) == "ip" else _unless_empty

    def gather(values: Any) -> list[str] | None:
        flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
        found = {text for item in flat if isinstance(item, str) and (text := valid(item))}
        return sorted(found) or None

    return gather


def constant(target: str, value: str) -> Any:
    """Return the value of a constant: text, or for a gathered field a list."""
    if is_array(target):
        return gatherer(target)([part.strip() for part in value.strip("[]").split(",")])
    return value


def _address(value: str) -> str | None:
    try:
        return typed.to_address(value)
    except (ValueError, OSError):
        return None


def _unless_empty(value: str) -> str | None:
    return value or None


ADDRESSES = Memo(_address, 65536)
