"""``index.py -b BUCKET -l LIST``: load the objects of a list, once."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from loader import listing, results
from loader.assembly import DEAD_LETTER
from loader.cli import settings as shared
from loader.cli import work
from loader.cli.progress import Display
from loader.config import Config
from loader.engine import Task
from loader.errors import STOPPED, ConfigError
from loader.ledger import Account
from loader.metrics import Totals

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    shared.add_arguments(parser)
    parser.add_argument("-b", "--s3bucket", metavar="BUCKET", default="", help="S3 bucket, or a folder that stands for one, of lines that name none")
    parser.add_argument("-l", "--s3list", metavar="LIST", required=True, help="aws s3 ls output, keys, s3:// URIs or S3 Inventory CSV; - is stdin")
    parser.add_argument("--resume", action="store_true", help="skip the objects that LIST.finish.log has")
    shared.add_service_arguments(parser, "S3", "the bucket")


def run(args: argparse.Namespace) -> int:
    """Load the list and return the exit code: 0 all done, 1 some objects failed; raises ConfigError for wrong usage."""
    config = shared.read_config(args)
    for warning in shared.overlooked(args):
        log.warning("%s", warning)
    stem = "stdin" if args.s3list == "-" else args.s3list
    input_name = _input(args, config)
    rejects = f"rejects/{Path(stem).name}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.ndjson"
    config.plugin(DEAD_LETTER).values.setdefault("path", rejects)
    engine = work.prepared(config, input_name)
    for problem in config.all_problems():
        log.warning("%s", problem)
    named = _reader(args)
    listed = _count(args.s3list, named())
    try:
        files = results.Results(stem, resume=args.resume, bucket=args.s3bucket or listing.NO_BUCKET)
    except OSError as why:
        raise ConfigError(f"the result files cannot be written beside the list: {why}") from why
    wanted = sum(results.key_of(task.source) not in files.done for task in named()) if files.done else listed
    tasks = (task for task in named() if results.key_of(task.source) not in files.done)
    totals = Totals()
    outcomes = Outcomes(files, totals, Display(wanted, skipped=listed - wanted))
    with outcomes.display:
        stopped = work.run(outcomes.given(tasks), config, input_name, engine.settings, outcomes.take, outcomes.display.moved, most=wanted)
    files.close()
    engine.close()
    from loader.cli.summary import table  # noqa: PLC0415  # and what it is made of, which the first record need not wait for

    rejects = config.plugin(engine.settings.dead_letter).values.get("path", engine.settings.dead_letter)
    table(totals, files, wanted, rejects=rejects, rules=engine.assembly.rules)
    return stopped or (work.SOME_FAILED if totals.failed or files.failed or not totals.sound else work.OK)


def _reader(args: argparse.Namespace) -> Callable[[], Iterator[Task]]:
    """Return what yields the tasks of the list, as often as it is called."""
    piped = list(listing.open_list("-")) if args.s3list == "-" else None  # what is piped in comes once

    def named() -> Iterator[Task]:
        lines = listing.open_list(args.s3list) if piped is None else piped
        return itertools.starmap(Task, listing.parse(lines, args.s3bucket))

    return named


def _count(name: str, tasks: Iterable[Task]) -> int:
    """Return how many objects a list names; raises ConfigError where there is none, or one of no bucket."""
    found = 0
    for task in tasks:
        found += 1
        if not task.source.bucket:
            raise ConfigError(f"line {task.position} of the list {name!r} names no bucket: name it with -b BUCKET")
    if not found:
        raise ConfigError(f"the list {name!r} names no object")
    return found


@dataclasses.dataclass(slots=True)
class Outcomes:
    """Where the accounts of a run go. ``working`` are the tasks handed out whose accounts are not back: not the whole list."""

    files: results.Results
    totals: Totals
    display: Display
    working: dict[int, Task] = dataclasses.field(default_factory=dict)

    def given(self, tasks: Iterable[Task]) -> Iterator[Task]:
        """Pass tasks on, noting them."""
        for task in tasks:
            self.working[task.position] = task
            yield task

    def take(self, account: Account) -> None:
        """Write, sum and show one account; that of a source which the end of the run has cut short is left for --resume."""
        source = self.working.pop(account.position).source
        if account.failure == STOPPED:
            self.totals.put_down(account)
            return
        self.files.write(account, source)
        self.totals.add(account)
        self.display.ended(account)


def _input(args: argparse.Namespace, config: Config) -> str:
    """Return the input's section, the arguments laid over it."""
    if args.s3bucket and Path(args.s3bucket).is_dir():
        config.override("in_file", "root", args.s3bucket)
        args.s3bucket = Path(args.s3bucket).resolve().name  # sources are named as if the folder were a bucket
        return "in_file"
    if args.s3bucket.startswith((".", "/", "~")):
        raise ConfigError(f"the folder {args.s3bucket!r} does not exist")
    if args.s3bucket and Path(args.s3bucket).is_file():
        raise ConfigError(f"-b {args.s3bucket}: this is a file; -b takes a bucket, or a folder that stands for one")
    args.s3bucket = args.s3bucket.removeprefix("s3://").rstrip("/")
    shared.lay_over(args, config, "in_s3")
    return "in_s3"
