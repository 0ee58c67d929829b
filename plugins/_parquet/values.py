"""Arrow's values as JSON has them: see parser_parquet.

Times are read as the numbers they are stored as: Python's have no nanoseconds, and end in the year 9999.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Callable
from types import ModuleType
from typing import Any

Convert = Callable[[Any], Any]
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Shapes:
    """Says for an Arrow type as which other it is read, and what makes a JSON value of one of its values (None: nothing needs to).

    With ``lenient`` texts are read as bytes: for files whose texts are not all UTF-8.
    """

    def __init__(self, arrow: ModuleType, *, lenient: bool = False) -> None:
        self.arrow, self.types, self.lenient = arrow, arrow.types, lenient

    def of(self, kind: Any) -> tuple[Any, Convert | None]:
        """Return the type to read ``kind`` as, and the converter of its values; none of these is None."""
        types, arrow = self.types, self.arrow
        if types.is_dictionary(kind):
            return self.of(kind.value_type)
        if isinstance(kind, arrow.BaseExtensionType):
            storage, convert = self.of(kind.storage_type)
            return storage, _uuid if kind.extension_name == "arrow.uuid" else convert
        if types.is_null(kind):
            return arrow.int8(), None  # Arrow miscounts a list of nulls that is cast to itself
        if types.is_nested(kind):
            return self.nested(kind)
        if types.is_temporal(kind):
            return self.temporal(kind)
        if types.is_floating(kind):
            return kind, _finite
        if types.is_decimal(kind):
            return kind, _decimal
        if self.lenient and (types.is_string(kind) or types.is_large_string(kind)):
            return arrow.large_binary(), _text
        if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
            return kind, _text
        plain = types.is_integer(kind) or types.is_boolean(kind) or types.is_string(kind) or types.is_large_string(kind)
        return kind, None if plain else str

    def temporal(self, kind: Any) -> tuple[Any, Convert | None]:
        """The same of a type of times."""
        types, arrow = self.types, self.arrow
        if types.is_date32(kind):
            return arrow.int32(), lambda days: _moment(days * 86400, 1)[:10]
        if types.is_date64(kind):
            return arrow.int64(), lambda value: _moment(value, 1000)[:10]
        if types.is_interval(kind):
            return kind, lambda value: dict(zip(("months", "days", "nanoseconds"), value, strict=True))
        parts = PER_SECOND[kind.unit]
        if types.is_timestamp(kind):
            return arrow.int64(), lambda value: _moment(value, parts)
        if types.is_time(kind):
            return arrow.int32() if types.is_time32(kind) else arrow.int64(), lambda value: _moment(value, parts)[11:-6]
        return arrow.int64(), lambda value: value / parts if value % parts else value // parts

    def nested(self, kind: Any) -> tuple[Any, Convert | None]:
        """The same of lists, structs and maps."""
        types, arrow = self.types, self.arrow
        if types.is_struct(kind):
            members = [(field, *self.of(field.type)) for field in kind]
            convert = {field.name: convert or _same for field, _, convert in members}
            return arrow.struct([field.with_type(storage) for field, storage, _ in members]), lambda value: _object(value, convert)
        if types.is_map(kind):
            key, of_key = self.of(kind.key_type)
            item, of_item = self.of(kind.item_type)
            return arrow.map_(key, item), lambda pairs: {str((of_key or _same)(name)): _value(of_item, value) for name, value in pairs}
        if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
            storage, of_item = self.of(kind.value_type)
            make = arrow.large_list if types.is_large_list(kind) else arrow.list_
            size = (kind.list_size,) if types.is_fixed_size_list(kind) else ()
            listed = make(kind.value_field.with_type(storage), *size)
            return listed, None if of_item is None else lambda values: [_value(of_item, value) for value in values]
        return kind, str


def _value(convert: Convert | None, value: Any) -> Any:
    return value if value is None or convert is None else convert(value)


def _same(value: Any) -> Any:
    return value


def _object(value: dict[str, Any], convert: dict[str, Convert]) -> dict[str, Any]:
    return {name: convert[name](member) for name, member in value.items() if member is not None}


def _moment(value: int, parts: int) -> Any:
    """Return ISO 8601 text of a time since 1970 in parts of a second; beyond the years 1 to 9999 the number, as text too."""
    try:
        second, part = divmod(value, parts)
        whole = (EPOCH + datetime.timedelta(seconds=second)).isoformat()
    except OverflowError:
        return str(value)
    return whole if not part else f"{whole[:-6]}.{part:0{len(str(parts)) - 1}d}{whole[-6:]}"


def _decimal(value: decimal.Decimal) -> Any:
    return int(value) if value == value.to_integral_value() and -(2**63) <= value < 2**63 else str(value)


def _finite(value: float) -> Any:
    return value if math.isfinite(value) else str(value)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _uuid(value: bytes) -> str:
    return str(uuid.UUID(bytes=value))
