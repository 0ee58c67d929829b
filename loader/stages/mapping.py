"""The mapping of a log type as one generated function, for stages/ecs.py.

It is generated because paths are known beforehand and records are many: about twice as fast as a loop over prepared closures. Where the
parser knows which fields a record can have, what could never be there is left out of it. The text is kept on ``function.source``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Protocol

from loader.memo import Memo
from loader.paths import merge, step_into
from loader.stages.typed import EMPTY, WHOLE, noted

Places = Callable[[frozenset[str] | None], Collection[str]]  # for records of these fields
ABSENT = (None, "")  # what ends no search for a value: an empty list does


class Types(Protocol):
    """How values are typed: stages/typed.py by the ECS schema, stages/compat.py as the es-loader did."""

    def kind(self, target: str) -> str: ...  # noqa: D102
    def is_known(self, target: str) -> bool: ...  # noqa: D102
    def is_array(self, target: str) -> bool: ...  # noqa: D102
    def converter(self, target: str) -> tuple[Callable[[Any], Any] | None, Memo | None]: ...  # noqa: D102
    def gatherer(self, target: str) -> Callable[[Any], Any]: ...  # noqa: D102
    def constant(self, target: str, value: str) -> Any: ...  # noqa: D102


class Mapping:
    """What a log type maps: targets to groups of source paths, constants by target, and how."""

    def __init__(
        self, groups: dict[str, list[list[str]]], fixed: dict[str, Any], types: Types, *, parents: bool, derives: bool, places: Places | None = None
    ) -> None:
        self.places = places or (lambda names: ())  # objects that are made in any case, and fields that are None rather than missing
        self.fixed, self.types, self.parents, self.derives = fixed, types, parents, derives
        self.groups: dict[str, list[list[str]]] = {target: found for target, found in groups.items() if target not in fixed and any(found)}
        if derives:
            self.groups.setdefault("cloud.account.id", [])
            self.groups.setdefault("cloud.region", [])

    def clashes(self) -> list[tuple[str, str]]:
        """Return targets that would have to be a value and an object at once, with why."""
        all_targets = [*self.fixed, *self.groups]
        inside = {target: other for target in all_targets for other in all_targets if target.startswith(other + ".")}
        return [(target, f"lies below {other!r}, which is a target too: a field cannot be a value and an object") for target, other in inside.items()]

    def finished(self) -> frozenset[str]:
        """Return the objects at the top that have nothing empty in them, in records without a field of their name: all is converted to a type."""
        doubtful = {target.partition(".")[0] for target in self.groups if self.types.converter(target)[0] is None}
        doubtful.update(target.partition(".")[0] for target, value in self.fixed.items() if value in (*EMPTY, [], {}))
        return frozenset(target.partition(".")[0] for target in (*self.groups, *self.fixed, *self.places(None)) if "." in target) - doubtful


class Writer:
    """Writes the mapping function, line by line."""

    def __init__(self, mapping: Mapping, names: frozenset[str] | None) -> None:
        self.mapping, self.names, self.types, self.places = mapping, names, mapping.types, mapping.places(names)
        self.constants: dict[str, Any] = {}
        self.lines: list[str] = []
        self.known: dict[Any, str] = {}  # what is already in a variable
        texts = [target for target in mapping.groups if self.types.converter(target)[0] and self.types.converter(target)[1] is None]
        self.kept = {path for target in texts for group in mapping.groups[target] for path in group}  # sources that stand in a text field too

    def function(self) -> str:
        """Return the source of ``run(records, account, region, ingested, flags)``, which changes the records in place.

        It returns the names of objects that one of the records had of its own, and HOLLOW where a list of an empty text was mapped.
        """
        tree: dict[str, Any] = {}
        for target, value in self.mapping.fixed.items():
            plant(tree, target, (repr(value), ""))
        plant(tree, "event.ingested", ("ingested", ""))
        for target, groups in self.mapping.groups.items():
            plant(tree, target, self.value(target, groups))
        for path in self.places:
            if path not in self.mapping.groups and path not in self.mapping.fixed:
                plant(tree, f"{path}.", ("", ""))
        for top, below in tree.items():
            if isinstance(below, dict):
                self.place(top, self.object(below, f"{top}."))
            else:
                self.leaf("r", top, below, top)
        body = "\n".join(f"        {line}" for line in self.lines)
        return f"def run(records, account, region, ingested, flags):\n    own = set()\n    for r in records:\n{body}\n    return own\n"

    def write(self, line: str) -> None:
        """Add a line to the body of the loop."""
        self.lines.append(line)

    def place(self, top: str, variable: str) -> None:
        """Write the joining of an object with what the record has under its name."""
        if not variable:
            return
        guard = "" if self.mapping.parents or top in self.places else f"if {variable}: "
        if self.names is not None and top not in self.names:
            self.write(f"{guard}r[{top!r}] = {variable}")
            return
        self.write(f"old = r.get({top!r})")
        self.write(f"if type(old) is dict: merge(old, {variable}); own.add({top!r})")
        self.write(f"el{guard}r[{top!r}] = {variable}" if guard else f"else: r[{top!r}] = {variable}")

    def object(self, tree: dict[str, Any], path: str) -> str:
        """Write the building of an object and return the variable that holds it, or '' when it would always be empty and is not wanted."""
        variable = f"o{len(self.lines)}"
        certain = ", ".join(f"{key!r}: {leaf[0]}" for key, leaf in tree.items() if isinstance(leaf, tuple) and leaf[0] and not leaf[1])
        at = len(self.lines)
        self.write(f"{variable} = {{{certain}}}")
        for key, leaf in tree.items():
            if not isinstance(leaf, dict):
                self.leaf(variable, key, leaf, path + key)
            elif below := self.object(leaf, f"{path}{key}."):
                bare = self.mapping.parents or f"{path}{key}" in self.places
                self.write(f"{'' if bare else f'if {below}: '}{variable}[{key!r}] = {below}")
        if len(self.lines) == at + 1 and not certain and not self.mapping.parents and path[:-1] not in self.places:
            self.lines.pop()
            return ""
        return variable

    def leaf(self, owner: str, key: str, leaf: tuple[str, str], target: str) -> None:
        """Write the setting of a value that may be absent; ``leaf`` is its variable and the variable it was converted from."""
        variable, raw = leaf
        if not raw:
            if owner == "r":
                self.write(f"r[{key!r}] = {variable}")
            return
        plain = raw == variable and not self.mapping.parents  # a value that no conversion has freed of emptiness
        test = f"{variable} not in EMPTY" if plain else f"{variable} is not None"
        if target in self.places:
            self.write(f"{owner}[{key!r}] = None")
        self.write(f"if {test}: {owner}[{key!r}] = {variable}")
        if raw != variable and not (self.types.kind(target) == "ip" and self.is_kept(target)):
            self.write(f"elif {raw} is not None and {raw} not in EMPTY: flags[{f'{target} left out: no {self.types.kind(target)}'!r}] += 1")

    def is_kept(self, target: str) -> bool:
        """Tell whether what a target is read from stands in a text field too: that a host name is no address is then no misfit."""
        return any(path in self.kept for group in self.mapping.groups[target] for path in group)

    def value(self, target: str, groups: list[list[str]]) -> tuple[str, str]:
        """Write the reading and typing of one target; return the variable that holds it and the one it was converted from, or ('', '')."""
        if self.types.is_array(target) or (len(groups) > 1 and not self.types.is_known(target)):
            return self.gathered(target, groups)
        raw = self.first([path for group in groups for path in group])
        if target in ("cloud.account.id", "cloud.region"):
            return self.derived(target, raw)
        if not raw:
            return "", ""
        convert, memo = self.types.converter(target)
        if convert is None:
            return raw, raw
        key = (raw, convert)
        if memo is None and self.names is not None:
            self.known[key] = raw  # text or None as it is
        if key not in self.known:
            self.known[key] = f"v{len(self.lines)}"
            other = f"{self.constant(convert)}({raw})" if memo is not None else f"noted({self.constant(convert)}({raw}), own)"
            if self.types.kind(target) in WHOLE:  # seldom the same twice: converting costs less than remembering
                line = f"int({raw}) if {raw}.__class__ is str and {raw}.isdecimal() and len({raw}) < 19 else None if {raw} is None else {other}"
            else:
                line = f"{raw} if {raw}.__class__ is str or {raw} is None else {other}"
                if memo is not None:
                    line = f"{self.constant(memo)}[{raw}] if {raw}.__class__ is str else None if {raw} is None else {other}"
            self.write(f"{self.known[key]} = {line}")
        return self.known[key], raw if memo is not None else self.known[key]

    def gathered(self, target: str, groups: list[list[str]]) -> tuple[str, str]:
        """Write the gathering of a list."""
        found = [raw for group in groups if (raw := self.first(group))]
        if not found:
            return "", ""
        variable = f"v{len(self.lines)}"
        convert, memo = self.types.converter(target)
        typed = [self.known.get((raw, convert), "") for raw in found]
        if self.names is not None and memo is not None and len(found) == 2 and all(typed):
            one, two = typed  # texts that are converted already: no set, no sort, no call
            self.write(f"if {one} is None or {two} is None or {one} == {two}:")
            self.write(f"    {variable} = None if {one} is None is {two} else [{one} or {two}]")
            self.write(f"else: {variable} = [{one}, {two}] if {one} < {two} else [{two}, {one}]")
        else:
            self.write(f"{variable} = {self.constant(self.types.gatherer(target))}(({', '.join(found)},))")
        return variable, variable

    def derived(self, target: str, raw: str) -> tuple[str, str]:
        """Write the choice between a mapped value and the one that the object's key gives."""
        from_key = "account" if target == "cloud.account.id" else "region"
        if not raw:
            return from_key, from_key
        variable = f"v{len(self.lines)}"
        convert = self.constant(self.types.converter(target)[0])
        text = raw if self.names is not None else f"({raw} if {raw}.__class__ is str else noted({convert}({raw}), own))"
        self.write(f"{variable} = {text} if ({raw} or {raw} == 0) and {raw} != 'unknown' else {from_key}")
        return variable, variable

    def first(self, paths: list[str]) -> str:
        """Write the reading of the first of ``paths`` that holds something (0, False and an empty list do); '' when none can."""
        names = tuple(name for path in paths if (name := self.read(tuple(path.split(".")))))
        if len(names) < 2:
            return names[0] if names else ""
        if names not in self.known:
            self.known[names] = f"f{len(self.lines)}"
            self.write(f"{self.known[names]} = {names[0]}")
            for name in names[1:]:
                self.write(f"if not {self.known[names]} and {self.known[names]} in ABSENT: {self.known[names]} = {name}")
        return self.known[names]

    def read(self, steps: tuple[str, ...]) -> str:
        """Write the reading of a path once and return the variable that holds it; '' when these records cannot have it."""
        if self.names is not None and steps[0] not in self.names and not steps[0].startswith("@"):
            return ""
        if steps not in self.known:
            if len(steps) == 1:
                line = f"r.get({steps[0]!r})"
            else:
                above = self.read(steps[:-1])
                line = f"{above}.get({steps[-1]!r}) if {above}.__class__ is dict else step({above}, {steps[-1]!r})"
            self.known[steps] = f"p{len(self.lines)}"
            self.write(f"{self.known[steps]} = {line}")
        return self.known[steps]

    def constant(self, value: Any) -> str:
        """Return a name for a value that the function uses."""
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name


def plant(tree: dict[str, Any], target: str, leaf: tuple[str, str]) -> None:
    """Put a leaf into the tree of objects to build."""
    *parents, last = target.split(".")
    for step in parents:
        tree = tree.setdefault(step, {})
    if leaf[0]:
        tree[last] = leaf


def compiled(mapping: Mapping, names: frozenset[str] | None, title: str) -> Callable[..., set[str]]:
    """Return the mapping as a function for records that have these fields (None: any), its text in ``source``."""
    writer = Writer(mapping, names)
    body = writer.function()
    space: dict[str, Any] = {"merge": merge, "noted": noted, "step": step_into, "EMPTY": EMPTY, "ABSENT": ABSENT, **writer.constants}
    exec(compile(body, f"<ecs mapping of {title}>", "exec"), space)  # noqa: S102  # built from quoted names only
    run: Callable[..., set[str]] = space["run"]
    run.source = body  # type: ignore[attr-defined]
    return run
