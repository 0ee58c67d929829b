"""What is known of log types beside their plans: the options they may have, the fields they give, the files they come from."""

from __future__ import annotations

import contextlib
import functools
import re
from pathlib import Path
from typing import Any

from loader.assembly import HOME, STAGES, Assembly
from loader.errors import ConfigError
from loader.lint.examples import named_groups
from loader.options import COMPAT, TypeOption, regex
from loader.planner import FORMAT, OPTIONS
from loader.route import OPTIONS as ROUTE_OPTIONS
from loader.section import Section
from loader.stages import ecs, hooks

SHIPPED = str(HOME / "aws.ini")
PATTERN = "log_pattern"
WORD = re.compile(r"[^\W\d]\w*")
PATTERNED = ("text", "multiline")  # formats that use log_pattern
FLAT = (*PATTERNED, "csv")  # formats whose fields hold text and nothing below


def type_options(assembly: Assembly, section: Section) -> dict[str, TypeOption[Any]]:
    """Return the options that a log type may have, its parser's among them, by key."""
    return _options(assembly, [section.values.get(FORMAT.name, "")])


@functools.lru_cache(1)
def patterns(assembly: Assembly) -> frozenset[str]:
    """Return the keys of log types whose values are regular expressions, whatever the format."""
    options = _options(assembly, assembly.registry.names("parser"))
    return frozenset(name for name, option in options.items() if option.convert is regex)


def _options(assembly: Assembly, parsers: list[str]) -> dict[str, TypeOption[Any]]:
    found = [*ROUTE_OPTIONS, COMPAT, *OPTIONS, *(option for stage in STAGES for option in stage.OPTIONS)]
    for kind, names in (("parser", parsers), ("filter", assembly.registry.names("filter"))):
        for name in names:
            with contextlib.suppress(ConfigError):  # that there is no such plugin is told elsewhere
                found += getattr(assembly.registry.find(kind, name), "options", ())
    return {option.name: option for option in found}


def is_site(section: Section, key: str) -> bool:
    """Tell whether a value was written by the site: what we ship, nobody there can mend."""
    return section.origins.get(key, section.origin).file != SHIPPED


def groups(section: Section) -> dict[str, Any]:
    """Return the named groups of ``log_pattern``, each as ``re`` has parsed it; none when it is no pattern or not used."""
    pattern = section.values.get(PATTERN, "")
    if not pattern or section.values.get(FORMAT.name) not in PATTERNED:
        return {}
    try:
        return named_groups(pattern)
    except re.error:
        return {}


def hook_file(assembly: Assembly, section: Section) -> Path | None:
    """Return the file of a log type's hook; None when it has none, or the file is missing."""
    return hooks.find(section.name, assembly.hook_folders) if section.values.get(hooks.SCRIPT.name) else None


def mapped(section: Section) -> list[str]:
    """Return the targets that a log type maps or sets, those its hook is said to set among them."""
    return [*section.read(ecs.ECS), *section.read(ecs.STATIC), *section.values.get(hooks.SCRIPT.name, "").split()]


def words(assembly: Assembly, section: Section) -> set[str]:
    """Return every word by which a section may name a field: those of all its values but the patterns."""
    left_out = patterns(assembly)
    return {word for key, value in section.values.items() if key not in left_out for word in WORD.findall(value)}


def hook_words(assembly: Assembly, section: Section) -> set[str]:
    """Return every word of a log type's hook; none when it has no hook."""
    file = hook_file(assembly, section)
    try:
        return set(WORD.findall(file.read_text(encoding="utf-8", errors="replace"))) if file else set()
    except OSError:
        return set()
