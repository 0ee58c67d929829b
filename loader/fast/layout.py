"""A document's objects as a tree of leaves, and the tree cut to fragments: runs of neighbours that depend on the same inputs.

A fragment is text that one look-up gives. ``Cell`` gathers all fragments of the same inputs, so that one look-up gives them all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from loader.fast.leaves import INGESTED, Leaf, Values, named, value_text

Tree = dict[str, Any]  # name -> Leaf or Tree


@dataclasses.dataclass(slots=True)
class Fragment:
    """Neighbours in an object: their text stands between ``before`` and ``after`` where there is any, with commas in between."""

    nodes: list[tuple[str, Leaf | Tree]]
    before: str = ""
    after: str = ""
    certain: bool = False  # never empty
    asks: Callable[[Values], str] | None = None  # instead: the name of an exclusion rule that these values meet, '' for none
    texts: dict[str, str] | None = None  # which the only value has to be one of for that


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

    @property
    def combines(self) -> bool:
        """Whether a function is called with several inputs: their combinations are many, but not endless, and dear."""
        return len(self.asked) > 1 and any(leaf.call for fragment in self.fragments for leaf in leaves(dict(fragment.nodes)))

    def texts(self) -> Callable[[Values], tuple[str, ...]]:
        """Return a function from the values of ``inputs`` to the texts of all fragments."""
        makers = [text(fragment, self.inputs) for fragment in self.fragments]
        return lambda values: tuple([make(values) for make in makers])


def text(fragment: Fragment, inputs: Sequence[str] = ()) -> Callable[[Values], str]:
    """Return a function from the values of ``inputs`` to the text of a fragment, '' where nothing is there."""
    if fragment.asks is not None:
        return fragment.asks
    before, after = fragment.before, fragment.after
    parts = [_part(key, node, inputs) for key, node in fragment.nodes]
    if len(parts) == 1:
        (only,) = parts
        return lambda values: f"{before}{found}{after}" if (found := only(values)) else ""
    return lambda values: f"{before}{found}{after}" if (found := ",".join([one for part in parts if (one := part(values))])) else ""


def _part(key: str, node: Leaf | Tree, inputs: Sequence[str]) -> Callable[[Values], str]:
    name = named(key)
    if isinstance(node, Leaf):
        compute, places = node.compute, [inputs.index(one) for one in node.inputs]
        if places == [*range(len(inputs))]:
            return lambda values: value_text(name, compute(values))
        return lambda values: value_text(name, compute(tuple([values[place] for place in places])))
    parts = [_part(below, one, inputs) for below, one in node.items()]
    return lambda values: f"{name}{{{found}}}" if (found := ",".join([one for part in parts if (one := part(values))])) else ""


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


def asked(node: Leaf | Tree, together: Sequence[tuple[str, ...]] = ()) -> set[tuple[str, ...]]:
    """Return the sets of inputs of a record that what is in a node depends on.

    A chunk's own time counts as one, and so does each group of those ``together``.
    """
    found: set[tuple[str, ...]] = set()
    for leaf in [node] if isinstance(node, Leaf) else leaves(node):
        if INGESTED in leaf.inputs:
            found.add((INGESTED,))
        elif leaf.asked:
            wide = [] if leaf.varied else [group for group in together if {*leaf.asked}.issubset(group)]
            found.add(wide[0] if wide else leaf.asked)
    return found


def given(nodes: Iterable[Leaf | Tree]) -> list[str]:
    """Return what the nodes need of the chunk."""
    found = [leaf for node in nodes for leaf in ([node] if isinstance(node, Leaf) else leaves(node))]
    return [*dict.fromkeys(name for leaf in found for name in leaf.inputs if name[0] == "%")]


def is_certain(node: Leaf | Tree) -> bool:
    """Tell whether something of a node is always there: a constant."""
    return any(leaf.certain for leaf in ([node] if isinstance(node, Leaf) else leaves(node)))
