r"""``format = leef``: the record as one line of IBM QRadar's Log Event Extended Format, version 1.0 or 2.0.

Source: IBM QRadar, Log Event Extended Format (LEEF) version 2. LEEF has no escapes: what would end a value (the delimiter, line breaks) or
a part of the header (``|``), and other controls, are written as in Python: ``\t``, ``\n``, ``\x5e``. What has no predefined attribute goes under a
name of its own in camel case.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import add

from loader.api import Encode, Formatter, LogType, Memo, Option, Record, choice, text
from plugins._text.event import Head, head_of
from plugins._text.leaves import pairs_of
from plugins._text.placing import Schema, field_map, placing
from plugins._text.typed import Convert, address, mac, port, protocol, spelled, whole
from plugins._text.values import escaping_all, neutral, notation, utf8

RESERVED = """
accountName calCountryOrRegion calLanguage cat devTime devTimeFormat domain dst dstBytes dstMAC dstPackets dstPort dstPostNAT dstPostNATPort
dstPreNAT dstPreNATPort groupID identGrpName identHostName identMAC identNetBios identSecondIp identSrc isLoginEvent isLogoutEvent policy proto
realm resource role sev src srcBytes srcMAC srcPackets srcPort srcPostNAT srcPostNATPort srcPreNAT srcPreNATPort totalPackets url usrName vSrc
vSrcName
"""
ONE: dict[Convert, str] = {  # the attributes that take one kind of text
    whole: "srcBytes dstBytes srcPackets dstPackets totalPackets",
    port: "srcPort dstPort srcPreNATPort dstPreNATPort srcPostNATPort dstPostNATPort",
    address: "src dst srcPreNAT dstPreNAT srcPostNAT dstPostNAT identSrc identSecondIp vSrc",
    mac: "srcMAC dstMAC identMAC",
    protocol: "proto",
    spelled: "devTime",
}
SCHEMA = Schema("LEEF", {key: [(key, convert)] for convert, listed in ONE.items() for key in listed.split()}, RESERVED.split())
TIME_FORMAT = "MMM dd yyyy HH:mm:ss.SSS zzz"  # as Java's SimpleDateFormat has it, and what ``spelled`` writes
HEX = re.compile(r"0?x([0-9A-Fa-f]{1,4})")
part = neutral("|")


def delimiter(value: str) -> str:
    """A character between attributes, or its code as ``x09``: a punctuation mark or a control, which header and attributes do not use."""
    code = HEX.fullmatch(value)
    found = chr(int(code[1], 16)) if code else value
    if len(found) != 1 or not found.isascii() or found.isalnum() or found in " |=\\.-:\n\r\0":
        raise ValueError(f"{value!r} is not a punctuation mark, or a control by its code, that can stand between attributes, such as ^ or x09")
    return found


class LeefFormatter(Formatter):
    """Encode a record as LEEF.

    ``sev`` is ``event.severity`` up to 10 (above: of 100), else the risk score, else by ``log.level``, else 5 for a failure and 3; 1 at least.
    A number, address or time that is none, and the second field for an attribute, go under the name of the field.
    """

    version = Option(choice("1.0", "2.0"), "2.0", doc="Version of LEEF; 1.0 has a tab between attributes.")
    delimiter = Option(delimiter, "^", doc="Character between attributes in version 2.0, or its code as x09: syslog relays may rewrite a tab.")
    vendor = Option(text, "", doc="Vendor; empty: observer.vendor, else cloud.provider, else Sluice.")
    product = Option(text, "", doc="Product name; empty: observer.product, else the log type.")
    device_version = Option(text, "", doc="Product version; empty: observer.version, else 1.0.")
    unmapped = Option(choice("keep", "drop"), "keep", doc="Fields without an attribute in LEEF: keep them under names of their own, or drop.")
    map = Option(field_map("sev|devTimeFormat"), "", doc="Attributes that take other fields, `key=dotted.field`, beside and before the built-in map.")

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        between = "\t" if self.version == "1.0" else self.delimiter
        mark = between if between.isprintable() else f"x{ord(between):02x}"
        pairs = pairs_of(placing(SCHEMA, self.map, prefix_with(between), keep=self.unmapped == "keep"))
        head = head_of(log_type.name, self.vendor, self.product, self.device_version)
        heads = Memo(header(self.version, "" if self.version == "1.0" else f"{mark}|"), 4096)
        printable = between if between.isprintable() else ""
        escaped = escaping_all({mark: notation(mark) for mark in printable}, {})

        def encode(record: Record) -> bytes:
            prefixes, texts = pairs(record)
            return utf8(between.join((heads[head(record)], *map(add, prefixes, escaped(texts)))))

        return encode


def header(version: str, behind: str) -> Callable[[Head], str]:
    """Return a function from a head to the header and the first attribute."""

    def write(head: Head) -> str:
        return f"LEEF:{version}|{part(head.vendor)}|{part(head.product)}|{part(head.version)}|{part(head.code)}|{behind}sev={max(1, head.severity)}"

    return write


def prefix_with(between: str) -> Callable[[str, str], str]:
    """Return what stands before a value: the time has its format before it."""
    return lambda key, field: f"devTimeFormat={TIME_FORMAT}{between}devTime=" if key == "devTime" else f"{key}="
