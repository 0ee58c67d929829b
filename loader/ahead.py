"""The next source read while one is worked on (leaf).

One thread reads sources in the order of their turns: what comes of the one that is worked on, and, once that is read to its end, of the
next. It holds ``most`` bytes of both together. A source comes out as if it had been read when its turn came: with what the input has
filled in, and with its error.
"""

from __future__ import annotations

import dataclasses
import threading
from collections import deque
from collections.abc import Callable

from loader.batch import Blocks, Source
from loader.errors import POISON, SourceError, SourceSkipped

MOST = 8 * 1024**2
NAP = 0.2  # seconds after which one that waits for bytes looks whether the run is to end


class Reading:
    """One source that is, or will be, read by the thread. ``asked`` is the source as it was asked for, ``found`` what the input made of it."""

    def __init__(self, source: Source) -> None:
        self.asked, self.found = dataclasses.replace(source), dataclasses.replace(source)
        self.blocks: deque[bytes] = deque()
        self.begun = self.ended = self.dropped = False
        self.error: BaseException | None = None

    def serves(self, source: Source) -> bool:
        """Tell whether this is what reading ``source`` now gives; what has failed and may pass is to be tried again."""
        why = self.error
        lasting = why is None or isinstance(why, SourceSkipped) or (isinstance(why, SourceError) and why.failure in POISON)
        return lasting and self.asked == source


class Ahead:
    """Reads with ``read``, an input's, in a thread. ``check`` is called while bytes are waited for, and may raise."""

    def __init__(self, read: Callable[[Source], Blocks], check: Callable[[], object] = lambda: None, most: int = MOST) -> None:
        self._read, self._check, self._most = read, check, most
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy: Reading | None = None  # what the thread is at
        self._turn: Reading | None = None
        self._next: Reading | None = None
        self._held = 0

    def read(self, source: Source) -> Blocks:
        """Return the blocks of ``source``, whose turn it is; they are as those of the input. The source before it is over."""
        with self._changed:
            self._drop(self._turn)
            reading, self._next = self._next, None
            if reading is None or not reading.serves(source):
                self._drop(reading)
                reading = Reading(source)
            self._turn = reading
            self._wake()
        return self._blocks(reading, source)

    def expect(self, source: Source | None) -> None:
        """Have ``source`` read next; its turn may come or not. None: there is none."""
        with self._changed:
            self._drop(self._next)
            self._next = Reading(source) if source else None
            self._wake()

    def close(self) -> None:
        """Let go of everything. The thread ends at the block it is at."""
        with self._changed:
            self._drop(self._turn)
            self._drop(self._next)
            self._turn = self._next = self._thread = None
            self._changed.notify_all()

    # --- where sources are worked on

    def _blocks(self, reading: Reading, source: Source) -> Blocks:
        try:
            try:
                block = self._take(reading)
            finally:
                for field in dataclasses.fields(source):
                    setattr(source, field.name, getattr(reading.found, field.name))
            while block is not None:
                yield block
                block = self._take(reading)
        finally:
            with self._changed:
                self._drop(reading)

    def _take(self, reading: Reading) -> bytes | None:
        """Return the next block, or None at the end; raises what the input has raised there."""
        with self._changed:
            while not reading.blocks:
                if reading.dropped:
                    raise SourceError(f"{reading.asked.uri} was let go before its end")
                if reading.error is not None:
                    raise reading.error
                if reading.ended:
                    return None
                if not self._changed.wait(NAP):
                    self._check()
            block = reading.blocks.popleft()
            self._held -= len(block)
            self._changed.notify_all()
            return block

    def _drop(self, reading: Reading | None) -> None:
        if reading is not None:
            reading.dropped = True
            self._held -= sum(map(len, reading.blocks))
            reading.blocks.clear()
            self._changed.notify_all()

    def _wake(self) -> None:
        """See that there is a thread for what is to be read: another, where it is held up by a source that nobody wants any more."""
        if self._thread is None or (self._busy is not None and self._busy.dropped and not self._busy.ended):
            self._busy = None
            self._thread = threading.Thread(target=self._work, name="ahead", daemon=True)  # a read that hangs keeps nobody from ending
            self._thread.start()
        self._changed.notify_all()

    # --- the thread

    def _work(self) -> None:
        while reading := self._due():
            error: BaseException | None = None
            try:
                self._fill(reading)
            except (Exception, SystemExit) as why:  # noqa: BLE001  # it is raised where the source is worked on
                error = why
            with self._changed:
                reading.ended, reading.error = True, error
                self._changed.notify_all()

    def _due(self) -> Reading | None:
        """Wait for something to read, and return it; None when the thread is to end."""
        with self._changed:
            while self._thread is threading.current_thread():
                self._busy = next((one for one in (self._turn, self._next) if one is not None and not one.begun), None)
                if self._busy is not None:
                    self._busy.begun = True
                    return self._busy
                self._changed.wait()
            return None

    def _fill(self, reading: Reading) -> None:
        blocks = self._read(reading.found)
        try:
            for block in blocks:
                if not self._put(reading, block):
                    return
        finally:
            if close := getattr(blocks, "close", None):
                close()

    def _put(self, reading: Reading, block: bytes) -> bool:
        """Keep a block, once there is room for it; tells whether the source is still wanted."""
        with self._changed:
            while self._held and self._held + len(block) > self._most and not reading.dropped:
                self._changed.wait()
            if not reading.dropped:
                reading.blocks.append(block)
                self._held += len(block)
                self._changed.notify_all()
            return not reading.dropped
