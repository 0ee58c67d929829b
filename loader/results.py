"""The result files of a load, as the es-loader names them: LIST.finish.log, LIST.error.log, LIST.error_debug.log.

- finish.log: line of the list TAB s3://bucket/key, and TAB why when the object was not simply loaded.
- error.log: UTC time TAB line of the list TAB key; it is itself a valid list.
- error_debug.log: what went wrong with each, and where.

Rows are written as objects end, so that a killed run can be resumed. Error files without a row are removed. When they cannot be written any
more, as on a full disk, the load goes on without them: what is delivered is in the ledger on disk.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import re
from pathlib import Path
from typing import IO
from urllib.parse import quote

from loader import listing
from loader.batch import Carried, Source
from loader.charset import encodable
from loader.ledger import FAILED, Account

log = logging.getLogger(__name__)
AWKWARD = re.compile("[%\x00-\x1f]")
LOOKS_SHOWN = re.compile("%(?=[01][0-9A-F]|25)")


class Results:
    """The three files of one run; with ``resume`` finish.log is continued, else begun anew. ``bucket`` is the one of list lines that name none."""

    def __init__(self, stem: str, *, resume: bool = False, bucket: str = "") -> None:
        self.bucket = bucket
        self.unlisted = 0  # what failed and is not in error.log
        self.failed = ""  # why they cannot be written any more, if they cannot
        self.finish_path, self.error_path, self.debug_path = (Path(f"{stem}.{name}.log") for name in ("finish", "error", "error_debug"))
        self.done = finished(self.finish_path) if resume else set()
        if resume:
            _drop_torn_row(self.finish_path)
        self.finish = self._open(self.finish_path, "a" if resume else "w")
        self.error = self._open(self.error_path, "w")
        self.debug = self._open(self.debug_path, "w")

    def _open(self, path: Path, mode: str) -> IO[str]:
        return path.open(mode, encoding="utf-8", errors="surrogateescape", newline="\n", buffering=1)

    def write(self, account: Account, source: Source) -> None:
        """Write the row of one ended source; that this fails is told once."""
        if self.failed:
            return
        try:
            self._write(account, source)
        except OSError as why:
            self.failed = why.strerror or str(why)
            log.error("the result files cannot be written any more: %s; the load goes on, and they lack the rest", self.failed)

    def _write(self, account: Account, source: Source) -> None:
        if account.status != FAILED:
            self.finish.write("\t".join(part for part in (str(account.position), _shown(account.uri), _one_line(account.reason)) if part) + "\n")
            return
        now = f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d %H:%M:%S}"
        if isinstance(source, Carried):  # which no list can name
            self.unlisted += 1
        else:
            self.error.write(f"{now}\t{account.position}\t{listing.row(source, self.bucket)}\n")
        self.debug.write(f"{now}\t{account.position}\t{_shown(account.uri)}\t{account.log_type}\t{_one_line(account.reason)}\n{encodable(account.detail)}")

    def close(self) -> None:
        """Close the files; error files without a row are removed."""
        for file in (self.finish, self.error, self.debug):
            with contextlib.suppress(OSError):  # of what did not find room before
                file.close()
        for path in (self.error_path, self.debug_path):
            if not path.stat().st_size:
                path.unlink()


def finished(path: Path) -> set[str]:
    """Return the URIs that a finish.log has, as ``key_of`` gives them; a last row cut short by a kill does not count."""
    if not path.is_file():
        return set()
    content = path.read_text(encoding="utf-8", errors="surrogateescape")
    rows = (row.split("\t") for row in content.split("\n")[:-1])
    return {row[1] for row in rows if len(row) > 1}


def _drop_torn_row(path: Path) -> None:
    """Cut off a last row without its newline: the next row would be glued to it, and the two be taken for another object."""
    if path.is_file():
        with path.open("rb+") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def key_of(source: Source) -> str:
    """Return how finish.log writes a source."""
    return _shown(source.uri)


def _shown(uri: str) -> str:
    """Return a URI that can stand in a row: control characters percent-encoded, and what already looks so. No two are shown alike."""
    return uri if not AWKWARD.search(uri) else "".join(c if c >= " " else quote(c) for c in LOOKS_SHOWN.sub("%25", uri))


def _one_line(text: str) -> str:
    return " ".join(encodable(text).split())
