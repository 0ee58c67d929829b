"""Fields that outputs and formatters name: a slip there costs nothing but the value, in every message, and nobody is told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from loader import schema
from loader.assembly import Assembly
from loader.lint.finding import Finding, warning
from loader.section import Section

FIELD = re.compile(r"field:([\w@.]+)")
NAMES = {  # where else a field is named, by option
    "keep": re.compile(r"([\w@.]+)"),
    "drop": re.compile(r"([\w@.]+)"),
    "map": re.compile(r"=([\w@.]+)"),
    "structured_fields": re.compile(r"(?:^|\s)(?:[^\s=]+=)?([\w@.]+)"),
    "tag": re.compile(r"\[([\w@.]+)\]"),
    "template": re.compile(r"\{([\w@.]+)(?:\|[^{}]*)?\}"),
}


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the sections of outputs and formatters that a site has written."""
    for name, section in assembly.config.plugins.items():
        if name.startswith(("out_", "formatter_")):
            for key in sorted(section.own & section.values.keys()):
                yield from _named(section, key)


def _named(section: Section, key: str) -> Iterator[Finding]:
    """Tell names that are nearly, and not, those of a field."""
    value = section.values[key]
    pattern = NAMES.get(key, FIELD)
    for name in dict.fromkeys(pattern.findall(value)):
        near = "" if schema.is_known(name) or name.startswith("@") else schema.nearest(name)
        if near:
            yield warning(section, key, f"{name!r} is no field of ECS", f"did you mean {near!r}?")
