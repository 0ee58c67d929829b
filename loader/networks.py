"""Addresses of the Internet Protocol, and which of many networks they lie in (leaf, pure)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def unmapped(address: Address) -> Address:
    """Return an address, one of IPv4 that IPv6 maps (RFC 4291, 2.5.5.2) as that of IPv4.

    >>> [str(unmapped(ipaddress.ip_address(text))) for text in ("::ffff:192.0.2.1", "2001:db8::1")]
    ['192.0.2.1', '2001:db8::1']
    """
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def membership(networks: Iterable[Network]) -> Callable[[Address], bool]:
    """Return a predicate: whether an address lies in one of the networks. It takes one look-up for each length of prefix."""
    tables = _tables((network, None) for network in networks)

    def is_member(address: Address) -> bool:
        number = int(address)
        return any(number >> host_bits in table for host_bits, table in tables[address.version])

    return is_member


def finder(pairs: Iterable[tuple[Network, T]]) -> Callable[[Address], list[T]]:
    """Return ``find(address)``: what was given with each network that the address lies in. It takes one look-up for each length of prefix."""
    tables = _tables(pairs)

    def find(address: Address) -> list[T]:
        number = int(address)
        return [value for host_bits, table in tables[address.version] for value in table.get(number >> host_bits, ())]

    return find


def _tables(pairs: Iterable[tuple[Network, T]]) -> dict[int, list[tuple[int, dict[int, list[T]]]]]:
    """Return by version, for each number of host bits that occurs, the networks by their prefix."""
    found: dict[int, dict[int, dict[int, list[T]]]] = {4: {}, 6: {}}
    for network, value in pairs:
        host_bits = network.max_prefixlen - network.prefixlen
        prefix = int(network.network_address) >> host_bits
        found[network.version].setdefault(host_bits, {}).setdefault(prefix, []).append(value)
    return {version: list(tables.items()) for version, tables in found.items()}
