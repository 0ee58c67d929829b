"""From the text of a message to what it asks for: wrappings are taken off, then each form is tried (leaf)."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from loader.batch import Carried
from loader.queues.forms import FORMS
from loader.queues.notice import SHOWN, Message, Notice
from loader.rules import expressions

DEEPEST = 16  # texts, lists and objects around a notice
VALIDATION = "CloudTrail validation message."  # sent once, when a trail is given a topic
Search = Callable[[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """Where messages of a form of their own have what is needed: the list of items, and bucket and key within each."""

    envelope: Search | None = None
    bucket: Search | None = None
    key: Search | None = None


def expression(value: str) -> Search | None:
    """A JMESPath expression, or none."""
    try:
        return expressions.searching(value) if value else None
    except ValueError as why:
        raise ValueError(f"{value!r} {why}") from why


def read(message: Message, places: Places | None = None) -> Notice:
    """Return what a message asks for; never raises. ``places`` are asked before the forms that are known."""
    found = Notice()
    _read(found, places or Places(), DEEPEST, message.body.removeprefix("\ufeff"))
    if not (found.sources or found.nothing or found.unknown):
        found.skip("an empty list")
    if found.unknown and "ErrorCode" in message.attributes:  # Lambda developer guide, "Dead-letter queues"
        found.doubt(f"a function has failed at it: {message.attributes.get('ErrorMessage') or message.attributes['ErrorCode']}")
    return found


def direct(message: Message, queue: str, log_type: str) -> Notice:
    """Return what a message that is a log itself asks for."""
    body = message.body.encode("utf-8", "surrogatepass")
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    return Notice([Carried(queue, message.id, len(body), f'"{digest}"', body=body, log_type=log_type)])


def _read(found: Notice, places: Places, depth: int, value: Any) -> None:
    again = functools.partial(_read, found, places, depth - 1)
    if not depth:
        found.doubt("wrapped too deep")
    elif isinstance(value, str):
        _read_text(found, again, value)
    elif _placed(found, places, value):
        return
    elif isinstance(value, list):
        for one in value:
            again(one)
    elif not isinstance(value, dict):
        found.doubt(f"a JSON value that is no object: {value}")
    elif not any(form(value, found, again) for form in FORMS):
        found.doubt(f"an object with {', '.join(map(repr, value)) or 'nothing in it'}")


def _read_text(found: Notice, again: Callable[[Any], None], text: str) -> None:
    if text.startswith(VALIDATION):
        found.skip("CloudTrail tries its topic")
    elif not text.strip():
        found.doubt("an empty message")
    elif (value := _parsed(text)) is None:
        found.doubt(f"no JSON: {text[:SHOWN]!r}")
    else:
        again(value)


def _placed(found: Notice, places: Places, value: Any) -> bool:
    """Look for keys where ``places`` says; tells whether any is there."""
    if not places.key:
        return False
    items = _ask(places.envelope, value) if places.envelope else value
    if isinstance(items, str):
        items = _parsed(items)
    keys = [(item, key) for item in _listed(items) for key in _listed(_ask(places.key, item)) if isinstance(key, str)]
    for item, key in keys:
        found.ask(_ask(places.bucket, item) if places.bucket else None, key)
    return bool(keys)


def _ask(search: Search, value: Any) -> Any:
    try:
        return search(value)
    except Exception:  # noqa: BLE001  # functions of JMESPath raise many things at values of another type
        return None


def _parsed(text: str) -> Any:
    """Return the JSON value of a text; None when it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
