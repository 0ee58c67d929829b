"""``index.py ioc build``: lists and STIX bundles of indicators made into the file that ``[filter_ioc]`` looks up."""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from loader.assembly import HOME
from loader.cli.summary import stderr
from loader.cli.wording import counted
from loader.errors import ConfigError
from loader.registry import Registry

OK, SOME_FAILED = 0, 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    build = parser.add_subparsers(dest="action", required=True, metavar="build").add_parser("build", description=__doc__)
    build.add_argument("--out", metavar="FILE", default="ioc.db", help="database to write, or to replace at once (default: %(default)s)")
    build.add_argument("--txt", metavar="DIR", type=Path, help="own lists: DIR/<provider>/*.txt, an address, network or domain name a line")
    build.add_argument("--stix2", metavar="DIR", type=Path, help="STIX 2.0 or 2.1 bundles: DIR/<provider>/*.json")


def run(args: argparse.Namespace) -> int:
    """Build the database; 0 all taken, 1 some files or lines were wrong and left out. Raises ConfigError when none was written."""
    if not (args.txt or args.stix2):
        raise ConfigError("nothing to build from: give --txt DIR, --stix2 DIR or both")
    plugin: Any = Registry([HOME / "plugins"]).find("filter", "ioc")  # the form of the file is the plugin's
    report = plugin.build(Path(args.out), args.txt, args.stix2, datetime.datetime.now(datetime.UTC))
    console = stderr()
    for problem in report.problems:
        console.print(str(problem), style="red", markup=False, highlight=False, soft_wrap=True)
    shown = Table(box=None, padding=(0, 1, 0, 0), header_style="underline")
    shown.add_column("provider", no_wrap=True)
    for heading in ("files", "addresses", "networks", "domains"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for provider in sorted(report.files):
        counts = report.counts.get(provider, (0, 0, 0))
        shown.add_row(provider, *(f"{count:,}" for count in (report.files[provider], *counts)))
    console.print(shown)
    for (provider, reason), count in sorted(report.left_out.items()):
        console.print(f"{provider}: left out {counted(count, 'indicator')} {reason}", markup=False, highlight=False, soft_wrap=True)
    if wrong := sum(report.mistakes.values()):
        console.print(f"{counted(wrong, 'mistake')}, left out; the rest is in {args.out}", markup=False, highlight=False, soft_wrap=True)
    return SOME_FAILED if wrong else OK
