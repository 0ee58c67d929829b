"""What the options of a header say: text, a field of the record, or the field and a text for records without it."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loader.api import Memo, Record, reader

Part = Callable[[Record], bytes]
HASHABLE = frozenset({str, int, type(None)})  # of which no two of different types are equal, as True, 1 and 1.0 are
FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9, "authpriv": 10,
    "ftp": 11, "ntp": 12, "audit": 13, "alert": 14, "clock": 15, **{f"local{number}": 16 + number for number in range(8)},
}  # fmt: skip
SEVERITIES = {
    "emerg": 0, "emergency": 0, "panic": 0, "alert": 1, "crit": 2, "critical": 2, "fatal": 2, "err": 3, "error": 3, "warning": 4, "warn": 4,
    "notice": 5, "info": 6, "informational": 6, "information": 6, "debug": 7, "trace": 7, "verbose": 7,
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What to write: the field at ``path`` when the option names one and the record has it, else ``text``."""

    text: str = ""
    path: str = ""

    def backed_by(self, text: str) -> Setting:
        """Return the setting with ``text`` where it has none of its own."""
        return self if self.text else Setting(text, self.path)

    def chosen(self, value: Any) -> str:
        """Return what is to be written when the field holds ``value``."""
        return plain(value) or self.text


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What every header is made of, apart from the time: each with a text to fall back on."""

    facility: Setting
    severity: Setting
    hostname: Setting
    app_name: Setting
    procid: Setting
    msgid: Setting

    def codes(self, facility: Any, severity: Any) -> tuple[int, int]:
        """Return the numbers of facility and severity when their fields hold these values."""
        return number_of(facility, self.facility, FACILITIES), number_of(severity, self.severity, SEVERITIES)


def setting(value: str) -> Setting:
    """Text, or ``field:dotted.name``, or ``field:dotted.name,text`` for records without that field."""
    if not value.startswith("field:"):
        return Setting(value)
    path, _, text = value.removeprefix("field:").partition(",")
    if not path.strip():
        raise ValueError(f"{value!r} names no field: write for example field:host.name,unknown")
    return Setting(text.strip(), path.strip())


def coded(codes: Mapping[str, int]) -> Callable[[str], Setting]:
    """A setting whose text is a name or number of ``codes``."""

    def convert(value: str) -> Setting:
        found = setting(value)
        if found.text and code_of(found.text, codes) is None:
            near = difflib.get_close_matches(found.text.lower(), codes, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"write a number up to {max(codes.values())} or one of {', '.join(codes)}"
            raise ValueError(f"{found.text!r} is not known: {hint}")
        return found

    return convert


def code_of(value: Any, codes: Mapping[str, int]) -> int | None:
    """Return the number that ``value`` (a name in any case, or a number) stands for, or None."""
    text = plain(value).strip().lower()
    if text in codes:
        return codes[text]
    number = int(text) if re.fullmatch("[0-9]{1,3}", text) else -1
    return number if 0 <= number <= max(codes.values()) else None


def number_of(value: Any, wanted: Setting, codes: Mapping[str, int]) -> int:
    """Return the number of ``value``, else of the setting's text."""
    found = code_of(value, codes)
    return found if found is not None else code_of(wanted.text, codes) or 0


def plain(value: Any) -> str:
    """Return a text or number as text, the first of a list likewise; empty for anything else."""
    if isinstance(value, list) and value:
        value = value[0]
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def remembered(settings: Sequence[Setting], compute: Callable[..., bytes]) -> Part:
    """Return a function from a record to ``compute`` of the fields that ``settings`` name, None where one names none."""
    getters = [reader(wanted.path) for wanted in settings if wanted.path]

    def whole(values: Sequence[Any]) -> bytes:
        found = iter(values)
        return compute(*[next(found) if wanted.path else None for wanted in settings])

    if not getters:
        constant = whole(())
        return lambda record: constant
    memo = Memo(whole)

    def part(record: Record) -> bytes:
        values = tuple([get(record) for get in getters])
        if not HASHABLE.issuperset(map(type, values)):
            return whole(values)
        found: bytes = memo[values]
        return found

    return part
