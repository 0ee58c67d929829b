"""Exclusion rules that ask for a field their log type never has."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from loader import schema
from loader.assembly import Assembly
from loader.errors import Problem
from loader.lint.finding import WARNING, Finding
from loader.lint.known import FLAT, hook_words, mapped, words
from loader.planner import FORMAT
from loader.rules.rule import fields_of
from loader.section import Section
from loader.stages import derive, envelope

STAMPED = ("cloud", "ecs", "error", "event", "geo", "as")  # objects that a record may have without a mapping


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the field of each rule, as far as the fields of its log types are known."""
    for rule, field in fields_of(assembly.rules):
        types = [section for name, section in assembly.config.types.items() if rule.serves(name)]
        if types and not any(_may_have(assembly, section, field) for section in types):
            near = difflib.get_close_matches(field, [name for section in types for name in _names(section)], 1)
            hint = f"did you mean {near[0]!r}?" if near else ""
            message = "no such field is known of the log type: the rule excludes nothing"
            yield Finding(WARNING, Problem(message, rule.file, rule.line, rule.log_type, field, hint, fatal=False))


def _may_have(assembly: Assembly, section: Section, field: str) -> bool:
    head = field.partition(".")[0]
    targets = mapped(section)
    if head.startswith("@") or any(f"{field}.".startswith(f"{name}.") or name.startswith(f"{field}.") for name in targets):
        return True
    if section.fields is None or section.values.get(FORMAT.name) not in FLAT or section.read(envelope.VIA_FIRELENS):  # any raw field may be there
        near = difflib.get_close_matches(field, targets, 1, 0.85)
        return not near or head not in schema.tops() or schema.is_known(field)
    if head in section.fields | derive.names(section) or head in words(assembly, section) or head in (told := hook_words(assembly, section)):
        return True
    enriched = any(section.values.get(key) for key in ("geoip", "ioc_ip", "ioc_domain", "user_agent_enrichment_field"))
    return schema.is_known(field) and (head in STAMPED or bool(told) or enriched)


def _names(section: Section) -> list[str]:
    return [*(section.fields or ()), *derive.names(section), *mapped(section)]
