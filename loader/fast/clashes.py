"""JSON records with members that bear the names of objects of the document: ``user`` beside a mapped ``user.name``.

Where the member and the object have no name in common, the text of both is put together. Else the text of the object is read back and joined
with the member as stages/mapping.py and stages/declared.py do it, in their order. What would take more than the text for that raises Odd:
that record goes the plain way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import orjson

from loader import schema
from loader.fast.conformed import Conform, conformer
from loader.fast.layout import Tree, leaves
from loader.fast.leaves import Leaf, Odd, named
from loader.fast.objects import with_file
from loader.paths import reader
from loader.stages import typed
from loader.stages.tidy import NOTHING, tidy_object

TIME = "@timestamp"
CONTAINERS = frozenset({dict, list})
ABSENT = object()
Record = dict[str, Any]
Apart = dict[str, tuple[Any, bytes]]  # by name, a member and the text of the members that join it


class Clashes:
    """What may clash with the objects of one type. ``places`` are what the mapping makes in any case, for a table; ``asked`` are fields of rules.

    With ``names``, those that outputs of ECS alone keep, as a tree, there are such outputs: they get all members with names of ECS.
    """

    def __init__(self, tree: Tree, places: Collection[str], asked: Sequence[str] = (), names: Record | None = None, doc_id: str = "") -> None:
        self.tree, self.places = tree, frozenset(places)
        self.ecs: dict[str, Conform] = {top: conformer(top, names[top]) for top in schema.tops()} if names is not None else {}
        nowhere = {place for place in places if _at(tree, place) is None}
        self.names = (tree.keys() | self.ecs.keys() | {TIME}) - {path.partition(".")[0] for path in (*asked, *nowhere)}
        self.shared = [reader(path) for path in (*_shared(tree), doc_id) if path.partition(".")[0] in tree]
        self.inside = {top: len(named(top)) + 2 for top in tree}  # where the members of an object begin in its text with a comma before it
        self.joined = {top for top, node in tree.items() if _may_stay_text(top, node, conformed=names is not None)}

    def blend(self, row: Record, time: str, texts: Sequence[str]) -> tuple[dict[str, str], Apart]:
        """Join ``texts``, those of the tree's objects in their order, each with a comma before it, with the members of a record.

        Returns those for which it has no member, and those that are still apart from theirs.
        """
        if self.shared and any(read(row).__class__ in CONTAINERS for read in self.shared):
            raise Odd  # it would stand in the document twice, and what is joined to it here would show there
        if TIME in row:
            row[TIME] = time
        kept: dict[str, str] = {}
        apart: Apart = {}
        for (top, node), text in zip(self.tree.items(), texts, strict=True):
            if top not in row:
                kept[top] = text
            elif text and top in self.joined and ((old := row[top]).__class__ is not dict or old.keys().isdisjoint(node)):
                apart[top] = old, text[self.inside[top] : -1].encode()
            else:
                self._join(row, top, node, _told(text)[top] if text else ABSENT, top, row)
        return kept, apart

    def whole(self, row: Record, apart: Apart) -> bytes:
        """Return a record that was blended, tidy, as JSON without its last brace; it is changed."""
        for top, (old, inside) in apart.items():
            row[top] = _together(old, inside)
        tidy_object(row)
        return orjson.dumps(row)[:-1] if row else b"{"

    def only(self, row: Record, kept: dict[str, str], apart: Apart, time: str, event: bytes, identity: str, original: str | None, path: str) -> bytes:
        """Return the document for outputs of ECS alone, of a record that was blended. ``event`` is the text of that object, where it is kept;
        ``original`` the raw text, None where it is left out, and ``path`` the text of where the record is from.
        """
        found = self._conformed(row, apart, identity)
        others = {name: text for name, text in kept.items() if text and name != "event"}
        if original is not None:
            if "event" in found:
                found["event"] = {**found["event"], "original": original}
            if "log" in found:
                found["log"] = (found["log"] if found["log"].__class__ is dict else {}) | orjson.loads(f"{{{path[1:]}}}")["log"]
            else:
                others["log"] = with_file(others.get("log", ""), path) or path
        pieces = [b"," + orjson.dumps(found)[1:-1] if found else b"", b"" if TIME in row else f',"{TIME}":"{time}"'.encode()]
        pieces += [b',"event":%b' % event if "event" in kept else b"", "".join(others.values()).encode()]
        return b"{%b}" % b"".join(pieces)[1:]

    def _conformed(self, row: Record, apart: Apart, identity: str) -> Record:
        """Return the members that bear names of ECS, tidy and as ECS has them."""
        found = {}
        for name, value in row.items():
            if (conform := self.ecs.get(name)) is None:
                continue
            if name in apart:
                old, inside = apart[name]
                found[name] = _together(old, inside, conform)
                continue
            held = {name: value}
            tidy_object(held)
            if name == "event" and "id" not in value:
                value["id"] = identity
            if held and (told := conform(held[name])) is not None:
                found[name] = told
        return found

    def _join(self, holder: Record, key: str, node: Leaf | Tree, found: Any, path: str, row: Record) -> None:
        """Join what was found for a leaf or an object with what ``holder`` has there."""
        old = holder[key]
        if not isinstance(node, Leaf) and old.__class__ is dict:
            below = {} if found is ABSENT else found
            for name, one in node.items():
                if name in old:
                    self._join(old, name, one, below.get(name, ABSENT), f"{path}.{name}", row)
                elif name in below:
                    old[name] = below[name]
        elif found is ABSENT:
            self._leave(holder, key, node, path, row)
        elif isinstance(node, Leaf) and found.__class__ is old.__class__ is dict:
            raise Odd
        else:
            holder[key] = found

    def _leave(self, holder: Record, key: str, node: Leaf | Tree, path: str, row: Record) -> None:
        """Do with a member what is done where nothing is left of what was found once it is tidied."""
        old = holder[key]
        if path in self.places or (isinstance(node, Leaf) and node.certain):
            if old.__class__ is dict:
                raise Odd
            del holder[key]
        elif old.__class__ in CONTAINERS or old not in NOTHING:  # it stays, unless something was found that says nothing
            for leaf in [node] if isinstance(node, Leaf) else leaves(node):
                for name in leaf.inputs:
                    if name[0] not in "%@" and (self._may_be_changed(name, row) or reader(name)(row).__class__ in CONTAINERS):
                        raise Odd

    def _may_be_changed(self, path: str, row: Record) -> bool:
        """Tell whether something may have been joined to what a record has at a path."""
        top, *below = path.split(".")
        node = self.tree.get(top)
        return node is not None and top in row and (isinstance(node, Leaf) or not below or below[0] in node or below[0].isdecimal())


def _together(old: Any, inside: bytes, conform: Conform | None = None) -> orjson.Fragment:
    """Return an object of the members of ``old``, where that is one, tidy, and those that the text ``inside`` has."""
    if old.__class__ is dict:
        tidy_object(old)
        if old and (kept := conform(old) if conform else old):
            return orjson.Fragment(b"%b,%b}" % (orjson.dumps(kept)[:-1], inside))
    return orjson.Fragment(b"{%b}" % inside)


def _told(text: str) -> Record:
    """Return an object by its name, as its text with a comma before it says; raises Odd for what would be written in another way."""
    body = f"{{{text[1:]}}}".encode()
    found: Record = orjson.loads(body)
    if orjson.dumps(found) != body or b":null" in body:  # whole numbers of more than 64 bits; what was infinite
        raise Odd
    return found


def _may_stay_text(top: str, node: Leaf | Tree, *, conformed: bool) -> bool:
    """Tell whether an object may join a member as text: for outputs of ECS alone all of it must be as ECS has it."""
    if isinstance(node, Leaf) or not conformed:
        return not isinstance(node, Leaf)
    return top not in ("event", "log") and all(leaf.call is None and kind not in typed.AS_IT_IS for kind, leaf in _kinds(node, top))


def _at(tree: Tree, path: str) -> Leaf | Tree | None:
    node: Any = tree
    for step in path.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    return node  # type: ignore[no-any-return]


def _kinds(tree: Tree, above: str = "") -> Iterator[tuple[str, Leaf]]:
    """Yield the leaves of a tree with the types that ECS gives them."""
    for key, node in tree.items():
        path = f"{above}.{key}" if above else key
        if isinstance(node, Leaf):
            yield typed.kind(path), node
        else:
            yield from _kinds(node, path)


def _shared(tree: Tree) -> Iterator[str]:
    """Yield the sources of fields that take any value as it is."""
    for kind, leaf in _kinds(tree):
        if kind in typed.AS_IT_IS:
            yield from leaf.inputs
