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


def derive(targets: str, function: Callable[..., Any] | Mapping[Any, Any], sources: str, *, varied: bool = False) -> Derived:
    """Return a row of ``DERIVED``: ECS fields whose values follow from fields of the record, both dotted names with blanks between.

    The function gets the values of the sources, None for those that a record lacks, and returns the value of the only target or a tuple
    of values in the order of several; a mapping stands for looking the only source up. None, or anything empty, leaves a target as it was.

    The same values must always give the same result, and it must not be changed later: results are remembered. ``varied`` says that the
    values hardly repeat (URLs, request ids, times to the microsecond), so that remembering them is not worth it.

    >>> row = derive("event.outcome event.type", lambda code: ("success", ["allowed"]) if code == "0" else ("failure", None), "status")
    >>> row.function("0")
    ('success', ['allowed'])
    >>> derive("network.transport", {"6": "tcp"}, "protocol").function("17")
    """
    names = tuple(targets.split())
    call = function.get if isinstance(function, Mapping) else function
    return Derived(names, call, tuple(sources.split()), varied)
