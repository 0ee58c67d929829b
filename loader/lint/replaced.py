"""Lists of ECS fields that a later file has written anew, and what they had before: an override replaces the whole list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from loader.assembly import Assembly
from loader.lint.finding import Finding, listed, note
from loader.section import Section
from loader.stages import ecs

LISTS = (ecs.ECS, ecs.STATIC)


def check(assembly: Assembly) -> Iterator[Finding]:
    """Look at the lists of every log type that stand in more than one file."""
    for section in assembly.config.types.values():
        for option in LISTS:
            before = assembly.config.replaced(section.name, option.name)
            if before and lists_anew(assembly, section)[0] == option.name and (found := gone(assembly, section)):
                are = "is no longer mapped" if len(found) == 1 else "are no longer mapped"
                message = f"replaces the list of {Path(before.file).name}:{before.line}: {listed(found)} {are}"
                yield note(section, option.name, message, "a list is taken as a whole: repeat what should stay")


def lists_anew(assembly: Assembly, section: Section) -> list[str]:
    """Return the lists of a section that a later file has replaced."""
    return [option.name for option in LISTS if assembly.config.replaced(section.name, option.name)]


def gone(assembly: Assembly, section: Section) -> list[str]:
    """Return the fields of the lists before that the new ones lack. Which of two lists a field was on, nobody knows: the first one tells."""
    kept = {*section.read(ecs.ECS), *section.read(ecs.STATIC)}
    return [key for key in assembly.config.left_over(section, lists_anew(assembly, section)) if key not in kept]
