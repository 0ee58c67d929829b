"""A document's objects as a tree of leaves, and the tree cut to fragments: runs of neighbours that depend on the same inputs.

A fragment is text that one look-up gives. ``Cell`` gathers all fragments of the same inputs, so that one look-up gives them all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from loader.fast.leaves import INGESTED, Leaf, Values, member, named

Tree = dict[str, Any]  # name -> Leaf or Tree


@dataclasses.dataclass(slots=True)
class Fragment:
    """Neighbours in an object: their text stands between ``before`` and ``after`` where there is any, with commas in between."""

    nodes: list[tuple[str, Leaf | Tree]]
    before: str = ""
    after: str = ""
    certain: bool = False  # never empty


@dataclasses.dataclass(slots=True)
class Cell:
    """All fragments that depend on the same ``asked`` inputs; ``inputs`` are these and what the chunk has."""

    number: int
    asked: tuple[str, ...]
    inputs: list[str]
    fragments: list[Fragment] = dataclasses.field(default_factory=list)

    @property
    def varied(self) -> bool:
        """Whether a hook's table says that the values hardly repeat."""
        return any(leaf.varied for fragment in self.fragments for leaf in leaves(dict(fragment.nodes)))

    def texts(self, values: Values) -> tuple[str, ...]:
        """Return the texts of all fragments for the values of ``inputs``."""
        told = dict(zip(self.inputs, values, strict=True))
        return tuple(text(fragment, told) for fragment in self.fragments)


def text(fragment: Fragment, told: dict[str, Any]) -> str:
    """Return the text of a fragment for these inputs, '' where nothing is there."""
    found = ",".join(part for key, node in fragment.nodes if (part := _part(key, node, told)))
    return f"{fragment.before}{found}{fragment.after}" if found else ""


def _part(key: str, node: Leaf | Tree, told: dict[str, Any]) -> str:
    if isinstance(node, Leaf):
        return member(key, node.compute(tuple(map(told.__getitem__, node.inputs))))
    inner = ",".join(part for name, below in node.items() if (part := _part(name, below, told)))
    return f"{named(key)}{{{inner}}}" if inner else ""


def leaves(tree: Tree) -> Iterator[Leaf]:
    """Yield all leaves of a tree."""
    for node in tree.values():
        if isinstance(node, Leaf):
            yield node
        else:
            yield from leaves(node)


def plant(tree: Tree, target: str, leaf: Leaf) -> None:
    """Put a leaf into the tree; raises ValueError where a value stands in its way."""
    *parents, last = target.split(".")
    for step in parents:
        tree = tree.setdefault(step, {})
        if isinstance(tree, Leaf):
            raise ValueError(f"{target!r} lies below a value")
    if isinstance(tree.get(last), dict):
        raise ValueError(f"{target!r} is an object already")
    tree[last] = leaf


def asked(node: Leaf | Tree) -> set[tuple[str, ...]]:
    """Return the sets of inputs of a record that what is in a node depends on; a chunk's own time counts as one."""
    found = set()
    for leaf in [node] if isinstance(node, Leaf) else leaves(node):
        if INGESTED in leaf.inputs:
            found.add((INGESTED,))
        elif leaf.asked:
            found.add(leaf.asked)
    return found


def given(nodes: Iterable[Leaf | Tree]) -> list[str]:
    """Return what the nodes need of the chunk."""
    found = [leaf for node in nodes for leaf in ([node] if isinstance(node, Leaf) else leaves(node))]
    return [*dict.fromkeys(name for leaf in found for name in leaf.inputs if name[0] == "%")]


def is_certain(node: Leaf | Tree) -> bool:
    """Tell whether something of a node is always there: a constant."""
    return any(leaf.certain for leaf in ([node] if isinstance(node, Leaf) else leaves(node)))
