"""Decides whether a log type can run as a generated function, and builds it.

What cannot be is run step by step: types with a step of their own between parsing and packing, a hook that is a function, or an output
whose bodies are not plain JSON. ``why_not`` says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from loader import schema
from loader.api import Formatter, Output
from loader.fast import leaves
from loader.fast.excluded import Rules
from loader.fast.layout import Tree, plant
from loader.fast.leaves import Leaf, Unfit
from loader.fast.records import RecordWriter
from loader.fast.run import Fast
from loader.fast.texts import TextWriter
from loader.fast.writer import FULL, Exit, Writer
from loader.frames import Columns
from loader.jsontext import CONTROL
from loader.options import COMPAT
from loader.section import Section
from loader.stages import clock, declared, ecs, exclude, own_logs, stamp, typed
from loader.stages.hooks import CONTROLS
from loader.stages.tidy import LARGE_RECORD

KNOWN = frozenset({"carrier", "own logs", "exclude", "stamp", "ecs", "hook", "exclude again"})  # the steps that the generated functions do
STAND_INS = {"@log_s3key": "%key", "@log_s3bucket": "%bucket"}


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
    time = clock.quick(log_type, log_type.read(stamp.RENAMED))
    if time is None:
        raise Unfit("its time may depend on more than the record")
    make = _maker(log_type, exits, rows, time, _rules(rules))
    return Fast(log_type.name, make, derives=bool(log_type.read(ecs.PROVIDER)))


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


def _maker(log_type: Section, exits: Sequence[Exit], rows: declared.Rows, time: Any, rules: Rules | None) -> Callable[..., Callable[..., Any]]:
    """Return a function that writes the one for texts with these columns, or for JSON objects."""
    renamed = {new: log_type.text(new) or "" for new in log_type.read(stamp.RENAMED)}
    groups, constants, doc_id = ecs.targets(log_type), ecs.constants(log_type), log_type.read(stamp.DOC_ID)
    derives, title = bool(log_type.read(ecs.PROVIDER)), f"records of {log_type.name}"
    listed = {target.partition(".")[0] for target in (*log_type.read(ecs.ECS), *log_type.read(ecs.STATIC))}

    def make(columns: Columns | None, varied: frozenset[tuple[str, ...]]) -> Callable[..., Any]:
        known = _known(columns, renamed, hooked=bool(rows))
        tree = _tree(groups, constants, rows, _Sources(columns.names if columns else None, known), derives=derives)
        if known.keys() & tree.keys():
            raise Unfit("a renamed field bears the name of an object")
        if any(one.fields != FULL for one in exits):
            _check(tree, listed, {*columns.names, *known} if columns else None)
        writer: Writer
        if columns is None:
            writer = RecordWriter(tree, exits, varied)
            if "." in doc_id or doc_id[:1] == "@":
                raise Unfit(f"its doc_id {doc_id!r} is no plain name")
            writer.clock, writer.doc_id = time, doc_id
        else:
            there = {name: name for name in columns.names if name not in known.values() and "." not in name} | known
            if not (fields := [there[field] for field in time[0] if field in there]):
                raise Unfit("its time is none of the columns")
            writer = TextWriter(tree, exits, varied, columns.names, known, [path for path in declared.places(rows, ()) if "." not in path])
            writer.clock, writer.doc_id = (fields, time[1]), known.get(doc_id, doc_id if doc_id not in known.values() else "")
            writer.split, writer.quotes, writer.apart = columns.split, columns.quotes, columns.apart
        if rules is not None and not rules.fits(tree):
            raise Unfit("an exclusion rule asks for more than values")
        writer.rules, writer.own_logs = rules, own_logs.told_by(log_type)
        return writer.written(title)

    return make


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


class _Sources:
    """What the paths of a section stand for in the records at hand: an input of the function, or nothing."""

    def __init__(self, names: Collection[str] | None, renamed: dict[str, str]) -> None:
        self.names, self.renamed = names, renamed

    def has(self, path: str) -> bool:
        """Tell whether records may have something there."""
        if path[0] in "@%":
            raise Unfit(f"{path} is mapped")
        if self.names is None or "." in path:  # texts have no objects, whatever their fields are called
            return self.names is None
        return path in self.renamed or (path in self.names and path not in self.renamed.values())

    def known(self, row: declared.Row) -> list[tuple[str, bool]]:
        """Return the sources of a row of a table as inputs, and whether there may be anything in each."""
        found = []
        for source in row.sources:
            if source.startswith("@") and source not in STAND_INS and source not in ("@message", "@timestamp"):
                raise Unfit(f"{source} is a source of its table")
            if source in self.renamed.values():
                raise Unfit(f"its table reads {source}, which is renamed")
            found.append((STAND_INS.get(source, self.renamed.get(source, source)), source.startswith("@") or self.has(source)))
        return found


def _tree(groups: Any, constants: dict[str, Any], rows: declared.Rows, sources: _Sources, *, derives: bool) -> Tree:
    """Return the objects of the document in their order: that of stages/mapping.py, then that of the table."""
    tree: Tree = {}
    mapped = {target: found for target, found in groups.items() if target not in constants and any(found)}
    if derives:
        mapped |= {target: mapped.get(target, []) for target in ecs.FROM_KEY}
    try:
        for target, value in constants.items():
            plant(tree, target, leaves.fixed(value))
        plant(tree, "event.ingested", leaves.ingested())
        texts = {target for target in mapped if typed.converter(target)[0] and typed.converter(target)[1] is None}
        kept = {path for target in texts for group in mapped[target] for path in group}
        for target, found in mapped.items():
            leaf = leaves.mapped(target, found, sources.has, kept, derives=derives)
            _reach(tree, target)
            if leaf:
                plant(tree, target, _renamed(leaf, sources.renamed))
            elif any("." in path for group in found for path in group) and any(target in row.targets for row in rows):
                raise ValueError(f"{target} is set by its table, and mapped to what is within a text")  # whose place is kept all the same
        for path in declared.places(rows, ()):
            _reach(tree, f"{path}.")
        _check_table(tree, rows)
        early = {target for row in rows for target in row.targets if _at(tree, target)}
        for row in rows:
            for place, target in enumerate(row.targets):
                leaf = leaves.derived(row, place, sources.known(row))
                below = _at(tree, target)
                if below and target not in early:
                    raise ValueError(f"two rows of its table set {target}: its place is that of the first that says something")
                if leaf:
                    plant(tree, target, leaves.overlaid(below, leaf) if below else leaf)
    except ValueError as why:
        raise Unfit(str(why)) from why
    return tree


def _check_table(tree: Tree, rows: declared.Rows) -> None:
    """Raise Unfit for a table that reads what is set by then: the functions here know the record as it was parsed."""
    targets = [target for row in rows for target in row.targets]
    if any(name[0] == "@" for name in (*tree, *targets)):
        raise Unfit("it sets what records are stamped with")
    tops = {*tree, *(target.partition(".")[0] for target in targets)}
    for row in rows:
        for source in row.sources:
            if source.partition(".")[0] in tops:
                raise Unfit(f"its table reads {source}, which is set by then")


def _renamed(leaf: Leaf, renamed: dict[str, str]) -> Leaf:
    return dataclasses.replace(leaf, inputs=tuple(renamed.get(name, name) for name in leaf.inputs))


def _reach(tree: Tree, target: str) -> None:
    """Make the objects around a target."""
    for step in target.split(".")[:-1]:
        below = tree.setdefault(step, {})
        if isinstance(below, Leaf):
            raise ValueError(f"{target!r} lies below a value")
        tree = below


def _at(tree: Tree, target: str) -> Leaf | None:
    *parents, last = target.split(".")
    for step in parents:
        tree = tree[step]
    found = tree.get(last)
    return found if isinstance(found, Leaf) else None


def _check(tree: Tree, listed: set[str], own: set[str] | None) -> None:
    """Raise Unfit for what outputs of ECS alone would treat in ways of their own: they keep names of ECS, and of ``listed`` targets.

    ``own`` are the fields of the record, where they are known.
    """
    if "log" in tree:
        raise Unfit("it maps to log, where outputs of ECS alone say which object a record is from")
    names = {*schema.fields()}
    for target in _paths(tree):
        if target not in names or any(name.startswith(f"{target}.") for name in names):
            raise Unfit(f"ECS has no field {target!r}")
    if own is None:
        if listed - tree.keys():
            raise Unfit(f"{min(listed - tree.keys())} is listed, and nothing is mapped to it")
    else:
        for name in own & (schema.tops() | listed):
            if name not in tree or isinstance(tree[name], Leaf) or any(typed.is_array(target) for target in _paths({name: tree[name]})):
                raise Unfit(f"its field {name!r} has a name of ECS")


def _paths(tree: Tree, above: str = "") -> list[str]:
    found = []
    for key, node in tree.items():
        found += [above + key] if isinstance(node, Leaf) else _paths(node, f"{above}{key}.")
    return found
