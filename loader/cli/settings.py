"""Options that all commands share, and the configuration they lead to."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from loader import log
from loader.assembly import HOME
from loader.config import Config, load
from loader.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options that commands with a configuration share."""
    parser.add_argument("--config", metavar="FILE", action="append", default=[], help="INI file read after user.ini; may be given again")
    parser.add_argument("--hooks", metavar="DIR", help="folder of sf_<type>.py files, searched before the shipped ones")
    parser.add_argument("-v", "--verbose", action="store_true", help="log what happens, not only what goes wrong")


def overlooked(args: argparse.Namespace) -> list[str]:
    """Return what a user may take for read, and is not."""
    found = []
    if Path("user.ini").is_file() and Path.cwd() != HOME and "user.ini" not in args.config:
        found.append(f"./user.ini is not read, only {HOME / 'user.ini'} is: name it with --config user.ini")
    return found


def read_config(args: argparse.Namespace, user_ini: str = "") -> Config:
    """Set logging up, read the INI files in their order, and lay the arguments over them; raises ConfigError.

    ``user_ini`` takes the place of the files of that name.
    """
    log.configure(logging.INFO if args.verbose else logging.WARNING)
    found = [] if user_ini else [Path("/opt/user.ini"), HOME / "user.ini"]
    given = [user_ini, *args.config] if user_ini else args.config
    config = load([HOME / "aws.ini", *found], map(Path, given))
    if args.hooks and not Path(args.hooks).is_dir():
        raise ConfigError(f"--hooks {args.hooks}: there is no such folder")
    config.override("loader", "hooks", args.hooks)
    config.override("loader", "force", "yes" if getattr(args, "force", False) else None)
    workers = getattr(args, "workers", None)
    config.override("loader", "workers", None if workers is None else str(workers))
    return config
