"""Options: what an INI key means, declared in the class or module that uses it.

An ``Option`` is read from the plugin's own section, a ``TypeOption`` from the section of a log type. A converter turns the
text of an INI value into a value, or raises ``ValueError`` with what it expected.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
Converter = Callable[[str], T]


class Option(Generic[T]):
    """One key of a plugin's section. On an instance it reads as the converted value.

    ``default`` is INI text and goes through the same converter; ``None`` means the key must be given. A ``secret`` is
    never written in an INI: its value is ``env:NAME`` or ``file:PATH``.
    """

    def __init__(self, convert: Converter[T], default: str | None = "", *, doc: str, secret: bool = False, name: str = "") -> None:
        self.convert, self.default, self.doc, self.secret, self.name = convert, default, doc, secret, name

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name

    @overload
    def __get__(self, instance: None, owner: type) -> Option[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> Option[T] | T:
        if instance is None:
            return self
        try:
            value: T = instance.__dict__[self.name]
        except KeyError:
            raise AttributeError(f"option {self.name!r} has not been configured") from None
        return value

    def read(self, value: str | None) -> T:
        """Convert ``value``, or the default when it is ``None``; raises ValueError."""
        if value is None:
            if self.default is None:
                raise ValueError("must be given")
            value = self.default
        elif self.secret:
            value = resolve_secret(value)
        return self.convert(value)


class TypeOption(Option[T]):
    """One key of a log type's section, read by ``log_type.read(option)`` while preparing."""


def declared(owner: type, kind: type[Option[Any]]) -> dict[str, Option[Any]]:
    """Return the options that ``owner`` and its bases declare of exactly this kind, by key."""
    found: dict[str, Option[Any]] = {}
    for cls in reversed(owner.__mro__):
        found |= {option.name: option for option in vars(cls).values() if type(option) is kind}
    return found


def resolve_secret(value: str) -> str:
    """Return what ``env:NAME`` or ``file:PATH`` stands for; raises ValueError, also for a secret written out."""
    where, _, name = value.partition(":")
    if not value:
        return ""
    if where == "env" and name:
        if name not in os.environ:
            raise ValueError(f"the environment has no variable {name!r}")
        return os.environ[name]
    if where == "file" and name:
        try:
            return Path(name).expanduser().read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, RuntimeError) as why:
            raise ValueError(f"cannot read the secret: {why}") from why
    raise ValueError("a secret is given as env:NAME or file:PATH, never written in an INI file")


def text(value: str) -> str:
    """Any text."""
    return value


def words(value: str) -> list[str]:
    """Names separated by blanks or commas."""
    return value.replace(",", " ").split()


def path(value: str) -> str:
    """A file or folder; a leading ``~`` is the home folder."""
    try:
        return str(Path(value).expanduser()) if value else ""
    except RuntimeError as why:
        raise ValueError(f"{value!r} names a user without a home folder") from why


def folder(value: str) -> str:
    """A folder that is there, or none; a leading ``~`` is the home folder, a relative path is as seen from the current folder."""
    found = path(value)
    if found and not Path(found).is_dir():
        raise ValueError(f"there is no folder {found!r}")
    return found


def flag(value: str) -> bool:
    """True or False, in the words configparser knows."""
    states = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False, "": False}
    if value.lower() not in states:
        raise ValueError(f"{value!r} is not a switch: write yes or no")
    return states[value.lower()]


def number(lowest: int = 0, highest: int = 2**63 - 1) -> Converter[int]:
    """A whole number within bounds."""

    def convert(value: str) -> int:
        if not re.fullmatch(r"[+-]?\d+", value):
            raise ValueError(f"{value!r} is not a whole number")
        if not lowest <= int(value) <= highest:
            raise ValueError(f"{value} is not between {lowest} and {highest}")
        return int(value)

    return convert


def per_second(value: str) -> float:
    """A number a second, with decimals or without."""
    if not re.fullmatch(r"\d+(?:\.\d+)?", value):
        raise ValueError(f"{value!r} is no number a second: write for example 250 or 0.5")
    return float(value)


def size(value: str) -> int:
    """Bytes: a number with an optional k, m, g or t (powers of 1024)."""
    match = re.fullmatch(r"(\d+)\s*([kmgt]?)i?b?", value.lower())
    if not match:
        raise ValueError(f"{value!r} is not a size: write for example 512k, 16m or 2g")
    return int(match[1]) << 10 * " kmgt".index(match[2] or " ")


def seconds(value: str) -> float:
    """A time: a number with an optional ms, s, m, h or d (seconds when bare)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|[smhd]?)", value.lower())
    if not match:
        raise ValueError(f"{value!r} is not a time: write for example 30s, 5m or 1h")
    return float(match[1]) * {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def choice(*names: str) -> Converter[str]:
    """One of the given words, in any case."""

    def convert(value: str) -> str:
        if value.lower() not in names:
            words = f"one of {', '.join(names)}" if all(names) else f"{' or '.join(filter(None, names))}, and not empty"
            raise ValueError(f"{value!r} is not {words}")
        return value.lower()

    return convert


def regex(value: str) -> re.Pattern[str] | None:
    """A regular expression of the ``re`` module, or None when empty."""
    try:
        return re.compile(value) if value else None
    except re.error as why:
        raise ValueError(f"not a regular expression: {why}") from why


compat = choice("", "es-loader")
COMPAT = TypeOption(compat, "", name="compat", doc="es-loader: the values that it gave, where ours differ; as in [loader], for this type alone.")
