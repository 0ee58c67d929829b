"""``filter_useragent``: browser, system and device of a user agent text, by the rules of uap-core (the ua-parser package).

``user_agent_enrichment_field`` of a log type names the object whose ``original`` is parsed: it gets ``name``, ``version``, ``os.name``,
``os.full``, ``os.version`` and ``device.name``. The last four are literal keys with a dot in them, as the es-loader wrote them; outputs of
ECS alone have them nested. What the record says itself wins, but with ``compat = es-loader``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from loader.api import COMPAT, Filter, LogType, Memo, Record, TypeOption, reader, text

if TYPE_CHECKING:
    from ua_parser import OS, UserAgent

FIELD = TypeOption(text, "", name="user_agent_enrichment_field", doc="Object whose original is parsed as a user agent: user_agent.")
LONGEST = 1024  # characters that are parsed: time grows with length, and no browser sends more


class UserAgentFilter(Filter):
    """Add browser, system and device of a user agent."""

    options = (FIELD,)
    literal = ("os.name", "os.full", "os.version", "device.name")

    def open(self) -> None:
        """Load the rules."""
        from ua_parser import parse  # noqa: PLC0415

        self.parse = parse
        self.memo = Memo(self._find)

    def prepare(self, log_type: LogType) -> Callable[[Record], Record | None] | None:
        """Return the parsing of the object this type names, or None."""
        name = log_type.read(FIELD)
        if not name:
            return None
        read, memo = reader(name), self.memo
        add = dict.update if log_type.read(COMPAT) else _add

        def apply(record: Record) -> Record:
            place = read(record)
            if place.__class__ is dict:
                original = place.get("original")
                if original.__class__ is str:
                    add(place, memo[original[:LONGEST]])
            return record

        return apply

    def _find(self, original: str) -> Record:
        """Return what is known; nothing is known as "Other"."""
        found = self.parse(original)
        known: Record = {}
        if found.user_agent:
            known = _named(found.user_agent)
        if found.os:
            system = _named(found.os)
            known |= {f"os.{key}": value for key, value in system.items()}
            known["os.full"] = " ".join(system.values())
        if found.device:
            known["device.name"] = found.device.family
        return known


def _named(found: UserAgent | OS) -> Record:
    version = ".".join(part for part in (found.major, found.minor, found.patch, found.patch_minor) if part)
    return {"name": found.family, "version": version} if version else {"name": found.family}


def _add(place: Record, found: Record) -> None:
    """Add what was found, unless the record says something else."""
    for key, value in found.items():
        top, _, below = key.partition(".")
        own: Any = place.get(top)
        if not (own.get(below) if below and isinstance(own, dict) else own or place.get(key)):
            place[key] = value
