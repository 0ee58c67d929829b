"""``exclude_rules.json``: a list of rules, each a JMESPath expression or conditions on several fields and the key (leaf).

A rule is ``{"log_type", "name", "action", "expression"}``, as the es-loader had them in SSM parameters, or has ``any`` instead of
``expression``: a list of lists of conditions, of which one list must hold as a whole. JSON, because that is what people have.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from loader.errors import Problem
from loader.rules import conditions, expressions
from loader.rules.draft import Draft
from loader.rules.rule import Alternatives, Condition

TEXTS = ("log_type", "name", "action", "expression", "expires")
KEYS = (*TEXTS, "any", "comment")
CONDITION_KEYS = ("source", "field", "type", "value", "pattern_type")
BLANK = re.compile(r"[\s,]*")


def read(path: Path) -> Draft:
    """Read the file; nothing of it when it is no list."""
    file = Draft(path)
    try:
        text = file.path.read_text(encoding="utf-8-sig")
        items = json.loads(text)
        if not isinstance(items, list):
            raise ValueError("is not a list")
    except (OSError, ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 0
        hint = "it is a list of rules in JSON, [{...}, {...}], saved as UTF-8"
        file.problems.append(Problem(f"cannot be read: {error}", str(file.path), line, hint=hint))
        return file
    for file.line, item in _with_lines(text, items):
        file.log_type = ""
        _add_item(file, item)
    return file


def _with_lines(text: str, items: list[Any]) -> Iterator[tuple[int, Any]]:
    """Yield the items of a JSON list with the lines on which they begin."""
    decoder, position = json.JSONDecoder(), text.index("[") + 1
    for item in items:
        start = BLANK.match(text, position)
        position = start.end() if start else position
        yield text.count("\n", 0, position) + 1, item
        _, position = decoder.raw_decode(text, position)


def _add_item(file: Draft, item: Any) -> None:
    before = len(file.problems)
    if not isinstance(item, dict):
        file.problem("", f"{item!r:.40} is not a rule", 'a rule is {"log_type": ..., "expression": ...}')
        return
    texts = {name: item[name] for name in TEXTS if item.get(name) is not None}
    wrong = [name for name, value in texts.items() if not isinstance(value, str)]
    for name in wrong:
        file.problem(name, f"{item[name]!r:.40} is not a text")
    if "log_type" not in wrong:
        file.log_type = texts.get("log_type", "")
    file.known("", item, KEYS)
    if not file.log_type:
        file.problem("", "a rule needs a log_type")
    if ("expression" in texts) == ("any" in item):
        file.problem("", "a rule has an expression or any, and not both")
    if len(file.problems) > before:
        return
    expression = texts.get("expression", "")
    alternatives = _alternatives(file, item["any"]) if "any" in item else _no_alternatives(file, expression)
    if alternatives is not None:
        file.add(texts, alternatives, expression)


def _no_alternatives(file: Draft, expression: str) -> Alternatives | None:
    try:
        expressions.compiled(expression)
    except ValueError as why:
        file.problem("expression", f"{expression!r} {why}")
        return None
    return ()


def _alternatives(file: Draft, given: Any) -> Alternatives | None:
    """Return the conditions of ``any``: a list of lists, of which one list must hold as a whole."""
    if not isinstance(given, list) or not given or not all(isinstance(one, list) and one for one in given):
        file.problem("any", "is not a list of lists of conditions", '[[{"field": ..., "value": ...}], ...]')
        return None
    found = tuple(
        tuple(_condition(file, f"any {number}.{place}", one) for place, one in enumerate(some, 1)) for number, some in enumerate(given, 1)
    )
    complete = tuple(tuple(one for one in some if one) for some in found)
    return complete if complete == found else None


def _condition(file: Draft, key: str, given: Any) -> Condition | None:
    if not isinstance(given, dict):
        file.problem(key, f"{given!r:.40} is not a condition", '{"field": ..., "type": "match", "value": ...}')
        return None
    before = len(file.problems)
    file.known(key, given, CONDITION_KEYS)
    source = file.one_of(key, str(given.get("source", "record")), ("record", "key"))
    kind = file.one_of(key, str(given.get("type", "match")), ("match", "doesnotmatch"))
    field, value = given.get("field", ""), given.get("value")
    if source == "record" and not (isinstance(field, str) and field):
        file.problem(key, "a condition on the record needs a field")
    if source == "key" and field:
        file.problem(key, "a condition on the key has no field")
    if not isinstance(value, str | int | float):
        file.problem(key, "a condition needs a value: a text, number or boolean")
    if len(file.problems) > before:
        return None
    pattern_type = str(given.get("pattern_type", conditions.REGEX))
    return file.condition(key, field if source == "record" else "", pattern_type, str(value), negated=kind == "doesnotmatch")
