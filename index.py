#!/usr/bin/env python3
"""Sluice's command line: each command is one call into loader/cli/."""

from __future__ import annotations

import argparse
import importlib
import sys

from loader.cli import settings
from loader.errors import ConfigError

COMMANDS = {"listen": "a small syslog receiver: a SIEM for a laptop", "demo": "load the sample bucket into such a receiver"}


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 all done, 1 some objects failed, 2 wrong usage or configuration."""
    argv = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(
        prog="index.py",
        description="Move security logs from object storage to a SIEM: load the objects of a list, or run a command.",
        epilog="commands: " + "; ".join(f"{name} ({what}); see index.py {name} --help" for name, what in COMMANDS.items()),
    )
    command = argv[0] if argv and argv[0] in COMMANDS else "load"
    module = importlib.import_module(f"loader.cli.{command}")  # each command loads only what it needs
    if command == "load":
        settings.add_arguments(parser)
    else:
        parser = argparse.ArgumentParser(prog=f"index.py {command}", description=COMMANDS[command])
        argv = argv[1:]
    module.add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return int(module.run(args))
    except ConfigError as why:
        print(f"index.py: {len(why.problems)} mistake{'s' * (len(why.problems) > 1)} in the configuration or the arguments:", file=sys.stderr)
        for problem in why.problems:
            print(f"  {'' if problem.fatal else 'warning: '}{problem}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
