"""What a build of the database has to tell."""

from __future__ import annotations

import collections
import dataclasses
from pathlib import Path

from loader.api import Problem

TOLD = 10  # mistakes of one file; a file of another kind has one in every line


@dataclasses.dataclass(slots=True)
class Report:
    """Files and indicators left out, by provider; mistakes with their file and line; and, once written, the counts of the database."""

    files: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    left_out: collections.Counter[tuple[str, str]] = dataclasses.field(default_factory=collections.Counter)  # by provider and reason
    mistakes: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)  # by file
    problems: list[Problem] = dataclasses.field(default_factory=list)
    counts: dict[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)  # by provider: addresses, networks, domains

    def complain(self, message: str, file: Path, line: int = 0) -> None:
        """Note a mistake: the first few of a file, the others are counted."""
        self.mistakes[str(file)] += 1
        if self.mistakes[str(file)] <= TOLD:
            self.problems.append(Problem(message, str(file), line))
        elif self.mistakes[str(file)] == TOLD + 1:
            self.problems.append(Problem("has more mistakes", str(file)))
