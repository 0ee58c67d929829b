"""What differs between two records, field by field (leaf, pure). A field is a path of names; lists are values."""

from __future__ import annotations

import dataclasses
from typing import Any

from loader.batch import Record

Path = tuple[str, ...]
DEEPEST = 64  # levels that are looked at: a hook may leave a record that contains itself
MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """One field that was added (``old`` is MISSING), changed or removed (``new`` is MISSING)."""

    path: Path
    old: Any
    new: Any


def dotted(path: Path) -> str:
    """Return a path as it is written in an INI file."""
    return ".".join(path)


def flat(record: Record) -> dict[Path, Any]:
    """Return the values of a record by path; an object counts as a value only when it is empty.

    >>> flat({"a": {"b": 1, "c": {}}, "d": [{"e": 2}]})
    {('a', 'b'): 1, ('a', 'c'): {}, ('d',): [{'e': 2}]}
    """
    found: dict[Path, Any] = {}

    def walk(node: Record, above: Path) -> None:
        for name, value in node.items():
            path = (*above, str(name))
            if isinstance(value, dict) and value:
                if len(path) < DEEPEST:
                    walk(value, path)
                else:
                    found[path] = "..."
            else:
                found[path] = value

    walk(record, ())
    return found


def differences(before: Record, after: Record) -> list[Change]:
    """Return the changes that make ``after`` of ``before``, in the order of ``after``, what was removed first.

    >>> differences({"a": 1, "b": "x"}, {"b": "y", "c": {"d": 0}})
    [Change(path=('a',), old=1, new=MISSING), Change(path=('b',), old='x', new='y'), Change(path=('c', 'd'), old=MISSING, new=0)]
    """
    old, new = flat(before), flat(after)
    removed = [Change(path, value, MISSING) for path, value in old.items() if path not in new]
    return removed + [Change(path, old.get(path, MISSING), value) for path, value in new.items() if not _same(old.get(path, MISSING), value)]


def _same(one: Any, other: Any) -> bool:
    """Tell equal values of one type: 1, 1.0 and True are three different documents."""
    return type(one) is type(other) and bool(one == other)
