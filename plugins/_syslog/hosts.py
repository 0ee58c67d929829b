"""Which of several receivers is talked to: the first that answers, or each worker another; and when to look for a better one."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from plugins._syslog.failures import Told, explain, lasts
from plugins._syslog.sockets import url

T = TypeVar("T")
Dial = Callable[["Peer", float], T]  # connects to a peer within so many seconds; raises OSError

FIRST_REST, LONGEST_REST = 5.0, 300.0  # seconds that a peer is passed over after a failure, while another answers
PROBE = 2.0  # seconds that a better peer has to answer while the present one is good enough


def host_name(value: str) -> str:
    """A host name or an address; an IPv6 one may stand in brackets."""
    if value.startswith(("env:", "file:")):
        raise ValueError(f"{value!r} is not a host name: env: and file: are for secrets only")
    name = value.strip().removeprefix("[").removesuffix("]")
    try:
        name.encode("idna")
    except UnicodeError as why:
        raise ValueError(f"{value!r} is not a host name: {why}") from why
    if bad := set(name) & set("/[]@ "):
        raise ValueError(f"{value!r} is not a host name: it has {min(bad)!r} in it")
    return name


def host_names(value: str) -> list[tuple[str, int]]:
    """Names or addresses with their ports, 0 where none is given, separated by commas or blanks."""
    found = []
    for one in value.replace(",", " ").split():
        if "://" in one:
            raise ValueError(f"{one!r} is an address of another kind: write the name alone, or name:port, and say how in protocol")
        name, _, port = one.rpartition(":")
        if one.startswith(("env:", "file:")) or not name or one.endswith("]") or (":" in name and not name.endswith("]")):
            name, port = one, ""  # no port: an IPv6 address without brackets has colons of its own
        if one != name and not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise ValueError(f"{one!r} has a port that is not between 1 and 65535")
        host = host_name(name)
        if not host or (":" in host and not _is_ipv6(host)):
            raise ValueError(f"{one!r} is neither name:port nor an IPv6 address")
        found.append((host, int(port or 0)))
    return found


def _is_ipv6(name: str) -> bool:
    try:
        ipaddress.IPv6Address(name)
    except ValueError:
        return False
    return True


@dataclasses.dataclass(frozen=True, slots=True)
class Peer:
    """One receiver: a name or an address, and its port; or the path of a Unix socket, without a port."""

    scheme: str
    host: str
    port: int = 0

    def __str__(self) -> str:
        """Render as people write it."""
        return url(self.scheme, self.host, self.port) if self.port else f"{self.scheme}:{self.host}"


class Hosts:
    """The receivers of one output, in the order in which they are tried.

    A peer that failed rests, longer each time: it is tried only when no other answers. A connection older than
    ``renew_after`` seconds (0: never) is made anew, from the first peer on: names are resolved again, and a peer that is back
    is used again. With ``balance`` each process begins at a peer of its own, and moves one on each time.
    """

    def __init__(self, peers: Sequence[Peer], *, balance: bool = False, renew_after: float = 0, clock: Callable[[], float] = time.monotonic) -> None:
        self._peers, self._balance, self._renew_after, self._clock = list(peers), balance, renew_after, clock
        self._rests: dict[Peer, tuple[float, float]] = {}  # until when, and the length of the next one
        self._current: Peer | None = None
        self._since = 0.0
        if balance:
            self._turn(os.getpid())

    def __str__(self) -> str:
        """Render the peer that is talked to, or all of them."""
        return str(self._current) if self._current else ", ".join(map(str, self._peers))

    def connect(self, dial: Dial[T], timeout: float) -> T:
        """Connect to the first peer that answers; raises OSError that says what was tried."""
        self._current = None
        failures: list[tuple[Peer, OSError]] = []
        for peer in self._order():
            try:
                return self._reached(peer, dial(peer, timeout))
            except OSError as why:
                failures.append((peer, why))
                self._rest(peer)
        if len(failures) == 1:
            raise failures[0][1]
        raise Told("; ".join(f"{peer}: {explain(why)}" for peer, why in failures), lasting=all(lasts(why) for _, why in failures))

    @property
    def due(self) -> bool:
        """Whether the time has come to ``renew``."""
        return bool(self._renew_after) and self._clock() - self._since >= self._renew_after

    def renew(self, dial: Dial[T], timeout: float) -> T | None:
        """Connect anew, to the present peer or one before it in order; None when that fails: the present connection is kept."""
        if self._balance:
            self._turn(1)
        self._since = self._clock()
        for peer in self._order():
            try:
                return self._reached(peer, dial(peer, min(timeout, PROBE)))
            except OSError:
                self._rest(peer)
            if peer == self._current:
                break
        return None

    def failed(self) -> None:
        """Have the present peer rest: its connection broke."""
        if self._current:
            self._rest(self._current)
            self._current = None

    def worked(self) -> None:
        """Forget earlier failures of the present peer: it has taken what was sent."""
        if self._rests and self._current:
            self._rests.pop(self._current, None)

    def _reached(self, peer: Peer, made: T) -> T:
        self._current, self._since = peer, self._clock()
        return made

    def _order(self) -> list[Peer]:
        """Return the peers as they are to be tried: those that rest come last, the one that rests longest at the very end."""
        now = self._clock()
        return sorted(self._peers, key=lambda peer: max(now, self._rests.get(peer, (now, 0.0))[0]))

    def _rest(self, peer: Peer) -> None:
        length = self._rests.get(peer, (0.0, FIRST_REST))[1]
        # Jitter, lest all workers come back at once.
        self._rests[peer] = (self._clock() + length * random.uniform(0.5, 1), min(2 * length, LONGEST_REST))  # noqa: S311  # no secret

    def _turn(self, by: int) -> None:
        by %= len(self._peers)
        self._peers = [*self._peers[by:], *self._peers[:by]]
