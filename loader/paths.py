"""Readers and writers for dotted paths, split once (leaf, pure).

A path like ``userIdentity.arn`` walks dicts; a step of digits also indexes a list.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def step_into(value: Any, step: str) -> Any:
    """Return the member of a dict, or the item of a list when ``step`` is digits; None when there is none."""
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and step.isdecimal():
        index = int(step)
        return value[index] if index < len(value) else None
    return None


def reader(path: str) -> Callable[[dict[str, Any]], Any]:
    """Return ``get(record)``: the value at ``path``, or None where a step leads nowhere."""
    head, *steps = path.split(".")
    if not steps:
        return lambda record: record.get(head)

    def get(record: dict[str, Any]) -> Any:
        value = record.get(head)
        for step in steps:
            if value is None:
                break
            value = step_into(value, step)
        return value

    return get


def put(record: dict[str, Any], path: str, value: Any) -> None:
    """Set the value at ``path``; whatever stands in the way of the walk is replaced by a dict."""
    *parents, leaf = path.split(".")
    for step in parents:
        below = record.get(step)
        if not isinstance(below, dict):
            below = record[step] = {}
        record = below
    record[leaf] = value


def merge(into: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Merge ``other`` into ``into`` in place: dicts join, anything else on the right wins. Returns ``into``, which shares no dict with ``other``."""
    for key, value in other.items():
        mine = into.get(key)
        if isinstance(mine, dict) and isinstance(value, dict):
            merge(mine, value)
        else:
            into[key] = merge({}, value) if isinstance(value, dict) else value
    return into
