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


def add_service_arguments(parser: argparse.ArgumentParser, services: str, places: str) -> None:
    """Declare the options of commands that load from S3; ``services`` and ``places`` say what --endpoint-url and --region are for."""
    parser.add_argument("--force", action="store_true", help="load what the ledger on disk says has arrived already")
    parser.add_argument("--workers", type=int, metavar="N", help="worker processes (default: one per core)")
    parser.add_argument("--endpoint-url", metavar="URL", help=f"service that speaks the API of {services} (also AWS_ENDPOINT_URL)")
    parser.add_argument("--region", help=f"region of {places}")
    parser.add_argument("--path-style", action="store_true", help="address buckets as a path of the endpoint, not as its subdomain")
    parser.add_argument("--ca-bundle", metavar="FILE", help="CA certificates of the endpoint, as PEM")


def lay_over(args: argparse.Namespace, config: Config, *sections: str) -> None:
    """Lay the arguments about services over the sections of the plugins that use them, ``in_s3`` among them."""
    for section in sections:
        for key in ("endpoint_url", "region", "ca_bundle"):
            config.override(section, key, getattr(args, key))
    config.override("in_s3", "addressing_style", "path" if args.path_style else None)


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
