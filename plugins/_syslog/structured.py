"""STRUCTURED-DATA of RFC 5424 section 6.3: fields of the record as parameters of one element."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from loader.api import Memo, Record, reader
from plugins._syslog.settings import Part

# Names without an enterprise number that IANA has registered (RFC 5424 section 9.2, RFC 5674, RFC 5675, RFC 5848).
REGISTERED = frozenset({"timeQuality", "origin", "meta", "snmp", "alarm", "ssign", "ssign-cert"})
_NAME = re.compile(r"[!#-<>-\\^-~]{1,32}")  # SD-NAME: PRINTUSASCII but = blank ] and the quotation mark
_ENTERPRISE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
# What would end a line or steer a terminal: C0, DEL, C1 and the line separators of Unicode.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SPECIAL = re.compile(r'(["\\\]])')


def element_id(value: str) -> str:
    """An SD-ID: ``name@number``, a name registered by IANA, or a name to which enterprise_id is added."""
    name, at, number = value.partition("@")
    if value and not _NAME.fullmatch(value):
        raise ValueError(f'{value!r} is no SD-ID: up to 32 printable ASCII characters, none of them = ] " or a blank')
    if at and (not name or not _ENTERPRISE.fullmatch(number)):
        raise ValueError(f"{value!r} is no SD-ID: write name@number, the number being your enterprise's at IANA")
    return value


def enterprise(value: str) -> str:
    """A private enterprise number of IANA, with numbers of your own below it if you like."""
    if value and not (_ENTERPRISE.fullmatch(value) and len(value) <= 25):
        raise ValueError(f"{value!r} is no enterprise number: digits, as IANA has assigned them to you")
    return value


def parameters(value: str) -> dict[str, str]:
    """SD-PARAMs: ``name=dotted.field`` separated by blanks; a bare ``dotted.field`` is its own name."""
    found = {}
    for pair in value.split():
        name, _, path = pair.partition("=")
        if not _NAME.fullmatch(name) or pair.endswith("="):
            raise ValueError(f'{pair!r} is not name=dotted.field; a name has up to 32 printable ASCII characters, none of them = ] " or a blank')
        found[name] = path or name
    return found


def full_id(name: str, number: str) -> str:
    """Return the SD-ID of ``name`` under an enterprise number, unless it is one already; empty when it cannot be one."""
    if not name or "@" in name or name in REGISTERED:
        return name
    whole = f"{name}@{number}"
    return whole if number and len(whole) <= 32 else ""


def structured(sd_id: str, fields: Mapping[str, str]) -> Part:
    """Return ``part(record)``: one element with the fields that the record has, ``-`` when it has none of them."""
    start = b"[" + sd_id.encode()
    parts = [(reader(path), _writer(name)) for name, path in fields.items()]

    def part(record: Record) -> bytes:
        found = b"".join([write(value) for get, write in parts if (value := get(record)) is not None])
        return b"%b%b]" % (start, found) if found else b"-"

    return part


def _writer(name: str) -> Callable[[Any], bytes]:
    """Return ``write(value)``: the parameter ``name`` with a value; with each value of a list, as section 6.3.3 lets it repeat."""
    memo = Memo(lambda value: _parameter(name, [value]), 2048)

    def write(value: Any) -> bytes:
        if value.__class__ is str:
            found: bytes = memo[value]
            return found
        return _parameter(name, value if isinstance(value, list) else [value])

    return write


def _parameter(name: str, values: Sequence[Any]) -> bytes:
    texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values if isinstance(value, str | int | float)]
    return b"".join(b' %b="%b"' % (name.encode(), escaped(text)) for text in texts if text)


def escaped(text: str) -> bytes:
    r"""Return a PARAM-VALUE (section 6.3.3): a backslash before ``"``, ``\`` and ``]``; a control character is written as ``\n`` or ``\x1b``."""
    visible = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], text)
    return _SPECIAL.sub(r"\\\1", visible).encode("utf-8", "replace")
