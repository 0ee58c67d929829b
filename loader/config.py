"""The INI files, layered: ``aws.ini``, ``/opt/user.ini``, ``user.ini``, ``--config FILE``; later wins per key.

The only module that knows configparser. Past it nobody sees where a value came from, except in an error: a ``Section``
remembers the file and line of each key and collects every mistake instead of stopping at the first.
"""

from __future__ import annotations

import configparser
import dataclasses
import difflib
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from loader import ini, schema
from loader.errors import ConfigError, Problem
from loader.section import Origin, Section

PLUGIN = re.compile(r"(in|out|parser|filter|formatter)_\w+(:.+)?")
REFERENCE = re.compile(r"(?<!\$)\$\{(?:[^}:]*:)?([^}:]+)\}")
DOLLAR = re.compile(r"\$(?:\$|(\{[^}]+\})?)")
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
    files: list[str] = dataclasses.field(default_factory=list)  # those that were read, in their order
    places: dict[str, dict[str, list[Origin]]] = dataclasses.field(default_factory=dict)  # wherever a section ('') or key is written; the last counts

    def plugin(self, name: str) -> Section:
        """Return the section of a plugin instance; an empty one when the INI files have none."""
        return self.plugins.setdefault(name, Section(name))

    def override(self, section: str, key: str, value: str | None) -> None:
        """Let a command line argument win over the INI files; None changes nothing."""
        if value is not None:
            target = self.loader if section == "loader" else self.plugin(section)
            target.values[key], target.origins[key] = value, Origin("command line")
            target.own |= {key}

    def replaced(self, section: str, key: str) -> Origin | None:
        """Return where a value stands that a later file has replaced; None where it is written in one file alone."""
        places = self.places.get(section, {}).get(key, [])
        return next((place for place in reversed(places) if place.file != places[-1].file), None)

    def left_over(self, section: Section, lists: Collection[str]) -> list[str]:
        """Return the fields of a section that stand in a file before the one that wrote such a list anew: they belong to a list that is gone."""
        written = [section.origins[name].file for name in lists if self.replaced(section.name, name)]
        newest = max(map(self.files.index, written), default=0)
        earlier = self.files[:newest]
        return [key for key in section.values if key in section.own and section.origins[key].file in earlier and key not in lists and _is_field(key)]

    def all_problems(self) -> list[Problem]:
        """Return every problem noted so far, in file order."""
        sections = [self.loader, self.defaults, *self.plugins.values(), *self.types.values()]
        found = [*self.problems, *(p for section in sections for p in section.problems)]
        return sorted(dict.fromkeys(found), key=lambda p: (p.file, p.line))


def load(files: Iterable[Path], required: Iterable[Path] = ()) -> Config:
    """Read and layer the files that exist; raises ConfigError when one of ``required`` does not, or one is no text."""
    required = list(required)
    if missing := [path for path in required if not path.exists()]:
        raise ConfigError(*(Problem("no such file", str(path)) for path in missing))
    reader = _Reader()
    for path in [*(path for path in files if path.is_file()), *required]:  # what is required may be a pipe or a device too
        reader.read(path)
    found = {name: reader.section(name) for name in reader.typed.sections()}
    return Config(
        types={name: section for name, section in found.items() if not _is_engine(name)},
        plugins={name: section for name, section in found.items() if PLUGIN.fullmatch(name)},
        loader=found.get("loader", Section("loader")),
        defaults=reader.section("DEFAULT") if reader.plain.has_section("DEFAULT") else Section("DEFAULT"),
        problems=reader.problems,
        referenced=frozenset(reader.referenced),
        files=reader.files,
        places={name: {key: [origin for origin, _ in at] for key, at in keys.items()} for name, keys in reader.places.items()},
    )


class _Reader:
    """The layers of files as they are read. Every mistake is noted, and the rest is read as if it were not there."""

    def __init__(self) -> None:
        self.typed, self.plain = _parser("DEFAULT"), _parser(NO_DEFAULTS)
        self.places: dict[str, dict[str, list[tuple[Origin, ini.Place]]]] = {}
        self.referenced: set[str] = set()
        self.problems: list[Problem] = []
        self.files: list[str] = []

    def read(self, path: Path) -> None:
        """Lay one file over those before."""
        content = _text(path)
        scan = ini.Scan(content)
        self.problems += [Problem(bad.message, str(path), bad.line, bad.section, bad.key, bad.hint, bad.fatal) for bad in scan.mistakes]
        for parser in (self.typed, self.plain):
            parser.read_string(scan.text, str(path))
        for place in scan.places:
            self.places.setdefault(place.section, {}).setdefault(place.key, []).append((Origin(str(path), place.line), place))
        self.referenced.update(REFERENCE.findall(content))
        self.files.append(str(path))

    def section(self, name: str) -> Section:
        """Return a section after layering and interpolation."""
        parser = self.plain if _is_engine(name) or name == "DEFAULT" else self.typed
        written = self.places.get(name, {})
        inherited = self.places.get("DEFAULT", {})
        section = Section(name, own=frozenset(key for key in written if key), origin=written[""][-1][0] if "" in written else Origin())
        for key in parser.options(name):
            origin, place = (written.get(key) or inherited[key])[-1]
            section.origins[key] = origin
            try:
                section.values[key] = parser.get(name, key)
            except configparser.InterpolationError:
                section.values[key] = ""
                section.claimed.add(key)
                section.unreadable.add(key)
                raw = parser.get(name, key, raw=True)
                offset, message, hint = _misreference(parser, name, raw)
                self.problems.append(Problem(message, origin.file, place.line_of(raw, offset), name, key, hint))
        return section


def _misreference(parser: configparser.ConfigParser, section: str, raw: str) -> tuple[int, str, str]:
    """Return what is wrong with the dollar signs of a value: where, why, and what to do."""
    for found in DOLLAR.finditer(raw):
        if found[0] == "$":
            before = raw[max(0, found.start() - 20) : found.start()].rpartition("\n")[2]
            after = raw[found.start() : found.end() + 10].partition("\n")[0]
            closed = "a reference is ${key} or ${section:key}; " if raw[found.end() :].startswith("{") else ""
            return found.start(), f'has a single $, in "{before}{after}"', f"{closed}write $$ for a literal dollar"
        if found[1] and (why := _dead_end(parser, section, found[1][1:-1])):
            return found.start(), f"{found[0]} leads nowhere: {why[0]}", why[1] or "write $$ for a literal dollar"
    return 0, "what it refers to cannot be read, or refers back to it", ""


def _dead_end(parser: configparser.ConfigParser, section: str, reference: str) -> tuple[str, str] | None:
    """Return why ``${reference}`` names nothing, and the nearest that it may mean; None when it does name something."""
    other, colon, key = reference.rpartition(":")
    where = other or section
    if ":" in other:
        return "a reference has one colon at most, so the instances of plugins cannot be named", "write the value out"
    if colon and not parser.has_section(where) and where != parser.default_section:
        near = difflib.get_close_matches(where, parser.sections(), 1)
        return f"there is no section [{where}]", f"did you mean ${{{near[0]}:{key}}}?" if near else ""
    options = parser.options(where) if parser.has_section(where) else list(parser.defaults())
    if key in options:
        return None
    near = difflib.get_close_matches(key, options, 1)
    return f"section [{where}] has no key {key!r}", f"did you mean ${{{other}{colon}{near[0]}}}?" if near else ""


def _is_field(key: str) -> bool:
    return "." in key or schema.is_known(key)


def _is_engine(name: str) -> bool:
    return name == "loader" or bool(PLUGIN.fullmatch(name))


def _parser(default_section: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(default_section=default_section, interpolation=configparser.ExtendedInterpolation(), strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keys keep their case, as configparser documents
    return parser


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as why:
        raise ConfigError(Problem(f"not UTF-8 text: {why}", str(path), hint="save the file as UTF-8")) from why
    except OSError as why:
        raise ConfigError(Problem(f"cannot be read: {why.strerror}", str(path))) from why
