"""JSON in samples: objects one behind the other, in an array, in a list under a key, or what carries records of another format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from loader.draft.kinds import kind
from loader.draft.moments import form_of

DEEP = 3  # steps to a list of records
MOSTLY = 0.6  # of the text of an object, in the list of its records
FEW = 12  # members around such a list


def options(text: str) -> dict[str, str] | None:
    """Return the options of a sample that is JSON; None where it is none."""
    values = values_of(text)
    if not values or not all(isinstance(value, dict | list) for value in values):
        return None
    found = {"file_format": "json"}
    objects = [item for value in values for item in (value if isinstance(value, list) else [value])]
    if not objects or not all(isinstance(item, dict) for item in objects):
        return None
    if all(item.get("messageType") in ("DATA_MESSAGE", "CONTROL_MESSAGE") and isinstance(item.get("logEvents"), list) for item in objects):
        return {"via_cwl": "yes"}
    if all(isinstance(item.get("log"), str) and "container_name" in item for item in objects):
        return {"via_firelens": "yes"}
    if isinstance(values[0], dict) and (path := list_path(objects)):
        found["json_delimiter"] = path
    return found


def values_of(text: str) -> list[Any]:
    """Return the JSON values in a text, one a line or one in all; none where it is no JSON. A last line that is cut does not matter."""
    try:
        return [orjson.loads(text)]
    except orjson.JSONDecodeError:
        pass
    lines = [line.strip().rstrip(",") for line in text.split("\n") if line.strip()]
    found, missed = [], 0
    for line in lines:
        try:
            found.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            missed += 1
    if missed <= len(lines) / 10:
        return found
    return [*_behind_each_other(text)]


def _behind_each_other(text: str) -> Iterator[Any]:
    """Yield values that are written over several lines, as long as they are JSON: a brace alone in its column ends one."""
    pending: list[str] = []
    for line in text.split("\n"):
        pending.append(line)
        if line[:1] in "}]" or line.rstrip().endswith(("}{", "}")):
            try:
                yield orjson.loads("\n".join(pending).strip().rstrip(","))
            except orjson.JSONDecodeError:
                continue
            pending = []


def list_path(objects: Sequence[dict[str, Any]]) -> str:
    """Return where in these objects the list of their records is, '' where an object is itself a record."""
    paths = {_longest(item) for item in objects}
    return next(iter(paths)) if len(paths) == 1 and "" not in paths else ""


def _longest(item: dict[str, Any]) -> str:
    """Return the path to the list of objects that makes up most of an object that says little else, and no time of its own."""
    if {"detail-type", "detail"} <= item.keys():  # an event of EventBridge, which is known by itself
        return ""
    whole = len(orjson.dumps(item))
    path: list[str] = []
    below = item
    for _ in range(DEEP):
        if len(below) > FEW:
            return ""
        sizes = {name: len(orjson.dumps(value)) for name, value in below.items() if isinstance(value, list | dict)}
        key = max(sizes, key=sizes.__getitem__, default="")
        value = below.get(key)
        if not key or "." in key or not isinstance(value, list | dict) or sizes[key] < MOSTLY * whole:
            return ""
        path.append(key)
        if isinstance(value, list):
            listed = bool(value) and all(isinstance(one, dict) for one in value)
            return ".".join(path) if listed and not _has_time(item) else ""
        below = value
    return ""


def _has_time(item: dict[str, Any]) -> bool:
    """Tell whether there is a time at the top of an object, beside what it lists: then it is a record with a list in it."""
    plain = [value for value in item.values() if isinstance(value, str | int | float)]
    return any(form_of([value]) for value in plain) and any(kind([value]) in ("address", "verdict", "level") for value in plain)
