"""Names of ECS and what is put under them: names the schema lacks, objects taken for fields, lists for single values, texts for numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from loader import schema
from loader.assembly import Assembly
from loader.lint.examples import holds
from loader.lint.finding import Finding, listed, note, warning
from loader.lint.known import FLAT, groups, is_site
from loader.planner import FORMAT
from loader.section import Section
from loader.stages import ecs, typed

NUMERIC = (*typed.WHOLE, "float", "double", "scaled_float", "date")


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at every target of every log type."""
    for section in assembly.config.types.values():
        found = ecs.targets(section)
        given = groups(section)
        flat = section.values.get(FORMAT.name) in FLAT
        own = [target for target in section.read(ecs.ECS) + section.read(ecs.STATIC) if is_site(section, target) and target in section.values]
        if strange := [target for target in own if not schema.is_known(target) and not schema.nearest(target)]:
            lists = "is no ECS field, and is sent as it is" if len(strange) == 1 else "are no ECS fields, and are sent as they are"
            yield note(section, strange[0], f"{listed(strange)} {lists}")
        for target in own:
            yield from _target(section, target, flat=flat)
            if target in found:
                yield from _sources(section, target, [path for group in found[target] for path in group], given)
        yield from _values(section)


def _target(section: Section, target: str, *, flat: bool) -> Iterator[Finding]:
    field = schema.field(target)
    if field is None and schema.is_known(target):
        below = sorted(name for name in schema.fields() if name.rpartition(".")[0] == target)
        if below and flat:
            yield warning(section, target, f"{target!r} is an ECS object, and no field", f"it has {listed(below, 4)}")
        elif below:
            yield note(section, target, f"{target!r} is an ECS object: its source must be one too", f"it has {listed(below, 4)}")
    if field is not None and not field.array and target in section.read(ecs.ECS):
        value = section.values[target].strip()
        if value.startswith("[") and value.endswith("]"):
            yield warning(section, target, "is no array in ECS: the first source that has a value is taken", "leave the brackets out")


def _sources(section: Section, target: str, paths: list[str], given: dict[str, Any]) -> Iterator[Finding]:
    """Look at the sources of a target that are groups of ``log_pattern``."""
    kind = typed.kind(target)
    for path in paths:
        head, dot, _ = path.partition(".")
        if head not in given or not all(path.split(".")):  # of an empty step loader/lint/values.py tells
            continue
        if dot:
            yield warning(section, target, f"{path!r} is never there: the group {head!r} is text, and has nothing below it", f"write {head}")
        elif kind in NUMERIC and not holds(given[head], str.isdigit):
            yield warning(section, target, f"the group {head!r} cannot hold a digit, and ECS wants {kind} there", "map another group")


def _values(section: Section) -> Iterator[Finding]:
    """Look at constants of fields for which ECS has a list of values."""
    for target in section.read(ecs.STATIC):
        allowed = schema.allowed(target)
        if allowed and target in section.values and is_site(section, target):
            for value in map(str.strip, section.values[target].strip("[] ").split(",")):
                if " " in value and set(value.split()) <= {*allowed}:
                    yield warning(section, target, f"{value!r} is one value", f"a comma stands between two: [{', '.join(value.split())}]")
                elif value not in allowed:
                    near = difflib.get_close_matches(value, allowed, 1)
                    hint = f"did you mean {near[0]!r}?" if near else f"ECS knows {listed(list(allowed))}"
                    yield warning(section, target, f"{value!r} is no value that ECS allows there", hint)
