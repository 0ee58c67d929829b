"""Regular expressions that can take for ever on a text that almost matches."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from loader import changes
from loader.assembly import Assembly
from loader.backtracking import suspect
from loader.errors import Problem
from loader.lint.finding import WARNING, Finding, warning
from loader.lint.known import is_site, type_options
from loader.options import TypeOption
from loader.rules.conditions import REGEX
from loader.stages import derive

SEARCHED = ("s3_key", "s3_key_ignored", "s3_key_fields", "file_timestamp_format")  # found anywhere in a key; others match from the start
SAID = "may take for ever where it does not match"
HINT = "give each repeated part a text of its own"


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at every pattern that the site has written, in log types and exclusion rules; each is looked at once."""
    why = functools.cache(suspect)
    for section in assembly.config.types.values():
        for key, option in type_options(assembly, section).items():
            pattern = _pattern(option, section.values[key]) if key in section.own and is_site(section, key) else ""
            if pattern and (found := why(pattern, "search" if key in SEARCHED else "match")):
                yield warning(section, key, f"{SAID}: {found}", HINT)
        for name in section.read(derive.DERIVED):
            for pattern in _matched(section.values.get(name, "")):
                if found := why(pattern, "search"):
                    yield warning(section, name, f"{SAID}: {found}", HINT)
    for rule in assembly.rules:
        for condition in (condition for conditions in rule.alternatives for condition in conditions if condition.kind == REGEX):
            if found := why(condition.pattern, "fullmatch"):
                yield Finding(WARNING, Problem(f"{SAID}: {found}", rule.file, rule.line, rule.log_type, condition.field, HINT, fatal=False))


def _matched(definition: str) -> list[str]:
    """Return the patterns of a derived field; none of one that cannot be read, which is told elsewhere."""
    try:
        return changes.patterns(definition)
    except ValueError:
        return []


def _pattern(option: TypeOption[object], value: str) -> str:
    """Return the text of an option that is a regular expression, else ''."""
    try:
        found = option.convert(value)
    except ValueError:  # told where it is read
        return ""
    return found.pattern if isinstance(found, re.Pattern) else ""
