"""The records of one source on their way to its outputs: who has what already, who takes what, how far each has come.

Outputs do not hinder each other: one that is down fails alone, and what the others have is not sent to them again.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence

from loader import frames
from loader.batch import Source
from loader.dead_letter import DeadLetter
from loader.deliver import Delivery
from loader.errors import DeliveryError, OutputClosed, SourceSkipped, Stopped
from loader.frames import Raws
from loader.ledger import WHOLE, Ledger
from loader.plan import Done

Begin = Callable[[Source], Mapping[str, int]]  # returns the marks of an earlier try, by the output's name
Note = Callable[[Mapping[str, int]], None]  # told the marks that have moved, by the output's name


@dataclasses.dataclass(slots=True)
class Way:
    """One output of the source. Records up to ``mark`` it has from an earlier try; up to ``settled`` it has everything by now, and up to
    ``reached`` the dead letter has the rest too.
    """

    delivery: Delivery
    mark: int = 0
    settled: int = 0
    reached: int = 0
    pending: collections.deque[tuple[int, int]] = dataclasses.field(default_factory=collections.deque)  # (messages given, record number)
    failure: str = ""

    def advance(self) -> None:
        """Move on behind the portions whose messages are all settled."""
        settled = self.delivery.settled if self.pending else 0
        while self.pending and self.pending[0][0] <= settled:
            self.settled = self.pending.popleft()[1]


class Dispatch:
    """Built for each source; ``deliveries`` are in step with the plan's outputs."""

    def __init__(
        self,
        deliveries: Sequence[Delivery],
        dead_letter: DeadLetter,
        begin: Begin = lambda source: {},
        note: Note = lambda marks: None,
    ) -> None:
        self.ways = [Way(delivery) for delivery in deliveries]
        self.dead_letter, self._begin, self._note = dead_letter, begin, note
        self.begun = self.flushed = False
        self.cuts: list[int] = []
        self.stop: int | None = None

    def begin(self, source: Source) -> None:
        """Learn what the outputs have from an earlier try: possible once the source is open, for then its etag is known."""
        self.begun = True
        marks = self._begin(source)
        for way in self.ways:
            way.mark = way.settled = way.reached = max(marks.get(way.delivery.output.name, 0), source.first)
        if self.ways and all(way.mark >= WHOLE for way in self.ways):
            raise SourceSkipped("done already: every destination has it whole (--force loads it again)")
        self.stop = source.stop
        self.cuts = sorted({*(way.mark for way in self.ways), *([source.stop] if source.stop is not None else [])} - {0})

    def portions(self, raws: Raws, number: int) -> Iterator[tuple[int, Raws]]:
        """Cut a chunk whose first record is ``number`` where an output begins to want records, or the range ends; yield what is wanted."""
        end = number + raws.count
        for cut in self.cuts:
            if number < cut < end:
                head, raws = frames.cut(raws, cut - number)
                if self._wanted(number):
                    yield number, head
                number = cut
        if self._wanted(number):
            yield number, raws

    def _wanted(self, number: int) -> bool:
        return (self.stop is None or number < self.stop) and any(number >= way.mark for way in self.ways)

    def take(self, done: Done, source: Source, log_type: str, first: int, ledger: Ledger) -> None:
        """Hand out what became of a portion: its rejects to the dead letter, its messages to the outputs that lack them."""
        if done.rejects:
            if first >= max(way.mark for way in self.ways):  # else they went there in the earlier try
                self.dead_letter.rejected(source, log_type, done.rejects)
            ledger.rejected += len(done.rejects)
        for way, messages in zip(self.ways, done.packed, strict=True):
            if first < way.mark:
                ledger.earlier[way.delivery.output.name] += len(messages)
            elif messages and not way.failure:
                with self._alone(way):
                    way.delivery.add(messages, ledger)
            _count(way, ledger)

    def checkpoint(self, number: int | None = None) -> None:
        """Note how far the outputs are known to have all; ``number`` is that of the record behind the last portion."""
        for way in self.ways:
            if not way.failure:
                if number is not None and number > way.mark:
                    way.pending.append((way.delivery.given, number))
                way.advance()
        moved = [way for way in self.ways if way.settled > way.reached]
        if moved:
            self.dead_letter.delivery.flush()  # what is passed over the next time has to be there
            for way in moved:
                way.reached = way.settled
            self._note({way.delivery.output.name: way.reached for way in moved})

    def flush(self, ledger: Ledger) -> None:
        """Have all outputs confirm what they were given; raises DeliveryError only when the dead letter fails, and Stopped behind the last output
        when the run is to end while one of them makes it wait.
        """
        stopped = None
        for way in self.ways:
            if not way.failure:
                try:
                    with self._alone(way):
                        way.delivery.flush()
                except Stopped as why:
                    stopped = why
            _count(way, ledger)
        self.dead_letter.delivery.flush()
        self.checkpoint()
        self.flushed = True
        if stopped:
            raise stopped

    def discard(self) -> None:
        """Forget what is not confirmed."""
        for delivery in (*(way.delivery for way in self.ways), self.dead_letter.delivery):
            delivery.discard()

    def failures(self) -> str:
        """Return why outputs have failed, if any have."""
        return "; ".join(dict.fromkeys(way.failure for way in self.ways if way.failure))

    def passed(self, number: int) -> int:
        """Return how many of the records before ``number`` no output has wanted."""
        return min(number, min((way.mark for way in self.ways), default=0))

    def marks(self, ledger: Ledger, *, whole: bool) -> dict[str, int]:
        """Return by output how far it has come: to the end, where the source was read ``whole`` and neither the output nor the dead letter
        lacks anything of it.
        """
        whole = whole and self.flushed
        names = {way.delivery.output.name: way for way in self.ways}
        return {name: WHOLE if whole and not way.failure and not ledger.missing(name) else way.reached for name, way in names.items()}

    def _alone(self, way: Way) -> _Alone:
        return _Alone(self, way)


def _count(way: Way, ledger: Ledger) -> None:
    """Put into the account what the output had to mend."""
    if counted := way.delivery.output.counted:
        ledger.flags.update(counted)
        counted.clear()


@dataclasses.dataclass(slots=True)
class _Alone:
    """Around work for one output: that it fails is noted, and only when none is left the source fails at once."""

    dispatch: Dispatch
    way: Way

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, trace: object) -> bool:
        if not isinstance(why, DeliveryError) or isinstance(why, OutputClosed):
            return False
        self.way.advance()
        self.way.failure = str(why)
        self.way.delivery.discard()
        return not all(way.failure for way in self.dispatch.ways)
