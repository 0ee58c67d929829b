#!/usr/bin/env python3
"""Sluice's command line: each command is one call into loader/cli/."""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from pathlib import Path

COMMANDS = {
    "explain": "which log type a key gets and why, and what becomes of one record, step by step; nothing is sent",
    "check": "every mistake in the configuration at once; --migrate reports on a user.ini of the es-loader",
    "types": "the log types in the order in which keys are offered to them; one of them in full",
    "new": "draft a log type from a sample file: a section, a hook, a sample and the documents that come of it",
    "stats": "what the ledger on disk knows: objects by log type, how far each destination is; --follow, --sample",
    "listen": "a small syslog receiver: a SIEM for a laptop",
    "demo": "load the sample bucket into such a receiver",
    "replay": "try what was rejected again, through today's configuration",
    "ioc": "make lists and STIX bundles of indicators into a file to look them up in",
}
ENVIRONMENT = Path(__file__).resolve().parent / ".venv" / "bin" / "python"


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 all done, 1 some objects failed, 2 wrong usage or configuration."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and not argv[0].startswith("-") and argv[0] not in COMMANDS:
        near = difflib.get_close_matches(argv[0], COMMANDS, 1)
        print(f"index.py: unknown command {argv[0]!r}{f' (did you mean {near[0]!r}?)' if near else ''}; see index.py --help", file=sys.stderr)
        return 2
    command = argv[0] if argv and argv[0] in COMMANDS else "drain" if _names_queue(argv) else "load"
    if command in ("load", "drain") and (why := _misplaced(argv)):
        print(f"index.py: {why}", file=sys.stderr)
        return 2
    module = importlib.import_module(f"loader.cli.{command}")  # each command loads only what it needs
    errors = importlib.import_module("loader.errors")
    parser = _parser(command)
    module.add_arguments(parser)
    words = argv[1:] if command in COMMANDS else argv
    args = parser.parse_args(words or (["--help"] if command == "load" else []))
    try:
        return int(module.run(args))
    except errors.ConfigError as why:
        fatal = sum(problem.fatal for problem in why.problems)
        print(f"index.py: {fatal} mistake{'s' * (fatal != 1)} in the configuration or the arguments:", file=sys.stderr)
        for problem in why.problems:
            print(f"  {'' if problem.fatal else 'warning: '}{problem}", file=sys.stderr)
        return 2


def _parser(command: str) -> argparse.ArgumentParser:
    if command == "load":
        return argparse.ArgumentParser(
            prog="index.py",
            description="Move security logs from object storage to a SIEM: load the objects of a list, or run a command.",
            usage="%(prog)s -b BUCKET -l LIST [options]\n       %(prog)s -q QUEUE [options]       (see %(prog)s -q QUEUE --help)\n"
            "       %(prog)s COMMAND [options]",
            epilog="commands (see %(prog)s COMMAND --help):\n" + "\n".join(f"  {name:8} {what}" for name, what in COMMANDS.items()),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    if command == "drain":
        return argparse.ArgumentParser(prog="index.py", description="Load what the messages of a queue name, until the queue is empty.")
    return argparse.ArgumentParser(prog=f"index.py {command}", description=COMMANDS[command])


def _names_queue(argv: list[str]) -> bool:
    return any(word.startswith("-q") or word.partition("=")[0] == "--sqs" for word in argv)


def _misplaced(argv: list[str]) -> str:
    """Return what is wrong with arguments that make no load, where a plainer word than argparse's can be said of it."""
    options = [word for word in argv if word.startswith("-")]
    if _names_queue(argv):
        lists = any(word.startswith(("-b", "-l", "--s3")) for word in options)
        return "-q QUEUE goes without -b and -l: the messages of a queue name buckets and keys" if lists else ""
    named = next((word for word in argv if word in COMMANDS), "")
    if named and not any(word.startswith(("-b", "-l", "--s3")) for word in options):
        return f"the command comes first: index.py {named} {' '.join(word for word in argv if word != named)}"
    return ""


def start() -> int:
    """Run, in the environment that make builds when this Python lacks the packages."""
    try:
        code = main()
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # the reader of a pipe, head or less, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the flush at exit fails again
        return 1
    except ModuleNotFoundError as why:
        if (why.name or "").partition(".")[0] in ("loader", "plugins", "siem"):
            raise
        if ENVIRONMENT.exists() and Path(sys.prefix).resolve() != ENVIRONMENT.parent.parent.resolve():
            os.execv(ENVIRONMENT, [str(ENVIRONMENT), *sys.argv])  # noqa: S606  # no shell: the same program, another Python
        print(f"index.py: the package {why.name!r} is missing: run make demo once, or pip install -r requirements.txt", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(start())
