"""A message of a queue, and what it asks for (leaf)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from loader.batch import Source
from loader.charset import encodable

LARGEST = 2**62  # a number that anything here can hold
SHOWN = 100  # characters that are told of what is not understood
MOST = 10  # such parts of a message that are told


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message as a queue hands it out: ``receipt`` answers it, ``receives`` says how often it was handed out, this time included."""

    id: str
    receipt: str
    body: str
    receives: int = 1
    attributes: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(slots=True)
class Notice:
    """What one message asks for: sources to load; why parts of it ask for nothing; what parts of it are not understood."""

    sources: list[Source] = dataclasses.field(default_factory=list)
    nothing: list[str] = dataclasses.field(default_factory=list)
    unknown: list[str] = dataclasses.field(default_factory=list)

    def ask(self, bucket: Any, key: Any, *, form: bool = False, size: Any = 0, version: str = "", etag: str = "", **facts: Any) -> None:
        """Ask for an object. ``form``: its key is form-encoded; else it is taken as it stands. The other spelling is the alternate."""
        if not (isinstance(bucket, str) and bucket and isinstance(key, str) and key and _writable(bucket + key + version + etag)):
            self.doubt(f"no object can be bucket {bucket!r}, key {key!r}")
            return
        decoded = _decoded(key) if form or "%" in key else key
        key, other = (decoded, key) if form else (key, decoded)
        if key.endswith("/"):
            self.nothing.append("a folder")
            return
        known = size if type(size) is int and 0 < size < LARGEST else 0
        self.sources.append(Source(bucket, key, known, alternates=(other,) if other != key else (), version=version, etag=etag, **facts))

    def skip(self, why: str) -> None:
        """Note that a part asks for nothing."""
        self.nothing.append(encodable(why[:SHOWN]))

    def doubt(self, what: str) -> None:
        """Note a part that is not understood."""
        if len(self.unknown) < MOST:
            self.unknown.append(encodable(what[:SHOWN]))


def _decoded(key: str) -> str:
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError:  # what it decodes to is no key
        return key


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can write
        return False
    return True
