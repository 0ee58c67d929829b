"""Decides whether a log type can run as a generated function, and builds it.

What cannot be is run step by step: types with a step of their own between parsing and packing, a hook that is a function, or an output
whose bodies are not plain JSON. ``why_not`` says so.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from loader.api import Formatter, Output
from loader.cutter import cutter
from loader.fast.clashes import Clashes
from loader.fast.clock import quick
from loader.fast.columnar import ColumnWriter
from loader.fast.document import Sources, check_ecs, document
from loader.fast.excluded import Rules
from loader.fast.layout import Tree
from loader.fast.leaves import Unfit
from loader.fast.records import RecordWriter
from loader.fast.regular import ByColumns
from loader.fast.run import Fast
from loader.fast.texts import TextWriter
from loader.fast.writer import ECS, FULL, UNCUT, Exit, Writer
from loader.frames import Columns
from loader.jsontext import CONTROL
from loader.options import COMPAT
from loader.section import Section
from loader.stages import declared, ecs, exclude, own_logs, select, stamp
from loader.stages.hooks import CONTROLS
from loader.stages.tidy import LARGE_RECORD

KNOWN = frozenset({"carrier", "own logs", "exclude", "stamp", "ecs", "hook", "exclude again"})  # the steps that the generated functions do

Varied = frozenset[tuple[str, ...]]


def build(
    log_type: Section, outputs: Sequence[tuple[Output, Formatter]], steps: Iterable[str], rows: declared.Rows, rules: exclude.Excluder | None = None
) -> Fast:
    """Return the function of a log type; raises Unfit."""
    if other := [step for step in steps if step not in KNOWN]:
        raise Unfit(f"it has the step {other[0]!r}")
    if "hook" in steps and not rows:
        raise Unfit("its hook is a function, not a table")
    if log_type.read(COMPAT):
        raise Unfit("compat is on")
    if ecs.completes(log_type):
        raise Unfit("its account and Region depend on what is mapped to cloud")
    exits = [_exit(log_type, output, formatter) for output, formatter in outputs]
    if not exits:
        raise Unfit("no output takes it")
    time = quick(log_type, log_type.read(stamp.RENAMED))
    if time is None:
        raise Unfit("its time may depend on more than the record")
    make = _Maker(log_type, exits, rows, time, _rules(rules))
    return Fast(log_type.name, make, time[1], derives=make.derives, maps_only=not rows and not make.has_ecs)


def _rules(rules: exclude.Excluder | None) -> Rules | None:
    """Return the rules of a type as far as they are compiled; raises Unfit for others."""
    if rules is None:
        return None
    if rules.counts.names or rules.includes.names:
        raise Unfit("a rule counts or includes")
    if rules.excludes.compounds or rules.excludes.expressions:
        raise Unfit("an exclusion rule asks several things at once")
    return Rules([(question.field, question) for question in rules.excludes.asked])


def _exit(log_type: Section, output: Output, formatter: Formatter) -> Exit:
    wrapping = output.wrapping(log_type)
    if not formatter.compact or wrapping is None:
        raise Unfit(f"{output.name} wants more than JSON behind a constant header")
    if output.keep or output.drop:
        raise Unfit(f"{output.name} keeps or drops single fields")
    most = min(LARGE_RECORD - 1, wrapping.most + len(wrapping.tail) if wrapping.most else LARGE_RECORD)
    return Exit(output.fields, wrapping.head, wrapping.tail, most, wrapping.counted)


class _Maker:
    """Writes the functions of a log type: for texts with certain columns, or for JSON objects."""

    def __init__(self, log_type: Section, exits: Sequence[Exit], rows: declared.Rows, time: Any, rules: Rules | None) -> None:
        self.exits, self.rows, self.time, self.rules = exits, rows, time, rules
        self.renamed = {new: log_type.text(new) or "" for new in log_type.read(stamp.RENAMED)}
        self.groups, self.constants, self.doc_id = ecs.targets(log_type), ecs.constants(log_type), log_type.read(stamp.DOC_ID)
        self.derives, self.title = bool(log_type.read(ecs.PROVIDER)), f"records of {log_type.name}"
        self.names = (*log_type.read(ecs.ECS), *log_type.read(ecs.STATIC))
        self.has_ecs, self.own_logs = any(one.fields != FULL for one in exits), own_logs.told_by(log_type)

    def __call__(self, columns: Columns | None, varied: Varied) -> Callable[..., Any]:
        """Return the function for these columns, or for JSON objects; raises Unfit. ``varied`` is what was learned of the values."""
        known = _known(columns, self.renamed, hooked=bool(self.rows))
        tree = document(self.groups, self.constants, self.rows, Sources(columns.names if columns else None, known), derives=self.derives)
        if {*known, *known.values()} & tree.keys():
            raise Unfit("a renamed field bears the name of an object")
        if self.has_ecs:
            listed = {target.partition(".")[0] for target in self.names}
            check_ecs(tree, listed, {*columns.names, *known} if columns else None, origin=any(one.fields == ECS for one in self.exits))
        if columns is None:
            return self._of_objects(tree, varied).written(self.title)
        run = self._of_texts(TextWriter, tree, columns, known, varied).written(self.title)
        if varied:  # what records mostly are is known
            with contextlib.suppress(Unfit):
                regular = self._of_texts(ColumnWriter, tree, columns, known, varied).written(f"regular {self.title}")
                return ByColumns(regular, run, numbered=self.has_ecs, title=self.title)
        return run

    def _of_objects(self, tree: Tree, varied: Varied) -> RecordWriter:
        writer = RecordWriter(tree, self.exits, varied)
        if self.rows or self.has_ecs:
            places = declared.places(self.rows, {*self.groups, *ecs.FROM_KEY})
            asked = self.rules.fields if self.rules is not None else ()
            writer.clashes = Clashes(tree, places, asked, select.tree_of(self.names) if self.has_ecs else None, self.doc_id)
        if "." in self.doc_id or self.doc_id[:1] == "@":
            raise Unfit(f"its doc_id {self.doc_id!r} is no plain name")
        writer.clock, writer.doc_id = self.time, self.doc_id
        self._ask(writer, tree)
        return writer

    def _of_texts(self, kind: type[TextWriter], tree: Tree, columns: Columns, known: dict[str, str], varied: Varied) -> TextWriter:
        there = {name: name for name in columns.names if name not in known.values() and "." not in name} | known
        if not (fields := [there[field] for field in self.time[0] if field in there]):
            raise Unfit("its time is none of the columns")
        writer = kind(tree, self.exits, varied, columns.names, known, [path for path in declared.places(self.rows, ()) if "." not in path])
        writer.clock = fields, self.time[1]
        writer.doc_id = known.get(self.doc_id, self.doc_id if self.doc_id not in known.values() else "")
        writer.split, writer.quotes, writer.apart = columns.split, columns.quotes, columns.apart
        writer.cutter = cutter(columns.pattern) if columns.pattern is not None and UNCUT not in varied else None
        self._ask(writer, tree)
        return writer

    def _ask(self, writer: Writer, tree: Tree) -> None:
        """Give the writer what leaves records out."""
        if self.rules is not None and not self.rules.fits(tree):
            raise Unfit("an exclusion rule asks for more than values")
        writer.rules, writer.own_logs = self.rules, self.own_logs


def _known(columns: Columns | None, renamed: dict[str, str], *, hooked: bool) -> dict[str, str]:
    """Return the columns that get new names, by these names; raises Unfit where names would be mistaken for something else."""
    if columns is None:
        if renamed:
            raise Unfit("fields of JSON are renamed")
        return {}
    for name in (*columns.names, *renamed):
        if not name or name[0] in "@%" or name == "event" or (hooked and name in CONTROLS) or CONTROL.search(name.encode()):
            raise Unfit(f"its field {name!r} has a name of something else")
    if renamed.keys() & {*columns.names, *renamed.values()} or len({*renamed.values()}) < len(renamed):
        raise Unfit("a renamed field bears the name of another")
    return {new: old for new, old in renamed.items() if old in columns.names}
