"""The function for lines and rows whose values are mostly as they should be, which is asked of whole columns: see regular.py.

It is that of texts.py with fewer questions: numbers are known to be digits, addresses to be some, and where the usual row has something in
every field each one has. So most of a document is one f-string.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from loader.fast.layout import leaves
from loader.fast.leaves import Leaf, Unfit, named
from loader.fast.objects import Nodes, Objects, Part, literal
from loader.fast.regular import ADDRESS, DIGITS, SOMETHING, Kind, columns
from loader.fast.texts import TextWriter
from loader.fast.writer import ARGUMENTS

AS_THEY_STAND = {DIGITS: {"text", "texts", "whole"}, ADDRESS: {"text", "texts", "ip", "ips"}}


class ColumnWriter(TextWriter):
    """``kinds`` has what is known of columns. The function returns the places of rows that are regular in the place of rules that are met."""

    kinds: dict[str, Kind]

    def compose(self) -> None:
        """Find what can be asked of columns, and write the objects; raises Unfit where nothing can."""
        if self.rules is not None or self.own_logs is not None or self.renamed:
            raise Unfit("records are left out, or fields renamed")
        self.kinds = dict.fromkeys(self._of_form({"ip", "ips"}, varied=True), ADDRESS) | dict.fromkeys(self._of_form({"whole"}), DIGITS)
        self.objects = _Objects(self, self.objects.together)
        super().compose()
        if self.complete:
            inside = "".join(literal(f'{named(column)}"') + f'{{{self.variable(column)}}}",' for column in self.columns)
            self.raw, self.complete = [Part(inside, certain=True)], False
            self.kinds = dict.fromkeys(self.columns, SOMETHING) | self.kinds
        if not self.kinds:
            raise Unfit("there is nothing to ask of its columns")

    def _of_form(self, forms: set[str], *, varied: bool = False) -> list[str]:
        """Return the columns that a value of these forms is made of; ``varied``: those that are not looked up."""
        found = [leaf.inputs for leaf in leaves(self.tree) if leaf.form in forms]
        return [inputs[0] for inputs in found if len(inputs) == 1 and inputs[0] in self.columns and (not varied or inputs in self.varied)]

    def cut(self) -> None:
        """Write no cutting: the fields come with the row. Those of a cutter have no quotes in them."""
        if self.cutter is None:
            self.body += self.suspected()

    def kept(self, number: int) -> str:
        """Return the line that puts a message in its place."""
        return f"out{number}[at] = {self.framed(number)}"

    def _source(self) -> str:
        self.space["columns"] = functools.partial(columns, self.cutter or self.split, [self.kinds.get(column) for column in self.columns])
        lists = "".join(f"    out{number} = [None] * len(rows)\n" for number in range(len(self.exits)))
        before = "".join(f"{line}\n" for line in self.once())
        body = "".join(f"            {line}\n" for line in self.body)
        names = ", ".join(f"f{place}" for place in range(len(self.columns)))
        packed = ", ".join(f"out{number}" for number in range(len(self.exits)))
        return (
            f"def run({ARGUMENTS}):\n{lists}{before}    odd, found = [], columns(rows, texts)\n"
            f"    for at, row, text, {names} in zip(*found):\n        try:\n{body}"
            f"        except (Overdue, KeyboardInterrupt): raise\n        except BaseException: odd.append(at)\n"
            f"{self.undone()}    return ({packed},), odd, found[0]\n"
        )


class _Objects(Objects):
    """Writes values of which enough is known as they stand, instead of looking them up."""

    def __init__(self, writer: ColumnWriter, together: Sequence[tuple[str, ...]]) -> None:
        super().__init__(together)
        self.writer = writer

    def fragment(self, nodes: Nodes, before: str = "", after: str = "") -> Part:
        """Return the text of neighbours that depend on the same inputs, between ``before`` and ``after`` where there is any."""
        found = [*leaves(dict(nodes))]
        forms, inputs = {leaf.form for leaf in found}, {leaf.inputs for leaf in found}
        names = inputs.pop() if len(inputs) == 1 else ()
        kinds = {self.writer.kinds.get(name) for name in names}
        if len(names) == 1 and any(kind in kinds and forms <= fitting for kind, fitting in AS_THEY_STAND.items()):
            inside = self.writer.direct.members(dict(nodes), names[0], self.writer.quoted(names[0]))
            return Part(literal(before) + inside + literal(after), certain=True)
        if forms == {"addresses"} and kinds == {ADDRESS} and len(found) == 1:
            return self._pair(nodes, names, before, after)
        return super().fragment(nodes, before, after)

    def _pair(self, nodes: Nodes, names: Sequence[str], before: str, after: str) -> Part:
        """Return the sorted list of two addresses, each once."""
        one, two = map(self.writer.variable, names)
        ((key, node),) = nodes
        head, tail = literal(before + named(key)), literal(after)
        while not isinstance(node, Leaf):
            ((key, node),) = node.items()
            head, tail = f"{head}{{{{{literal(named(key))}", f"}}}}{tail}"
        both = self.writer.constant("BETWEEN", '","')
        pair = f"{one} + {both} + {two} if {one} < {two} else {two} + {both} + {one} if {one} != {two} else {one}"
        return Part(f'{head}["{{{pair}}}"]{tail}', certain=True)
