"""A section of the INI files as the rest of the program sees it: options are read from it, mistakes are noted on it."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable
from typing import TypeVar

from loader.errors import ConfigError, Problem
from loader.options import Option

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written."""

    file: str = ""
    line: int = 0


@dataclasses.dataclass(slots=True)
class Section:
    """One section after layering and interpolation. ``own`` are the keys written in it, the others come from [DEFAULT]."""

    name: str
    values: dict[str, str] = dataclasses.field(default_factory=dict)
    origins: dict[str, Origin] = dataclasses.field(default_factory=dict)
    own: frozenset[str] = frozenset()
    origin: Origin = Origin()
    claimed: set[str] = dataclasses.field(default_factory=set)
    problems: list[Problem] = dataclasses.field(default_factory=list)
    fields: frozenset[str] | None = None  # what its parser gives, where that is known before the first record
    unreadable: set[str] = dataclasses.field(default_factory=set)  # keys of which a mistake is told already, and the value not known

    def read(self, option: Option[T]) -> T:
        """Return the option's value. A wrong one is noted as a problem and its default returned; without a default, raises ConfigError."""
        self.claimed.add(option.name)
        try:
            return option.read(self.values.get(option.name))
        except ValueError as why:
            self.problem(option.name, str(why), "" if option.name in self.values else self._meant(option.name))
            if option.default is None:
                raise ConfigError(*self.problems) from why
            return option.convert(option.default)

    def _meant(self, name: str) -> str:
        """Return a hint at the key that may be meant for an option that is missing."""
        slip = nearest(name, sorted(self.own - self.claimed), 0.8)
        line = self.origins[slip].line if slip in self.origins else 0
        return f"is it meant by {slip!r}{f' in line {line}' if line else ''}?" if slip else ""

    def text(self, key: str) -> str | None:
        """Return the text of a free-form key (an ECS field), or None; marks the key as known."""
        self.claimed.add(key)
        return self.values.get(key)

    def problem(self, key: str, message: str, hint: str = "", *, fatal: bool = True) -> None:
        """Note a mistake at ``key`` (or at the section itself when the key is empty or absent)."""
        if key in self.unreadable:
            return
        origin = self.origins.get(key, self.origin)
        found = Problem(message, origin.file, origin.line, self.name, key, hint, fatal)
        if found not in self.problems:
            self.problems.append(found)

    def unknown(self, known: Iterable[str], *, fatal: bool) -> None:
        """Note every own key that nothing has read, with the nearest name of those known."""
        names = sorted({*known, *self.claimed})
        for key in sorted(self.own - self.claimed):
            if key in names:  # such as an option of a parser that this section does not use
                self.problem(key, "has no effect here", "remove it", fatal=fatal)
                continue
            near = nearest(key, names)
            self.problem(key, "no such option", f"did you mean {near!r}?" if near else "remove it", fatal=fatal)


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the name that is most like a word, in any case; an empty text when none is.

    >>> nearest("ECS", ["ecs", "static_ecs"])
    'ecs'
    """
    small = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word.lower(), small, 1, cutoff)
    return small[near[0]] if near else ""
