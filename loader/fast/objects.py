"""From the tree of a document to the expressions of the generated function that write it: fragments, put together to objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from loader.fast.excluded import Asks
from loader.fast.layout import Cell, Fragment, Tree, asked, given, is_certain, leaves, text
from loader.fast.leaves import Leaf, named

Nodes = list[tuple[str, Leaf | Tree]]


def literal(content: str) -> str:
    """Return a text as it is written inside an f-string with single quotes."""
    escaped = content.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\x00")
    return escaped.replace("{", "{{").replace("}", "}}")


@dataclasses.dataclass(slots=True)
class Part:
    """Some text of the document: the inside of an f-string; ``variable`` where it is nothing but one."""

    inside: str
    certain: bool
    variable: str = ""
    first: str = ""  # the variable that the text begins with, where the rest has a comma before it that must go when that is empty
    rest: str = ""


def around(rest: str, before: str, after: str) -> str:
    """Return an object without its first members: ``rest`` begins with a comma, or is empty."""
    return f"{before}{{{rest[1:]}}}{after}" if rest else ""


def with_file(log: str, path: str) -> str:
    """Return the text of the object ``log`` with where a record is from in it, which ``path`` has as an object ``log`` of its own; '' without one."""
    return f"{log[:-1]},{path[8:]}" if log else ""


class Objects:
    """Gathers the cells and the lines that put fragments together, for one function. Groups of inputs ``together`` are looked up at one go."""

    def __init__(self, together: Sequence[tuple[str, ...]] = ()) -> None:
        self.together = together
        self.cells: dict[tuple[str, ...], Cell] = {}
        self.names: dict[int, str] = {}  # by identity of a fragment: its variable
        self.lines: list[str] = []

    def fragment(self, nodes: Nodes, before: str = "", after: str = "") -> Part:
        """Return the text of neighbours that depend on the same inputs, between ``before`` and ``after`` where there is any."""
        below = [node for _, node in nodes]
        fragment = Fragment(nodes, before, after, certain=any(map(is_certain, below)))
        inputs = set().union(*[asked(node, self.together) for node in below])
        chunk = given(below)
        if not inputs and not chunk:
            return Part(literal(text(fragment)(())), certain=True)
        own = inputs.pop() if inputs else ()
        cell = self.cells.setdefault(own, Cell(len(self.cells), own, [name for name in own if name[0] != "%"]))
        cell.inputs += [name for name in chunk if name not in cell.inputs]
        cell.fragments.append(fragment)
        name = self.names[id(fragment)] = f"x{cell.number}_{len(cell.fragments)}"
        return Part(f"{{{name}}}", fragment.certain, name)

    def question(self, inputs: tuple[str, ...], asks: Asks) -> str:
        """Return the variable that holds the name of an exclusion rule that the values of these inputs meet, '' where there is none."""
        cell = self.cells.setdefault(inputs, Cell(len(self.cells), inputs, [*inputs]))
        places = [cell.inputs.index(name) for name in inputs]
        fragment = Fragment([], asks=lambda values: asks.find(tuple([values[place] for place in places])), texts=asks.texts)
        cell.fragments.append(fragment)
        name = self.names[id(fragment)] = f"x{cell.number}_{len(cell.fragments)}"
        return name

    def members(self, tree: Tree, *, apart: Sequence[str] = (), whole: bool = True) -> Part:
        """Return the text of an object's members, commas in between; ``apart`` are not put together with others.

        Without ``whole`` the first member and the others may come apart: see Part.
        """
        parts: list[Part] = []
        for run in self.runs(tree, apart):
            comma = "," if parts else ""
            (key, node), *others = run
            found = self.fragment(run, comma) if others else self.whole(key, node, comma)
            parts.append(found or self.object(key, node, comma))  # type: ignore[arg-type]  # a leaf is whole
        return self._joined(parts, whole=whole)

    def runs(self, tree: Tree, apart: Sequence[str] = ()) -> list[Nodes]:
        """Cut an object's members to runs of neighbours that depend on the same inputs of a record."""
        runs: list[Nodes] = []
        held: set[tuple[str, ...]] | None = None
        for key, node in tree.items():
            if not isinstance(node, Leaf) and not any(True for _ in leaves(node)):
                continue
            found = asked(node, self.together)
            if held is None or key in apart or len(held | found) > 1:
                runs.append([])
                held = set()
            runs[-1].append((key, node))
            held = None if key in apart else held | found
        return runs

    def object(self, key: str, tree: Tree, before: str = "", after: str = "") -> Part:
        """Return the text of an object with its name, nothing where it has no members."""
        inner = self.members(tree, whole=False)
        head = literal(before + named(key))
        if inner.certain:
            return Part(f"{head}{{{{{inner.inside}}}}}{literal(after)}", certain=True)
        if inner.first:  # the usual way is one step
            otherwise = f"around(f'{inner.rest}', f'{head}', f'{literal(after)}')"
            name = self.line(f"f'{head}{{{{{inner.inside}}}}}{literal(after)}' if {inner.first} else {otherwise}")
        else:
            held = inner.variable or self.line(f"f'{inner.inside}'")
            name = self.line(f"f'{head}{{{{{{{held}}}}}}}{literal(after)}' if {held} else ''")
        return Part(f"{{{name}}}", certain=False, variable=name)

    def whole(self, key: str, node: Leaf | Tree, before: str = "", after: str = "") -> Part | None:
        """Return the text of a member where one look-up gives it, else None."""
        return self.fragment([(key, node)], before, after) if len(asked(node, self.together)) < 2 else None  # noqa: PLR2004

    def line(self, expression: str) -> str:
        """Write a line that computes something of each record, and return the variable that holds it."""
        name = f"o{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return name

    def _joined(self, parts: list[Part], *, whole: bool) -> Part:
        inside, certain = "".join(part.inside for part in parts), any(part.certain for part in parts)
        if len(parts) < 2:
            return Part(inside, certain, parts[0].variable if parts else "")
        first, *others = parts
        if first.certain:
            return Part(inside, certain)
        held = first.variable or self.line(f"f'{first.inside}'")
        rest = "".join(part.inside for part in others)
        if not whole and not certain:
            return Part(f"{{{held}}}{rest}", certain, first=held, rest=rest)
        name = self.line(f"f'{{{held}}}{rest}' if {held} else f'{rest}'[1:]")
        return Part(f"{{{name}}}", certain, name)
