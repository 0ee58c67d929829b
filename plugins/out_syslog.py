"""Syslog: RFC 5424, RFC 3164 and what SIEMs make of them, over UDP (RFC 5426), TCP (RFC 6587), TLS (RFC 5425), RELP or a Unix socket."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator, Sequence

from loader.api import ConfigError, Option, Outcome, Problem, choice, flag, number, path, seconds, size, text
from plugins._syslog.datagrams import Datagrams
from plugins._syslog.framing import FRAMES, LOCAL
from plugins._syslog.hosts import Dial, Hosts, Peer, host_name, host_names
from plugins._syslog.local import Local
from plugins._syslog.message import Frame, Message, refuse_misfits
from plugins._syslog.relp import Relp
from plugins._syslog.sockets import connected
from plugins._syslog.stream import Stream
from plugins._syslog.tail import Tail
from plugins._syslog.tls import context, secured
from plugins._syslog.transport import Transport

logger = logging.getLogger(__name__)

# The largest payload of a UDP datagram over IPv4 (RFC 5426 section 3.2).
LARGEST = 65507
PORTS = {"udp": 514, "tcp": 514, "tls": 6514, "relp": 20514, "relp_tls": 20514}  # that of RELP is librelp's; IANA has none
SECURE = ("tls", "relp_tls")
AUTOMATIC = {"udp": "none", "tcp": "lf", "tls": "octet", "unix": "lf", "relp": "none", "relp_tls": "none"}
FRAMINGS = {"tcp": FRAMES.keys() - {"none"}, "tls": FRAMES.keys() - {"none"}, "unix": LOCAL.keys()}  # that one may choose from


def patience(value: str) -> float:
    """A time longer than nothing."""
    if not (time := seconds(value)):
        raise ValueError("must be longer than 0")
    return time


class SyslogOutput(Message):
    """Send each record as a syslog message, by default of RFC 5424, whose MSG is what the formatter made of it.

    An option that takes ``field:dotted.name`` writes that field of the record; ``field:dotted.name,text`` writes the text
    for records without it. MSG carries no byte order mark (it is MSG-ANY of section 6.4): receivers that read JSON stumble over one.
    """

    host = Option(host_names, "", doc="Receivers, as name, name:port or [IPv6 address]:port, separated by commas; all addresses of a name are tried.")
    port = Option(number(0, 65535), "0", doc="Port of those without one; 0: 514 for udp and tcp, 6514 for tls, 20514 for relp and relp_tls.")
    strategy = Option(
        choice("failover", "balance"), "failover", doc="Which of several receivers: the first that answers, or another one for each worker."
    )
    reconnect_after = Option(
        seconds, "5m", doc="Age of a connection at which one is made anew, from the first receiver on, so that changes of DNS are followed; 0: never."
    )
    protocol = Option(
        choice(*AUTOMATIC), "udp", doc="udp loses messages without a sign; tcp, tls and unix notice most losses and repair them; relp all."
    )
    framing = Option(
        choice("auto", "octet", "lf", "nul"),
        "auto",
        doc="End of a message on a stream: octet counting, a line feed or NUL; auto: octet for tls, lf for tcp and unix.",
    )
    resend = Option(size, "8m", doc="How much tcp and tls send again when a connection dies: the receiver may not have read it; 0: nothing.")
    window = Option(number(1, 1_000_000), "2048", doc="Most messages on their way without an acknowledgement of RELP: so many may arrive twice.")
    ca_file = Option(path, "", doc="Authorities, in PEM form, that may have signed the receiver's certificate; empty: those of the system.")
    cert_file = Option(path, "", doc="Our certificate, in PEM form, for a receiver that wants one.")
    key_file = Option(path, "", doc="The key of cert_file; empty: it is in the same file.")
    key_password = Option(text, "", doc="What opens an encrypted key.", secret=True)
    verify = Option(flag, "yes", doc="Verify the receiver's certificate and its name; no is for trying things out.")
    server_name = Option(host_name, "", doc="Name in the receiver's certificate when it is not the one in host.")
    timeout = Option(patience, "10s", doc="Longest wait for a connection, and for any progress on it.")
    fields = Option(choice("full", "ecs", "lean"), "ecs", doc="full: raw text, original fields and ECS; ecs: ECS and raw text; lean: ECS alone.")

    path = Option(path, "/dev/log", doc="Socket of protocol = unix; whether it takes datagrams or a stream is found out.")

    _transport: Transport | None = None

    def open(self) -> None:
        """Get ready to send; nothing is connected before the first write. Raises ConfigError for options that cannot work."""
        self._refuse_misfits()
        refuse_misfits(self)
        hosts = Hosts(self._peers(), balance=self.strategy == "balance", renew_after=self.reconnect_after)
        if self.protocol == "udp":
            self._transport = Datagrams(hosts, self.timeout)
        elif self.protocol == "unix":
            self._transport = Local(self.path, self.timeout, LOCAL[self._framing][1])
        elif self.protocol in ("tcp", "tls"):
            self._transport = Stream(hosts, self._dial(), self.timeout, Tail(self.resend, self._resent), plain=self.protocol == "tcp")
        else:
            self._transport = Relp(hosts, self._dial(), self.timeout, self.window)

    @property
    def destination(self) -> str:
        """The section, since another one may send something else there, and where it leads."""
        where = f"unix:{self.path}" if self.protocol == "unix" else ",".join(map(str, self._peers()))
        return f"{self.name} {where}"

    def _resent(self, messages: int) -> None:
        self.counted["sent again after a connection died"] += messages
        logger.warning("%s: a connection died: %d messages that may not have been read there are sent again", self.name, messages)

    @property
    def _framing(self) -> str:
        return AUTOMATIC[self.protocol] if self.framing == "auto" else self.framing

    def _peers(self) -> list[Peer]:
        return [Peer(self.protocol, host, port or self.port or PORTS[self.protocol]) for host, port in self.host]

    def _dial(self) -> Dial[socket.socket]:
        if self.protocol not in SECURE:
            return lambda peer, timeout: connected(peer.host, peer.port, timeout)
        security = context(self.ca_file, self.cert_file, self.key_file, self.key_password, self.verify)
        return lambda peer, timeout: secured(connected(peer.host, peer.port, timeout), security, self.server_name or peer.host, timeout)

    def _refuse_misfits(self) -> None:
        if problems := list(self._misfits()):
            raise ConfigError(*problems)

    def _misfits(self) -> Iterator[Problem]:
        local = self.protocol == "unix"
        if not self.host and not local:
            yield Problem("must be given", key="host")
        if local and self.host:
            yield Problem("is for other protocols, unix has a path: remove it", key="host")
        if self.framing != "auto" and self.framing not in FRAMINGS.get(self.protocol, ()):
            hint = "each message is told by itself" if self.protocol not in FRAMINGS else f"choose {' or '.join(sorted(FRAMINGS[self.protocol]))}"
            yield Problem(f"{self.framing} is not for protocol = {self.protocol}: {hint}", key="framing")
        for option in ("ca_file", "cert_file", "key_file", "server_name"):
            if self.protocol not in SECURE and getattr(self, option):
                secure = "relp_tls" if self.protocol == "relp" else "tls"
                yield Problem(f"is for protocol = {secure}, but protocol is {self.protocol}: nothing would be encrypted", key=option)

    def frame(self) -> Frame:
        """Return how one message ends and the next begins."""
        return LOCAL[self._framing][0] if self.protocol == "unix" else FRAMES[self._framing]

    def largest(self) -> int:
        """Return the size of the largest datagram."""
        return LARGEST if self.protocol == "udp" else 0

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send packed messages; raises Retryable. Refuses those too large for a datagram, and those that a receiver of RELP refuses."""
        assert self._transport is not None, "open comes before write"
        outcome = self.offer(messages, self._transport.write)
        self.uneven = False
        return outcome

    def settled(self) -> int:
        """Return how many messages since the last flush the receiver has acknowledged; RELP alone can tell."""
        if self._transport is None:
            return 0
        found, uneven, self.uneven = self._transport.settled(), self.uneven, False
        return 0 if uneven else found

    def flush(self) -> None:
        """Return once all is acknowledged (RELP), or the receiver's TCP has it and it has not hung up; raises Retryable. Udp cannot tell."""
        if self._transport is not None:
            self._transport.flush()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
