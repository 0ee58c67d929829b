"""What the pattern of an exclusion rule matches: a text, a regular expression, networks, or a comparison of numbers (leaf, pure).

A value is compared as Python's ``str()`` writes it, and always as a whole. Every function here raises ValueError for a pattern
that means nothing, and says what it expected.
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

from loader.batch import Record
from loader.networks import Address, Network, membership, unmapped
from loader.paths import step_into

KINDS = TEXT, REGEX, CIDR, NUMBER = ("text", "regex", "cidr", "number")
Matches = Callable[[str], bool]
Compares = Callable[[float], bool]

FIGURE = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
FIGURES = re.compile(FIGURE, re.ASCII)
COMPARISON = re.compile(rf"(<=|>=|==|!=|<|>)\s*({FIGURE})|({FIGURE})(?:\.\.({FIGURE}))?", re.ASCII)
GAP = re.compile(r"[\s,]+|$")
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def matcher(kind: str, pattern: str) -> Matches:
    """Return ``matches(text)`` of one pattern.

    >>> matcher("number", ">= 1024")("8080"), matcher("cidr", "192.0.2.0/24 2001:db8::/32")("2001:db8::1")
    (True, True)
    """
    if kind == REGEX:
        fullmatch = regex(pattern).fullmatch
        return lambda text: fullmatch(text) is not None
    if kind == CIDR:
        is_member = membership(networks(pattern))
        return lambda text: any(map(is_member, addresses_of(text)))
    if kind == NUMBER:
        tests = comparisons(pattern)
        return lambda text: (number := number_of(text)) is not None and any(compares(number) for compares in tests)
    return lambda text: text == pattern


def regex(pattern: str) -> re.Pattern[str]:
    """Return a compiled regular expression."""
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as why:
        raise ValueError(f"pattern {pattern!r} is not a regular expression: {why}") from why


def networks(pattern: str) -> list[Network]:
    """Return the networks of a list such as ``192.0.2.0/24 2001:db8::/32``; an address stands for itself."""
    found = pattern.replace(",", " ").split()
    if not found:
        raise ValueError("a cidr pattern is a network such as 192.0.2.0/24, or several separated by blanks")
    return [_network(text) for text in found]


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as why:
        try:
            wide = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise ValueError(f"{text!r} is not a network such as 192.0.2.0/24 or 2001:db8::/32") from why
        raise ValueError(f"{text!r} has host bits set: write {wide} for the network, {text.partition('/')[0]} for the address") from why


def addresses_of(text: str) -> tuple[Address, ...]:
    """Return the address that a text is, none when it is none; one of IPv4 that IPv6 maps as both."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ()
    plain = unmapped(address)
    return (address,) if plain is address else (address, plain)


def comparisons(pattern: str) -> list[Compares]:
    """Return the alternatives of a list such as ``< 1024``, ``22, 3389`` or ``8000..8999`` (both ends belong to it)."""
    found: list[Compares] = []
    pattern, start = pattern.strip(), 0
    while start < len(pattern) or not found:
        match = COMPARISON.match(pattern, start)
        gap = GAP.match(pattern, match.end()) if match else None
        if not match or not gap:
            raise ValueError(f"{pattern[start:]!r} is not a comparison: write for example >= 1024, 22 or 8000..8999")
        sign, bound, low, high = match.groups()
        found.append(_between(_number(low), _number(high)) if high else _compared(OPERATORS[sign or "=="], _number(bound or low)))
        start = gap.end()
    return found


def _compared(compare: Callable[[float, float], bool], bound: float) -> Compares:
    return lambda number: compare(number, bound)


def _between(low: float, high: float) -> Compares:
    if low > high:
        raise ValueError(f"the range {low}..{high} is empty: write {high}..{low}")
    return lambda number: low <= number <= high


def number_of(text: str) -> float | None:
    """Return the number that a text is, None when it is none; whole ones stay exact."""
    return _number(text) if FIGURES.fullmatch(text) else None


def _number(text: str) -> float:
    try:
        return int(text)
    except ValueError:  # a fraction, or more digits than Python takes
        return float(text)


def value_at(path: str) -> Callable[[Record], Any]:
    """Return ``read(record)``: the value at a dotted path, or None. Of a list in the way the first item is taken, unless the step is digits."""
    head, *steps = path.split(".")
    if not steps:
        return lambda record: record.get(head)

    def read(record: Record) -> Any:
        value = record.get(head)
        for step in steps:
            if value is None:
                break
            if isinstance(value, list) and not step.isdecimal():
                value = value[0] if value else None
            value = step_into(value, step)
        return value

    return read


def text_of(value: Any) -> str | None:
    """Return a value as rules see it: as ``str()`` writes it, of a list the first item; None when there is nothing."""
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)
