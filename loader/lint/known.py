"""What is known of log types beside their plans: the options they may have, the fields they give, the files they come from."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from loader.assembly import HOME, STAGES, Assembly
from loader.errors import ConfigError
from loader.lint.examples import named_groups
from loader.options import COMPAT, TypeOption
from loader.planner import FORMAT, OPTIONS
from loader.route import OPTIONS as ROUTE_OPTIONS
from loader.section import Section
from loader.stages import ecs
from loader.stages.hooks import SCRIPT

SHIPPED = str(HOME / "aws.ini")
PATTERN = "log_pattern"
PATTERNS = frozenset({PATTERN, "s3_key", "s3_key_ignored", "s3_key_fields", "multiline_firstline", "xml_firstline", "file_timestamp_format"})
WORD = re.compile(r"[^\W\d]\w*")
PATTERNED = ("text", "multiline")  # formats that use log_pattern
FLAT = (*PATTERNED, "csv")  # formats whose fields hold text and nothing below


def type_options(assembly: Assembly, section: Section) -> dict[str, TypeOption[Any]]:
    """Return the options that a log type may have, its parser's among them, by key."""
    found = [*ROUTE_OPTIONS, COMPAT, *OPTIONS, *(option for stage in STAGES for option in stage.OPTIONS)]
    for kind, names in (("parser", [section.values.get(FORMAT.name, "")]), ("filter", assembly.registry.names("filter"))):
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
    if not section.values.get(SCRIPT.name):
        return None
    files = (folder / name for folder in assembly.hook_folders for name in hook_names(section.name))
    return next((file for file in files if file.is_file()), None)


def hook_names(log_type: str) -> tuple[str, ...]:
    """Return the names that the file of a log type's hook may have, in the order in which loader/stages/hooks.py looks for them."""
    return tuple(dict.fromkeys((f"sf_{log_type.replace('-', '_')}.py", f"sf_{log_type}.py")))


def mapped(section: Section) -> list[str]:
    """Return the targets that a log type maps or sets, those its hook is said to set among them."""
    return [*section.read(ecs.ECS), *section.read(ecs.STATIC), *section.values.get(SCRIPT.name, "").split()]


def words(section: Section) -> set[str]:
    """Return every word by which a section may name a field: those of all its values but the patterns."""
    return {word for key, value in section.values.items() if key not in PATTERNS for word in WORD.findall(value)}


def hook_words(assembly: Assembly, section: Section) -> set[str]:
    """Return every word of a log type's hook; none when it has no hook."""
    file = hook_file(assembly, section)
    try:
        return set(WORD.findall(file.read_text(encoding="utf-8", errors="replace"))) if file else set()
    except OSError:
        return set()
