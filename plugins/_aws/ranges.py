"""A large object fetched as ranges, several at once, and given in order.

Each range has a thread. A range that is fetched before its turn waits in memory: ``most`` ranges are there at any time, no more.
"""

from __future__ import annotations

import contextlib
import itertools
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Generator

from loader.api import SourceError

Bytes = Generator[bytes, None, None]
Fetch = Callable[[int, int], Bytes]  # gives the bytes from one position up to, not including, another; raises SourceError


def spread(stream: Bytes, fetch: Fetch, size: int, part: int, most: int, clock: Callable[[], float] = time.monotonic) -> Bytes:
    """Yield an object of ``size`` bytes from ``stream``, which is open and gives all of it; where that is too slow, the rest as ranges.

    The stream is let go once a range is coming. Should the first one fail, because the service knows no ranges or for any other
    reason, the stream goes on alone.
    """
    with contextlib.closing(stream):
        begun = 0
        for block in _while_fast(stream, size, part, clock):
            begun += len(block)
            yield block
        if begun >= size:
            return
        with contextlib.closing(in_order(fetch, begun, size, part, most)) as rest:
            try:
                block = next(rest, b"")
            except SourceError:
                yield from stream
                return
            stream.close()
            yield block
            yield from rest


def _while_fast(stream: Bytes, size: int, part: int, clock: Callable[[], float]) -> Bytes:
    """Yield blocks until those of a part have been waited for longer than they took to be worked on: more streams would be faster.

    The first part tells nothing, as it fills what reads ahead; behind the last but one there is nothing to gain.
    """
    begun, end, waited, worked, last = 0, part, 0.0, 0.0, clock()
    for block in stream:
        came = clock()
        yield block
        begun, waited = begun + len(block), waited + came - last
        last = clock()
        worked += last - came
        if begun >= end:
            if end > part and waited > worked and size - begun > part:
                return
            end, waited, worked = begun + part, 0.0, 0.0


def in_order(fetch: Fetch, start: int, size: int, part: int, most: int) -> Bytes:
    """Yield what ``fetch`` gives of the ranges from ``start`` on. Closed early, it has the threads end at the block they are at."""
    stop = threading.Event()
    ranges = iter([(at, min(at + part, size)) for at in range(start, size, part)])
    ahead = deque(_Range(fetch, *one, stop) for one in itertools.islice(ranges, most))
    try:
        while ahead:
            yield from ahead.popleft().blocks()
            ahead.extend(_Range(fetch, *one, stop) for one in itertools.islice(ranges, 1))
    finally:
        stop.set()


class _Range:
    """One range. Its thread is a daemon: a read that waits for the network does not keep the process from ending."""

    def __init__(self, fetch: Fetch, start: int, end: int, stop: threading.Event) -> None:
        self._fetch, self._start, self._end, self._stop = fetch, start, end, stop
        self._came: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()  # its blocks, then None or why it ended early
        threading.Thread(target=self._run, name="range", daemon=True).start()

    def blocks(self) -> Bytes:
        """Yield the blocks as they come; raises what ``fetch`` does."""
        while (came := self._came.get()) is not None:
            if isinstance(came, Exception):
                raise came
            yield came

    def _run(self) -> None:
        try:
            with contextlib.closing(self._fetch(self._start, self._end)) as blocks:
                for block in blocks:
                    self._came.put(block)
                    if self._stop.is_set():
                        return
        except Exception as why:  # noqa: BLE001  # it is raised where the bytes are wanted
            self._came.put(why)
        else:
            self._came.put(None)
