"""What is written and never used: groups of ``log_pattern`` that nothing names, log types no object can be of."""

from __future__ import annotations

from collections.abc import Iterator

from loader.assembly import Assembly
from loader.lint.finding import Finding, listed, note, warning
from loader.lint.known import PATTERN, groups, hook_words, is_site, words
from loader.planner import FORMAT
from loader.route import KEY
from loader.rules.rule import fields_of


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the log types the site has written."""
    named = {field.partition(".")[0] for _, field in fields_of(assembly.rules)}
    for section in assembly.config.types.values():
        if is_site(section, PATTERN):
            used = named | words(assembly, section) | hook_words(assembly, section)
            unused = [name for name in groups(section) if name not in used]
            if unused:
                one = len(unused) == 1
                message = f"the group{'' if one else 's'} {listed(unused)} {'is' if one else 'are'} used by nothing"
                yield note(section, PATTERN, f"{message}; only outputs with fields = full get {'it' if one else 'them'}")
        if KEY.name not in section.own and FORMAT.name in section.own:
            yield warning(section, "", "has no s3_key: no object is of this type")
        elif "unknown" in section.name:
            yield warning(section, "", "objects of a type whose name has 'unknown' in it are skipped, as the es-loader does", "give it another name")
