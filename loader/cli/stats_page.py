"""The ledger on disk at one moment, as a page, as a line, and as JSON."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from loader.cli.page import visible
from loader.cli.wording import counted
from loader.stats import DestinationStats, ObjectStats, Stats, TypeStats

ALL = "(all)"
SUMS = ("done", "begun", "failed", "records", "rejected", "bytes_out", "minute", "hour", "day")
UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
STYLES = {"failed": "red", "begun": "yellow"}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What was found in the ledger at ``path``, None where there is none. ``remember``: seconds after which it forgets an object."""

    path: Path
    remember: float
    now: float
    found: Stats | None

    def as_json(self) -> dict[str, object]:
        """Return what ``--json`` prints; keys are added to and never renamed."""
        about = {"ledger": str(self.path), "there": self.found is not None, "now": self.now, "remember": self.remember}
        return about | dataclasses.asdict(self.found or Stats(0, 0, None, [], [], []))

    def line(self) -> str:
        """Return it in one line."""
        at = f"{datetime.datetime.fromtimestamp(self.now, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
        if self.found is None:
            return f"{at} {self._absent()}"
        total = _total(self.found.types)
        objects = f"{counted(total.done, 'object')} done, {total.begun:,} begun, {total.failed:,} failed"
        return f"{at} {objects}, {counted(total.records, 'record')}, {total.minute:,.1f}/s in the last minute"

    def page(self) -> RenderableType:
        """Return it in full."""
        if self.found is None:
            return Text(self._absent())
        parts: list[RenderableType] = [self._head(self.found)]
        if self.found.types:
            rows = [*self.found.types, *([_total(self.found.types)] if len(self.found.types) > 1 else [])]
            parts += ["", self._types(rows), "", self._rates(rows)]
        elif self.found.objects:
            parts += ["", "no object in it is what --log-type and --since ask for"]
        if self.found.destinations:
            parts += ["", self._destinations(self.found.destinations)]
        if self.found.newest:
            parts += ["", *map(self._object, self.found.newest)]
        return Group(*parts)

    def _absent(self) -> str:
        return f"there is no ledger yet: {self.path} is not there (a load makes it, in the folder that state in [loader] names)"

    def _head(self, found: Stats) -> Text:
        oldest = f", the first of them touched {self._ago(found.oldest)}" if found.oldest is not None else ""
        kept = f"an object is forgotten {_span(self.remember)} after it was last touched"
        return Text(f"{self.path}: {decimal(found.size)}, {counted(found.objects, 'object')}{oldest}; {kept}")

    def _types(self, rows: Sequence[TypeStats]) -> Table:
        shown = _table("log type", "done", "begun", "failed", "records", "rejected", "bytes out")
        for one in rows:
            counts = (f"{number:,}" for number in (one.done, one.begun, one.failed, one.records, one.rejected))
            shown.add_row(_name(one), *counts, decimal(one.bytes_out))
        return shown

    def _rates(self, rows: Sequence[TypeStats]) -> Table:
        shown = _table("records a second", "last minute", "last hour", "last day", "last touched")
        for one in rows:
            shown.add_row(_name(one), *(f"{rate:,.1f}" for rate in (one.minute, one.hour, one.day)), self._ago(one.last))
        return shown

    def _destinations(self, destinations: Sequence[DestinationStats]) -> Table:
        shown = _table("destination", "whole", "in part", "records", "last touched")
        for one in destinations:
            shown.add_row(Text(visible(one.destination)), f"{one.whole:,}", f"{one.partly:,}", f"{one.records:,}", self._ago(one.last))
        return shown

    def _object(self, one: ObjectStats) -> Text:
        status = one.status or "begun"
        uri = visible(f"s3://{one.bucket}/{one.key}")
        said = Text.assemble((f"{status:6}", STYLES.get(status, "")), f"  {self._ago(one.last):>10}  {one.log_type}  ", (uri, "bold"))
        said.append(f"  {counted(one.records, 'record')}")
        for destination, mark in one.marks.items():
            said.append(f"\n        {visible(destination)}: {'whole' if mark is None else f'records before number {mark:,}'}", style="dim")
        if one.reason:
            said.append(f"\n        {visible(one.reason)}", style="dim")
        return said

    def _ago(self, when: float) -> str:
        return f"{_span(max(self.now - when, 0))} ago"


def _total(types: Sequence[TypeStats]) -> TypeStats:
    """Return the sums of some types."""
    last = max((one.last for one in types), default=0.0)
    zero = TypeStats(ALL, 0, 0, 0, 0, 0, 0, 0, 0, 0, last, 0.0, 0.0, 0.0)
    return dataclasses.replace(zero, **{name: sum(getattr(one, name) for one in types) for name in SUMS})


def _name(one: TypeStats) -> Text:
    return Text(visible(one.log_type), style="bold" if one.log_type == ALL else "")


def _table(first: str, *others: str) -> Table:
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="underline")
    made.add_column(first, overflow="fold")
    for heading in others:
        made.add_column(heading, justify="right", no_wrap=True)
    return made


def _span(length: float) -> str:
    """Return a time in its largest unit."""
    size, unit = next((pair for pair in UNITS if length >= pair[0]), UNITS[-1])
    return f"{int(length / size):,} {unit}"
