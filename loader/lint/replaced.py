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
            if before and (gone := _gone(assembly, section, option.name)):
                are = "is no longer mapped" if len(gone) == 1 else "are no longer mapped"
                message = f"replaces the list of {Path(before.file).name}:{before.line}: {listed(gone)} {are}"
                yield note(section, option.name, message, "a list is taken as a whole: repeat what should stay")


def _gone(assembly: Assembly, section: Section, name: str) -> list[str]:
    """Return the fields of the list before that the new one lacks; where both lists are new, all of them are told with the first."""
    lists = [option.name for option in LISTS if assembly.config.replaced(section.name, option.name)]
    kept = {*section.read(ecs.ECS), *section.read(ecs.STATIC)}
    return [key for key in assembly.config.left_over(section, lists) if key not in kept] if lists[0] == name else []
