"""A dict that computes what it lacks, for values that repeat: addresses, times, user agents. Bounded; leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Memo(dict[Any, Any]):
    """``memo[key]`` is ``compute(key)``, remembered until ``bound`` others are: then it starts afresh. Keys are hashable.

    Neither None nor an exception of ``compute`` is remembered: what does not compute is told each time.
    """

    __slots__ = ("bound", "compute")

    def __init__(self, compute: Callable[[Any], Any], bound: int = 16384) -> None:
        self.compute, self.bound = compute, bound

    def __missing__(self, key: Any) -> Any:
        value = self.compute(key)
        if value is not None:
            if len(self) >= self.bound:
                self.clear()
            self[key] = value
        return value
