"""Runs the generated function of a log type on chunks, and writes it anew where what it looks up turns out to hardly repeat."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from loader.batch import Source
from loader.cutter import cutter
from loader.errors import Overdue
from loader.fast import together
from loader.fast.clock import Times
from loader.fast.leaves import Odd, Unfit
from loader.fast.writer import COMPLETE, TOGETHER, UNCUT
from loader.frames import Columns, Raws, fields_of
from loader.jsontext import CONTROL
from loader.stages import ecs
from loader.stages.stamp import place_of
from loader.stages.tidy import NOTHING
from loader.watchdog import within

IN_VAIN = 3  # chunks of which most was odd, after which no more are tried
FEW = 2000  # records that are looked at before anything is decided
CHECKS = 8
MOST = 0.8  # share of rows with something in every field, from which on these are the usual case
WORTH = 0.7  # share of rows that have to be cut by separators: the others have it tried in vain
OFTEN = 0.3  # of the look-ups that miss: then it costs less to compute than to remember
AT_FIRST = 0.8  # the same for combinations that a function is called with, while most are met for the first time
Make = Callable[[Columns | None, frozenset[tuple[str, ...]]], Callable[..., Any]]
log = logging.getLogger(__name__)
Packed = tuple[Sequence[list[bytes | None]], list[int], list[str]]


class Fast:
    """One log type."""

    def __init__(self, name: str, make: Make, times: Times, *, derives: bool, maps_only: bool = False) -> None:
        self.name, self.make, self.times, self.derives = name, make, times, derives
        self.seconds = 0.0  # how long the parsing of a chunk may take, 0: as long as it likes
        self.maps_only = maps_only  # no table, full documents: where the fields of parsed records are known, the steps are as fast
        self.failed = False  # whether a mistake of ours in a chunk was told
        self.functions: dict[tuple[str, ...] | None, _Function | str] = {}

    def function(self, columns: Columns | None) -> _Function | str:
        """Return the function for records with these columns (None: JSON objects), made when first asked for; a text why there is none."""
        key = columns.names if columns else None
        if key not in self.functions:
            if len(self.functions) >= 64:  # noqa: PLR2004
                self.functions.clear()
            try:
                self.functions[key] = _Function(self.make, columns)
            except Unfit as why:
                self.functions[key] = why.why
            except Exception as why:  # noqa: BLE001  # a mistake of ours costs speed, and no record
                log.exception("log type %s cannot be compiled, and goes step by step", self.name)
                self.functions[key] = f"{type(why).__name__}: {why}"
        return self.functions[key]

    def run(self, raws: Raws, source: Source, first: int) -> Packed | None:
        """Return what is packed of a chunk, for each output in step with the texts; the places of those that are odd, and the rules that others
        have met: both have None for a message.

        None when the whole chunk is for the plain way.
        """
        if raws.metas is not None or raws.broken or raws.left_out or raws.places is not None or not raws.texts:
            return None
        if raws.columns is not None and raws.records is not None:
            return None
        if self.maps_only and raws.names is not None and raws.columns is None:
            return None
        function = self.function(raws.columns)
        if isinstance(function, str):
            return None
        try:
            return self._run(function, raws, source, first)
        except Overdue:
            raise
        except Exception as why:  # noqa: BLE001  # a text that has no UTF-8; a table that fails for all of a chunk; a mistake of ours
            self._tell(why, source)
            raws.records = None  # they may be changed already
            return None

    def _tell(self, why: BaseException, source: Source) -> None:
        """Say once that a chunk goes step by step because of a mistake of ours, which text without UTF-8 is not, nor what a table raises."""
        if self.failed or isinstance(why, UnicodeError | Odd):
            log.debug("a chunk of %s goes step by step", source.uri, exc_info=True)
            return
        self.failed = True
        told = f"{type(why).__name__}: {why}; nothing is lost, such chunks go step by step, which is slower; please report it"
        debugged = log.isEnabledFor(logging.DEBUG)
        log.warning("log type %s: its generated function failed on %s: %s", self.name, source.uri, told, exc_info=debugged)

    def give_up(self, columns: Columns | None) -> None:
        """Learn that most of a chunk was odd: where that happens again and again, the plain way alone costs less."""
        key = columns.names if columns else None
        function = self.functions[key]
        if isinstance(function, _Function):
            function.in_vain += 1
            if function.in_vain >= IN_VAIN:
                self.functions[key] = "most of its records need the plain way"

    def _run(self, function: _Function, raws: Raws, source: Source, first: int) -> Packed | None:
        texts = raws.texts
        now = datetime.datetime.now(datetime.UTC)
        self.times.refer(source.modified or now)
        constants = self._constants(source, now.isoformat())
        if CONTROL.search("".join(constants[3:]).encode()):
            return None
        if raws.columns is None:
            return function(self._records(raws), texts, *constants, place_of(source), first, False)  # noqa: FBT003
        whole = "\n".join(texts)
        size = len(whole.encode())  # raises UnicodeError, before orjson raises what could be anything
        escaped = orjson.dumps(whole)
        apart = sum(map(whole.count, raws.columns.apart))
        dirty = "\x7f" in whole or len(escaped) != size + len(texts) + 1 + apart
        if not dirty and not apart:  # nothing is escaped but what joins them
            return function(texts, texts, *constants, place_of(source), first, dirty)
        joined = not dirty and "\\" not in whole  # then no escape but those between texts reads so
        messages = escaped[1:-1].decode().split("\\n") if joined else [orjson.dumps(text).decode()[1:-1] for text in texts]
        return function(texts, messages, *constants, place_of(source), first, dirty)

    def _records(self, raws: Raws) -> list[Any]:
        """Return the records of a chunk, parsed here where nobody has; in the place of one that cannot be parsed stands one that is odd."""
        if raws.records is not None:
            return raws.records
        with within(self.seconds):
            return parsed(raws)

    def _constants(self, source: Source, ingested: str) -> tuple[Any, ...]:
        """Return what all records of a chunk share: account, region, time, key, bucket, and the JSON of what they are stamped with."""
        f"{source.bucket}{source.key}".encode()  # raises UnicodeError
        account, region = ecs.origin(source.key) if self.derives else (None, None)
        stamped = {"@log_type": self.name, "@log_s3bucket": source.bucket, "@log_s3key": source.key}
        origin = "," + orjson.dumps(stamped).decode()[1:-1]
        path = "," + orjson.dumps({"log": {"file": {"path": f"s3://{source.bucket}/{source.key}"}}}).decode()[1:-1]
        return account, region, ingested, source.key, source.bucket, origin, path


def parsed(raws: Raws) -> list[Any]:
    """Return the records of a chunk's texts; one that is odd, whatever the type, for each that cannot be parsed."""
    try:
        return list(map(raws.parse, raws.texts))
    except Overdue:
        raise
    except Exception:  # noqa: BLE001  # whatever it is, the steps tell it of the record
        return [_parsed(raws.parse, text) for text in raws.texts]


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except Overdue:
        raise
    except Exception:  # noqa: BLE001  # as above
        return {"@message": text}


def _share(columns: Columns, rows: Sequence[str]) -> float:
    """Return how many of the rows have something in every field, as a share."""
    return sum(NOTHING.isdisjoint(fields_of(columns.split, row) or ("",)) for row in rows) / max(1, len(rows))


def _is_uncut(columns: Columns | None, rows: Sequence[str]) -> bool:
    """Tell whether cutting rows by their separators is tried in vain too often."""
    cut = cutter(columns.pattern) if columns is not None and columns.pattern is not None else None
    return cut is not None and sum(cut(row) is not None for row in rows) < len(rows) * WORTH


class _Function:
    """A generated function, and how often its look-ups were in vain."""

    def __init__(self, make: Make, columns: Columns | None) -> None:
        self.make, self.columns = make, columns
        self.varied: frozenset[tuple[str, ...]] = frozenset()
        self.run: Any = make(columns, self.varied)
        self.seen, self.due, self.checks, self.in_vain = 0, FEW, 0, 0
        self.is_new = True  # nothing is remembered yet
        self.sample: list[Any] | None = []  # rows that are looked at once, for what hardly varies

    def __call__(self, rows: Sequence[Any], *rest: Any) -> Packed:
        found: Packed = self.run(rows, *rest)
        if self.checks < CHECKS:
            if self.sample is not None and len(self.sample) < together.SAMPLE:
                self.sample += rows[: together.SAMPLE]
            self.seen += len(rows)
            if self.seen >= self.due:
                self._look(rows[:FEW])
        return found

    def _look(self, rows: Sequence[Any]) -> None:
        """Write the function anew without the memos that miss often, and as rows mostly are; asked seldom, and more and more so."""
        varied = self._kept() | {asked for asked, memo in self.run.memos.items() if memo.missed > self._limit(asked, memo)}
        for memo in self.run.memos.values():
            memo.missed = 0
        self.seen, self.due, self.checks = 0, self.due * 2, self.checks + 1
        if self.columns is not None and COMPLETE not in varied and _share(self.columns, rows) > MOST:
            varied |= {COMPLETE}
        if UNCUT not in varied and _is_uncut(self.columns, rows):
            varied |= {UNCUT}
        if self.sample is not None:
            looked_up = [asked for asked in self.run.asked if asked not in varied]
            values = together.sampled({name for asked in looked_up for name in asked}, self.sample, self.columns)
            varied |= {(TOGETHER, *group) for group in together.hardly_varying(looked_up, values)}
            self.sample = None
        self.is_new = varied != self.varied
        if self.is_new:
            self.varied = frozenset(varied)
            self.run = self.make(self.columns, self.varied)

    def _kept(self) -> set[tuple[str, ...]]:
        """Return what is known to vary, and what hardly varies unless its look-up misses after all."""
        limit = self.seen * (together.AT_FIRST if self.is_new else together.TOO_OFTEN)
        memos = self.run.memos
        return {one for one in self.varied if one[0] != TOGETHER or one[1:] not in memos or memos[one[1:]].missed <= limit}

    def _limit(self, asked: tuple[str, ...], memo: Any) -> float:
        if (TOGETHER, *asked) in self.varied:
            return self.seen  # it is judged by itself
        return self.seen * (AT_FIRST if self.is_new and memo.combines else OFTEN)
