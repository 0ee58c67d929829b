"""What the workers of a run share: some numbers for each name, and locks that do not outlive who holds them."""

from __future__ import annotations

import fcntl
import multiprocessing.sharedctypes
import os
import tempfile
from collections.abc import Callable, Iterable, MutableSequence
from ctypes import Array, c_double
from multiprocessing import reduction
from pathlib import Path
from typing import Any


class Lock:
    """One byte of a file. The system takes a POSIX lock from a process that ends, however it ends.

    It stands between processes: threads of one are not kept apart.
    """

    def __init__(self, descriptor: int, at: int) -> None:
        self.descriptor, self.at = descriptor, at

    def __enter__(self) -> None:
        fcntl.lockf(self.descriptor, fcntl.LOCK_EX, 1, self.at)

    def __exit__(self, *exc: object) -> None:
        fcntl.lockf(self.descriptor, fcntl.LOCK_UN, 1, self.at)


class Shared:
    """``fields`` numbers and a lock for each of ``names``, and one lock for all of them. Made by the parent; processes get it as they start."""

    def __init__(self, names: Iterable[str], fields: int) -> None:
        self.names, self.fields = list(dict.fromkeys(names)), fields
        self._numbers: Array[c_double] = multiprocessing.sharedctypes.RawArray(c_double, max(len(self.names) * fields, 1))
        self._descriptor, name = tempfile.mkstemp()
        Path(name).unlink()

    def numbers(self, name: str) -> MutableSequence[float]:
        """Return the numbers of a name, 0 in the beginning: what one process writes, all read."""
        at = self.names.index(name) * self.fields
        return memoryview(self._numbers).cast("B").cast("d")[at : at + self.fields]  # type: ignore[return-value]

    def lock(self, name: str = "") -> Lock:
        """Return the lock of a name, or the one for all."""
        return Lock(self._descriptor, self.names.index(name) + 1 if name else 0)

    def close(self) -> None:
        """Give the file up; a process that was started with it still has it."""
        os.close(self._descriptor)

    def __reduce__(self) -> tuple[Callable[..., Shared], tuple[Any, ...]]:
        return _received, (self.names, self.fields, self._numbers, reduction.DupFd(self._descriptor))


def _received(names: list[str], fields: int, numbers: Array[c_double], descriptor: Any) -> Shared:
    shared = Shared.__new__(Shared)
    shared.names, shared.fields, shared._numbers, shared._descriptor = names, fields, numbers, descriptor.detach()
    return shared
