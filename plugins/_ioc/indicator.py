"""An indicator, and the one form in which its value is kept and looked up."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import re

from loader.api import unmapped

# RFC 1035 names with the underscore that DNS has in practice; a top level that begins with a letter tells them from wrong addresses
DOMAIN = re.compile(r"(?:\*\.)?(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")


@dataclasses.dataclass(frozen=True, slots=True)
class Indicator:
    """One row of the database. ``value`` is an address, a network or a domain, ``type`` one of STIX; the rest is text, empty when unknown."""

    value: str
    type: str  # ipv4-addr, ipv6-addr, domain-name
    prefix: int | None  # of a network, the length of its prefix
    provider: str
    id: str = ""
    name: str = ""
    description: str = ""
    reference: str = ""
    confidence: str = ""
    first_seen: str = ""
    modified_at: str = ""
    valid_until: str = ""  # UTC, as utc() writes it: such texts sort by time


def address_indicator(text: str, provider: str) -> Indicator:
    """Return the indicator of an address or a network; raises ValueError."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no address, network or domain name") from None
    if not network.prefixlen:
        raise ValueError(f"{text!r} is every address")
    kind = f"ipv{network.version}-addr"
    if network.prefixlen < network.max_prefixlen:
        return Indicator(str(network), kind, network.prefixlen, provider)
    one = unmapped(network.network_address)
    return Indicator(str(one), f"ipv{one.version}-addr", None, provider)


def domain_indicator(text: str, provider: str) -> Indicator:
    """Return the indicator of a domain name, or of all names below one (``*.example.com``); raises ValueError."""
    name = domain(text)
    if len(name) > 253 or not DOMAIN.fullmatch(name):
        raise ValueError(f"{text!r} is no domain name")
    return Indicator(name, "domain-name", None, provider)


def domain(text: str) -> str:
    """Return a domain name in lower case, in the ASCII form of RFC 3490, without the dot of the root; raises ValueError.

    >>> domain("Bücher.Example.")
    'xn--bcher-kva.example'
    """
    name = text.strip().lower().removesuffix(".")
    return name if name.isascii() else name.encode("idna").decode("ascii")


def utc(time: datetime.datetime) -> str:
    """Return a time in UTC as text that sorts by time."""
    return time.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
