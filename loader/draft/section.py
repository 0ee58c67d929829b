"""The section of a drafted log type as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence

from loader import schema
from loader.draft.mapping import Mapped, Time

WIDE = 150


def text(name: str, head: str, options: Mapping[str, str], time: Sequence[str], mapping: Sequence[Mapped], derived: Sequence[str]) -> str:
    """Return a section: ``head`` is its comment, ``options`` what finds and reads objects, ``time`` lines about the time."""
    lines = [f"# {head}", f"[{name}]", *(f"{key} = {escaped(value)}".rstrip() for key, value in options.items()), *time]
    if mapping:
        lines.append("# ECS field by ECS field, where its value comes from; fields that are not named stay in the record.")
        lines.append(_listed("ecs", [one.target for one in mapping]))
        lines += [f"{one.target} = {escaped(one.source)}" for one in mapping]
    lines += [_listed("static_ecs", ["event.kind"]), "event.kind = event"]
    lines += [
        "# What kind of event it is, for all records alike; where that depends on the record, a row of the hook says it. ECS has these categories:",
        *(f"# {line}" for line in textwrap.wrap(" ".join(schema.allowed("event.category")), WIDE - 2)),
        *("# static_ecs = event.kind event.category event.type", "# event.category = [network]", "# event.type = [connection]"),
    ]
    if derived:
        lines.append(_listed("script_ecs", derived))
    if any(one.target == "source.ip" for one in mapping):
        both = " destination" if any(one.target == "destination.ip" for one in mapping) else ""
        lines += ["# Country, city and network of these addresses, once [filter_geoip] names databases.", f"# geoip = source{both}"]
    return "\n".join(lines) + "\n"


def escaped(value: str) -> str:
    r"""Return a value as an INI file has it: a dollar is two, and a blank at the end of a pattern is no blank.

    >>> escaped(r" \.log$")
    '\\x20\\.log$$'
    """
    start, end = (r"\x20" if value[place:][:1] == " " else "" for place in (0, -1))
    return start + value[bool(start) : len(value) - bool(end)].replace("$", "$$") + end


def time_lines(time: Time | None, zone: str, derived: str) -> list[str]:
    """Return the lines about the time of a record; ``derived`` is the definition of a field that has it."""
    if time is None:
        return ["# timestamp_key =", "# timestamp_format = iso8601"]
    lines = [f"derived_fields = {time.field}", f"{time.field} = {escaped(derived)}"] if derived else []
    lines += [f"timestamp_key = {time.field}", *([f"timestamp_format = {escaped(time.form)}"] if time.form != "iso8601" else [])]
    if time.nano:
        lines.append("timestamp_nano = yes")
    if zone:
        lines.append(f"# The sample says {zone}: name its zone here where it is not UTC.\n# timestamp_tz = Europe/Berlin")
    return lines


def _listed(key: str, words: Sequence[str]) -> str:
    return "\n    ".join(textwrap.wrap(f"{key} = {' '.join(words)}", WIDE - 4, break_on_hyphens=False, break_long_words=False))


def without(content: str, name: str) -> str:
    """Return the text of an INI file without a section, and without the comment right before it."""
    pattern = rf"(?ms)(?:^#[^\n]*\n)*^\[{re.escape(name)}\][^\n]*\n.*?(?=(?:^#[^\n]*\n)*^\[|\Z)"
    return re.sub(pattern, "", content, count=1)
