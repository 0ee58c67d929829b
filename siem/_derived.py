"""``DERIVED``: what a hook adds to records as a table, which the program can compile, in the place of a function that is called for each record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Derived(NamedTuple):
    """One row of the table: ``function`` of the values of ``sources`` gives those of ``targets``."""

    targets: tuple[str, ...]
    function: Callable[..., Any]
    sources: tuple[str, ...]
    varied: bool = False
    needs: tuple[str, ...] = ()


def derive(
    targets: str, function: Callable[..., Any] | Mapping[Any, Any], sources: str, *, varied: bool = False, needs: str = ""
) -> Derived:
    """Return a row of ``DERIVED``: ECS fields whose values follow from fields of the record, both dotted names with blanks between.

    The function gets the values of the sources, None for those that a record lacks, and returns the value of the only target or a tuple
    of values in the order of several; a mapping stands for looking the only source up. None, or anything empty, leaves a target as it was.

    The same values must always give the same result, and it must not be changed later: results are remembered. ``varied`` says that the
    values hardly repeat (URLs, request ids, times to the microsecond), so that remembering them is not worth it. ``needs`` are sources
    without which nothing follows: where one is missing the function is not asked.

    >>> row = derive("event.outcome event.type", lambda code: ("success", ["allowed"]) if code == "0" else ("failure", None), "status")
    >>> row.function("0")
    ('success', ['allowed'])
    >>> derive("network.transport", {"6": "tcp"}, "protocol").function("17")
    """
    names, asked = tuple(sources.split()), tuple(needs.split())
    if unknown := [name for name in asked if name not in names]:
        raise ValueError(f"needs names {unknown[0]!r}, which is no source of the row")
    call = function.get if isinstance(function, Mapping) else function
    return Derived(tuple(targets.split()), _unless_missing(call, [names.index(name) for name in asked]) if asked else call, names, varied, asked)


def _unless_missing(function: Callable[..., Any], places: list[int]) -> Callable[..., Any]:
    def asked(*values: Any) -> Any:
        return None if any(values[place] is None for place in places) else function(*values)

    asked.asked = function  # type: ignore[attr-defined]  # for those that have looked already
    return asked
