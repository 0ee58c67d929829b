"""The receipts of a queue's messages: how long each is good for, and the answers that wait to be given with them (leaf).

No queue is asked here. ``deletes`` and ``hides`` wait until somebody gives these answers.
"""

from __future__ import annotations

import collections
import dataclasses

from loader.queues.notice import Message

LONGEST = 12 * 3600 - 60  # seconds that SQS lets one hand-out be kept: 12 hours, and a minute for clocks that differ
ENDED = "done, but their receipts had ended"


@dataclasses.dataclass(eq=False, slots=True)
class Handout:
    """A message as it was handed out last: since when, until when others do not see it, and whether its receipt is still good."""

    message: Message
    since: float
    until: float
    valid: bool = True


class Receipts:
    """The hand-outs that are kept, ``visibility`` seconds at a time. ``notes`` and ``counts`` are for whoever tells the user."""

    def __init__(self, visibility: int) -> None:
        self.visibility = visibility
        self.kept: dict[str, Handout] = {}  # by receipt, as the two that follow
        self.deletes: dict[str, str] = {}  # ids of messages that are done
        self.hides: dict[str, int] = {}  # seconds after which messages that are given back may come again
        self.notes: list[str] = []
        self.counts: collections.Counter[str] = collections.Counter()

    def keep(self, message: Message, now: float) -> Handout:
        """Keep a message that was handed out."""
        found = self.kept[message.receipt] = Handout(message, now, now + self.visibility)
        return found

    def renew(self, handout: Handout, message: Message, now: float) -> None:
        """Go on with the receipt of a later hand-out of the same message."""
        self.kept.pop(handout.message.receipt, None)
        self.kept[message.receipt] = handout
        handout.message, handout.since, handout.until, handout.valid = message, now, now + self.visibility, True

    def delete(self, handout: Handout) -> None:
        """Have the message deleted; not by a receipt that has ended: the queue may have handed it to somebody else."""
        self.kept.pop(handout.message.receipt, None)
        if handout.valid:
            self.deletes[handout.message.receipt] = handout.message.id
        else:
            self.counts[ENDED] += 1

    def give_back(self, handout: Handout, seconds: int) -> None:
        """Have the message come again after that time."""
        self.kept.pop(handout.message.receipt, None)
        if handout.valid:
            self.hides[handout.message.receipt] = seconds

    def due(self, now: float) -> dict[str, int]:
        """Return the receipts to extend, for a third of their time has passed, each with the seconds to ask for."""
        found = {}
        for receipt, handout in self.kept.items():
            seconds = min(self.visibility, int(handout.since + LONGEST - now))
            if handout.valid and seconds > 0 and handout.until - now <= self.visibility * 2 / 3 and now + seconds > handout.until:
                found[receipt] = seconds
        return found

    def extended(self, receipt: str, until: float) -> None:
        """Note that a receipt is good until then."""
        if handout := self.kept.get(receipt):
            handout.until = until

    def deleted(self, receipt: str) -> None:
        """Note that a message is gone from the queue."""
        if self.deletes.pop(receipt, ""):
            self.counts["deleted"] += 1

    def invalid(self, receipt: str, why: str) -> None:
        """Note that the queue does not know a receipt any more: nothing is asked with it from now on, and its message comes again."""
        self.hides.pop(receipt, None)
        if message := self.deletes.pop(receipt, ""):
            self.counts[ENDED] += 1
            self.notes.append(f"message {message} is done, and could not be deleted: {why}")
        elif handout := self.kept.get(receipt):
            handout.valid = False
            self.notes.append(f"the receipt of message {handout.message.id} has ended: {why}")
