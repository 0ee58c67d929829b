"""``in_file``: a local folder that stands for a bucket. Keys are paths below it."""

from __future__ import annotations

import datetime
from pathlib import Path

from loader.api import Blocks, Input, Option, Source, SourceDenied, SourceError, SourceGone, path

BLOCK = 1024 * 1024


class FileInput(Input):
    """Read files below a folder; keys that would lead out of it do not exist."""

    root = Option(path, ".", doc="The folder.")

    def read(self, source: Source) -> Blocks:
        """Yield the file in blocks."""
        root = Path(self.root).resolve()
        candidates = [root / key for key in (source.key, *source.alternates)]
        inside = [file for file in candidates if "\0" not in str(file) and file.resolve().is_relative_to(root)]
        file = next((file for file in inside if file.is_file()), None)
        if file is None:
            raise SourceGone(f"no file {source.key!r} in the folder {self.root!r}")
        try:
            with file.open("rb") as handle:
                facts = file.stat()
                source.size, source.modified = facts.st_size, datetime.datetime.fromtimestamp(facts.st_mtime, datetime.UTC)
                source.etag = f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
                source.key = str(file.relative_to(root)) if source.alternates else source.key
                while block := handle.read(BLOCK):
                    yield block
        except PermissionError as why:
            raise SourceDenied(f"{file} may not be read by this user: {why.strerror}") from why
        except OSError as why:
            raise SourceError(f"{file} cannot be read: {why.strerror}") from why
