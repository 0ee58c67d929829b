"""Folders of lists and bundles made into a database: ``DIR/<provider>/*.txt`` and ``DIR/<provider>/*.json``."""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from loader.api import ConfigError, Problem
from plugins._ioc import lists
from plugins._ioc.database import write
from plugins._ioc.indicator import Indicator
from plugins._ioc.report import Report
from plugins._ioc.stix import Bundles


def build(out: Path, txt: Path | None, stix2: Path | None, now: datetime.datetime) -> Report:
    """Write the database and return what there is to tell; raises ConfigError when it was not written, and the old one stays."""
    if missing := [folder for folder in (txt, stix2) if folder and not folder.is_dir()]:
        raise ConfigError(*(Problem("there is no such folder", str(folder)) for folder in missing))
    report = Report()
    try:
        report.counts = write(out, _indicators(txt, stix2, now, report))
    except (OSError, sqlite3.Error) as why:
        raise ConfigError(f"{str(out)!r} cannot be written: {why}") from why
    if not report.counts:
        kept = "is left as it was" if out.exists() else "is not written"
        raise ConfigError(*report.problems, Problem(f"no file has an indicator: {str(out)!r} {kept}"))
    return report


def _indicators(txt: Path | None, stix2: Path | None, now: datetime.datetime, report: Report) -> Iterator[Indicator]:
    for provider, files in _providers(txt, ".txt", report):
        for file in files:
            yield from lists.read(file, provider, report)
    for provider, files in _providers(stix2, ".json", report):
        bundles = Bundles(provider, now, report)
        for file in files:
            bundles.read(file)
        yield from bundles.indicators()


def _providers(folder: Path | None, suffix: str, report: Report) -> Iterator[tuple[str, list[Path]]]:
    """Yield each folder's name and its files, in order."""
    if folder is None:
        return
    for file in sorted(folder.glob(f"*{suffix}")):
        report.complain(f"is in no folder of a provider: move it to {folder}/NAME/", file)
    for below in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(below.glob(f"*{suffix}"))
        report.files[below.name] += len(files)
        yield below.name, files
