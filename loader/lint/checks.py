"""All that ``check`` finds: the mistakes that stop every start, and what only a longer look shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loader.assembly import Assembly
from loader.lint import destinations, files, names, overlap, patterns, replaced, rules, sections, targets, unused, values
from loader.lint.finding import MISTAKE, WARNING, Finding

CHECKS: tuple[Callable[[Assembly], Iterator[Finding]], ...] = tuple(
    module.check for module in (sections, values, targets, names, replaced, destinations, unused, rules, overlap, patterns, files)
)


def findings(assembly: Assembly) -> list[Finding]:
    """Return everything found in the configuration of an assembly, in the order of files and lines."""
    looked_at = [finding for check in CHECKS for finding in check(assembly)]  # first: looking may bring out more problems
    found = [Finding(MISTAKE if problem.fatal else WARNING, problem) for problem in assembly.config.all_problems()]
    return sorted(dict.fromkeys([*found, *looked_at]), key=lambda one: _place(assembly, one))


def _place(assembly: Assembly, finding: Finding) -> tuple[int, str, int]:
    """Order by file, in the order they were read, then by line."""
    file = finding.problem.file
    known = assembly.config.files
    return (known.index(file) if file in known else len(known), file, finding.problem.line)
