"""``index.py new NAME SAMPLE``: draft a log type from a sample file: a section, a hook where something follows, a sample and what becomes of it."""

from __future__ import annotations

import argparse
import dataclasses
import re
import shutil
import tempfile
from pathlib import Path

import orjson
from rich.console import Console
from rich.text import Text

from loader import config
from loader.assembly import HOME
from loader.cli.page import short, visible
from loader.draft import excerpt, sample, trial
from loader.draft.draft import Draft, draft
from loader.draft.layout import GUESS, OPEN, SURE
from loader.draft.section import without
from loader.errors import ConfigError, Problem
from loader.lint.finding import WARNING
from loader.stages.hooks import filenames

NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")
RESERVED = re.compile(r"(?:in|out|parser|filter|formatter)_.*|loader|default|.*unknown.*")
OUTPUTS = "[out_stdout]\n[out_null]\nfields = ecs\n"  # what a draft is tried with: documents in full, and those of ECS alone
STYLES = {SURE: "green", GUESS: "yellow", OPEN: "bold cyan"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.epilog = "what is written loads the sample without a reject; what was guessed, and what is left open, is told"
    parser.add_argument("name", metavar="NAME", help="the log type: lower case letters and digits, dashes between")
    parser.add_argument("sample", metavar="SAMPLE", type=Path, help="a file with some of its records, as the bucket has them, packed or not")
    parser.add_argument("--key", default="", help="key of such an object: s3_key is made of it")
    parser.add_argument("--into", metavar="FOLDER", type=Path, default=Path(), help="where to write (default: the current folder)")
    parser.add_argument("--force", action="store_true", help="overwrite files, and the section of this name, that are there")


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where things go: a checkout of Sluice has its sections in aws.ini, a site in its user.ini."""

    ini: Path
    hook: Path
    tests: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> Places:
        """Return the places below a folder."""
        ini = folder / ("aws.ini" if folder.resolve() == HOME else "user.ini")
        return cls(ini, folder / "siem" / filenames(name)[0], folder / "tests" / "logtypes" / name)


def run(args: argparse.Namespace) -> int:
    """Draft, write and tell; returns 0. Raises ConfigError for a sample of which nothing can be read, and for what is there already."""
    _refuse_name(args.name)
    places = Places.of(args.into, args.name)
    written = places.ini.read_text(encoding="utf-8") if places.ini.is_file() else ""
    _refuse_existing(args, places, written)
    one = sample.load(args.sample)
    drafted = draft(args.name, one, args.key)
    body = excerpt.excerpt(one, drafted.layout)
    with tempfile.TemporaryDirectory() as folder:
        tried = _tried(Path(folder), drafted, without(written, args.name), one.body)
        shown = _tried(Path(folder), drafted, without(written, args.name), body)
    if tried.taken_by != args.name:
        drafted.notes.append((OPEN, f"{drafted.key} is taken by [{tried.taken_by}]: give the new type a priority, or another s3_key"))
    drafted.notes += [(OPEN, f"check says: {one.problem.message}") for one in tried.findings if one.level == WARNING]
    untimed = tried.flags.get("bad timestamp", 0)
    if untimed and drafted.time:
        drafted.notes.append((OPEN, f"{untimed:,} of {tried.count:,} records have no time in {drafted.time.field}"))
    if tried.why_not:
        drafted.notes.append((OPEN, f"not all of it runs as one generated function: {tried.why_not}"))
    files = _write(places, drafted, written, body, shown)
    _tell(Console(emoji=False, highlight=False, soft_wrap=True), drafted, tried, files, places)
    return 0


def _refuse_name(name: str) -> None:
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        hint = "write lower case letters and digits, with dashes between, such as acme-firewall"
        raise ConfigError(Problem(f"{name!r} is no name for a log type", hint=hint))


def _refuse_existing(args: argparse.Namespace, places: Places, written: str) -> None:
    """Raise ConfigError for what is there already: nothing is overwritten unasked."""
    shipped = config.load([HOME / "aws.ini"]).types if places.ini != HOME / "aws.ini" else {}
    mistakes = []
    if not args.into.is_dir():
        mistakes.append(Problem("there is no such folder", str(args.into)))
    if args.name in shipped and args.into.resolve() != HOME:
        hint = "take another name: a section of this one would be laid over it"
        mistakes.append(Problem(f"there is a log type {args.name!r} in aws.ini", hint=hint))
    if not args.force:
        if re.search(rf"(?m)^\[{re.escape(args.name)}\]", written):
            mistakes.append(Problem(f"has a section [{args.name}] already", str(places.ini), hint="--force writes it anew"))
        there = [path for path in (places.hook, places.tests) if path.exists()]
        mistakes += [Problem("is there already", str(path), hint="--force writes it anew") for path in there]
    if mistakes:
        raise ConfigError(*mistakes)


def _tried(folder: Path, drafted: Draft, before: str, body: bytes) -> trial.Outcome:
    """Run a draft where nothing is written yet; raises ConfigError for an INI file that has mistakes of its own."""
    hooks = folder / "siem"
    hooks.mkdir(exist_ok=True)
    if drafted.hook:
        (hooks / filenames(drafted.name)[0]).write_text(drafted.hook, encoding="utf-8")
    (folder / "draft.ini").write_text(f"{OUTPUTS}{drafted.section}", encoding="utf-8")
    return trial.run([folder / "draft.ini"], hooks, drafted.name, drafted.key, body)


def _write(places: Places, drafted: Draft, written: str, body: bytes, outcome: trial.Outcome) -> list[Path]:
    """Write all files and return their paths."""
    if places.tests.is_dir():
        shutil.rmtree(places.tests)
    places.tests.mkdir(parents=True)
    before = without(written, drafted.name).rstrip("\n")
    texts = {places.ini: f"{before}\n\n\n{drafted.section}" if before else drafted.section}
    if drafted.hook:
        places.hook.parent.mkdir(parents=True, exist_ok=True)
        texts[places.hook] = drafted.hook
    expected = places.tests / "expected.jsonl"
    texts |= {places.tests / "key.txt": f"{drafted.key}\n", places.tests / "type.txt": f"{drafted.name}\n", expected: _documents(outcome)}
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    kept = places.tests / f"sample.{excerpt.ending(drafted.layout)}"
    kept.write_bytes(body)
    return [*texts, kept]


def _documents(outcome: trial.Outcome) -> str:
    """Return the documents as the tests of log types want them: a line each, without the time of loading."""
    lines = []
    for packed in outcome.documents:
        document = orjson.loads(packed)
        document["event"].pop("ingested", None)
        lines.append(orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode())
    return "".join(f"{line}\n" for line in lines)


def _tell(console: Console, drafted: Draft, outcome: trial.Outcome, files: list[Path], places: Places) -> None:
    """Say what was guessed and how sure that is, what was written, and how to go on."""
    console.print(Text(f"[{drafted.name}] loads {outcome.count:,} records of the sample, {len(outcome.rejects)} rejected", style="bold"))
    for level in (SURE, GUESS, OPEN):
        for said in (text for one, text in drafted.notes if one == level):
            console.print(Text.assemble((f"  {level:<6}", STYLES[level]), visible(said)))
    console.print(Text(f"wrote {', '.join(short(str(path)) for path in files)}"))
    own = places.ini == HOME / "aws.ini"
    flags = "" if own else f" --config {short(str(places.ini))}" + (f" --hooks {short(str(places.hook.parent))}" if drafted.hook else "")
    kept = short(str(files[-1]))
    for command in (f"explain {drafted.key} {kept}{flags}", f"check{flags}", f"types {drafted.name} --plan{flags}"):
        console.print(Text.assemble(("  next  ", "dim"), f"./index.py {command}"))
    if own:
        console.print(Text.assemble(("  next  ", "dim"), "pytest tests/test_logtypes.py"))
