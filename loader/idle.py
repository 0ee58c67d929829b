"""What of a configuration has no effect: keys that nothing reads, filters without data, outputs that nothing goes to.

Log types keep what they do not know: files of the es-loader carry dead keys, so all of that is a warning. In plugins it is a mistake.
"""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from loader.api import Filter, Output
from loader.config import Config
from loader.options import Option
from loader.registry import Registry
from loader.route import KEY, NO_KEY
from loader.section import Origin, Section
from loader.stages import ecs, exclude
from loader.stages.derive import DERIVED

# what the es-loader reads from a section and this program does not, or what has never had an effect
ELSEWHERE = frozenset({"loggroup", "ignore_header_line_number", "bump_version"})
LISTS = (ecs.ECS.name, ecs.STATIC.name)
RULE_FILES = (exclude.PATTERNS.name, exclude.RULES.name)


def keys(config: Config, registry: Registry, known: Iterable[str], settings: Iterable[str]) -> None:
    """Note the unknown keys of log types and of [DEFAULT]. ``known`` are the options of all log types, ``settings`` those of [loader]."""
    names = {*known, *registry.type_keys("parser")}
    enriching = registry.type_keys("filter")  # of those that have no effect, ``filters`` tells
    for section in config.types.values():
        _misplaced(section)
        section.claimed |= {*ELSEWHERE, *config.referenced, *enriching}
        derived: list[str] = section.read(DERIVED)
        for name in sorted({*names, *enriching}.intersection(derived)):
            section.problem(DERIVED.name, f"{name!r} is an option too, and cannot mean both", "give the derived field another name")
        section.unknown(names, fatal=False)
    _defaults(config, {*names, *enriching, *ELSEWHERE, *config.referenced}, set(settings))


def _misplaced(section: Section) -> None:
    """Note what looks like a log type's, and is not."""
    if "file_format" not in section.values and difflib.get_close_matches(section.name, ("loader",), 1, 0.7):
        section.problem("", "is taken for a log type", "did you mean [loader]?")
    for key in section.own.intersection(RULE_FILES):
        section.claimed.add(key)
        section.problem(key, "has no effect here: there is one file of rules for all log types", "move it to [DEFAULT]", fatal=False)


def _defaults(config: Config, known: set[str], settings: set[str]) -> None:
    """Note what [DEFAULT] has for no log type: neither an option of one, nor a name that one of them refers to."""
    defaults = config.defaults
    for key in defaults.own & settings - known:
        defaults.claimed.add(key)
        defaults.problem(key, "is an option of [loader], and [DEFAULT] reaches log types only", "move it to [loader]", fatal=False)
    if defaults.values.get(KEY.name, NO_KEY) not in ("", NO_KEY):
        defaults.problem(KEY.name, "goes to every log type without one of its own", "write it into the section of a log type", fatal=False)
    defaults.claimed |= known.union(*(section.claimed for section in config.types.values()))
    defaults.unknown(known, fatal=False)


def filters(found: Iterable[Filter], config: Config, shipped: Path) -> None:
    """Warn where a section of the site asks for a filter that can have no effect, once a filter; what is shipped asks in advance."""
    for one in found:
        asking = [
            (section, option.name)
            for section in config.types.values()
            for option in one.options
            if section.values.get(option.name) and section.origins.get(option.name, Origin()).file != str(shipped)
        ]
        if one.lacks and asking:
            section, key = asking[0]
            section.problem(key, f"has no effect: [{one.name}] gives {one.lacks}", fatal=False)


def outputs(found: Iterable[Output], config: Config) -> None:
    """Warn of outputs that match no log type."""
    for output in found:
        if not any(fnmatch.fnmatchcase(name, glob) for name in config.types for glob in output.match):
            config.plugin(output.name).problem("match", "matches no log type: nothing will arrive here", fatal=False)


def rates(found: Iterable[Output], config: Config) -> None:
    """Note lowest rates that are none."""
    for output in found:
        if output.rate_min and not output.rate:
            config.plugin(output.name).problem("rate_min", "is the lowest rate, and there is no highest", "write rate too")
        elif output.rate_min > output.rate:
            config.plugin(output.name).problem("rate_min", f"{output.rate_min:g} is more than rate, which is {output.rate:g}", "write less than rate")


def names(groups: Iterable[Iterable[Option[Any]]]) -> set[str]:
    """Return the keys of groups of options."""
    return {option.name for group in groups for option in group}
