"""Find and call ``transform(logdata)`` of ``sf_<type>.py``, the Python a log type brings along.

Folders are searched in order, a site's before ours; dashes in a type's name are underscores in the file's. A hook that raises
or returns None costs nothing but its own work: the record goes on as the hook left it, ``error.message`` says so.

A file may also have ``prepare(log_type)``, called once: what it returns, if it can be called, is the ``transform`` of that type.
A ``transform`` that returns a list makes as many records of one, an empty one drops it.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import logging
import sys
import traceback
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from loader.batch import OVERDUE, Batch, Record
from loader.errors import Overdue
from loader.memo import Memo
from loader.options import COMPAT, TypeOption, text
from loader.section import Section
from loader.stages import declared, table
from loader.watchdog import within

SCRIPT = TypeOption(text, "", name="script_ecs", doc="Any text switches the hook sf_<type>.py on; by custom, the fields it sets.")
OPTIONS = (SCRIPT,)
CONTROL = ("__index_name", "__index_dt", "__doc_id_suffix")
IGNORED = ("is_ignored", "ignored_reason")  # the first decides
CONTROLS = frozenset({*CONTROL, *IGNORED})
Transform = Callable[[Record], Any]
log = logging.getLogger(__name__)


class Hook(NamedTuple):
    """A type's hook: ``run(batch)``, None when it has none; whether records stay tidy; the rows of its table, where that is all there is."""

    run: Callable[[Batch], None] | None = None
    tidy: bool = True
    rows: declared.Rows = ()


def prepare(log_type: Section, folders: Iterable[Path], mapped: Collection[str] = ()) -> Hook:
    """Return the hook of a log type; ``mapped`` are fields that the mapping fills. A missing or broken file is a problem of the type.

    Records stay tidy without a hook, with one that is a table (``DERIVED``) alone, and with one whose file says ``TIDY = True``: it makes
    the ECS objects that it needs and sets no empty values. Any other hook finds the objects around mapped fields made, empty or not.
    """
    with contextlib.redirect_stdout(sys.stderr):  # what a file prints while it is read is no document
        module = load(log_type, folders) if log_type.read(SCRIPT) else None
        rows = declared.rows_of(module, log_type, SCRIPT)
        transform = _transform(module, log_type) if module else None
    if rows and transform is None:
        return Hook(_Runner(log_type, Memo(lambda names: table.applier(rows, mapped, names), 256).__getitem__, rows).run, True, rows)
    if transform is None:
        return Hook()
    derive = table.applier(rows, mapped) if rows else None
    both = transform if derive is None else lambda record: transform(derive(record))
    return Hook(_Runner(log_type, lambda names: both).run, bool(getattr(module, "TIDY", False)))


class _Runner:
    """One type's hook at work on batches; ``chosen`` returns its function for the fields that records may have."""

    def __init__(self, log_type: Section, chosen: Callable[[frozenset[str] | None], Transform], rows: declared.Rows = ()) -> None:
        self.name, self.chosen = log_type.name, chosen
        self.transform: Transform
        self.harmless = bool(rows) and CONTROLS.isdisjoint(target for row in rows for target in row.targets)  # sets no control keys
        self.silent = bool(log_type.read(COMPAT))  # the es-loader told its log alone

    def run(self, batch: Batch) -> None:
        """Call the hook for each record, in place; what it drops counts as excluded."""
        self.transform = self.chosen(batch.names)
        alike = _set_aside(batch)
        many, controlled = self._each(batch)
        if not self.harmless and len(batch.records) > 1 and len(set(map(id, batch.records))) < len(batch.records):
            raise TypeError("transform returned one record for several: they are looked at one by one")
        _conclude(batch, many, controlled)
        for record, fields in alike:
            record.update({name: value for name, value in fields.items() if name not in record})

    def _each(self, batch: Batch) -> tuple[dict[int, list[Record]], list[int]]:
        """Put what the hook returns in the place of each record; return by place what it made many of, and where it set control keys."""
        transform: Transform = functools.partial(self.timed, batch.seconds) if batch.seconds else self.transform
        unread = frozenset(place for place, meta in enumerate(batch.metas or ()) if meta.error)
        records, failures, harmless = batch.records, 0, self.harmless
        many: dict[int, list[Record]] = {}
        controlled: list[int] = []
        for index, record in enumerate(records):
            if unread and index in unread:
                continue
            try:
                done = transform(record)
                if done is not record and (made := _made(record, done)) is not None:
                    many[index] = made
                    continue
            except BaseException as why:  # noqa: BLE001  # the seam around a step that may fail without losing the record
                if isinstance(why, KeyboardInterrupt) or (isinstance(why, Overdue) and not batch.seconds):
                    raise  # Overdue is of the whole chunk then: whose fault it is shows record by record
                done = record
                self.failed(batch, record, why, first=not failures)
                failures += 1
            if harmless:
                continue
            records[index] = done
            if "__index_name" in done or "__doc_id_suffix" in done or "__index_dt" in done or "is_ignored" in done or "ignored_reason" in done:
                controlled.append(index)
        if failures:
            batch.flags["hook failed"] += failures
        return many, controlled

    def timed(self, seconds: float, record: Record) -> Any:
        """Call the hook and wait no longer than so many seconds; raises Overdue."""
        with within(seconds):
            return self.transform(record)

    def failed(self, batch: Batch, record: Record, why: BaseException, *, first: bool) -> None:
        """Say in the record that its hook failed, and for the first of a batch in the log."""
        if isinstance(why, Overdue):
            batch.flags[OVERDUE] += 1
        if not self.silent:
            note_error(record, f"sf_{self.name.replace('-', '_')}: {type(why).__name__}: {why}")
        if first:
            debugged = log.isEnabledFor(logging.DEBUG)
            log.warning("hook of %s failed on %s: %s: %s%s", self.name, batch.source.uri, type(why).__name__, why, _line(why), exc_info=debugged)


def _made(record: Record, done: Any) -> list[Record] | None:
    """Return the records of a list that a hook has returned, None for one that is the record; raises TypeError for anything else."""
    if isinstance(done, list):
        return parts(record, done)
    if not isinstance(done, dict):
        raise TypeError(f"transform returned {'None' if done is None else type(done).__name__}, not the record")
    _stamp(done, record)
    return None


def _stamp(part: Record, record: Record) -> None:
    """Give another record than the one a hook was given what that was stamped with."""
    part.update({name: value for name, value in record.items() if name[:1] == "@" and name not in part})


def _set_aside(batch: Batch) -> list[tuple[Record, Record]]:
    """Take fields that only bear the names of control keys out of the records, and return both: a log must not hide itself."""
    if batch.names is not None and batch.names.isdisjoint(CONTROLS):
        return []
    named = [record for record in batch.records if not record.keys().isdisjoint(CONTROLS)]
    return [(record, {name: record.pop(name) for name in CONTROLS if name in record}) for record in named]


def parts(record: Record, found: list[Any]) -> list[Record]:
    """Return the records that a hook has made of one, each stamped as that one is; from the second on their ids are numbered.

    Raises TypeError when one is no dict, or stands there twice.
    """
    for place, part in enumerate(found):
        if not isinstance(part, dict):
            raise TypeError(f"transform returned a list with {type(part).__name__} in it, not records alone")
        _stamp(part, record)
        if place:
            part.update({name: {**value} for name, value in part.items() if isinstance(value, dict)})  # a copy of a record shares them with it
            if "@id" in part and part["@id"] == record.get("@id", part["@id"]):
                part["@id"] = f"{part['@id']}_{place}"
    if len({id(part) for part in found}) < len(found):
        raise TypeError("transform returned a list with one record twice: make copies of it")
    return found


def _conclude(batch: Batch, many: dict[int, list[Record]], controlled: list[int]) -> None:
    """Put records made of one in its place, take control keys out of the others, and drop those that are to be ignored."""
    ignored = frozenset(index for index in controlled if take_controls(batch, batch.records[index]))
    for index, made in many.items():
        many[index] = [part for part in made if not take_controls(batch, part)]
        hidden = len(made) - max(1, len(many[index]))  # of one that became none, spread counts one
        if hidden > 0:
            batch.made += hidden
            batch.excluded += hidden
    if many:
        batch.spread(many, ignored)
    elif ignored:
        batch.keep([index not in ignored for index in range(len(batch.records))])


def take_controls(batch: Batch, record: Record) -> bool:
    """Take the control keys out of a record and tell whether it is to be ignored; those that say where it belongs are kept aside."""
    control = {key: record.pop(key) for key in CONTROL if key in record}
    if control:
        batch.controls[id(record)] = control
    ignored = [record.pop(key) for key in IGNORED if key in record]
    return bool(ignored and ignored[0])


def _transform(module: ModuleType, log_type: Section) -> Transform | None:
    """Return the hook's function for this type; what its ``prepare`` raises is noted as a problem."""
    transform: Transform | None = getattr(module, "transform", None)
    if callable(getattr(module, "prepare", None)):
        try:
            prepared = module.prepare(log_type)
        except (Exception, SystemExit) as why:  # noqa: BLE001  # a user's file may fail in any way
            log_type.problem(SCRIPT.name, f"prepare(log_type) of the hook {module.__file__} raises {type(why).__name__}: {why}")
            return None
        transform = prepared if callable(prepared) else transform
    return transform


def filenames(name: str) -> tuple[str, ...]:
    """Return the names that the file of a log type's hook may have, the one that goes first being first."""
    return tuple(dict.fromkeys((f"sf_{name.replace('-', '_')}.py", f"sf_{name}.py")))


def find(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the file of a log type's hook, None where no folder has it."""
    files = (folder / filename for folder in folders for filename in filenames(name))
    return next((file for file in files if file.is_file()), None)


def load(log_type: Section, folders: Iterable[Path]) -> ModuleType | None:
    """Import the hook's file, which has a ``transform``; what is wrong is noted as a problem."""
    searched = tuple(folders)
    file = find(log_type.name, searched)
    if file is None:
        places = ", ".join(dict.fromkeys(map(str, searched)))
        message = f"the hook {filenames(log_type.name)[0]} does not exist in {places}"
        log_type.problem(SCRIPT.name, message, "add the file, or leave script_ecs empty")
        return None
    try:
        module = _import(file)
    except (Exception, SystemExit) as why:  # noqa: BLE001  # a user's file may fail in any way
        log_type.problem(SCRIPT.name, f"the hook {file} cannot be imported: {type(why).__name__}: {why}")
        return None
    if not callable(getattr(module, "transform", None)) and not hasattr(module, "DERIVED"):
        log_type.problem(SCRIPT.name, f"the hook {file} has no function transform(logdata), and no table DERIVED")
        return None
    return module


def _import(file: Path) -> ModuleType:
    """Import a hook's file. What stands beside it can be imported by it, as the es-loader had it: its folder is on the path, behind all else."""
    folder = str(file.parent)
    if folder not in sys.path:
        sys.path.append(folder)
    name = f"sluice_hooks.{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]  # dataclasses look their module up there
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def _line(why: BaseException) -> str:
    """Return where in the hook's file it was raised, as far as that is known."""
    frames = traceback.extract_tb(why.__traceback__)
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if len(frames) > 1 else ""


def note_error(record: Record, message: str) -> None:
    """Set ``error.message``, behind what it says already."""
    error = record.get("error")
    if isinstance(error, dict):
        error["message"] = f"{error['message']}; {message}" if error.get("message") else message
    else:
        record["error"] = {"message": message}
