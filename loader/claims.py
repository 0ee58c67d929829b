"""Who works at an object: one process at a time, of all that share a ledger on disk (leaf).

Two at once would each send all of it, for neither is done when the other looks. A claim is a POSIX lock on one byte of a file beside
the ledger: the system takes it from a process that ends, however it ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from loader.batch import Source

log = logging.getLogger(__name__)
NAME = "ledger.lock"
NAP = 0.1  # seconds until one that waits looks again


class Claims:
    """The claims in ``folder``, those of one thread; without a folder nobody is waited for. ``pause`` sleeps, and may raise."""

    def __init__(self, folder: str, pause: Callable[[float], None] = time.sleep) -> None:
        self.path, self.pause = Path(folder) / NAME if folder else None, pause
        self._descriptor = -1

    @contextlib.contextmanager
    def of(self, source: Source) -> Iterator[None]:
        """Hold an object, or a range of it, while the block runs, once nobody else holds it. Where locks do not work, nobody is waited for."""
        place = _place(source)
        held = self._taken(source, place)
        try:
            yield
        finally:
            if held:
                with contextlib.suppress(OSError):
                    fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, place)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _taken(self, source: Source, place: int) -> bool:
        try:
            if self._try(place):
                return self.path is not None
            log.info("%s is in work elsewhere: waiting for that to end", source.uri)
            while not self._try(place):
                self.pause(NAP)
        except OSError:  # a disk that is full or read-only, a file system without locks
            return False
        return True

    def _try(self, place: int) -> bool:
        if self.path is None:
            return True
        if self._descriptor < 0:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # how POSIX has it: EAGAIN or EACCES
            return False
        return True


def _place(source: Source) -> int:
    """Return the byte that stands for an object."""
    name = repr((source.bucket, source.key, source.first, source.stop))
    return int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:7])
