"""The report of ``index.py check --migrate USER_INI``."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from loader.assembly import Assembly
from loader.cli import settings as shared
from loader.lint.advice import CHANGE, IGNORED, OTHERWISE, SAME, Advice
from loader.lint.migrate import Migration

STYLES = {CHANGE: "bold red", OTHERWISE: "yellow", IGNORED: "cyan", SAME: "green"}
DONE, WRONG = 0, 2


def run(args: argparse.Namespace) -> int:
    """Report on the file and return the exit code: 2 when a load would refuse it, else 0."""
    file = args.migrate
    config = shared.read_config(args, file)
    assembly = Assembly(config, "in_s3")
    found = Migration(assembly, file).report()
    refused = [problem for problem in config.all_problems() if problem.fatal]
    assembly.close()
    if args.json:
        advice = [dataclasses.asdict(one) for one in found]
        print(json.dumps({"file": file, "refused": [str(problem) for problem in refused], "advice": advice}, indent=1))
        return WRONG if refused else DONE
    console = Console(emoji=False)
    for section, group in itertools.groupby(found, key=lambda one: one.section):
        _show(console, file, section, sorted(group, key=lambda one: list(STYLES).index(one.status)))
    said = [f"{number} {status}" for status in STYLES if (number := sum(len(one.keys) or 1 for one in found if one.status == status))]
    print(f"{file}: {', '.join(said)}")
    for problem in refused:
        print(f"a load refuses this: {problem}")
    if refused:
        print(f"next: mend that, then run ./index.py check --migrate {file} again")
    else:
        print(f"next: ./index.py explain KEY FILE --config {file}   with one object of yours; it shows each step, and sends nothing")
    return WRONG if refused else DONE


def _show(console: Console, file: str, section: str, advice: list[Advice]) -> None:
    """Print the advice on one section: a table on a terminal, else a line for each that says what to look for."""
    if not console.is_terminal:
        for one in advice:
            address = f"{file}:{one.line}: " if one.line else f"{file}: "
            where = f"[{section}] " if section else ""
            keys = f"{' '.join(one.keys)}: " if one.keys and one.text else " ".join(one.keys)
            print(f"{address}{one.status}: {where}{keys}{one.text}")
        return
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in advice:
        text = Text.assemble((" ".join(one.keys), "bold"), "\n" if one.keys and one.text else "", one.text)
        table.add_row(str(one.line or ""), Text(one.status, style=STYLES[one.status]), text)
    console.print(Text(f"[{section}]" if section else "everywhere", style="bold"))
    console.print(Padding(table, (0, 0, 1, 2)))
