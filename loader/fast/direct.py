"""Lines that make a fragment without a memo, for inputs that hardly repeat: of what stands in the record as it is."""

from __future__ import annotations

from collections.abc import Callable

from loader.fast.calls import Calls, Host, callable_
from loader.fast.layout import Cell, Fragment, Tree, leaves
from loader.fast.leaves import Leaf, named
from loader.fast.objects import literal
from loader.stages import typed

WHOLE = "{0}.__class__ is str and {0}.isdecimal() and {0}.isascii() and ({0}[0] != '0' or {0} == '0') and len({0}) < 19"
WHOLE_TOO = " or ({0}.__class__ is int and 0 <= {0} < 9223372036854775808)"
AS_THEY_STAND = ({"text", "texts"}, {"text", "texts", "ip", "ips"}, {"text", "texts", "whole"})


class Direct:
    """Writes such lines for one function."""

    def __init__(self, writer: Host) -> None:
        self.writer = writer
        self.addresses: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.calls = Calls(writer)

    def lines(self, fragment: Fragment, cell: Cell) -> Callable[[], list[str]] | None:
        """Return what writes the lines of a fragment, None where it takes the memo."""
        if fragment.asks is not None:
            return lambda: self._asked(fragment, cell)
        forms = {leaf.form for leaf in leaves(dict(fragment.nodes))}
        if self.writer.of_json and "whole" in forms and forms != {"whole"}:
            return None
        if len(cell.inputs) == 1 and any(forms <= known for known in AS_THEY_STAND):
            return lambda: self._as_it_stands(fragment, cell, forms)
        if forms == {"addresses"} and len(cell.inputs) == 2 and len([*leaves(dict(fragment.nodes))]) == 1:
            return lambda: self._pair(fragment, cell)
        if any(leaf.call for leaf in leaves(dict(fragment.nodes))) and all(map(callable_, leaves(dict(fragment.nodes)))):
            return lambda: self.calls.lines(fragment)
        return None

    def _asked(self, fragment: Fragment, cell: Cell) -> list[str]:
        values = ", ".join(map(self.writer.value, cell.inputs))
        ask = f"{self.writer.constant(f'ask{len(self.writer.space)}', fragment.asks)}(({values},))"
        if fragment.texts is not None and len(cell.inputs) == 1:
            variable, texts = self.writer.variable(cell.inputs[0]), self.writer.constant(f"texts{len(self.writer.space)}", fragment.texts)
            may = f"({variable} in {texts} if {variable}.__class__ is str else {variable} is not None)"
            return [f"{self._name(fragment)} = {may} and {ask}"]
        return [f"{self._name(fragment)} = {ask}"]

    def _name(self, fragment: Fragment) -> str:
        return self.writer.objects.names[id(fragment)]

    def _otherwise(self, fragment: Fragment, cell: Cell) -> str:
        """Return a call that makes the fragment in the slow way."""
        made = self.writer.fragments(Cell(cell.number, cell.asked, cell.inputs, [fragment]))
        keys = ", ".join(map(self.writer.variable, cell.inputs))
        known = self.writer.constant(f"s{len(self.writer.space)}", made)
        return f"{known}[{keys}]"  # what is no number repeats: a dash, most often

    def _as_it_stands(self, fragment: Fragment, cell: Cell, forms: set[str]) -> list[str]:
        (name,) = cell.inputs
        if "whole" in forms:
            asked = self.digits(name)
        elif forms & {"ip", "ips"}:
            asked = f"{self.address(name)} is not None"
        else:
            asked = self.writer.says(name)
            if name in self.numbers and not self.writer.of_json:  # digits say something
                asked = f"{self.numbers[name]} or {asked}"
        quoted = self.writer.quoted(name) if forms - {"whole"} else ""
        inside = literal(fragment.before) + self.members(dict(fragment.nodes), name, quoted) + literal(fragment.after)
        nothing = asked.endswith(" not in NOTHING") and not self.writer.of_json
        otherwise = "''" if nothing else self._otherwise(fragment, cell)
        return [f"{self._name(fragment)} = f'{inside}' if {asked} else {otherwise}"]

    def members(self, tree: Tree, name: str, quoted: str) -> str:
        """Return the members of an object whose leaves are all the one input as it stands, inside an f-string."""
        parts = []
        for key, node in tree.items():
            if not isinstance(node, Leaf):
                inside = f"{{{{{self.members(node, name, quoted)}}}}}"
            elif node.form == "whole":
                inside = f"{{{self.writer.value(name)}}}"
            else:
                inside = f"[{quoted}]" if node.form in ("texts", "ips") else quoted
            parts.append(literal(named(key)) + inside)
        return ",".join(parts)

    def _pair(self, fragment: Fragment, cell: Cell) -> list[str]:
        one, two = map(self.address, cell.inputs)
        first, second = map(self.writer.quoted, cell.inputs)
        head, tail = literal(fragment.before), literal(fragment.after)
        node: Leaf | Tree = dict(fragment.nodes)
        while not isinstance(node, Leaf):
            ((key, node),) = node.items()
            head, tail = head + literal(named(key)) + ("" if isinstance(node, Leaf) else "{{"), ("" if isinstance(node, Leaf) else "}}") + tail
        name = self._name(fragment)
        return [
            f"if {one} is None or {two} is None or {one} == {two}: {name} = {self._otherwise(fragment, cell)}",
            f"else: {name} = f'{head}[{first},{second}]{tail}' if {one} < {two} else f'{head}[{second},{first}]{tail}'",
        ]

    def digits(self, name: str) -> str:
        """Write the looking at an input as a whole number once; return the variable that tells whether its digits may stand as they are."""
        if name not in self.numbers:
            self.numbers[name] = f"n{len(self.numbers)}"
            value = self.writer.value(name)
            asked = WHOLE.format(value) + (WHOLE_TOO.format(value) if self.writer.of_json else "")
            self.writer.body.append(f"{self.numbers[name]} = {asked}")
        return self.numbers[name]

    def address(self, name: str) -> str:
        """Write the looking at an input as an address once; return the variable that holds it, None where it is none."""
        if name not in self.addresses:
            self.addresses[name] = f"a{len(self.addresses)}"
            self.writer.constant("address", typed.CONVERTERS["ip"][1])
            variable = self.writer.variable(name)
            self.writer.body.append(f"{self.addresses[name]} = address[{variable}] if {variable}.__class__ is str else None")
        return self.addresses[name]
