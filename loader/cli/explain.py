"""``explain``: which log type a key gets and why, and what becomes of one record, step by step. Nothing is sent.

``--json`` prints one document: the fields of ``Explanation`` in loader/explain/model.py and of what it holds. ``outcome`` says how it ends;
``routing``, ``object``, ``record`` and ``outputs`` how it comes to that. Keys are added, never renamed.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime
import difflib
import functools
import json
import sys
from pathlib import Path

import orjson
from rich.console import Console

from loader import inputs
from loader.api import Blocks
from loader.assembly import Assembly
from loader.batch import Source
from loader.cli import settings as shared
from loader.cli.report import Report
from loader.errors import ConfigError, SourceError
from loader.explain.explanation import Wanted, explain
from loader.explain.model import Ending, Explanation
from loader.listing import URI

BLOCK = 1024 * 1024
WRONG = {Ending.REJECTED: 1, Ending.FAILED: 1, Ending.UNKNOWN: 1, Ending.NOTHING: 1, Ending.MISTAKEN: 2}
INPUT = "in_s3"
NO_BUCKET, NO_KEY = "no-bucket", "no-key"  # stand for what was not given


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.description = "Explain which log type a key gets and why, and what becomes of one record, step by step. Nothing is sent."
    parser.epilog = "exit code: 0 the record would be delivered, excluded or skipped; 1 it would not arrive; 2 wrong usage or configuration"
    parser.add_argument("key", metavar="KEY", nargs="?", default="", help="key of an object, s3://bucket/key (is read), or a local file (is read)")
    parser.add_argument("file", metavar="FILE", nargs="?", default="", help="the object's content, where KEY is a key; - is standard input")
    parser.add_argument("--record", type=int, default=1, metavar="N", help="which of its records, from 1 (default: %(default)s)")
    parser.add_argument("--text", metavar="LINE", help="a record itself, as pasted, in place of FILE")
    parser.add_argument("--type", metavar="NAME", default="", help="take this log type, whatever the key says")
    parser.add_argument("--output", metavar="NAME", default="", help="show what this output would get, and no other")
    parser.add_argument("--full", action="store_true", help="cut nothing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    shared.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Explain and return the exit code; raises ConfigError for wrong usage."""
    config = shared.read_config(args)
    with contextlib.redirect_stdout(sys.stderr):  # what a hook prints is no explanation
        assembly = Assembly(config, INPUT)
        try:
            told = explain(assembly, _wanted(args, assembly))
        finally:
            assembly.close()
    if args.json:
        sys.stdout.write(_json(told))
    else:
        with contextlib.suppress(BrokenPipeError):
            Report(Console(highlight=False, emoji=False), full=args.full).show(told)
    return WRONG.get(told.outcome, 0)


def _json(told: Explanation) -> str:
    try:
        return orjson.dumps(told, str, orjson.OPT_NON_STR_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
    except TypeError:  # texts that are no UTF-8
        return json.dumps(dataclasses.asdict(told), default=str, indent=2, skipkeys=True) + "\n"


def _wanted(args: argparse.Namespace, assembly: Assembly) -> Wanted:
    """Return what the arguments ask for; raises ConfigError where they make no sense."""
    _refuse_misfits(args, assembly)
    uri = URI.fullmatch(args.key)
    file = args.file or (args.key if not uri and args.text is None and Path(args.key).is_file() else "")
    if file and file == args.key and not args.file:
        args.key = args.key.removeprefix("./").lstrip("/")
    source = Source(uri["bucket"], uri["key"]) if uri else Source(NO_BUCKET, args.key or NO_KEY)
    key = source.key if args.key else ""
    wanted = Wanted(key, source, args.record, args.type, args.output, text=args.text)
    if args.text is not None or not (file or uri):
        return wanted
    opened = functools.partial(_file, file, source) if file else functools.partial(_s3, assembly, source)
    return Wanted(key, source, args.record, args.type, args.output, opened, "standard input" if file == "-" else file or source.uri)


def _refuse_misfits(args: argparse.Namespace, assembly: Assembly) -> None:
    mistakes = []
    if not (args.key or args.type):
        mistakes.append("give a KEY, or --type with --text or a file")
    if args.text is not None and args.file:
        mistakes.append("--text takes the place of FILE: give one of them")
    if args.record < 1:
        mistakes.append(f"--record {args.record}: records are counted from 1")
    if args.file not in ("", "-") and not Path(args.file).is_file():
        mistakes.append(f"there is no file {args.file!r}")
    outputs = [output.name for output in assembly.outputs]
    for option, name, names in (("--type", args.type, list(assembly.config.types)), ("--output", args.output, outputs)):
        if name and name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(names)}"
            mistakes.append(f"{option} {name}: there is none of this name ({hint})")
    if mistakes:
        raise ConfigError(*mistakes)


def _file(name: str, source: Source) -> Blocks:
    with contextlib.ExitStack() as stack:
        try:
            stream = sys.stdin.buffer if name == "-" else stack.enter_context(open(name, "rb"))
            if name != "-":
                facts = Path(name).stat()
                source.size, source.modified = facts.st_size, datetime.datetime.fromtimestamp(facts.st_mtime, datetime.UTC)
            while block := stream.read(BLOCK):
                yield block
        except OSError as why:
            raise SourceError(f"{name} cannot be read: {why.strerror}") from why


def _s3(assembly: Assembly, source: Source) -> Blocks:
    plugin = inputs.create(assembly.config, assembly.registry, INPUT)
    plugin.open()
    with contextlib.closing(plugin):
        yield from plugin.read(source)
