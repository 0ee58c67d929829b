"""A sample file as the drafts see it: its bytes as the loader decodes them, and their text."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from loader.charset import decoded, told_by
from loader.errors import ConfigError, Problem, SourceError
from loader.stages.decode import PARQUET, decode

BLOCK = 1024 * 1024
MOST = 64 * 1024**2  # bytes of a sample, unpacked
LOOKED_AT = 2 * 1024**2  # characters that are looked at to tell the format


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """``body`` is unpacked; ``text`` its beginning, whole lines; ``packing`` what was peeled off; ``cut`` tells that there is more text."""

    path: Path
    body: bytes
    text: str
    packing: tuple[str, ...] = ()
    cut: bool = False

    @property
    def is_parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.body.startswith(PARQUET)

    @property
    def lines(self) -> list[str]:
        """Its lines without those that are blank."""
        return [line.rstrip("\r") for line in self.text.split("\n") if line.strip()]


def load(path: Path) -> Sample:
    """Read a sample; raises ConfigError for a file that is missing, empty, packed wrongly or no text."""
    try:
        if path.is_dir():
            raise ConfigError(Problem("is a folder", str(path), hint="name a file with some records in it"))
        blocks, peeled = decode(_blocks(path), MOST)
        body = b"".join(blocks)
    except OSError as why:
        raise ConfigError(Problem(f"cannot be read: {why.strerror}", str(path))) from why
    except SourceError as why:
        raise ConfigError(Problem(f"cannot be decoded: {why}", str(path), hint="give a file whose records the loader could read")) from why
    if body.startswith(PARQUET):
        return Sample(path, body, "", tuple(peeled))
    if not told_by(body[:512]) and _is_binary(body):
        raise ConfigError(Problem("is binary, and of no format that is known here", str(path), hint="text, JSON, CSV, XML and Parquet are"))
    text = "".join(decoded(iter([body])))
    if not text.strip():
        raise ConfigError(Problem("is empty", str(path), hint="give a file with some records in it"))
    cut = len(text) > LOOKED_AT
    return Sample(path, body, text[: text.rfind("\n", 0, LOOKED_AT) + 1] or text if cut else text, tuple(peeled), cut)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _is_binary(body: bytes) -> bool:
    """Tell whether there are more control characters than a log has."""
    head = body[:65536]
    odd = sum(map(head.count, (bytes([code]) for code in range(32) if code not in (9, 10, 13, 27, 0x1E))))
    return odd > len(head) / 50
