r"""``format = logrhythm``: ``key=value`` pairs with ``|`` between, as LogRhythm's beats send them to its Open Collector log sources.

Keys are the tags of LogRhythm's metadata fields, always in the same order, those without a value left out; the last is ``original_message``, the raw
record. A ``|`` in a value is ``\x7c``, in the raw record ``\u007c``, which JSON reads as the same; controls are written as in Python (``\n``).
"""

from __future__ import annotations

from collections.abc import Callable

from loader.api import Encode, Formatter, LogType, Option, Record, text
from plugins._text.leaves import pairs_of
from plugins._text.placing import by_field, field_map
from plugins._text.shapes import Place
from plugins._text.values import escaping, escaping_all, raw_text, utf8

PIPE = {"|": r"\x7c"}
ORDER = """
vmid severity vendorinfo action result reason responsecode policy session sip sport sname smac snatip snatport sinterface dip dport dname dmac
dnatip dnatport dinterface protnum protname login account domainorigin group process processid parentprocessname parentprocessid command object
objectname objecttype hash size url useragent subject sender recipient serialnumber cve bytesin bytesout packetsin packetsout tag1 tag2 tag3 tag4
"""
value = escaping(PIPE, {})
original = escaping({"|": r"\u007c"}, {"\n": " ", "\r": " ", "\t": " "})


class LogrhythmFormatter(Formatter):
    """Encode a record as LogRhythm's beats do. A record without ``event.code`` has ``event.action`` as vmid; zero is a value."""

    beatname = Option(text, "sluice", doc="What beatname says.")
    device_type = Option(text, "", doc="What device_type says; empty: the log type.")
    map = Option(
        field_map("beatname"),
        "",
        doc="Tags that take other fields, `tag=dotted.field`, beside and before the built-in map; new ones come last.",
    )

    def prepare(self, log_type: LogType) -> Encode:
        """Return ``encode(record)``."""
        first = f"beatname={value(self.beatname)}|device_type={value(self.device_type or log_type.name)}"
        pairs, escaped = pairs_of(placing(self.map)), escaping_all(PIPE, {})
        order = [*dict.fromkeys((*ORDER.split(), *self.map))]

        def encode(record: Record) -> bytes:
            tags, texts = pairs(record)
            found = dict(zip(tags, escaped(texts), strict=True))
            if "vmid" not in found and "action" in found:
                found["vmid"] = found["action"]
            body = [f"{tag}={text}" for tag in order if (text := found.get(tag))]
            raw = raw_text(record)
            if raw:
                body.append(f"original_message={original(raw)}")
            return utf8("|".join((first, *body)))

        return encode


def placing(changes: dict[str, str]) -> Callable[[str], Place]:
    """Return ``place(field)``: the tag of a field, or nowhere."""
    tags = by_field("LogRhythm", changes)
    ranks = {field: rank for rank, field in enumerate(tags)}
    return lambda field: Place(tags.get(field, ""), rank=ranks.get(field, 0))
