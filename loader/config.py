"""The INI files, layered: ``aws.ini``, ``/opt/user.ini``, ``user.ini``, ``--config FILE``; later wins per key.

The only module that knows configparser. Past it nobody sees where a value came from, except in an error: a ``Section``
remembers the file and line of each key and collects every mistake instead of stopping at the first.
"""

from __future__ import annotations

import configparser
import dataclasses
import re
from collections.abc import Iterable
from pathlib import Path

from loader.errors import ConfigError, Problem
from loader.section import Origin, Section

PLUGIN = re.compile(r"(in|out|parser|filter|formatter)_\w+(:.+)?")
REFERENCE = re.compile(r"(?<!\$)\$\{(?:[^}:]*:)?([^}:]+)\}")
NO_DEFAULTS = "\0"  # a section name no file can have: switches configparser's inheritance off


@dataclasses.dataclass(slots=True)
class Config:
    """All sections: log types in matching order, plugins by section name, and ``[loader]``."""

    types: dict[str, Section]
    plugins: dict[str, Section]
    loader: Section
    defaults: Section
    problems: list[Problem] = dataclasses.field(default_factory=list)
    referenced: frozenset[str] = frozenset()  # keys that some ${key} or ${section:key} names: known, though no option reads them

    def plugin(self, name: str) -> Section:
        """Return the section of a plugin instance; an empty one when the INI files have none."""
        return self.plugins.setdefault(name, Section(name))

    def override(self, section: str, key: str, value: str | None) -> None:
        """Let a command line argument win over the INI files; None changes nothing."""
        if value is not None:
            target = self.loader if section == "loader" else self.plugin(section)
            target.values[key], target.origins[key] = value, Origin("command line")
            target.own |= {key}

    def all_problems(self) -> list[Problem]:
        """Return every problem noted so far, in file order."""
        sections = [self.loader, self.defaults, *self.plugins.values(), *self.types.values()]
        found = [*self.problems, *(p for section in sections for p in section.problems)]
        return sorted(dict.fromkeys(found), key=lambda p: (p.file, p.line))


def load(files: Iterable[Path], required: Iterable[Path] = ()) -> Config:
    """Read and layer the files that exist; raises ConfigError when one of ``required`` does not, or one cannot be parsed."""
    required = list(required)
    if missing := [path for path in required if not path.is_file()]:
        raise ConfigError(*(Problem("no such file", str(path)) for path in missing))
    typed = _parser("DEFAULT")
    plain = _parser(NO_DEFAULTS)
    origins: dict[tuple[str, str], Origin] = {}
    referenced: set[str] = set()
    for path in [*files, *required]:
        if path.is_file():
            content = _read(path)
            for parser in (typed, plain):
                _parse(parser, content, path)
            origins |= _origins(content, path)
            referenced.update(REFERENCE.findall(content))
    problems: list[Problem] = []
    found = {name: _section(plain if _is_engine(name) else typed, name, origins, problems) for name in typed.sections()}
    return Config(
        types={name: section for name, section in found.items() if not _is_engine(name)},
        plugins={name: section for name, section in found.items() if PLUGIN.fullmatch(name)},
        loader=found.get("loader", Section("loader")),
        defaults=_section(plain, "DEFAULT", origins, problems) if plain.has_section("DEFAULT") else Section("DEFAULT"),
        problems=problems,
        referenced=frozenset(referenced),
    )


def _is_engine(name: str) -> bool:
    return name == "loader" or bool(PLUGIN.fullmatch(name))


def _parser(default_section: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(default_section=default_section, interpolation=configparser.ExtendedInterpolation())
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case, as configparser documents
    return parser


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as why:
        raise ConfigError(Problem(f"not UTF-8 text: {why}", str(path), hint="save the file as UTF-8")) from why
    except OSError as why:
        raise ConfigError(Problem(f"cannot be read: {why.strerror}", str(path))) from why


def _parse(parser: configparser.ConfigParser, content: str, path: Path) -> None:
    try:
        parser.read_string(content, str(path))
    except configparser.Error as why:
        line = getattr(why, "lineno", None) or next((n for n, _ in getattr(why, "errors", [])), 0)
        raise ConfigError(Problem(" ".join(str(why.message).split()), str(path), line or 0)) from why


def _origins(content: str, path: Path) -> dict[tuple[str, str], Origin]:
    """Return the line of every section and key; configparser itself forgets them. A section's own line has the key ''."""
    found: dict[tuple[str, str], Origin] = {}
    section, level, in_key = "", 0, False
    for number, line in enumerate(content.split("\n"), 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        indent = len(line) - len(line.lstrip())
        if in_key and indent > level:  # the value goes on
            continue
        level = indent
        if header := configparser.ConfigParser.SECTCRE.match(text):
            section, in_key = header["header"], False
            found[section, ""] = Origin(str(path), number)
        elif key := re.match(r"(.*?)\s*[=:]", text):
            in_key = True
            found[section, key[1]] = Origin(str(path), number)
    return found


def _section(parser: configparser.ConfigParser, name: str, origins: dict[tuple[str, str], Origin], problems: list[Problem]) -> Section:
    own = frozenset(key for section, key in origins if section == name and key)
    section = Section(name, own=own, origin=origins.get((name, ""), Origin()))
    for key in parser.options(name):
        section.origins[key] = origins.get((name, key)) or origins.get(("DEFAULT", key), Origin())
        try:
            section.values[key] = parser.get(name, key)
        except configparser.InterpolationError as why:
            section.values[key] = ""
            section.claimed.add(key)
            where = section.origins[key]
            message = " ".join(str(why.message).split())
            problems.append(Problem(f"cannot interpolate: {message}", where.file, where.line, name, key, "a literal $ is written $$"))
    return section
