"""The RFC 5424 header: what the options ask for, composed once per log type, completed with the timestamp of each record."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loader.api import Memo, Record, reader

Head = Callable[[Record], bytes]

NIL = b"-"
FACILITIES = {
    "kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9, "authpriv": 10,
    "ftp": 11, "ntp": 12, "audit": 13, "alert": 14, "clock": 15, **{f"local{number}": 16 + number for number in range(8)},
}  # fmt: skip
SEVERITIES = {
    "emerg": 0, "emergency": 0, "panic": 0, "alert": 1, "crit": 2, "critical": 2, "fatal": 2, "err": 3, "error": 3, "warning": 4, "warn": 4,
    "notice": 5, "info": 6, "informational": 6, "information": 6, "debug": 7, "trace": 7, "verbose": 7,
}  # fmt: skip
# HOSTNAME, APP-NAME, PROCID and MSGID of section 6, as characters at most.
LENGTHS = (255, 48, 128, 32)

_STAMP = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,6})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_UNPRINTABLE = re.compile(r"[^!-~]")


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """What to write: the field at ``path`` when the option names one and the record has it, else ``text``."""

    text: str = ""
    path: str = ""

    def backed_by(self, text: str) -> Setting:
        """Return the setting with ``text`` where it has none of its own."""
        return self if self.text else Setting(text, self.path)


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


def printable(text: str, length: int) -> bytes:
    """Return ``text`` as PRINTUSASCII of at most ``length`` characters, ``_`` for every other one; ``-`` when empty (section 6)."""
    return _UNPRINTABLE.sub("_", text[:length]).encode("ascii") or NIL


def timestamp(value: Any) -> bytes:
    """Return ``value`` unchanged when it is a TIMESTAMP of section 6.2.3, else ``-``."""
    match = _STAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return NIL
    if match[1] > "28":
        try:
            datetime.date.fromisoformat(value[:10])
        except ValueError:
            return NIL
    return bytes(value, "ascii")


def header(facility: Setting, severity: Setting, names: Sequence[Setting]) -> Head:
    """Return ``head(record)``: the message up to MSG (section 6). ``names`` are HOSTNAME, APP-NAME, PROCID and MSGID."""

    def opening(*values: Any) -> bytes:
        group, level = map(number_of, values, (facility, severity), (FACILITIES, SEVERITIES))
        return b"<%d>1 " % (group * 8 + level)

    def middle(*values: Any) -> bytes:
        texts = [plain(value) or wanted.text for value, wanted in zip(values, names, strict=True)]
        return b" %b %b %b %b - " % tuple(map(printable, texts, LENGTHS))

    if not any(wanted.path for wanted in (facility, severity, *names)):
        return stamped(opening(None, None), middle(*[None] * len(names)))
    first, stamp, last = remembered((facility, severity), opening), stamped(b"", b""), remembered(names, middle)
    return lambda record: first(record) + stamp(record) + last(record)


def stamped(before: bytes, after: bytes) -> Head:
    """Return a function from a record to its TIMESTAMP between two constants, so that one look-up gives a constant header whole."""
    heads = Memo(lambda value: before + timestamp(value) + after, 2048)
    unknown = before + NIL + after

    def head(record: Record) -> bytes:
        try:
            found: bytes = heads[record.get("@timestamp")]
        except TypeError:  # a list or a dict: no hash, and no time either
            return unknown
        return found

    return head


def remembered(settings: Sequence[Setting], compute: Callable[..., bytes]) -> Head:
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
        try:
            found: bytes = memo[values]
        except TypeError:  # a field that is a list has no hash
            return whole(values)
        return found

    return part
