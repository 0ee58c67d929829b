"""Give a mapped value the type that the ECS schema gives its field: numbers, booleans, addresses, lists, text."""

from __future__ import annotations

import collections
import ipaddress
from collections.abc import Callable
from typing import Any

import orjson

from loader import schema
from loader.memo import Memo

EMPTY = (None, "", "-", "null", "[]")
WHOLE = ("long", "integer")
FRACTION = ("float", "double", "scaled_float")
AS_IT_IS = ("object", "flattened", "nested", "geo_point", "")
Convert = Callable[[Any], Any]


class Typing:
    """Converters by field. What does not fit is counted in ``misfits`` by field and becomes None."""

    def __init__(self) -> None:
        self.misfits: collections.Counter[str] = collections.Counter()

    def is_known(self, target: str) -> bool:
        """Tell whether ECS has this field."""
        return schema.field(target) is not None

    def is_array(self, target: str) -> bool:
        """Tell whether the field always holds a list."""
        field = schema.field(target)
        return field is not None and field.array

    def wants(self, target: str) -> str:
        """Name the type of a field."""
        field = schema.field(target)
        return field.type if field else "anything"

    def converters(self, target: str) -> tuple[Convert | None, Memo | None]:
        """Return the converter of any value, and a memo for texts; without a memo a text is right as it is."""
        field = schema.field(target)
        kind = field.type if field else ("ip" if ".ip" in target else "")
        if kind in AS_IT_IS:
            return None, None
        convert = self._noted(target, CONVERT.get(kind, to_text))
        return convert, Memo(convert) if kind in CONVERT else None

    def _noted(self, target: str, convert: Convert) -> Convert:
        def noted(value: Any) -> Any:
            if isinstance(value, list):
                return [converted for item in value if (converted := noted(item)) is not None] or None
            if value in EMPTY:
                return value if convert is to_text else None
            try:
                return convert(value)
            except (ValueError, TypeError, OverflowError):
                self.misfits[f"{target} left out: no {self.wants(target)}"] += 1
                return None

        return noted

    def gatherer(self, target: str) -> Convert:
        """Return a function from a tuple of values, some of them lists, to the sorted list of those that are there, each once."""
        convert = self.converters(target)[0] or (lambda value: value)

        def gather(values: tuple[Any, ...]) -> list[Any] | None:
            found = [item for value in values for item in (value if isinstance(value, list) else (value,))]
            typed = {converted: None for item in found if item not in EMPTY and (converted := _hashable(convert(item))) is not None}
            return sorted(typed, key=_order) or None

        memo = Memo(lambda values: tuple(gather(values) or ()))

        def remembered(values: tuple[Any, ...]) -> list[Any] | None:
            for value in values:
                if value.__class__ is not str:
                    return gather(values)
            return list(memo[values]) or None

        return remembered

    def constant(self, target: str, value: str) -> Any:
        """Return the typed value of a constant; ``[a, b]`` is a list, and so is anything where ECS wants one."""
        bracketed = value.startswith("[") and value.endswith("]")
        if self.is_array(target) or (bracketed and not self.is_known(target)):
            return self.gatherer(target)(tuple(part.strip() for part in value.strip("[]").split(",")))
        convert, memo = self.converters(target)
        return convert(value) if convert and memo is not None else value


def _hashable(value: Any) -> Any:
    return orjson.dumps(value).decode() if isinstance(value, (dict, list)) else value


def _order(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value


def to_text(value: Any) -> str:
    """Text as it is, anything else as JSON writes it."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


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
    """A boolean, or one of its words."""
    words = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
    return value if isinstance(value, bool) else words_or_error(words, value)


def words_or_error(words: dict[str, bool], value: Any) -> bool:
    """Look a word up; raises ValueError when it is not there."""
    if str(value).lower() not in words:
        raise ValueError("not a boolean")
    return words[str(value).lower()]


def to_address(value: Any) -> str:
    """An IP address as it is written; raises ValueError for what is none, ports and zones included."""
    if not isinstance(value, str) or "%" in value:
        raise ValueError("not an address")
    ipaddress.ip_address(value)
    return value


CONVERT: dict[str, Convert] = {
    **dict.fromkeys(WHOLE, to_whole),
    **dict.fromkeys(FRACTION, to_fraction),
    "boolean": to_flag,
    "ip": to_address,
}
