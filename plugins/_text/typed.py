"""What keys of CEF and LEEF want: numbers, addresses, times, each from the text of a value; None where it is none."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Sequence

from loader.api import Memo

Convert = Callable[[str], str | None]
Choice = tuple[str, Convert]  # a prefix, and what may stand behind it
MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
WHOLE = re.compile(r"-?[0-9]{1,19}")
DIRECTIONS = {"inbound": "0", "ingress": "0", "outbound": "1", "egress": "1"}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def whole(text: str) -> str | None:
    """A whole number of 64 bits."""
    return str(int(text)) if WHOLE.fullmatch(text) and -(2**63) <= int(text) < 2**63 else None


def port(text: str) -> str | None:
    """A number from 0 to 65535."""
    number = whole(text)
    return number if number is not None and 0 <= int(number) <= 65535 else None


def ipv4(text: str) -> str | None:
    """An IPv4 address."""
    return text if ":" not in text and address(text) else None


def ipv6(text: str) -> str | None:
    """An IPv6 address without a zone."""
    return text if ":" in text and address(text) else None


def address(text: str) -> str | None:
    """An IP address without a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if "%" in text else text


def mac(text: str) -> str | None:
    """Six bytes with colons between, which ECS writes with hyphens."""
    return text.replace("-", ":") if MAC.fullmatch(text) else None


def protocol(text: str) -> str | None:
    """The name of a protocol in capitals."""
    return text.upper() if text.isalnum() else None


def direction(text: str) -> str | None:
    """0 for inbound, 1 for outbound."""
    return DIRECTIONS.get(text)


def moment(text: str) -> datetime.datetime | None:
    """A time of ISO 8601, in UTC where it says no zone."""
    try:
        found = datetime.datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None


def epoch_ms(text: str) -> str | None:
    """Milliseconds since 1970."""
    found = moment(text)
    return None if found is None else str((found - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(milliseconds=1))


def spelled(text: str) -> str | None:
    """A time as ``May 24 2024 07:32:05.123 UTC``, in English whatever the locale."""
    found = moment(text)
    if found is None or found.year < 1000:
        return None
    return f"{MONTHS[found.month - 1]} {found:%d} {found.year} {found:%H:%M:%S}.{found.microsecond // 1000:03d} UTC"


def choosing(choices: Sequence[Choice], own: str) -> Memo:
    """Return a memo from a text to the first prefix it fits behind and how it is written there; or to ``own`` and the text itself."""

    def choose(text: str) -> tuple[str, str]:
        for prefix, convert in choices:
            found = convert(text)
            if found is not None:
                return prefix, found
        return own, text

    return Memo(choose, 4096)
