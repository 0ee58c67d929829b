"""``filter_xff``: the client's address behind trusted proxies, from X-Forwarded-For.

``clientip_xff`` of a log type names two fields: the address of whoever connected, and the list that the proxies passed on. Where a
trusted proxy connected, the first field gets the right-most address of the list that is no trusted proxy's: what stands left of it is
hearsay. Are all of them trusted, it gets the left-most. Every proxy appends whom it talked to, so the walk ends at what is no address
(``unknown``): who stands behind it cannot be told.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from loader.api import (
    Address,
    ConfigError,
    Filter,
    LogType,
    Memo,
    Network,
    Option,
    Problem,
    Record,
    TypeOption,
    membership,
    path,
    reader,
    unmapped,
    words,
)

FIELDS = TypeOption(words, "", name="clientip_xff", doc="Two fields: the client's address, and the X-Forwarded-For list that it is taken from.")
# loopback, private (RFC 1918), shared (RFC 6598), link-local and unique local (RFC 4193): nobody connects from there over the internet
PRIVATE = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 ::1/128 fc00::/7 fe80::/10"
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([^:]*):\d*")
LONGEST = 2048  # characters of a list that are walked, from its right


def networks(value: str) -> list[Network]:
    """Addresses and networks separated by blanks or commas; the word ``private`` stands for private and loopback ones."""
    return [network for word in words(value) for network in _networks(word)]


def _networks(word: str) -> list[Network]:
    try:
        return [ipaddress.ip_network(one, strict=False) for one in (PRIVATE.split() if word == "private" else (word,))]
    except ValueError as why:
        raise ValueError(f"{word!r} is no address and no network: write for example 192.0.2.0/24") from why


class XffFilter(Filter):
    """Choose the client's address from X-Forwarded-For."""

    options = (FIELDS,)
    trusted_proxies = Option(networks, "private", doc="Addresses and networks of proxies whose word is taken; `private` stands for private ones.")
    trusted_proxies_file = Option(path, "", doc="File with more of them, one a line; `#` begins a comment.")

    def open(self) -> None:
        """Read the list of proxies; raises ConfigError with every wrong line of the file."""
        more = _read(self.name, Path(self.trusted_proxies_file)) if self.trusted_proxies_file else []
        self.is_trusted = membership([*self.trusted_proxies, *more])
        self.from_proxy = Memo(lambda text: bool((found := address(text)) and self.is_trusted(found)))
        self.chosen = Memo(self._choose)

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return the choice between the two fields this type names, or None."""
        names = log_type.read(FIELDS)
        if len(names) != 2:
            if names:
                log_type.problem(FIELDS.name, f"names {len(names)} fields", "write two: the address, then the list, as in: source.ip xff")
            return None
        parent, _, leaf = names[0].rpartition(".")
        holder: Callable[[Record], Any] = reader(parent) if parent else lambda record: record
        forwarded, from_proxy, chosen = reader(names[1]), self.from_proxy, self.chosen

        def apply(record: Record) -> Record:
            place = holder(record)
            if place.__class__ is not dict:
                return record
            client = place.get(leaf)
            if client.__class__ is str and from_proxy[client]:
                passed_on = forwarded(record)
                if passed_on.__class__ is list:  # one text a header line, or one an address
                    passed_on = ",".join([text for text in passed_on if text.__class__ is str])
                if passed_on.__class__ is str and (found := chosen[_end(passed_on)]):
                    place[leaf] = found
            return record

        return apply

    def _choose(self, passed_on: str) -> str:
        """Return the address of the client in a list that a trusted proxy passed on; empty when it has none."""
        found = ""
        for text in reversed(passed_on.split(",")):
            if not (text := text.strip(' \t"')):
                continue
            one = address(text)
            if one is None:
                break
            found = str(one)
            if not self.is_trusted(one):
                break
        return found


def _end(passed_on: str) -> str:
    return passed_on if len(passed_on) <= LONGEST else passed_on[-LONGEST:].partition(",")[2]


def address(text: str) -> Address | None:
    """Return the address that ``text`` is, without port, brackets and zone; IPv4 in IPv6 as IPv4. None when it is none.

    >>> [str(address(text)) for text in ("192.0.2.1:443", "[2001:db8::1]:443", "::ffff:192.0.2.1", "unknown")]
    ['192.0.2.1', '2001:db8::1', '192.0.2.1', 'None']
    """
    bare = WITH_PORT.fullmatch(text)
    try:
        return unmapped(ipaddress.ip_address((bare[1] or bare[2] or "" if bare else text).partition("%")[0]))
    except ValueError:
        return None


def _read(section: str, file: Path) -> list[Network]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as why:
        raise ConfigError(Problem(f"{str(file)!r} cannot be read: {why}", section=section, key="trusted_proxies_file")) from why
    found: list[Network] = []
    problems: list[Problem] = []
    for number, line in enumerate(lines, 1):
        try:
            found += networks(line.partition("#")[0])
        except ValueError as why:
            problems.append(Problem(str(why), str(file), number))
    if problems:
        raise ConfigError(*problems)
    return found
