"""Give a mapped value the type that the ECS schema gives its field: numbers, booleans, addresses, lists, text."""

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import cache
from typing import Any

import orjson

from loader import schema
from loader.memo import Memo

EMPTY = (None, "", "-", "null", "[]")
WHOLE = ("long", "integer")
AS_IT_IS = ("object", "flattened", "nested", "geo_point", "")
HOLLOW = ""  # the name of no object
Convert = Callable[[Any], Any]


def kind(target: str) -> str:
    """Return the ECS type of a field; a name that ECS lacks is an address where it says so, else anything."""
    field = schema.field(target)
    return field.type if field else ("ip" if ".ip" in target else "")


def is_known(target: str) -> bool:
    """Tell whether ECS has this field."""
    return schema.field(target) is not None


def is_array(target: str) -> bool:
    """Tell whether the field always holds a list."""
    field = schema.field(target)
    return field is not None and field.array


def converter(target: str) -> tuple[Convert | None, Memo | None]:
    """Return the converter of any value to the field's type, None for what does not fit; and one for texts that remembers.

    Without the second a text is right as it is, without both anything is.
    """
    wanted = kind(target)
    if wanted in AS_IT_IS:
        return None, None
    return CONVERTERS.get(wanted, (fitting_text, None))


def fitting(convert: Convert) -> Convert:
    """Make a converter that raises return None for what is empty or does not fit, and convert lists by item."""

    def fit(value: Any) -> Any:
        if isinstance(value, list):
            return [converted for item in value if (converted := fit(item)) is not None] or None
        try:
            return None if value in EMPTY else convert(value)
        except (ValueError, TypeError, OverflowError, OSError):
            return None

    return fit


@cache
def gatherer(target: str) -> Convert:
    """Return a function from a tuple of values, some of them lists, to the sorted list of those that are there, each once.

    Where ECS has a list of objects, they stay objects in their order.
    """
    if is_known(target) and kind(target) in AS_IT_IS:
        return _flattened
    convert, memo = converter(target)
    of_text: Convert = memo.__getitem__ if memo is not None else _unless_empty
    of_other: Convert = convert or _unless_empty

    def gather(values: Any) -> list[Any] | None:
        found: set[Any] = set()
        for value in values:
            if value.__class__ is str:
                typed = of_text(value)
            elif value is None:
                continue
            elif value.__class__ is list:
                found.update(gather(value) or ())
                continue
            else:
                typed = of_other(value)
            if typed is not None:
                found.add(typed if typed.__class__ is not dict else orjson.dumps(typed).decode())
        if len(found) < 2:
            return list(found) or None
        return sorted(found, key=_order)

    return gather


def _flattened(values: Any) -> list[Any] | None:
    return [item for value in values for item in (value if isinstance(value, list) else [value]) if item not in (*EMPTY, {})] or None


def conform(value: Any, path: str) -> Any:
    """Return what stands in a raw field named as ECS names its own, as far as its values have the types that ECS wants there; else None."""
    if is_array(path):
        return gatherer(path)([value])
    if isinstance(value, dict) and kind(path) in ("", "object", "nested", "flattened"):
        found = {key: typed for key, below in value.items() if (typed := conform(below, f"{path}.{key}")) is not None}
        return found or None
    if not is_known(path):
        return None if path in schema.tops() else value
    convert, _ = converter(path)
    return convert(value) if convert else value


def constant(target: str, value: str) -> Any:
    """Return the typed value of a constant; ``[a, b]`` is a list, and so is anything where ECS wants one."""
    bracketed = value.startswith("[") and value.endswith("]")
    if is_array(target) or (bracketed and not is_known(target)):
        return gatherer(target)([part.strip() for part in value.strip("[]").split(",")])
    _, memo = converter(target)
    return memo[value] if memo is not None else value


def _unless_empty(value: Any) -> Any:
    return None if value in EMPTY else value


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def to_text(value: Any) -> str:
    """Text as it is, anything else as JSON writes it; of what JSON writes as text, such as a datetime, without the quotes."""
    if isinstance(value, str):
        return value
    written = orjson.dumps(value)
    return str(orjson.loads(written)) if written[:1] == b'"' else written.decode()


def to_whole(value: Any) -> int:
    """A whole number; raises ValueError for what is none."""
    if isinstance(value, bool):
        raise ValueError("a boolean")
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            value = float(value)
    if value != int(value) or not -(2**63) <= value < 2**63:
        raise ValueError("not a long")
    return int(value)


def to_fraction(value: Any) -> float | int:
    """A finite number; raises ValueError for what is none."""
    if isinstance(value, bool):
        raise ValueError("a boolean")
    number = value if isinstance(value, int) else float(value)
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124  # NaN is what is not itself
        raise ValueError("not finite")
    return number


def to_flag(value: Any) -> bool:
    """A boolean, or one of its words; raises ValueError for what is none."""
    if isinstance(value, bool):
        return value
    if str(value).lower() not in FLAGS:
        raise ValueError("not a boolean")
    return FLAGS[str(value).lower()]


def to_address(value: Any) -> str:
    """An IP address as it is written; raises OSError or ValueError for what is none, ports and zones included."""
    socket.inet_pton(socket.AF_INET6 if ":" in value else socket.AF_INET, value)
    return str(value)


def _address_of(text: str) -> str | None:
    try:
        return to_address(text)
    except (OSError, ValueError):
        return None


FLAGS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
CONVERT: dict[str, Convert] = {
    **dict.fromkeys(WHOLE, fitting(to_whole)),
    **dict.fromkeys(("float", "double", "scaled_float"), fitting(to_fraction)),
    "boolean": fitting(to_flag),
    "ip": fitting(to_address),
}
CONVERTERS = {name: (convert, Memo(_address_of if name == "ip" else convert, 65536)) for name, convert in CONVERT.items()}


def fitting_text(value: Any) -> Any:
    """Text for anything but None; lists by item."""
    if isinstance(value, list):
        return [found for item in value if (found := fitting_text(item)) is not None] or None
    return None if value is None or value == {} else to_text(value)


def noted(value: Any, own: set[str]) -> Any:
    """Return what a converter has given; note among names when it is a list of an empty text, which says nothing and yet is a value."""
    if value == [""]:
        own.add(HOLLOW)
    return value
