"""Syslog: RFC 5424 messages over UDP (RFC 5426), TCP (RFC 6587) or TLS (RFC 5425)."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from loader.api import ConfigError, Encode, LogType, Option, Outcome, Output, Problem, TypeOption, choice, flag, number, path, seconds, size, text
from plugins._syslog.framing import FRAMES
from plugins._syslog.header import FACILITIES, SEVERITIES, coded, header, setting
from plugins._syslog.tls import context
from plugins._syslog.transport import Datagrams, Stream, Transport

# The largest payload of a UDP datagram over IPv4 (RFC 5426 section 3.2).
LARGEST = 65507


def host_name(value: str) -> str:
    """A host name or an address; an IPv6 one may stand in brackets."""
    if value.startswith(("env:", "file:")):
        raise ValueError(f"{value!r} is not a host name: env: and file: are for secrets only")
    name = value.strip().removeprefix("[").removesuffix("]")
    try:
        name.encode("idna")
    except UnicodeError as why:
        raise ValueError(f"{value!r} is not a host name: {why}") from why
    return name


def given_host(value: str) -> str:
    """A host name or an address, not empty."""
    if not (name := host_name(value)):
        raise ValueError("must be given")
    return name


def patience(value: str) -> float:
    """A time longer than nothing."""
    if not (time := seconds(value)):
        raise ValueError("must be longer than 0")
    return time


def datagram_size(value: str) -> int:
    """A size that a datagram can have."""
    if not 1 <= (found := size(value)) <= LARGEST:
        raise ValueError(f"{value} is not between 1 and {LARGEST} bytes")
    return found


class SyslogOutput(Output):
    """Send each record as one RFC 5424 message whose MSG is what the formatter made of it.

    An option that takes ``field:dotted.name`` writes that field of the record; ``field:dotted.name,text`` writes the text
    for records without it. MSG carries no byte order mark (it is MSG-ANY of section 6.4): receivers that read JSON stumble over one.
    """

    host = Option(given_host, None, doc="Name or address of the receiver; all its addresses, IPv6 and IPv4, are tried.")
    port = Option(number(0, 65535), "0", doc="Port of the receiver; 0: 514 for udp and tcp, 6514 for tls.")
    protocol = Option(choice("udp", "tcp", "tls"), "udp", doc="udp loses messages without a sign; tcp and tls notice most losses and send again.")
    framing = Option(
        choice("auto", "octet", "lf"), "auto", doc="End of a message on tcp and tls: octet counting or a line feed; auto: octet for tls, lf for tcp."
    )
    facility = Option(coded(FACILITIES), "local0", doc="Facility: a name, a number, or field:dotted.name.")
    severity = Option(coded(SEVERITIES), "info", doc="Severity: a name, a number, or field:dotted.name.")
    hostname = Option(setting, "", doc="HOSTNAME: text or field:dotted.name; empty: the name of this machine.")
    app_name = Option(setting, "", doc="APP-NAME: text or field:dotted.name; empty: the log type's index_name, else its name.")
    msgid = Option(setting, "", doc="MSGID: text or field:dotted.name; empty: the log type's name.")
    procid = Option(setting, "-", doc="PROCID: text or field:dotted.name.")
    max_message_bytes = Option(datagram_size, str(LARGEST), doc="Largest datagram on udp; a larger message is refused, never cut.")
    ca_file = Option(path, "", doc="Authorities, in PEM form, that may have signed the receiver's certificate; empty: those of the system.")
    cert_file = Option(path, "", doc="Our certificate, in PEM form, for a receiver that wants one.")
    key_file = Option(path, "", doc="The key of cert_file; empty: it is in the same file.")
    key_password = Option(text, "", doc="What opens an encrypted key.", secret=True)
    verify = Option(flag, "yes", doc="Verify the receiver's certificate and its name; no is for trying things out.")
    server_name = Option(host_name, "", doc="Name in the receiver's certificate when it is not the one in host.")
    timeout = Option(patience, "10s", doc="Longest wait for a connection, and for any progress on it.")
    fields = Option(choice("full", "ecs", "lean"), "ecs", doc="full: raw text, original fields and ECS; ecs: ECS and raw text; lean: ECS alone.")

    index_name = TypeOption(text, "", doc="Stream label of the log type; APP-NAME of its messages.")

    _transport: Transport | None = None

    def open(self) -> None:
        """Get ready to send; nothing is connected before the first write. Raises ConfigError for options that cannot work."""
        self._refuse_misfits()
        port = self.port or (6514 if self.protocol == "tls" else 514)
        if self.protocol == "udp":
            self._transport = Datagrams(self.host, port, self.timeout, self.max_message_bytes)
        elif self.protocol == "tcp":
            self._transport = Stream(self.host, port, self.timeout)
        else:
            security = context(self.ca_file, self.cert_file, self.key_file, self.key_password, self.verify)
            self._transport = Stream(self.host, port, self.timeout, security, self.server_name)

    def _refuse_misfits(self) -> None:
        if self.protocol == "udp" and self.framing != "auto":
            raise ConfigError(Problem("is for tcp and tls, on udp each datagram is one message: remove it", key="framing"))
        for option in ("ca_file", "cert_file", "key_file", "server_name"):
            if self.protocol != "tls" and getattr(self, option):
                raise ConfigError(Problem(f"is for protocol = tls, but protocol is {self.protocol}: nothing would be encrypted", key=option))

    def prepare(self, log_type: LogType, encode: Encode) -> Encode:
        """Return ``pack(record)``: header (RFC 5424 section 6), body and framing."""
        label = log_type.read(SyslogOutput.index_name) or log_type.name
        names = [
            self.hostname.backed_by(socket.gethostname()),
            self.app_name.backed_by(label),
            self.procid.backed_by("-"),
            self.msgid.backed_by(log_type.name),
        ]
        head = header(self.facility.backed_by("local0"), self.severity.backed_by("info"), names)
        automatic = {"udp": "none", "tcp": "lf", "tls": "octet"}[self.protocol]
        return FRAMES[automatic if self.framing == "auto" else self.framing](head, encode)

    def write(self, messages: Sequence[bytes]) -> Outcome:
        """Send packed messages; raises Retryable. Over udp, refuses those too large for a datagram."""
        assert self._transport is not None, "open comes before write"
        return self._transport.write(messages)

    def flush(self) -> None:
        """Return once the receiver's TCP has everything and the receiver has not hung up; raises Retryable. Udp cannot tell."""
        if self._transport is not None:
            self._transport.flush()

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
