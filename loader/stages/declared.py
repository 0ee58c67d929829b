"""The table ``DERIVED`` of a hook file: ECS fields that follow from fields of the record, row by row.

Here is what a table may be and what its values mean. ``table.py`` does what it says; ``loader/fast/`` compiles the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from types import ModuleType
from typing import Any, Protocol

from loader import schema
from loader.options import TypeOption
from loader.section import Section
from loader.stages.tidy import tidy_object

NOTHING = ("", "-", "null", "[]")
SILENT = ()  # stands for what says nothing where None would not be remembered
CONTAINERS = frozenset({list, tuple, dict})


class Row(Protocol):
    """What ``siem.utils.derive`` returns."""

    @property
    def targets(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def function(self) -> Callable[..., Any]: ...  # noqa: D102
    @property
    def sources(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def varied(self) -> bool: ...  # noqa: D102
    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102


Rows = Sequence[Row]


def rows_of(module: ModuleType | None, log_type: Section, script: TypeOption[str]) -> Rows:
    """Return the table of a hook file, none where it has none; what is no row is noted as a problem of the type."""
    found = getattr(module, "DERIVED", ())
    if not isinstance(found, list | tuple) or _is_row(found):
        log_type.problem(script.name, f"DERIVED of the hook is no table: {found!r}", "write DERIVED = (derive(targets, function, sources), ...)")
        return ()
    rows: list[Row] = []
    for place, row in enumerate(found):
        if not _is_row(row):
            log_type.problem(script.name, f"row {place} of DERIVED in the hook is no row: {row!r}", "write derive(targets, function, sources)")
        else:
            rows.append(row)
            for target in row.targets:
                if not schema.is_known(target) and (near := schema.nearest(target)):
                    log_type.problem(script.name, f"DERIVED of the hook sets {target!r}, no ECS field", f"did you mean {near!r}?", fatal=False)
    targets = {target for row in rows for target in row.targets}
    for target in sorted(targets & {*places(rows)}):
        log_type.problem(script.name, f"DERIVED of the hook sets {target!r} and a field below it: a field cannot be a value and an object")
    return rows


def _is_row(row: Any) -> bool:
    """Tell whether this is what ``derive`` returns; a tuple of three values without it is not."""
    return all(hasattr(row, name) for name in ("targets", "function", "sources", "varied", "needs")) and bool(row.targets and row.sources)


def places(rows: Rows, mapped: Collection[str] = ()) -> tuple[str, ...]:
    """Return the objects that the rows put something in, those around them first, and the ``mapped`` fields that they may set.

    The mapping makes the objects and sets the fields to None, so that each has its place in a document whatever is there.
    """
    found: dict[str, None] = {}
    for row in rows:
        for target in row.targets:
            steps = target.split(".")[:-1]
            found.update(dict.fromkeys(".".join(steps[: depth + 1]) for depth in range(len(steps))))
    found.update({target: None for row in rows for target in row.targets if target in mapped and target not in found})
    return tuple(found)


def there(rows: Rows, mapped: Collection[str], names: Collection[str] | None) -> Callable[[str], bool]:
    """Return a function that tells whether a path may lead to anything: ``names`` are the fields that records may have, where known.

    What may be there too is what all records are stamped with, and what is set by the mapping (to ECS, or to ``mapped``) and by rows.
    """
    if names is None:
        return lambda path: True
    tops = {_top(target) for target in (*mapped, *(target for row in rows for target in row.targets))} | schema.tops() | {*names}
    return lambda path: path[:1] == "@" or _top(path) in tops


def able(rows: Rows, mapped: Collection[str], names: Collection[str] | None) -> Rows:
    """Return the rows that may give something for records of these fields, and those below whose objects a record may have a field."""
    if names is None:
        return rows
    is_there = there(rows, mapped, names)
    return [row for row in rows if all(map(is_there, row.needs)) or any(_top(target) in names for target in row.targets)]


def _top(path: str) -> str:
    return path.partition(".")[0]


def values(targets: Sequence[str], found: Any) -> Iterable[Any]:
    """Return the values in step with the targets that a row's function has given; raises TypeError when there are more or fewer."""
    if len(targets) == 1:
        return (found,)
    if found is None:
        return (None,) * len(targets)
    if not isinstance(found, tuple) or len(found) != len(targets):
        raise TypeError(f"{found!r} is no tuple of {len(targets)} values for {' '.join(targets)}")
    return found


def says(value: Any) -> bool:
    """Tell whether there is anything in a value: what is empty leaves a target as it was."""
    if isinstance(value, str):
        return value not in NOTHING
    if isinstance(value, list | tuple):
        return bool(value) and [*value] != [""]
    return value is not None and value != {}


def copied(value: Any) -> Any:
    """Return a value of which the record shares no list and no dict with anybody."""
    if isinstance(value, dict):
        return {key: copied(below) for key, below in value.items()}
    if isinstance(value, list | tuple):
        return [one if one.__class__ is str else copied(one) for one in value]
    return value


def asker(row: Row) -> Callable[[Any], Any]:
    """Return a function from the values of a row's sources to those of its targets, None for each that says nothing, SILENT when none does.

    A list in its result has no container in it, a tuple may have.
    """
    function, targets, one = row.function, row.targets, len(row.sources) == 1

    def ask(arguments: Any) -> Any:
        found = [_kept(value) for value in values(targets, function(arguments) if one else function(*arguments))]
        if all(value is None for value in found):
            return SILENT
        return found[0] if len(found) == 1 else tuple(found)

    return ask


def _kept(value: Any) -> Any:
    found = said(value)
    return tuple(found) if found.__class__ is list and not CONTAINERS.isdisjoint(map(type, found)) else found


def said(value: Any) -> Any:
    """Return a value that nobody else has, and nothing empty is in; None where it says nothing or nothing is left of it."""
    if value.__class__ is tuple or value.__class__ is list:
        for one in value:
            if one.__class__ is not str:
                break
        else:
            return [*value] if len(value) > 1 or value and value[0] else None
    if not says(value):
        return None
    if value.__class__ not in CONTAINERS and not isinstance(value, list | tuple | dict):
        return value
    held = {"": copied(value)}
    tidy_object(held)  # flat records get no other walk
    return held.get("")
