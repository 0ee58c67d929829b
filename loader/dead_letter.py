"""The dead letter: where rejected records, refused messages and quarantined objects go, each as one JSON line. An output like any other."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable

from loader import rejects
from loader.api import Output
from loader.batch import Reject, Source
from loader.deliver import Delivery
from loader.ledger import Ledger
from loader.section import Section


class DeadLetter:
    """Takes rows and delivers them to ``output``, which waits for it as for any other; loader/rejects.py has their form."""

    def __init__(self, output: Output, clock: Callable[[], float] = time.time, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self.delivery, self.clock = Delivery(output, None, sleep=sleep), clock
        self.ledger = Ledger(outputs=(output.name,))
        self._pack = output.prepare(Section("rejects"), lambda record: bytes(record["row"]))

    def rejected(self, source: Source, log_type: str, found: Iterable[Reject]) -> None:
        """Take records that went no further than a stage."""
        self.add(rejects.of_records(source, log_type, found, self.clock()))

    def refused(self, output: str, message: bytes, reason: str, ledger: Ledger) -> None:
        """Take a message that an output refuses for good."""
        self.add([rejects.of_message(output, message, reason, ledger.place, self.clock())])

    def quarantined(self, source: Source, reason: str, log_type: str = "") -> None:
        """Take an object that trying again will not mend."""
        self.add([rejects.of_source(source, reason, log_type, self.clock())])

    def add(self, rows: Iterable[bytes]) -> None:
        """Take rows; the output puts around them what it puts around any message: a newline, a syslog header of the type ``rejects``."""
        now = datetime.datetime.fromtimestamp(self.clock(), datetime.UTC).isoformat(timespec="milliseconds")
        self.delivery.add([self._pack({"@timestamp": now, "row": row}) for row in rows], self.ledger)
