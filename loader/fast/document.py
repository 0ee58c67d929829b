"""The document of a log type as a tree of leaves: what its section maps, its constants, what the key of the object tells, the table of its hook."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import Any

from loader import schema
from loader.fast import leaves
from loader.fast.layout import Tree, plant
from loader.fast.leaves import Leaf, Unfit
from loader.stages import declared, ecs, typed

STAND_INS = {"@log_s3key": "%key", "@log_s3bucket": "%bucket"}


class Sources:
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


def document(groups: Any, constants: dict[str, Any], rows: declared.Rows, sources: Sources, *, derives: bool) -> Tree:
    """Return the objects of the document in their order: that of stages/mapping.py, then that of the table; raises Unfit."""
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
    for below in tree.values():  # an object that stays empty takes the place of a field all the same, one inside it that of nothing
        _prune(below)
    return tree


def _prune(node: Leaf | Tree) -> None:
    """Take out the objects in an object that nothing is ever put in."""
    if not isinstance(node, Leaf):
        for key, below in [*node.items()]:
            _prune(below)
            if not isinstance(below, Leaf) and not below:
                del node[key]


def _check_table(tree: Tree, rows: declared.Rows) -> None:
    """Raise Unfit for a table that reads what is set by then: the functions here know the record as it was parsed."""
    targets = [target for row in rows for target in row.targets]
    if any(name[0] == "@" for name in (*tree, *targets)):
        raise Unfit("it sets what records are stamped with")
    tops = {*tree, *(target.partition(".")[0] for target in targets)}
    set_there = {tuple(target.split(".")[:2]) for target in (*_paths(tree), *targets)}
    for row in rows:
        for source in row.sources:
            top, *below = source.split(".")
            beside = below and (top,) not in set_there and (top, below[0]) not in set_there and not below[0].isdecimal()
            if top in tops and not beside:  # beside what is set the member of a record is as it was
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


def check_ecs(tree: Tree, listed: set[str], own: set[str] | None, *, origin: bool = True) -> None:
    """Raise Unfit for what outputs of ECS alone would treat in ways of their own: they keep names of ECS, and of ``listed`` targets.

    ``own`` are the fields of the record, where they are known. With ``origin`` they say which object a record is from.
    """
    if origin and "file" in tree.get("log", {}):
        raise Unfit("it maps to log.file, where outputs of ECS alone say which object a record is from")
    names = {*schema.fields()}
    for target in _paths(tree):
        if target not in names or any(name.startswith(f"{target}.") for name in names):
            raise Unfit(f"ECS has no field {target!r}")
    if own is None:
        if listed - tree.keys():
            raise Unfit(f"{min(listed - tree.keys())} is listed, and nothing is mapped to it")
    else:
        for name in own & (schema.tops() | listed):
            first = origin and name == "log"
            if name not in tree or isinstance(tree[name], Leaf) or first or any(typed.is_array(target) for target in _paths({name: tree[name]})):
                raise Unfit(f"its field {name!r} has a name of ECS")


def _paths(tree: Tree, above: str = "") -> list[str]:
    found = []
    for key, node in tree.items():
        found += [above + key] if isinstance(node, Leaf) else _paths(node, f"{above}{key}.")
    return found
