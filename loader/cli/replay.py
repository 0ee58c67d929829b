"""``replay``: rows of the dead letter, tried again through today's configuration."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from rich.console import Console

from loader import worker
from loader.assembly import DEAD_LETTER
from loader.cli import settings as shared
from loader.cli import work
from loader.cli.progress import EVERY
from loader.cli.summary import stderr
from loader.cli.tally_report import report, say
from loader.cli.wording import counted
from loader.config import Config
from loader.engine import Engine
from loader.errors import ConfigError, DeliveryError, Stopped
from loader.rejects import Row
from loader.replay.replay import Forced, Replay
from loader.replay.rowfiles import RowFile, find
from loader.section import nearest

log = logging.getLogger(__name__)
ROWS, BYTES = 1000, 8 * 1024**2  # that are tried at once: what may come twice when a replay is cut off
PROBE = 100  # lines, one of which has to be a row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    parser.description = (
        "Try rows of the dead letter again through today's configuration. What is rejected again, and what could not be tried, goes to a new "
        "file of rows; a file that was replayed whole gets .replayed behind its name."
    )
    parser.epilog = "exit code: 0 every row was tried, 1 some could not be, 2 wrong usage or configuration, 130 stopped by a signal"
    parser.add_argument("rows", metavar="FILE|FOLDER", nargs="+", help="files of rows, gzipped or not; of a folder, its *.ndjson and *.ndjson.gz")
    parser.add_argument("--from", dest="folder", metavar="FOLDER", help="folder that stands for the bucket, where objects have to be read again")
    parser.add_argument("--log-type", metavar="NAME", default="", help="take this log type for all of them, whatever the keys say")
    parser.add_argument("--dry-run", action="store_true", help="show what would become of the rows; nothing is sent, nothing renamed")
    parser.add_argument("--keep", action="store_true", help="leave the files as they are; another replay sends their rows again")
    shared.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Replay the files and return the exit code; raises ConfigError for wrong usage."""
    config = shared.read_config(args)
    files = find(args.rows)
    _refuse_misfits(args, config, files)
    left_over = _new_dead_letter(config)
    if args.folder:
        config.override("in_file", "root", args.folder)
    stop = Stop()
    engine = Engine(config, "in_file" if args.folder else "in_s3", pause=stop.wait)
    for problem in config.all_problems():
        log.warning("%s", problem)
    if args.log_type:
        engine.router = Forced(args.log_type)
    engine.use_ledger()
    one = Replay(engine, (lambda line: None) if args.keep else lambda line: engine.dead_letter.add([line]), dry=args.dry_run, pulse=stop.check)
    console = stderr()
    with contextlib.redirect_stdout(sys.stderr), stop:  # what a hook prints is no document
        try:
            code = _replay(one, files, console, keep=args.keep)
        finally:
            engine.close()
    report(one.tally, console, left_over if Path(left_over).exists() else "", dry=args.dry_run)
    return code or int(bool(one.tally.kept.total() or one.tally.objects["failed"] or not one.tally.sound) and not args.dry_run)


def _refuse_misfits(args: argparse.Namespace, config: Config, files: Sequence[Path]) -> None:
    mistakes = []
    if not files:
        mistakes.append(f"nothing to replay in {' '.join(args.rows)}: neither *.ndjson nor *.ndjson.gz, and what is .replayed is done")
    if args.folder and not Path(args.folder).is_dir():
        mistakes.append(f"--from {args.folder}: there is no such folder")
    if args.log_type and args.log_type not in config.types:
        near = nearest(args.log_type, config.types)
        mistakes.append(f"--log-type {args.log_type}: there is none of this name{f' (did you mean {near!r}?)' if near else ''}")
    for path in files:
        with RowFile(path) as file:
            if not _has_rows(file):
                mistakes.append(f"{path} is no file of rejects: none of its first lines is a row")
        if not (args.keep or args.dry_run or os.access(path.parent, os.W_OK)):
            mistakes.append(f"{path} could not be renamed when it is done: its folder may not be written (--keep leaves it as it is)")
    if mistakes:
        raise ConfigError(*mistakes)


def _has_rows(file: RowFile) -> bool:
    """Tell whether one of the first lines is a row; there may be no lines."""
    seen = False
    for _, line in itertools.islice(file.lines(), PROBE):
        seen = True
        with contextlib.suppress(ValueError):
            Row.of(line)
            return True
    return not seen


def _new_dead_letter(config: Config) -> str:
    """Have what is rejected again written to a new file beside the old ones, where the dead letter is a file; return its path."""
    name = config.loader.values.get("dead_letter", DEAD_LETTER)
    if not name.startswith("out_file"):
        return ""
    folder = Path(config.plugin(name).values.get("path") or "rejects/rejects.ndjson").parent
    path = str(folder / f"replay-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}.ndjson")
    config.override(name, "path", path)
    config.override(name, "rotate_keep", "0")  # it is no larger than what is read
    return path


def _replay(one: Replay, files: Sequence[Path], console: Console, *, keep: bool) -> int:
    """Replay the files, one behind the other, and return an exit code when a destination or a signal has stopped it."""
    for path in files:
        with RowFile(path) as file:
            if file.line:
                say(console, f"{path}: going on behind line {file.line:,}")
            try:
                renamed = _replay_file(one, file, console, keep=keep)
            except (DeliveryError, Stopped, ConfigError, OSError) as why:
                say(console, f"stopped in {path} behind line {file.line:,}: {why}")
                say(console, "the same command goes on there; what was in hand may arrive twice")
                return work.STOPPED if isinstance(why, Stopped) else work.SOME_FAILED
            if renamed:
                say(console, f"{path} is done, and is {renamed.name} now: its rows are not sent again")
    return work.OK


def _replay_file(one: Replay, file: RowFile, console: Console, *, keep: bool) -> Path | None:
    """Replay one file to its end, and return its new name, if it gets one."""
    said = time.monotonic()
    while True:
        for last, lines in _pieces(file):
            one.pulse()
            one.take(lines)
            if not one.dry:
                file.note(last)
            if time.monotonic() - said >= EVERY:
                said = time.monotonic()
                say(console, f"{file.path}: {counted(last, 'line')} done")
        if one.dry:
            return None
        if keep:
            file.forget()
            return None
        if renamed := file.finish():
            return renamed


def _pieces(file: RowFile) -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    """Yield the lines that are left in pieces, each with the number of its last."""
    lines: list[tuple[str, bytes]] = []
    size = number = 0
    for number, line in file.lines():
        lines.append((f"{file.path} line {number}", line))
        size += len(line)
        if len(lines) >= ROWS or size >= BYTES:
            yield number, lines
            lines, size = [], 0
    if lines:
        yield number, lines


class Stop:
    """Around the work: SIGINT and SIGTERM ask it to stop where that costs nothing; a second one ends it at once."""

    def __init__(self) -> None:
        self.asked = ""

    def __enter__(self) -> Self:
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exc: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: object) -> None:
        self.asked = signal.Signals(number).name
        signal.signal(number, signal.SIG_DFL)

    def check(self) -> None:
        """Raise Stopped when asked to."""
        if self.asked:
            raise Stopped(f"stopped by {self.asked}")

    def wait(self, seconds: float) -> None:
        """Sleep; raises Stopped when asked to."""
        worker.pause(seconds, self.check)
