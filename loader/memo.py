"""A dict that computes what it lacks, for values that repeat: addresses, times, user agents. Bounded; leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

LONGEST = 1024  # characters of a text


class Memo(dict[Any, Any]):
    """``memo[key]`` is ``compute(key)``, remembered until ``bound`` others are: then it starts afresh. Keys are hashable.

    Neither None nor an exception of ``compute`` is remembered: what does not compute is told each time. Nor is what has a text of more than
    LONGEST characters in its key: such texts seldom repeat, and thousands of them would fill the memory.
    """

    __slots__ = ("bound", "compute")

    def __init__(self, compute: Callable[[Any], Any], bound: int = 16384) -> None:
        self.compute, self.bound = compute, bound

    def __missing__(self, key: Any) -> Any:
        value = self.compute(key)
        if value is not None and not _is_long(key):
            if len(self) >= self.bound:
                self.clear()
            self[key] = value
        return value


def _is_long(key: Any) -> bool:
    if key.__class__ is str:
        return len(key) > LONGEST
    return isinstance(key, tuple) and any(part.__class__ is str and len(part) > LONGEST for part in key)
