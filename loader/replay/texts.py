"""Where a replay takes the texts of records from: the rows, or the objects again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from loader import frames
from loader.api import Parser
from loader.batch import Record, Source
from loader.charset import encodable
from loader.engine import Engine
from loader.errors import ConfigError, SourceError
from loader.frames import Raws
from loader.plan import Plan
from loader.planner import FORMAT, item
from loader.rejects import Row
from loader.stages import envelope
from loader.stages.decode import decode

NOT_OPENED = "not opened"


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One row, and the line it was read of."""

    place: str
    line: bytes
    row: Row


@dataclasses.dataclass(slots=True)
class Group:
    """Rows of records of one object and one log type. ``alone``: their texts are all it takes."""

    plan: Plan
    source: Source  # as it was
    alone: bool
    entries: dict[int, Entry] = dataclasses.field(default_factory=dict)  # by the number of the record


Keep = Callable[[Entry, str], None]


class Texts:
    """Gives the records of groups as chunks that their plans run, and opens the input of ``engine`` when one has to be read again."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._items: dict[str, Callable[[str], Record] | None] = {}
        self._closed: str | None = NOT_OPENED  # why the input cannot be read, if it cannot

    def chunks(self, group: Group, keep: Keep) -> Iterator[tuple[int, Raws]]:
        """Yield chunks, each with the number from which its places count; rows whose record cannot be had go to ``keep``, with the reason."""
        return self._of_rows(group) if group.alone else self._of_object(group, keep)

    def are_enough(self, plan: Plan, row: Row) -> bool:
        """Tell whether the text of a row is all it takes."""
        section = self.engine.config.types[plan.name]
        told, carried = row.carrier is not None, envelope.carried(section)
        bridged = section.read(FORMAT) == "json" and not carried  # there events of EventBridge are known by themselves
        fits = (told or "detail-type" not in row.raw) if bridged else told == carried
        return fits and not row.cut and self._item(plan) is not None

    def _item(self, plan: Plan) -> Callable[[str], Record] | None:
        """Return the parser of one text alone, None where the format has none."""
        if plan.name not in self._items:
            section = self.engine.config.types[plan.name]
            parser = self.engine.assembly.plugins[f"parser_{section.read(FORMAT)}"]
            assert isinstance(parser, Parser)
            noted = list(section.problems)
            try:
                alone = parser.alone or envelope.carried(section)
                self._items[plan.name] = item(section, parser) if alone else None
            except ConfigError:
                self._items[plan.name] = None
            section.problems[:] = noted
        return self._items[plan.name]

    def _of_rows(self, group: Group) -> Iterator[tuple[int, Raws]]:
        """Yield the records as the rows have them."""
        numbers = sorted(group.entries)
        rows = [group.entries[number].row for number in numbers]
        metas = [row.carrier for row in rows if row.carrier is not None]
        parse = self._item(group.plan)
        assert parse is not None
        names = self.engine.config.types[group.plan.name].fields
        yield 0, Raws([row.raw for row in rows], parse, names, metas=metas or None, places=numbers)

    def _of_object(self, group: Group, keep: Keep) -> Iterator[tuple[int, Raws]]:
        """Yield the records as the object has them; rows whose record is another one there, or not there any more, are kept."""
        left = dict(group.entries)
        number, reason = 0, ""
        try:
            for raws in self._object(group.plan, next(iter(left.values())).row):
                wanted = {at - number for at in left if at < number + raws.count}
                if wanted:
                    picked = frames.pick(raws, wanted)
                    same = self._same(picked, number, left)
                    yield number, frames.pick(picked, same)
                number += raws.count
                if not any(at >= number for at in left):
                    break
            else:
                reason = f"the object has only {number} records now"
        except SourceError as why:
            reason = str(why)
        except ConfigError as why:
            reason = f"the object cannot be read again: {why}"
        except Exception as why:  # noqa: BLE001  # the seam around a source
            reason = f"the object cannot be read again: unexpected {type(why).__name__}: {why}"
        for entry in left.values():
            keep(entry, reason or "its object has another record in its place now")

    def _same(self, raws: Raws, number: int, left: dict[int, Entry]) -> set[int]:
        """Return the places of the records that are those of their rows, taking these from ``left``."""
        found = set()
        texts = [*raws.texts, *(text for text, _ in raws.broken)]
        for place, text in zip(raws.places or [], texts, strict=True):
            if _is_of(left[number + place].row, text):
                found.add(place)
                del left[number + place]
        return found

    def _object(self, plan: Plan, row: Row) -> Iterator[Raws]:
        if row.direct:
            raise SourceError("it was a message of a queue, which cannot be read again")
        self.open_input()
        blocks, _ = decode(self.engine.input.read(row.wanted()), self.engine.settings.max_object_bytes)
        yield from plan.read(blocks)

    def open_input(self) -> None:
        """Open the input when it is first needed; raises ConfigError, and the same again."""
        if self._closed == NOT_OPENED:
            try:
                self.engine.open_input()
                self._closed = None
            except ConfigError as why:
                self._closed = str(why)
        if self._closed is not None:
            raise ConfigError(self._closed)


def _is_of(row: Row, text: str) -> bool:
    """Tell whether a record of the object is the one that the row has, as far as the row has it."""
    if row.cut or row.stage == "frame":
        return encodable(text).lstrip().startswith(row.raw.removesuffix(" ...").strip())
    return encodable(text) == row.raw
