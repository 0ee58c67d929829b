"""The table ``DERIVED`` of a hook file as one generated function, for stages/hooks.py.

It is generated as that of stages/mapping.py is, and for the same reason. Its text is kept on ``function.source``.
"""

from __future__ import annotations

import dis
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from loader.batch import Record
from loader.memo import Memo
from loader.paths import step_into
from loader.stages.declared import NOTHING, SILENT, Row, Rows, able, asker, copied, places, said, there, values

PLAIN = "({0}.__class__ is str or {0} is None or {0} is True or {0} is False or {0}.__class__ is int and {0} not in BOTH)"
LONG = re.compile(r"CALL|.*_ITER|JUMP_BACKWARD|IMPORT|BEFORE_WITH|SEND")  # operations of Python that may take any time
BOTH = (0, 1)  # which are True and False to a memo
Steps = tuple[str, ...]


def applier(rows: Rows, mapped: Collection[str] = (), names: frozenset[str] | None = None) -> Callable[[Record], Record]:
    """Return ``transform(record)``, which sets what the rows give and takes objects out that nothing was put in.

    What a row's function raises ends it: what the rows before have set stays. A function is not asked again for texts, whole numbers and
    None that it was asked for already, unless its row is varied. Records share no list and no dict with each other, or with the functions.

    ``mapped`` is all that the mapping sets, ``names`` are the fields that records may have before, where known.
    """
    writer = Writer(able(rows, mapped, names), mapped, there(rows, mapped, names))
    source = writer.function()
    space: dict[str, Any] = {
        name.__name__: name for name in (values, said, copied, walk, drop)
    } | {"NOTHING": frozenset(NOTHING), "BOTH": BOTH, "SILENT": SILENT, "step": step_into, "clean": _cleaner(writer.places), **writer.constants}
    exec(compile(source, "<table of a hook>", "exec"), space)  # noqa: S102  # built from quoted names only
    transform: Callable[[Record], Record] = space["transform"]
    transform.source = source  # type: ignore[attr-defined]
    return transform


class Writer:
    """Writes the function, line by line. ``constants`` are the names that it uses."""

    def __init__(self, rows: Rows, mapped: Collection[str], is_there: Callable[[str], bool]) -> None:
        self.rows, self.places, self.is_there = rows, places(rows, mapped), is_there
        self.constants: dict[str, Any] = {}
        self.lines: list[str] = []
        self.count = 0
        self.known: dict[Steps, str] = {}  # what is already in a variable
        self.tops = {target.partition(".")[0] for row in rows for target in row.targets}  # where fields may change from row to row
        holders = dict.fromkeys(tuple(target.split(".")[:-1]) for row in rows for target in row.targets)
        self.objects = {holder[:depth]: "" for holder in holders for depth in range(1, len(holder) + 1)}
        self.objects.update({steps: f"o{place}" for place, steps in enumerate(self.objects)})

    def function(self) -> str:
        """Return the source of ``transform(record)``."""
        for steps, name in self.objects.items():
            owner = self.objects.get(steps[:-1])
            self.write(f"{name} = " + (f"{owner}.get({steps[-1]!r}) if {owner}.__class__ is dict else None" if owner else f"get({steps[-1]!r})"))
        for place, row in enumerate(self.rows):
            self.row(row, place)
        rows, self.lines = self.lines, []
        for path in reversed(self.places):
            self.removal(tuple(path.split(".")))
        body = ["try:", *_deeper(rows or ["pass"]), "except BaseException:", "    clean(r)", "    raise", *self.lines, "return r"]
        return "\n".join(["def transform(r):", "    get = r.get", *_deeper(body), ""])

    def write(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)

    def row(self, row: Row, place: int) -> None:
        """Write the asking of a row, and the setting of what it gives."""
        self.write(f"# {' '.join(row.targets)!r} of {' '.join(row.sources)!r}")
        arguments = self.read(tuple(source.split(".")) for source in row.sources)
        needed = self.read(tuple(name.split(".")) for name in row.needs) if row.needs else []
        outer, self.lines = self.lines, []
        function = getattr(row.function, "asked", row.function) if needed else row.function
        if row.varied or is_quick(function):
            self.called(row, function, place, arguments)
        else:
            self.remembered(row, place, arguments)
        if needed:
            self.lines = [f"if {' is not None and '.join(needed)} is not None:", *_deeper(self.lines)]
        self.lines = outer + self.lines
        self.known = {steps: name for steps, name in self.known.items() if steps[0] not in self.tops}

    def remembered(self, row: Row, place: int, arguments: list[str]) -> None:
        """Write a look-up in a memo, for values no two of which are equal, as True, 1 and 1.0 are."""
        ask = asker(row)
        self.constants[f"m{place}"], self.constants[f"f{place}"] = Memo(ask, 16384), ask
        plain = " and ".join(PLAIN.format(name) for name in dict.fromkeys(arguments) if name != "None")
        key = ", ".join(arguments)
        found = [f"x{number}" for number in range(len(row.targets))]
        otherwise = f" if {plain} else f{place}({key if len(arguments) == 1 else f'({key})'})" if plain else ""
        self.write(f"{'v' if len(found) > 1 else 'x0'} = m{place}[{key}]{otherwise}")
        outer, self.lines = self.lines, []
        if len(found) > 1:
            self.write(f"{', '.join(found)} = v")
        for name, target in zip(found, row.targets, strict=True):
            value = f"{name} if {name}.__class__ is str or {name}.__class__ is int else [*{name}] if {name}.__class__ is list else copied({name})"
            self.set(target, value, f"{name} is not None" if len(found) > 1 else "")
        self.lines = [*outer, f"if {'v' if len(found) > 1 else 'x0'} is not SILENT:", *_deeper(self.lines)]

    def called(self, row: Row, function: Callable[..., Any], place: int, arguments: list[str]) -> None:
        """Write a call."""
        self.constants[f"f{place}"], self.constants[f"t{place}"] = function, row.targets
        found, count = [f"x{number}" for number in range(len(row.targets))], len(row.targets)
        self.write(f"{'v' if count > 1 else 'x0'} = f{place}({', '.join(arguments)})")
        outer, self.lines = self.lines, []
        if count > 1:
            self.write(f"{', '.join(found)} = v if v.__class__ is tuple and len(v) == {count} else values(t{place}, v)")
        for name in found:
            self.write(f"if {name}.__class__ is str:")
            self.write(f"    if len({name}) < 5 and {name} in NOTHING: {name} = None")
            self.write(f"elif {name} is not None and {name}.__class__ is not int: {name} = said({name})")
        for name, target in zip(found, row.targets, strict=True):
            self.set(target, name, f"{name} is not None")
        self.lines = [*outer, "if v is not None:", *_deeper(self.lines)] if count > 1 else outer + self.lines

    def set(self, target: str, value: str, test: str) -> None:
        """Write the setting of a field, which makes the objects around it where they are not there."""
        *parents, leaf = target.split(".")
        holder = self.objects[tuple(parents)] if parents else "r"
        lines = [f"{holder}[{leaf!r}] = {value}"]
        if parents:
            self.constants[f"s{holder}"] = tuple(parents)
            lines.insert(0, f"if {holder}.__class__ is not dict: {holder} = walk(r, s{holder})")
        steps = (*parents, leaf)
        lines += [f"{name} = None" for at, name in self.objects.items() if at[: len(steps)] == steps]  # the object is another one
        self.lines += [f"if {test}:", *_deeper(lines)] if test else lines

    def removal(self, steps: Steps) -> None:
        """Write the removal of an object that nothing was put in, or of a field that the mapping has only kept the place of."""
        *parents, leaf = steps
        owner = self.objects[tuple(parents)] if parents else "r"
        if name := self.objects.get(steps):
            self.write(f"if not {name}:")
            self.write(f"    if {name}.__class__ is dict: del {owner}[{leaf!r}]")
            self.write(f"    else: drop(r, {steps!r})")
        elif parents:
            self.write(f"if {owner}.__class__ is not dict or not {owner}.get({leaf!r}, 1): drop(r, {steps!r})")
        else:
            self.write(f"if not get({leaf!r}, 1): drop(r, {steps!r})")

    def read(self, paths: Iterable[Steps]) -> list[str]:
        """Write the reading of paths, of each once, and return the variables that hold their values."""
        wanted = list(paths)
        self.known.update({path: "None" for path in wanted if not self.is_there(path[0])})
        for depth in range(1, max(map(len, wanted)) + 1):
            below: dict[str, dict[str, str]] = {}
            for steps in dict.fromkeys(path[:depth] for path in wanted if len(path) >= depth):
                if steps not in self.known:
                    self.known[steps] = name = f"p{self.count}"
                    self.count += 1
                    below.setdefault(self.known.get(steps[:-1], ""), {})[name] = steps[-1]
            for above, names in below.items():
                self.members(above, names)
        return [self.known[path] for path in wanted]

    def members(self, above: str, names: dict[str, str]) -> None:
        """Write the reading of members of an object, or of the record, into the variables ``names``."""
        if not above:
            self.lines += [f"{name} = get({step!r})" for name, step in names.items()]
            return
        self.write(f"if {above}.__class__ is dict: {'; '.join(f'{name} = {above}.get({step!r})' for name, step in names.items())}")
        self.write(f"elif {above} is None: {' = '.join(names)} = None")
        self.write(f"else: {'; '.join(f'{name} = step({above}, {step!r})' for name, step in names.items())}")


def _deeper(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def is_quick(function: Callable[..., Any]) -> bool:
    """Tell whether a function in Python calls nothing and has no loop: it takes less time than a look-up of what it gave before."""
    code = getattr(function, "__code__", None)
    return code is not None and not any(LONG.match(one.opname) for one in dis.get_instructions(code))


def walk(record: Record, steps: Steps) -> Record:
    """Return the object at a path; what is none is replaced by one."""
    for step in steps:
        below = record.get(step)
        if below.__class__ is not dict:
            below = record[step] = {}
        record = below
    return record


def drop(record: Record, steps: Steps) -> None:
    """Take a field out that is None or an empty object."""
    owner: Any = record
    for step in steps[:-1]:
        owner = step_into(owner, step)
    if isinstance(owner, dict) and steps[-1] in owner and (owner[steps[-1]] is None or owner[steps[-1]] == {}):
        del owner[steps[-1]]


def _cleaner(found: Sequence[str]) -> Callable[[Record], None]:
    """Return a function that does all removals."""
    order = [tuple(path.split(".")) for path in reversed(found)]

    def clean(record: Record) -> None:
        for steps in order:
            drop(record, steps)

    return clean
