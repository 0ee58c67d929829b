"""Log types as they are after layering and interpolation: each value, where it was written, and what is said of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from loader.assembly import Assembly
from loader.config import Config
from loader.lint.known import hook_file, type_options
from loader.lint.replaced import gone
from loader.options import COMPAT, TypeOption
from loader.planner import FORMAT
from loader.route import IGNORED, KEY, NO_KEY, PRIORITY
from loader.section import Origin, Section
from loader.stages import label


@dataclasses.dataclass(frozen=True, slots=True)
class TypeRow:
    """One log type in the order in which keys are offered to them. ``again`` are the later files that write to its section."""

    name: str
    s3_key: str
    s3_key_ignored: str
    priority: int
    file_format: str
    index_name: str
    origin: Origin
    again: list[Origin]
    hook: str
    mistakes: int


@dataclasses.dataclass(frozen=True, slots=True)
class ValueRow:
    """One key of a log type: its value, where that was written (``by`` says how, when not in the section itself), and what is wrong."""

    key: str
    value: str
    by: str
    origin: Origin
    before: list[Origin]
    said: str


def log_types(assembly: Assembly) -> list[TypeRow]:
    """Return all log types in matching order, those no key leads to last."""
    order = [name for name, _, _ in assembly.router.rows]
    types = assembly.config.types
    keyless = [name for name in types if types[name].values.get(KEY.name, NO_KEY) in ("", NO_KEY)]
    first = [name for name in dict.fromkeys([*order, *types]) if name not in keyless]
    return [_row(assembly, types[name]) for name in (*first, *keyless)]


def _row(assembly: Assembly, section: Section) -> TypeRow:
    values = section.values
    headers = assembly.config.places.get(section.name, {}).get("", [])
    pattern = values.get(KEY.name, "")
    hook = hook_file(assembly, section)
    return TypeRow(
        section.name,
        "" if pattern == NO_KEY else pattern,
        values.get(IGNORED.name, ""),
        section.read(PRIORITY),
        values.get(FORMAT.name, ""),
        values.get(label.NAME.name, ""),
        headers[0] if headers else Origin(),
        headers[1:],
        str(hook or ""),
        sum(problem.fatal for problem in assembly.config.all_problems() if problem.section == section.name),
    )


def values_of(assembly: Assembly, section: Section) -> list[ValueRow]:
    """Return every key of a log type in the order in which files give them, then the options that have a default."""
    said: dict[str, str] = {}
    for problem in assembly.config.all_problems():
        if problem.section == section.name:
            said.setdefault(problem.key, f"{problem.message}{f' ({problem.hint})' if problem.hint else ''}")
    for key in gone(assembly, section):
        said.setdefault(key, "has no effect: a later file has replaced the list it was on")
    files = assembly.config.files
    rows = [_value(assembly.config, section, key, said.get(key, "")) for key in section.values if key in section.origins]
    rows.sort(key=lambda row: (row.by != "", files.index(row.origin.file) if row.origin.file in files else len(files), row.origin.line))
    options = type_options(assembly, section)
    return rows + [
        ValueRow(key, _default(assembly, option), "default", Origin(), [], said.get(key, ""))
        for key, option in options.items()
        if key not in section.origins and (_default(assembly, option) or said.get(key))
    ]


def _default(assembly: Assembly, option: TypeOption[Any]) -> str:
    return assembly.settings.compat if option.name == COMPAT.name else option.default or ""


def _value(config: Config, section: Section, key: str, said: str) -> ValueRow:
    own = key in section.own
    places = config.places.get(section.name if own else "DEFAULT", {}).get(key, [])
    return ValueRow(key, section.values[key], "" if own else "[DEFAULT]", section.origins[key], places[:-1], said)
