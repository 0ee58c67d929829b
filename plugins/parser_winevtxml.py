"""``file_format = winevtxml``: Windows events as XML, ``<Event xmlns=...>`` to ``</Event>``, however they are laid out.

One a line, over many lines, several a line, inside ``<Events>``, behind a syslog header: the text of a record is that of its element.
The record is the element as a dict, attributes by their bare names: ``Event.System.TimeCreated.SystemTime``. ``Event.EventData.Data``
becomes a dict by ``Name``; data without names stay as they are. ``EventID`` is a plain value with ``Qualifiers`` beside it. Of the
elements see "Windows Event Schema" in Microsoft's reference of Windows Event Log.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from loader.api import CHARSET, Blocks, Limits, LogType, ParseError, Parser, Raws, Record, add_child, decoded, parse_xml
from plugins._winevtxml.frames import EventFrames

CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # what XML 1.0, section 2.2, forbids, and DEL
REFERENCE = re.compile(r"&#(?:(\d+)|x([0-9a-fA-F]+));")
LISTS = ("AccessList", "PrivilegeList")


class WinevtxmlParser(Parser):
    """Read the events of Windows event logs."""

    options = (CHARSET,)

    def prepare(self, log_type: LogType, limits: Limits) -> Callable[[Blocks], Iterator[Raws]]:
        """Return the reader of one source."""
        charset = log_type.read(CHARSET)

        def read(blocks: Blocks) -> Iterator[Raws]:
            return EventFrames(limits, parse).chunks(decoded(blocks, charset=charset))

        return read

    def item(self, log_type: LogType) -> Callable[[str], Record]:
        """Return the parser of one event."""
        return parse


def parse(text: str) -> Record:
    """Parse one event; raises ParseError. Control characters, which XML forbids, are left out where they stop it from being read."""
    try:
        record = parse_xml(text, "")
    except ParseError:
        clean = REFERENCE.sub(_allowed, CONTROLS.sub("", text))
        if clean == text:
            raise
        record = parse_xml(clean, "")
    event = record.get("Event")
    if not isinstance(event, dict):
        raise ParseError("XML, but no <Event> with anything in it")
    system, data = event.get("System"), event.get("EventData")
    if isinstance(system, dict) and isinstance(system.get("EventID"), dict):
        number = system["EventID"]
        system["EventID"] = number.pop("#text", None)
        system.update(number)
    if isinstance(data, dict) and "Data" in data:
        data["Data"] = _by_name(data["Data"])
    return record


def _by_name(data: Any) -> Any:
    """Return a dict of the ``Data`` of an event by their names. Where none has one they are texts: then a list, or the only one."""
    items = data if isinstance(data, list) else [data]
    if not any(isinstance(item, dict) and item.get("Name") for item in items):
        return data
    named: Record = {}
    for place, item in enumerate(items, 1):
        name, value = f"param{place}", item
        if isinstance(item, dict) and item.get("Name"):
            name = item.pop("Name")
            value = item if item.keys() - {"#text"} else item.get("#text")
        if name in LISTS and isinstance(value, str) and value != "-":
            value = value.split()
        add_child(named, name, value)
    return named


def _allowed(reference: re.Match[str]) -> str:
    """Return a character reference, or nothing where it is to a character that XML forbids."""
    code = int(reference[1]) if reference[1] else int(reference[2], 16)
    forbidden = code > 0x10FFFF or 0xD800 <= code < 0xE000 or CONTROLS.match(chr(code))
    return "" if forbidden else reference[0]
