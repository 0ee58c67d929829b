"""Sections and values that are not what they look like: a plugin's section misspelt, a comment that is part of a value."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from loader.assembly import Assembly
from loader.lint.finding import Finding, warning
from loader.lint.known import patterns
from loader.planner import FORMAT
from loader.registry import KINDS
from loader.route import IGNORED, KEY
from loader.section import Section

KEYS = {KEY.name, IGNORED.name}  # patterns of which a comment is no part: no object has a blank and a number sign in its key
COMMENT = re.compile(r"(?:^|\s)[#;]\s.*")
KINDS_OF_OTHERS = {"input": "in", "source": "in", "output": "out", "sink": "out", "destination": "out", "format": "formatter"}


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at every section."""
    plugins = {f"{kind}_{name}" for kind in KINDS for name in assembly.registry.names(kind)}
    left_out = patterns(assembly) - KEYS
    for section in assembly.config.types.values():
        if not {KEY.name, FORMAT.name} & section.own and (meant := _plugin(section.name, plugins)):
            yield warning(section, "", "is taken for a log type", f"did you mean [{meant}]?")
        yield from _comments(section, left_out)
    for section in (assembly.config.loader, assembly.config.defaults, *assembly.config.plugins.values()):
        yield from _comments(section, left_out)


def _plugin(name: str, plugins: set[str]) -> str:
    """Return the plugin that a section's name may stand for: another kind's word, a dash, a bare name, a slip."""
    plain = name.lower().replace("-", "_")
    if named := sorted(plugin for plugin in plugins if plugin.partition("_")[2] == plain):
        return named[-1]
    kind, _, rest = plain.partition("_")
    plain = f"{KINDS_OF_OTHERS.get(kind, kind)}_{rest}"
    near = difflib.get_close_matches(plain, plugins, 1, 0.8)
    return near[0] if near else ""


def _comments(section: Section, left_out: frozenset[str]) -> Iterator[Finding]:
    for key in sorted(section.own - left_out):
        comment = next((found for line in section.values.get(key, "").splitlines() if (found := COMMENT.search(line))), None)
        if comment:
            yield warning(section, key, f"{comment[0].strip()!r} is part of the value", "a comment has a line of its own")
