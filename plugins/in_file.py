"""``in_file``: a local folder that stands for a bucket. Keys are paths below it."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from loader.api import Blocks, Input, Option, Source, SourceDenied, SourceError, SourceGone, path

BLOCK = 1024 * 1024


class FileInput(Input):
    """Read files below a folder; keys that would lead out of it do not exist."""

    root = Option(path, ".", doc="The folder.")

    def read(self, source: Source) -> Blocks:
        """Yield the file in blocks."""
        root = Path(self.root).resolve()
        key, file = next(((key, file) for key in (source.key, *source.alternates) if (file := _inside(root, key))), ("", None))
        if file is None:
            raise SourceGone(f"no file {source.key!r} in the folder {self.root!r}")
        try:
            with file.open("rb") as handle:
                facts = os.fstat(handle.fileno())  # not of a file that has taken its name meanwhile
                source.size, source.modified = facts.st_size, datetime.datetime.fromtimestamp(facts.st_mtime, datetime.UTC)
                source.etag = f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
                source.key, source.alternates = key, ()
                while block := handle.read(BLOCK):
                    yield block
        except PermissionError as why:
            raise SourceDenied(f"{file} may not be read by this user: {why.strerror}") from why
        except OSError as why:
            raise SourceError(f"{file} cannot be read: {why.strerror}") from why


def _inside(root: Path, key: str) -> Path | None:
    """Return the file of a key, or None when there is none below ``root``."""
    file = root / key
    try:
        return file if file.resolve().is_relative_to(root) and file.is_file() else None
    except PermissionError:
        return file  # in a folder closed to this user: opening it will say so
    except (OSError, ValueError, RuntimeError):  # too long a name, one that no file can have, links in a circle
        return None
