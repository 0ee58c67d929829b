"""From a record to its syslog message: which header, whose words, how large at most. How it travels is for the output itself."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence

from loader.api import (
    TAKEN,
    ConfigError,
    Encode,
    LogType,
    Option,
    Outcome,
    Output,
    Parts,
    Problem,
    Record,
    TypeOption,
    Wrapping,
    choice,
    size,
    text,
    zone,
)
from plugins._syslog.header import Head, rfc5424
from plugins._syslog.profiles import PROFILES, fitting, profile
from plugins._syslog.rfc3164 import devo, logrhythm, rfc3164
from plugins._syslog.settings import FACILITIES, SEVERITIES, Identity, coded, setting
from plugins._syslog.sizes import Sizer
from plugins._syslog.structured import element_id, enterprise, full_id, parameters, structured
from plugins._syslog.tag import template

Frame = Callable[[Head, Encode], Encode]
SMALLEST = 480  # bytes that every receiver has to take (RFC 5424 section 6.1)
NOTHING: Record = {}
SOME_TIME = "2000-01-01T00:00:00+00:00"


def message_size(value: str) -> int:
    """A size that leaves room for a header and something behind it; 0: any."""
    if (found := size(value)) and found < SMALLEST:
        raise ValueError(f"{value} is less than the {SMALLEST} bytes that every receiver takes")
    return found


class Message(Output):
    """The part of a syslog output that packs. An output says by ``frame`` how messages are told apart, by ``largest`` what no setting exceeds."""

    presets = PROFILES

    profile = Option(profile, "", doc="A SIEM: sets protocol, framing, header, format and sizes for it; what is written here wins.")
    header = Option(
        choice("rfc5424", "rfc3164", "devo", "logrhythm", "none"),
        "rfc5424",
        doc="rfc3164 has a time without year and zone; devo: the same with a routing tag; logrhythm: its collectors' line; none: the body alone.",
    )
    facility = Option(coded(FACILITIES), "local0", doc="Facility: a name, a number, or field:dotted.name.")
    severity = Option(coded(SEVERITIES), "info", doc="Severity: a name, a number, or field:dotted.name.")
    hostname = Option(setting, "", doc="HOSTNAME: text or field:dotted.name; empty: the name of this machine.")
    app_name = Option(
        setting, "", doc="APP-NAME, in rfc3164 the TAG: text or field:dotted.name; empty: the log type's index_name, else its name; -: none."
    )
    msgid = Option(setting, "", doc="MSGID: text or field:dotted.name; empty: the log type's name.")
    procid = Option(setting, "-", doc="PROCID: text or field:dotted.name.")
    header_zone = Option(zone, "", doc="Zone of the time in headers that do not say it: a name or +09:00; empty: UTC.")
    tag = Option(template, "", doc="Devo's tag: my.app.sluice.[dotted.field]; a field that is missing is null.")
    structured_data = Option(element_id, "", doc="SD-ID of RFC 5424: name@number, or a name to which enterprise_id is added; empty: none.")
    structured_fields = Option(parameters, "", doc="Its parameters: name=dotted.field, separated by blanks; those that a record has are sent.")
    enterprise_id = Option(enterprise, "", doc="Your private enterprise number of IANA.")
    max_message_bytes = Option(message_size, "0", doc="Largest message, header included; 0: any size, on udp 65507.")
    oversize = Option(
        choice("shrink", "cut", "split", "refuse"),
        "shrink",
        doc="A larger one: shrink leaves the raw text out, then shortens texts, then cuts; cut cuts its end; split makes several; refuse.",
    )

    index_name = TypeOption(text, "", doc="Stream label of the log type; APP-NAME of its messages.")

    uneven = False  # whether messages were held back in a write: then positions of the transport are not those of the engine

    @classmethod
    def preset(cls, written: Mapping[str, str]) -> Mapping[str, str]:
        """Return what the profile sets, without what goes only with the protocol or the header for which another one is written."""
        return fitting(super().preset(written), written)

    def frame(self) -> Frame:
        """Return how one message ends and the next begins."""
        raise NotImplementedError

    def largest(self) -> int:
        """Return the size that no message can exceed whatever the options say; 0 when there is none."""
        return 0

    @functools.cached_property
    def most(self) -> int:
        """The largest message; 0 when there is none."""
        return self.max_message_bytes or self.largest()

    @functools.cached_property
    def room(self) -> int:
        """The largest message in its frame."""
        return len(self._wrap(b"", b"x" * self.most))

    def misfits(self) -> Iterator[Problem]:
        """Yield what is wrong with options that are right by themselves."""
        if self.header != "rfc5424":
            for key in ("structured_data", "structured_fields", "enterprise_id"):
                if getattr(self, key):
                    yield Problem(f"is for header = rfc5424, but header is {self.header}", key=key)
        elif bool(self.structured_data) != bool(self.structured_fields):
            missing = "structured_fields" if self.structured_data else "structured_data"
            yield Problem("an element has an id and fields: set both structured_data and structured_fields", key=missing)
        elif self.structured_data and not full_id(self.structured_data, self.enterprise_id):
            hint = "set enterprise_id to your number at IANA, and keep both within 32 characters"
            yield Problem(f"{self.structured_data!r} is no name that IANA has registered", key="structured_data", hint=hint)
        if (self.header == "devo") != bool(self.tag):
            told = "must be given for header = devo, such as my.app.sluice.[event.module]" if self.header == "devo" else "is for header = devo"
            yield Problem(told, key="tag")
        if self.largest() and self.max_message_bytes > self.largest():
            yield Problem(f"is more than the {self.largest()} bytes of a datagram", key="max_message_bytes")

    def prepare(self, log_type: LogType, encode: Encode) -> Encode:
        """Return ``pack(record)``: header, body and framing."""
        head, frame, room = self._head(log_type), self.frame(), self.room
        pack = frame(head, encode)
        if not self.most or self.oversize == "refuse":
            return pack
        number = self.enterprise_id if self.header == "rfc5424" else ""
        sizer = Sizer(self.most, self.oversize, self.counted, self.name, f"[part@{number}".encode() if number else b"")

        def bounded(record: Record) -> bytes:
            message = pack(record)
            if len(message) <= room:
                return message
            return sizer.fitted(record, head(record), encode, self._wrap) or message

        return bounded

    def wrapping(self, log_type: LogType) -> Wrapping | None:
        """Return what goes around a body, for headers of constants and the time."""
        settings = (self.facility, self.severity, self.hostname, self.app_name, self.procid, self.msgid)
        if self.header not in ("rfc5424", "none") or self.structured_data or any(wanted.path for wanted in settings):
            return None
        before, time, after = self._head(log_type)({"@timestamp": SOME_TIME}).decode().partition(SOME_TIME)
        framed = self._wrap(b"", b"{}")
        counted = framed == b"2 {}"
        return Wrapping((before, after) if time else None, b"" if counted else framed[2:], self.most, counted)

    def offer(self, messages: Sequence[bytes], write: Callable[[Sequence[bytes]], Outcome]) -> Outcome:
        """Have ``write`` take the messages that are not too large, and refuse the others."""
        if not self.most or max(map(len, messages), default=0) <= self.room:
            return write(messages)
        refused = {place: self._told(one) for place, one in enumerate(messages) if len(one) > self.room and not isinstance(one, Parts)}
        if not refused:
            return write(messages)
        self.uneven = True
        places = [place for place in range(len(messages)) if place not in refused]
        outcome = write([messages[place] for place in places]) if places else TAKEN
        return Outcome([places[at] for at in outcome.retry], refused | {places[at]: reason for at, reason in outcome.refused.items()})

    def _told(self, message: bytes) -> str:
        hint = "raise it, or set oversize" if self.oversize == "refuse" else "its header leaves no room: use fewer fields in it"
        return f"{len(message)} bytes are more than max_message_bytes = {self.most}: {hint}"

    def _wrap(self, head: bytes, body: bytes) -> bytes:
        return self.frame()(lambda _: head, lambda _: body)(NOTHING)

    def _head(self, log_type: LogType) -> Head:
        label = log_type.read(Message.index_name) or log_type.name
        machine = socket.gethostname()
        if self.header in ("rfc3164", "devo"):
            machine = machine.partition(".")[0]  # RFC 3164 section 4.1.2 wants no domain there; one that is written is kept
        identity = Identity(
            self.facility.backed_by("local0"),
            self.severity.backed_by("info"),
            self.hostname.backed_by(machine),
            self.app_name.backed_by(label),
            self.procid.backed_by("-"),
            self.msgid.backed_by(log_type.name),
        )
        if self.header == "rfc3164":
            return rfc3164(identity, self.header_zone)
        if self.header == "logrhythm":
            return logrhythm(identity, self.header_zone)
        if self.header == "devo" and self.tag:
            return devo(identity, self.header_zone, self.tag)
        if self.header == "none":
            return lambda record: b""
        element = full_id(self.structured_data, self.enterprise_id)
        return rfc5424(identity, structured(element, self.structured_fields) if element else None)


def refuse_misfits(output: Message) -> None:
    """Raise ConfigError with everything that does not fit together."""
    if problems := list(output.misfits()):
        raise ConfigError(*problems)
