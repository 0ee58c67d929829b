"""What a user sees while a run goes on: a bar that moves on a terminal, plain lines elsewhere; all on stderr."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from loader.ledger import FAILED, Account

if TYPE_CHECKING:
    from loader.cli.bar import Bar

EVERY = 10.0  # seconds between plain lines
FRAME = 0.25  # seconds between two looks of the bar: each costs about a millisecond
SHOWN = 10  # failures told while the run goes on


class Display:
    """Objects, records, rate and time left, while a run goes on. ``objects`` is None where nobody knows how many there will be."""

    def __init__(self, objects: int | None, skipped: int = 0) -> None:
        self.objects, self.ended_objects, self.failed = objects, 0, 0
        self.records = self.bytes = 0
        self.began = self.said = time.monotonic()
        self.bar = _bar(objects) if sys.stderr.isatty() else None
        if skipped:
            self._say(f"{skipped:,} objects of the list are in finish.log and are skipped")

    def __enter__(self) -> Self:
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        if self.bar:
            self._show()
            self.bar.stop()

    def ended(self, account: Account) -> None:
        """Note that an object has ended."""
        self.ended_objects += 1
        if account.status == FAILED:
            self.failed += 1
            self._complain(account)

    def moved(self, records: int, octets: int) -> None:
        """Note how far the workers are, and show it now and then."""
        self.records, self.bytes = records, octets
        if time.monotonic() - self.said >= (FRAME if self.bar else EVERY):
            self._show()

    def _complain(self, account: Account) -> None:
        """Print why an object failed: the first few, for they are often alike, and error_debug.log has all."""
        if self.failed <= SHOWN:
            self._say(f"failed: {account.uri}: {account.reason.removeprefix(f'{account.uri}: ')}", "red")
        elif self.failed == SHOWN + 1:
            self._say("more objects fail: error_debug.log has the reasons", "red")

    def _say(self, text: str, style: str = "") -> None:
        if self.bar:
            self.bar.say(text, style)
        else:
            print(text, file=sys.stderr)

    def _show(self) -> None:
        now = self.said = time.monotonic()
        rate = self.records / max(now - self.began, 0.001)
        failed = f"{self.failed} failed" if self.failed else ""
        if self.bar:
            self.bar.show(self.ended_objects, self.records, rate, failed)
            return
        left = (now - self.began) / self.ended_objects * (self.objects - self.ended_objects) if self.objects and self.ended_objects else None
        remaining = f", about {left:,.0f} s left" if left is not None else ""
        objects = f"{self.ended_objects:,}{f' of {self.objects:,}' if self.objects is not None else ''} objects"
        self._say(f"{objects}, {self.records:,} records, {rate:,.0f}/s{remaining}{', ' * bool(failed)}{failed}")


def _bar(objects: int | None) -> Bar:
    from loader.cli.bar import Bar  # noqa: PLC0415  # a terminal alone has use for rich while the workers are still starting

    return Bar(objects, FRAME)
