"""``index.py check``: everything that is wrong, doubtful or worth a word in the configuration, without loading anything."""

from __future__ import annotations

import argparse
import collections
import itertools
import json
from collections.abc import Iterable
from typing import TypedDict

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from loader.assembly import Assembly
from loader.cli import migrate
from loader.cli import settings as shared
from loader.cli.page import short
from loader.cli.wording import counted
from loader.errors import ConfigError, Problem
from loader.lint import checks
from loader.lint.finding import MISTAKE, NOTE, WARNING, Finding
from loader.lint.known import hook_file

CLEAN, WRONG = 0, 2
STYLES = {MISTAKE: "bold red", WARNING: "yellow", NOTE: "cyan"}


class Summary(TypedDict):
    """What a configuration consists of: as ``--json`` gives it."""

    files: list[str]
    types: list[str]
    outputs: list[str]
    rules: int
    hooks: list[str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    shared.add_arguments(parser)
    parser.add_argument("--strict", action="store_true", help="warnings count as mistakes")
    parser.add_argument("--migrate", metavar="USER_INI", help="report on a user.ini of the es-loader: what is understood, and what to change")
    parser.add_argument("--json", action="store_true", help="one JSON object, for machines (docs/guide.md describes it)")


def run(args: argparse.Namespace) -> int:
    """Check the configuration and return the exit code: 0 clean, 2 when there are mistakes, with --strict also for warnings."""
    if args.migrate:
        return migrate.run(args)
    summary: Summary | None = None
    try:
        assembly = Assembly(shared.read_config(args), "in_s3")
        found = checks.findings(assembly)
        summary = read_of(assembly)
        assembly.close()
    except ConfigError as why:
        found = [Finding(MISTAKE, problem) for problem in why.problems]
    found += [Finding(WARNING, Problem(text, fatal=False)) for text in shared.overlooked(args)]
    counts = collections.Counter(finding.level for finding in found)
    if args.json:
        numbers = {f"{level}s": counts[level] for level in STYLES}
        print(json.dumps({**numbers, **(summary or {}), "findings": [as_json(one) for one in found]}, indent=1))
    else:
        _show(Console(emoji=False), found, summary, counts)
    return WRONG if counts[MISTAKE] or (args.strict and counts[WARNING]) else CLEAN


def read_of(assembly: Assembly) -> Summary:
    """Return what a configuration consists of."""
    config = assembly.config
    return Summary(
        files=config.files,
        types=list(config.types),
        outputs=[output.name for output in assembly.outputs],
        rules=len(assembly.rules),
        hooks=[str(file) for section in config.types.values() if (file := hook_file(assembly, section))],
    )


def as_json(finding: Finding) -> dict[str, object]:
    """Return a finding as it stands in the output of ``--json``."""
    problem = finding.problem
    told = {"file": problem.file, "line": problem.line, "section": problem.section, "key": problem.key}
    return {"level": finding.level, **told, "message": problem.message, "hint": problem.hint}


def _show(console: Console, found: list[Finding], summary: Summary | None, counts: collections.Counter[str]) -> None:
    for file, group in itertools.groupby(found, key=lambda one: one.problem.file):
        if console.is_terminal:
            _grouped(console, file, group)
        else:
            for one in group:
                print(_line(one))
    if summary:
        console.print(_told(summary), markup=False, highlight=False, soft_wrap=True)
    said = [counted(counts[level], level) for level in STYLES if counts[level]]
    verdict = ", ".join(said if counts[MISTAKE] else ["no mistakes", *said])
    style = STYLES[MISTAKE if counts[MISTAKE] else WARNING] if counts[MISTAKE] or counts[WARNING] else "bold green"
    console.print(verdict, style=style, highlight=False)


def _line(finding: Finding) -> str:
    """Return a finding as one line: ``file:line: level: [section] key: message (hint)``."""
    problem = finding.problem
    address = f"{short(problem.file)}:{problem.line}: " if problem.line else f"{short(problem.file)}: " if problem.file else ""
    where = f"[{problem.section}] " if problem.section else ""
    key = f"{problem.key}: " if problem.key else ""
    return " ".join(f"{address}{finding.level}: {where}{key}{problem.message}{f' ({problem.hint})' if problem.hint else ''}".split("\n"))


def _grouped(console: Console, file: str, found: Iterable[Finding]) -> None:
    """Print the findings of one file as a table: line, level, what, and what to do."""
    console.print(Text(short(file) or "elsewhere", style="bold"))
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in found:
        problem = one.problem
        where = " ".join(part for part in (f"[{problem.section}]" if problem.section else "", problem.key) if part)
        text = Text.assemble((f"{where} " if where else "", "bold"), problem.message, (f"\n{problem.hint}" if problem.hint else "", "green"))
        table.add_row(str(problem.line or ""), Text(one.level, style=STYLES[one.level]), text)
    console.print(Padding(table, (0, 0, 1, 2)))


def _told(summary: Summary) -> str:
    """Return in one line what was read."""
    outputs = summary["outputs"]
    parts = [counted(len(summary["types"]), "log type"), counted(len(summary["hooks"]), "hook"), counted(summary["rules"], "exclusion rule")]
    sent = f"{'outputs' if len(outputs) > 1 else 'output'} {', '.join(outputs) or 'none'}"
    return f"read {', '.join(map(short, summary['files']))}: {', '.join(parts)}; {sent}"
