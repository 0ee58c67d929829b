"""What outputs of ECS alone get of members that bear names of ECS: stages/typed.py and stages/select.py in one walk, which looks at nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loader.memo import Memo
from loader.stages import select, typed

OBJECTS = ("", "object", "nested", "flattened")
Conform = Callable[[Any], Any]


def conformer(path: str, tree: select.Tree) -> Conform:
    """Return a function from the value at a path to what is left of it, None for nothing; ``tree`` has the names that are kept below the path."""
    if typed.is_array(path):
        gather = typed.gatherer(path)
        return lambda value: gather([value])
    if not tree:
        return lambda value: typed.conform(value, path)

    def other(value: Any) -> Any:
        found = typed.conform(value, path)
        if found.__class__ is dict:
            return select.pruned(found, tree) or None
        return found if found.__class__ is list else None

    if typed.kind(path) not in OBJECTS:
        return other
    members = Memo(lambda name: conformer(f"{path}.{name}", tree[name]) if name in tree else nothing, 1024)

    def members_of(value: Any) -> Any:
        if value.__class__ is not dict:
            return other(value)
        found = {}
        for name, below in value.items():
            if (kept := members[name](below)) is not None:
                found[name] = kept
        return found or None

    return members_of


def nothing(value: Any) -> None:
    """Return what is left of a name that nobody knows."""
