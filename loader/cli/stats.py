"""``index.py stats``: what the ledger on disk knows: objects by log type, how far each destination is, and the objects touched last."""

from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.live import Live

from loader import stats
from loader.assembly import Settings
from loader.cli import settings as shared
from loader.cli.stats_page import Look
from loader.errors import ConfigError
from loader.journal import NAME
from loader.options import seconds
from loader.registry import configure

EVERY, NEWEST = 2.0, 10
EASE = 4  # a look that takes long is followed by a pause that many times as long


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of this command."""
    shared.add_arguments(parser)
    parser.add_argument("--log-type", metavar="NAME", default="*", help="this log type alone; shell globs too")
    parser.add_argument("--since", metavar="TIME", type=_time, help="objects touched within that time: 30m, 1h, 7d")
    parser.add_argument("--sample", metavar="N", nargs="?", type=int, const=NEWEST, default=0, help=f"also the N objects touched last ({NEWEST})")
    every = f"go on showing it, every so many seconds ({EVERY:g}); in a pipe a line each time"
    parser.add_argument("--follow", metavar="SECONDS", nargs="?", type=_time, const=EVERY, help=every)
    parser.add_argument("--json", action="store_true", help="JSON, for machines (docs/guide.md describes it); with --follow an object a line")


def run(args: argparse.Namespace) -> int:
    """Show the ledger; returns 0, also where there is none yet. Raises ConfigError for one that cannot be read."""
    chosen = Settings()
    configure(chosen, shared.read_config(args).loader)
    if not chosen.state:
        raise ConfigError("state in [loader] is empty: runs with this configuration keep no ledger on disk")
    path = (Path(chosen.state) / NAME).absolute()

    def look() -> Look:
        now = time.time()
        since = 0.0 if args.since is None else now - args.since
        return _look(path, chosen.remember, now, since, args.log_type, max(args.sample, 0))

    console = Console(emoji=False)
    if not console.is_terminal:
        console = Console(width=160, emoji=False)
    if args.follow is not None:
        with contextlib.suppress(KeyboardInterrupt), _shown(console, as_json=args.json) as show:
            _follow(look, show, args.follow)
    elif args.json:
        print(json.dumps(look().as_json(), indent=1))
    else:
        console.print(look().page())
    return 0


def _look(path: Path, remember: float, now: float, since: float, log_type: str, newest: int) -> Look:
    try:
        return Look(path, remember, now, stats.read(path, now=now, since=since, log_type=log_type, newest=newest))
    except FileNotFoundError:
        return Look(path, remember, now, None)
    except (OSError, sqlite3.Error) as why:
        raise ConfigError(f"the ledger {str(path)!r} cannot be read: {getattr(why, 'strerror', None) or why}") from why


def _follow(look: Callable[[], Look], show: Callable[[Look], None], every: float) -> None:
    while True:
        began = time.monotonic()
        show(look())
        time.sleep(max(every, EASE * (time.monotonic() - began)))


@contextlib.contextmanager
def _shown(console: Console, *, as_json: bool) -> Iterator[Callable[[Look], None]]:
    """Give what shows one look after the other: on a terminal in place, and otherwise a line each."""
    if as_json:
        yield lambda look: print(json.dumps(look.as_json()), flush=True)
    elif not console.is_terminal:
        yield lambda look: print(look.line(), flush=True)
    else:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda look: live.update(look.page(), refresh=True)


def _time(value: str) -> float:
    try:
        return seconds(value)
    except ValueError as why:
        raise argparse.ArgumentTypeError(str(why)) from why
