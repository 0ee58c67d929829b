"""Fields of the objects around a list that its records are to have: ``json_include``."""

from __future__ import annotations

import orjson

Path = tuple[str, ...]


class Include:
    """What to include: the name of the field, as JSON, by the path it is read from; a path that ends in ``*`` means all scalars there."""

    def __init__(self, words: list[str]) -> None:
        self.wanted: dict[Path, str] = {}
        for word in words:
            new, equals, path = word.rpartition("=")
            steps = tuple(path.split("."))
            if not all(steps) or "*" in steps[:-1] or (equals and (not new or steps[-1] == "*")):
                raise ValueError(f"{word!r} is no field of an outer object: write for example account, region=detail.region or detail.*")
            self.wanted[steps] = quoted(new or steps[-1])
        names = [name for steps, name in self.wanted.items() if steps[-1] != "*"]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{', '.join(sorted(twice))} would be taken from two places: give one of them another name, as in name2=a.name")
        self.all_named = len(names) == len(self.wanted)

    def __bool__(self) -> bool:
        return bool(self.wanted)

    def wants(self, path: Path, first: str) -> bool:
        """Tell whether something is to be read from the member at ``path``, whose value begins with ``first``."""
        scalar = first not in "[{"
        return any(steps[: len(path)] == path or (scalar and steps[-1] == "*" and steps[:-1] == path[:-1]) for steps in self.wanted)

    def fields(self, path: Path, text: str) -> dict[str, str]:
        """Return the fields, name and value as JSON, that the member at ``path`` gives; raises orjson.JSONDecodeError."""
        value = orjson.loads(text)
        found = {}
        for steps, name in self.wanted.items():
            if steps == path:
                found[name] = text
            elif steps[-1] == "*" and steps[:-1] == path[:-1]:
                found |= {quoted(path[-1]): text} if _is_scalar(value) else {}
            elif steps[: len(path)] == path:
                found |= _below(value, steps[len(path) :], name)
        return found

    def complete(self, found: dict[str, str]) -> bool:
        """Tell whether nothing else can come."""
        return self.all_named and found.keys() >= set(self.wanted.values())


def _below(value: object, steps: Path, name: str) -> dict[str, str]:
    for step in steps:
        if not isinstance(value, dict):
            return {}
        if step == "*":
            return {quoted(key): orjson.dumps(member).decode() for key, member in value.items() if _is_scalar(member)}
        if step not in value:
            return {}
        value = value[step]
    return {name: orjson.dumps(value).decode()}


def _is_scalar(value: object) -> bool:
    return not isinstance(value, dict | list)


def quoted(name: str) -> str:
    """Return a name as JSON."""
    return orjson.dumps(name).decode()
