"""Headers whose time has no zone: RFC 3164, Devo's with a routing tag, and the line that LogRhythm reads."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

from plugins._syslog.header import Head, Segment, Stamp, composed, printable
from plugins._syslog.settings import Identity
from plugins._syslog.tag import Template

# Not by strftime: its names are those of the machine's language.
MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
LONGEST_TAG = 32  # section 4.1.3
LONGEST_HOST = 255
# A strict reader ends the TAG at the first character that is no letter or digit. Those that stand in names of daemons are kept
# all the same (systemd-logind, org.gnome.Shell): receivers read on to the colon, the bracket or the blank.
_NO_TAG = re.compile(r"[^A-Za-z0-9._-]")

# The words of LogRhythm's lines, by number.
FACILITY_WORDS = (
    b"KERN", b"USER", b"MAIL", b"DAEMON", b"AUTH", b"SYSLOG", b"LPR", b"NEWS", b"UUCP", b"CRON", b"AUTHPRIV", b"FTP", b"NTP", b"AUDIT",
    b"ALERT", b"CLOCK", *(b"LOCAL%d" % number for number in range(8)),
)  # fmt: skip
SEVERITY_WORDS = (b"EMERG", b"ALERT", b"CRIT", b"ERR", b"WARN", b"NOTE", b"INFO", b"DEBUG")


def rfc3164(identity: Identity, zone: datetime.tzinfo) -> Head:
    """Return ``head(record)``: ``<PRI>Mmm dd hh:mm:ss HOSTNAME TAG[PID]: `` (section 4.1). APP-NAME is the TAG, and ``-`` leaves it out."""

    def after(host: Any, app: Any, pid: Any) -> bytes:
        before = b" %b " % printable(identity.hostname.chosen(host), LONGEST_HOST)
        tag, number = _tagged(identity.app_name.chosen(app)), _tagged(identity.procid.chosen(pid))
        if tag == b"-":
            return before
        return before + tag + (b"[%b]" % number if number != b"-" else b"") + b": "

    return composed(_pri(identity), ((identity.hostname, identity.app_name, identity.procid), after), *_clock(short, zone))


def devo(identity: Identity, zone: datetime.tzinfo, tag: Template) -> Head:
    """Return ``head(record)``: as RFC 3164, with the tag by which Devo chooses the table, of any length."""

    def after(host: Any, *values: Any) -> bytes:
        return b" %b %b: " % (printable(identity.hostname.chosen(host), LONGEST_HOST), tag.text(values).encode())

    return composed(_pri(identity), ((identity.hostname, *tag.fields), after), *_clock(short, zone))


def logrhythm(identity: Identity, zone: datetime.tzinfo) -> Head:
    """Return ``head(record)``: ``Mmm DD YYYY hh:mm:ss HOSTNAME <FACILITY:SEVERITY> ``, a line of LogRhythm's collectors. It has no PRI."""

    def after(host: Any, *values: Any) -> bytes:
        facility, severity = identity.codes(*values)
        told = FACILITY_WORDS[facility], SEVERITY_WORDS[severity]
        return b" %b <%b:%b> " % (printable(identity.hostname.chosen(host), LONGEST_HOST), *told)

    return composed(((), lambda: b""), ((identity.hostname, identity.facility, identity.severity), after), *_clock(dated, zone))


def _pri(identity: Identity) -> Segment:
    def pri(*values: Any) -> bytes:
        facility, severity = identity.codes(*values)
        return b"<%d>" % (facility * 8 + severity)

    return (identity.facility, identity.severity), pri


def _tagged(text: str) -> bytes:
    return _NO_TAG.sub("_", text[:LONGEST_TAG]).encode()


def moment(value: Any, zone: datetime.tzinfo) -> datetime.datetime | None:
    """Return ``@timestamp`` as a time in ``zone``, None when it is none; a time without a zone is UTC."""
    try:
        found = datetime.datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).astimezone(zone)
    except (TypeError, ValueError, OverflowError):
        return None


def short(time: datetime.datetime) -> bytes:
    """Return the TIMESTAMP of section 4.1.2: ``Mmm dd hh:mm:ss``, a day below 10 with a blank before it."""
    return b"%b %2d %02d:%02d:%02d" % (MONTHS[time.month - 1], time.day, time.hour, time.minute, time.second)


def dated(time: datetime.datetime) -> bytes:
    """Return ``Mmm DD YYYY hh:mm:ss``, a day below 10 with a zero before it."""
    return b"%b %02d %04d %02d:%02d:%02d" % (MONTHS[time.month - 1], time.day, time.year, time.hour, time.minute, time.second)


def _clock(form: Callable[[datetime.datetime], bytes], zone: datetime.tzinfo) -> tuple[Stamp, Callable[[], bytes]]:
    """Return what writes the time of a record, and what writes the present for records that have none."""

    def stamp(value: Any) -> bytes | None:
        found = moment(value, zone)
        return None if found is None else form(found)

    return stamp, lambda: form(datetime.datetime.now(zone))
