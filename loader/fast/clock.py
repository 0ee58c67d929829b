"""Timestamps for the generated functions: of types whose time is in their records alone."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from loader import times
from loader.memo import Memo
from loader.section import Section
from loader.stages import clock


class Times(Memo):
    """Timestamps by the texts they are made of; ``missed`` counts those that were not remembered.

    Where they are ``dated`` a time has no year: it depends on the ``reference`` time, that of the object.
    """

    missed = 0
    combines = False

    def __init__(self, read: times.Reader, text: Callable[[str], str] | None, *, dated: bool) -> None:
        self.read, self.dated, self.reference = read, dated, times.EPOCH
        super().__init__(text or self.convert)

    def __missing__(self, key: Any) -> Any:
        self.missed += 1
        return super().__missing__(key)

    def convert(self, value: Any) -> str:
        """Return the timestamp of any value; raises ValueError for what is none."""
        return self.read(value, self.reference).isoformat()

    def refer(self, reference: datetime.datetime) -> None:
        """From now on choose years by this time."""
        if self.dated and reference != self.reference:
            self.reference = reference
            self.clear()


def quick(log_type: Section, renamed: list[str]) -> tuple[list[str], Times] | None:
    """Return the fields that may hold the time, and what makes timestamps of their values.

    None for types whose time depends on more: on the object's key, or what carries the record.
    """
    fields, tried = clock.timestamp_fields(log_type, renamed), clock.forms(log_type)
    if not fields or set(fields) & {*clock.TOLD}:
        return None
    text = clock.iso_text(log_type) if tried == ["iso8601"] and not log_type.read(clock.NANO) else None
    return fields, Times(clock.converter(log_type), text, dated=any("syslog" in form for form in tried))
