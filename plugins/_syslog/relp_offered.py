"""What the engine has offered to a receiver of RELP: which frames its messages are, and which of them the receiver has (no socket, no clock)."""

from __future__ import annotations

import bisect
import collections
import itertools
from collections.abc import Iterable, Sequence

from loader.api import Parts
from plugins._syslog.relp_frames import Unanswered, syslog_frames


class Offered:
    """The messages since the last flush, in order. Serials are those of the present session's commands, counted from 1.

    After a failure the engine offers again, in the same order, what stands behind the first message that is not acknowledged. Those among them
    that are acknowledged all the same are not sent twice.
    """

    def __init__(self) -> None:
        self._messages: list[bytes] = []
        self._ends: list[int] = []  # the serial of the last frame of each, or of the message before where it needed none
        self._start = 0  # the serial of the first frame of the first
        self._earlier = 0  # messages that earlier sessions have taken before they ended well
        self._again: collections.deque[tuple[bytes, bool]] = collections.deque()  # what is to be offered again, and whether it has arrived

    def frames(self, messages: Sequence[bytes], serial: int) -> list[bytes]:
        """Take messages, and return the frames that are to be sent, of which the first is the nth command."""
        pieces: Sequence[bytes] = messages
        ends: Iterable[int] = range(serial, serial + len(messages))
        if self._again or Parts in set(map(type, messages)):
            each = [() if self._has_arrived(one) else one.pieces if isinstance(one, Parts) else (one,) for one in messages]
            pieces = [*itertools.chain.from_iterable(each)]
            ends = itertools.islice(itertools.accumulate(map(len, each), initial=serial - 1), 1, None)
        if not self._ends:
            self._start = serial
        self._messages += messages
        self._ends += ends
        return syslog_frames(pieces, serial)

    def _has_arrived(self, message: bytes) -> bool:
        """Tell whether the next message that is offered again has arrived; one that is another ends that."""
        if not self._again:
            return False
        expected, arrived = self._again.popleft()
        if expected == message:
            return arrived
        self._again.clear()
        return False

    def of(self, serial: int) -> bytes | None:
        """Return the message of a frame, None when nobody waits for that any more."""
        return self._messages[bisect.bisect_left(self._ends, serial)] if self._ends and serial >= self._start else None

    def refused_last(self) -> None:
        """Forget the last message, which was refused for good."""
        del self._messages[-1], self._ends[-1]

    def taken_all(self) -> None:
        """Count all as taken by a session that has ended."""
        self._earlier += len(self._ends)
        self._messages, self._ends = [], []

    def settled(self, account: Unanswered) -> int:
        """Return how many were acknowledged, counted from the first."""
        return self._earlier + bisect.bisect_right(self._ends, account.taken)

    def repeat(self, account: Unanswered) -> None:
        """Expect that those behind the settled ones are offered again, before those that are so expected already."""
        count = bisect.bisect_right(self._ends, account.taken)
        begins = [self._start - 1, *self._ends]
        behind = zip(self._messages[count:], begins[count:], self._ends[count:], strict=False)
        self._again.extendleft(reversed([(message, account.took(range(begin + 1, end + 1))) for message, begin, end in behind]))

    def forget(self, *, again: bool = False) -> None:
        """Begin anew behind a flush; with ``again`` also what was to be offered again."""
        self._messages, self._ends, self._earlier = [], [], 0
        if again:
            self._again.clear()
