"""``index.py types``: the log types in matching order; ``types NAME``: one of them in full, each value with where it was written."""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from loader.assembly import Assembly
from loader.cli import settings as shared
from loader.cli.page import short
from loader.draft import sample
from loader.errors import ConfigError, Problem
from loader.explain.generated import generated
from loader.lint.effective import TypeRow, ValueRow, log_types, values_of
from loader.section import Origin

COLUMNS = ("log type", "s3_key", "format", "index_name", "from", "hook")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    shared.add_arguments(parser)
    parser.add_argument("name", nargs="?", metavar="NAME", help="show this log type in full")
    parser.add_argument("--plan", action="store_true", help="with NAME: show the functions that are made of its section")
    parser.add_argument("--sample", metavar="FILE", type=Path, help="with --plan: an object of this type, whose header row names the columns")
    parser.add_argument("--json", action="store_true", help="JSON, for machines (docs/guide.md describes it)")


def run(args: argparse.Namespace) -> int:
    """Show the log types, or one; returns 0. Raises ConfigError for a name that is none."""
    assembly = Assembly(shared.read_config(args), "in_s3")
    try:
        if args.name is None:
            _show_all(log_types(assembly), as_json=args.json)
        elif args.name not in assembly.config.types:
            near = difflib.get_close_matches(args.name, assembly.config.types, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(assembly.config.types)}"
            raise ConfigError(Problem(f"there is no log type {args.name!r}", hint=hint))
        elif args.plan:
            print(_plan(assembly, args.name, args.sample), end="")
        else:
            _show_one(args.name, values_of(assembly, assembly.config.types[args.name]), as_json=args.json)
    finally:
        assembly.close()
    return 0


def _plan(assembly: Assembly, name: str, file: Path | None) -> str:
    """Return the source of the function that a type is compiled to, or why there is none, and of that which maps records step by step."""
    plan, section = assembly.plans.get(name), assembly.config.types[name]
    if plan is None:
        raise ConfigError(*(problem for problem in assembly.config.all_problems() if problem.section == name))
    blocks = iter([sample.load(file).body]) if file else None
    whole, why_not = generated(plan, section, blocks)
    step = next(step for step in plan.steps if step.name == "ecs")
    mapping: str = step.run.functions[section.fields].source  # type: ignore[attr-defined]
    outputs = ", ".join(plan.outputs) or "no output"
    head = f"# [{name}] is no single function: {why_not}\n"
    if whole:
        head = f"# [{name}] as one function, from fields to the messages of {outputs}\n{whole}"
    return f"{head}\n# step by step: {', '.join(step.name for step in plan.steps)}, pack; the step ecs is\n{mapping}"


def _show_all(rows: Sequence[TypeRow], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"types": [dataclasses.asdict(row) for row in rows]}, indent=1))
        return
    cells = [_cells(row) for row in rows]
    console = Console(emoji=False)
    if not console.is_terminal:
        print("\n".join("\t".join(map(_flat, line)) for line in (COLUMNS, *cells)))
        return
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    for row, (name, pattern, *others) in zip(rows, cells, strict=True):  # patterns are long: each has a line of its own
        facts = "  ".join(cell.ljust(width) for cell, width in zip(others, widths[2:], strict=True)).rstrip()
        style = "bold red" if row.mistakes else "bold"
        console.print(Text.assemble((name.ljust(widths[0]), style), "  ", facts), soft_wrap=True)
        console.print(Text(f"    {pattern}", style="dim"), soft_wrap=True)


def _cells(row: TypeRow) -> tuple[str, ...]:
    return row.name, row.s3_key or "(none)", row.file_format, row.index_name, _origins(row.origin, row.again, "also"), short(row.hook)


def _show_one(name: str, rows: Sequence[ValueRow], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"name": name, "values": [dataclasses.asdict(row) for row in rows]}, indent=1))
        return
    console = Console(emoji=False)
    if not console.is_terminal:
        print("\n".join("\t".join([row.key, _flat(row.value), _written(row), row.said]).rstrip("\t") for row in rows))
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        text = Text.assemble((row.key, "bold"), f" = {_flat(row.value)}", style="dim" if row.by == "default" else "")
        table.add_row(_written(row), text + Text(f"\n{row.said}" if row.said else "", style="yellow"))
    console.print(Text(f"[{name}]", style="bold"))
    console.print(table)


def _flat(value: str) -> str:
    """Return a value on one line; blanks inside a pattern stay as they are."""
    return value.replace("\n", " ").replace("\t", " ")


def _written(row: ValueRow) -> str:
    """Return where a value was written: ``user.ini:12 over aws.ini:30``."""
    if row.by == "default":
        return row.by
    return f"{row.by} {_origins(row.origin, row.before[::-1], 'over')}".strip()


def _origins(origin: Origin, others: Sequence[Origin], word: str) -> str:
    return f" {word} ".join(f"{short(one.file)}:{one.line}" if one.line else short(one.file) for one in (origin, *others))
