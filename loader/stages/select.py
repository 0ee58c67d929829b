"""What of a record a destination gets: ``fields = full | ecs | lean``, then its ``keep`` and ``drop`` lists. Records are not changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from loader import schema
from loader.batch import Record
from loader.paths import put, reader

Tree = dict[str, Any]  # name -> tree below it; an empty one takes everything
ALL: Tree = {}


def prepare(fields: str, keep: Sequence[str], drop: Sequence[str], mapped: Sequence[str] = ()) -> Callable[[Record], Record] | None:
    """Return ``select(record)``, or None when the whole record is wanted. ``mapped`` are targets to keep though ECS lacks them."""
    steps: list[Callable[[Record], Record]] = []
    if fields != "full":
        steps.append(_ecs_only(tree_of(tuple(mapped)), original=fields == "ecs"))
    if keep:
        steps.append(_keeper(keep))
    if drop:
        steps.append(_dropper([name.split(".") for name in drop]))
    if len(steps) < 2:
        return steps[0] if steps else None

    def select(record: Record) -> Record:
        for step in steps:
            record = step(record)
        return record

    return select


@cache
def tree_of(mapped: tuple[str, ...]) -> Tree:
    """Return the names of ECS, and ``mapped``, as nested dicts."""
    tree: Tree = {}
    for name in (*schema.fields(), *mapped):
        *parents, leaf = name.split(".")
        node = tree
        for step in parents:
            node = node.setdefault(step, {})
        node.setdefault(leaf, {})
    return tree


def _ecs_only(tree: Tree, *, original: bool) -> Callable[[Record], Record]:
    def select(record: Record) -> Record:
        found = pruned(record, tree)
        if original and "@message" in record:
            event = found.get("event")
            found["event"] = {**event, "original": record["@message"]} if isinstance(event, dict) else {"original": record["@message"]}
        if original and "@log_s3key" in record:
            log = found.get("log")
            path = f"s3://{record.get('@log_s3bucket', '')}/{record['@log_s3key']}"
            found["log"] = {**(log if isinstance(log, dict) else {}), "file": {"path": path}}
        return found

    return select


def pruned(record: Record, tree: Tree) -> Record:
    """Return what of a record has a name of the tree."""
    found: Record = {}
    for key, value in record.items():
        below = tree.get(key)
        if below is None or value is None:
            continue
        if not below or value.__class__ is list:
            found[key] = value
        elif value.__class__ is dict and (kept := pruned(value, below)):
            found[key] = kept
    return found


def _keeper(names: Sequence[str]) -> Callable[[Record], Record]:
    above = tuple(f"{name}." for name in names)
    wanted = [(name, reader(name)) for name in names if not name.startswith(above)]  # what lies below another comes with it, uncopied

    def select(record: Record) -> Record:
        found: Record = {}
        for name, read in wanted:
            value = read(record)
            if value is not None:
                put(found, name, value)
        return found

    return select


def _dropper(paths: Sequence[Sequence[str]]) -> Callable[[Record], Record]:
    def select(record: Record) -> Record:
        record = dict(record)
        for *parents, leaf in paths:
            node: Any = record
            for step in parents:
                below = node.get(step)
                if not isinstance(below, dict):
                    break
                below = node[step] = dict(below)
                node = below
            else:
                node.pop(leaf, None)
        return record

    return select
