"""Lines that call the functions of a hook's table for a record, and write what they give."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import orjson

from loader.fast.fragments import Fragments
from loader.fast.layout import Cell, Fragment, Tree
from loader.fast.leaves import Call, Leaf, member, named, says, value_text
from loader.fast.objects import Objects, literal
from loader.memo import Memo
from loader.stages import declared

PLAIN = frozenset({str, int, type(None)})
TEXT = frozenset({str})
SHORT = 17
FEW = 1024


class Host(Protocol):
    """What writes the function: see Writer."""

    of_json: bool
    space: dict[str, Any]
    body: list[str]
    objects: Objects

    def constant(self, name: str, value: Any) -> str: ...  # noqa: D102
    def fragments(self, cell: Cell) -> Fragments: ...  # noqa: D102
    def variable(self, name: str) -> str: ...  # noqa: D102
    def value(self, name: str) -> str: ...  # noqa: D102
    def quoted(self, name: str) -> str: ...  # noqa: D102
    def says(self, name: str) -> str: ...  # noqa: D102


class Calls:
    """Writes such lines for one function."""

    def __init__(self, writer: Host) -> None:
        self.writer = writer
        self.results: dict[Any, str] = {}

    def lines(self, fragment: Fragment) -> list[str]:
        """Call the functions of the table that give the leaves, each once for a record, and write what they give."""
        paths = [*_paths(dict(fragment.nodes))]
        values = [self._value(leaf) for _, leaf in paths]
        name, number = self.writer.objects.names[id(fragment)], len(self.writer.space)
        if len(values) > 1 or len(paths[0][0]) > 1:
            lines = self._written(fragment, [(path, value) for (path, _), value in zip(paths, values, strict=True)])
            if any(leaf.varied or leaf.below for _, leaf in paths):
                return lines
            known = self.writer.constant(f"r{len(self.writer.space)}", {})  # what a function gives repeats, though what it is given does not
            self.writer.constant("SIMPLE", PLAIN)
            return [
                f"k = ({', '.join(values)},)",
                "simple = SIMPLE.issuperset(map(type, k))",
                f"{name} = {known}.get(k) if simple else None",
                f"if {name} is None:",
                *(f"    {line}" for line in lines),
                f"    if simple and len({known}) < {FEW}: {known}[k] = {name}",
            ]
        (value,), ((key,), leaf) = values, paths[0]
        slow = self.writer.constant(f"s{number}", _one(fragment))
        text = self.writer.constant(f"r{number}", Memo(_one(fragment), FEW))
        self.writer.space |= {"SIMPLE": PLAIN, "TEXT": TEXT}
        # Names, verbs and versions repeat, though what they stand in does not.
        short = f"({value}.__class__ is str and len({value}) < {SHORT} or {value}.__class__ is tuple and TEXT.issuperset(map(type, {value})))"
        otherwise = f"{text}[{value}] if {short} else {slow}({value})"
        if leaf.varied:
            digits = literal(fragment.before + named(key)) + f"{{{value}}}" + literal(fragment.after)
            return [f"{name} = f'{digits}' if {value}.__class__ is int else {otherwise}"]
        return [f"{name} = {text}[{value}] if {value}.__class__ in SIMPLE else {otherwise}"]

    def _written(self, fragment: Fragment, values: list[tuple[tuple[str, ...], str]]) -> list[str]:
        """Write a dict of what says something, serialised at one go; the objects around all of it are written as they are."""
        around = _common([path for path, _ in values])
        values = [(path[len(around) :], value) for path, value in values]
        self.writer.space |= {"add": add, "to_json": orjson.dumps}
        lines = ["u = {}"]
        for path, value in values:
            held = value if value.isidentifier() else "w"
            lines += [] if held == value else [f"w = {value}"]
            if len(path) > 1:
                lines.append(f"if {held} is not None: add(u, {path!r}, {held})")
                continue
            lines += [
                f"if {held}.__class__ is str:",
                f"    if len({held}) > 4 or {held} not in NOTHING: u[{path[0]!r}] = {held}",
                f"elif {held}.__class__ is int: u[{path[0]!r}] = {held}",
                f"elif {held} is not None: add(u, {path!r}, {held})",
            ]
        opened, closed = literal("".join(f"{named(key)}{{" for key in around)), literal("}" * len(around))
        inside = f"{literal(fragment.before)}{opened}{{to_json(u)[1:-1].decode()}}{closed}{literal(fragment.after)}"
        return [*lines, f"{self.writer.objects.names[id(fragment)]} = f'{inside}' if u else ''"]

    def _value(self, leaf: Leaf) -> str:
        """Return the variable that holds the value of a leaf."""
        if leaf.call is None:
            return self.writer.constant(f"c{len(self.writer.space)}", leaf.compute(()))
        value = self._result(leaf.call)
        if leaf.below is None:
            return value
        if leaf.below.inputs:
            below = f"({self.writer.variable(leaf.below.inputs[0])} if {self.writer.says(leaf.below.inputs[0])} else None)"
        else:
            below = self.writer.constant(f"c{len(self.writer.space)}", leaf.below.compute(()))
        self.writer.constant("says", says)
        return f"({value} if {value} is not None and says({value}) else {below})"

    def _result(self, call: Call) -> str:
        """Write a call, once, and return the variable that holds one of its values."""
        key = (call.function, call.arguments)
        if key not in self.results:
            name = self.results[key] = f"d{len(self.results)}"
            function = self.writer.constant(f"call{len(self.results)}", call.function)
            arguments = ", ".join("None" if one is None else self.writer.value(one) for one in call.arguments)
            self.writer.body.append(f"{name} = {function}({arguments})")
            if call.count > 1:
                names = ", ".join(f"{name}_{place}" for place in range(call.count))
                self.writer.body.append(f"if {name} is not None and not isinstance({name}, tuple): raise Odd")
                self.writer.body.append(f"{names} = {name} if {name} is not None else ({'None, ' * call.count})")
        return f"{self.results[key]}_{call.place}" if call.count > 1 else self.results[key]


def callable_(leaf: Leaf) -> bool:
    """Tell whether a leaf is a constant, or a function gives it, at most in the place of what stands in the record."""
    if leaf.call is None:
        return not leaf.inputs
    return leaf.below is None or leaf.below.form == "text" or not leaf.below.inputs


def _paths(tree: Tree, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Leaf]]:
    """Yield all leaves with their paths."""
    for key, node in tree.items():
        if isinstance(node, Leaf):
            yield (*above, key), node
        else:
            yield from _paths(node, (*above, key))


def _one(fragment: Fragment) -> Callable[[Any], str]:
    ((key, _),) = fragment.nodes

    def text(value: Any) -> str:
        found = member(key, value) if declared.says(value) else ""
        return f"{fragment.before}{found}{fragment.after}" if found else ""

    return text


def _common(paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Return the objects that all paths lead through."""
    first, last = min(paths)[:-1], max(paths)[:-1]
    return tuple(one for one, _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))


def add(found: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set what stands at the path in nested dicts, if the value says something."""
    if declared.says(value):
        text = value_text("", value)
        if text:
            for step in path[:-1]:
                found = found.setdefault(step, {})
            found[path[-1]] = value if value.__class__ is str else orjson.Fragment(text)
