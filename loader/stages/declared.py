"""The table ``DERIVED`` of a hook file: ECS fields that follow from fields of the record, row by row.

This is the plain way to do what the table says. ``loader/fast/`` compiles the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from types import ModuleType
from typing import Any, Protocol

from loader import schema
from loader.batch import Record
from loader.memo import Memo
from loader.options import TypeOption
from loader.paths import reader
from loader.section import Section
from loader.stages.tidy import tidy_object

NOTHING = ("", "-", "null", "[]")
CONTAINERS = frozenset({list, tuple, dict})
PLAIN = frozenset({str, int, type(None)})  # no two of them are equal, as True, 1 and 1.0 are
Told = tuple[tuple[str, ...], str, Any]  # the objects around a field, its name, its value


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
    again = {target: None for row in rows for target in row.targets if target in mapped}
    return (*found, *again)


def applier(rows: Rows, mapped: Collection[str] = ()) -> Callable[[Record], Record]:
    """Return ``transform(record)``, which sets what the rows give and takes objects out that nothing was put in.

    What a row's function raises ends it: what the rows before have set stays.
    """
    table = [(next((name for name in row.needs if "." not in name), ""), row.sources, _readers(row), *_told(row)) for row in rows]
    found = places(rows, mapped)
    tops = [path for path in found if "." not in path]
    removers = [_remover(path) for path in reversed(found) if "." in path]

    def transform(record: Record) -> Record:
        try:
            for need, sources, readers, memo, told in table:
                if need and record.get(need) is None:
                    continue
                arguments = tuple(map(record.get, sources)) if readers is None else tuple([read(record) for read in readers])
                for parents, leaf, value in memo[arguments] if memo is not None and PLAIN.issuperset(map(type, arguments)) else told(arguments):
                    holder = record
                    for step in parents:
                        below = holder.get(step)
                        if below.__class__ is not dict:
                            below = holder[step] = {}
                        holder = below
                    holder[leaf] = value if value.__class__ not in CONTAINERS else copied(value)
        finally:
            for remove in removers:
                remove(record)
            for top in tops:
                if top in record and not record[top] and (record[top] is None or record[top] == {}):
                    del record[top]
        return record

    return transform


def _readers(row: Row) -> list[Callable[[Record], Any]] | None:
    """Return the readers of a row's sources, None where all of them are names at the top."""
    return [reader(source) for source in row.sources] if any("." in source for source in row.sources) else None


def _told(row: Row) -> tuple[Memo | None, Callable[[Iterable[Any]], list[Told]]]:
    """Return a function from the values of a row's sources to what it sets, and its memo for plain values, unless the row is varied."""
    function, targets = row.function, row.targets
    paths = [(tuple(target.split(".")[:-1]), target.rpartition(".")[2]) for target in targets]

    def told(arguments: Iterable[Any]) -> list[Told]:
        found = zip(paths, values(targets, function(*arguments)), strict=True)
        tidy = ((parents, leaf, _tidied(value)) for (parents, leaf), value in found if says(value))
        return [one for one in tidy if one[2] is not None]

    return (None if row.varied else Memo(told, 16384)), told


def _tidied(value: Any) -> Any:
    """Return a value that nobody else has, and nothing empty is in; None where nothing is left of it."""
    if value.__class__ not in CONTAINERS and not isinstance(value, list | tuple | dict):
        return value
    held = {"": copied(value)}
    tidy_object(held)  # flat records get no other walk
    return held.get("")


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


def _remover(path: str) -> Callable[[Record], None]:
    above, _, leaf = path.rpartition(".")
    get = reader(above) if above else None

    def remove(record: Record) -> None:
        owner = get(record) if get else record
        if isinstance(owner, dict) and leaf in owner and (owner[leaf] is None or owner[leaf] == {}):
            del owner[leaf]

    return remove
