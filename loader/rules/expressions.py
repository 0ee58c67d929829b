"""JMESPath expressions, of exclusion rules and for messages of queues (leaf). The package is imported when the first one is compiled.

The language and its truth values: https://jmespath.org/specification.html
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Tree = dict[str, Any]


def compiled(expression: str) -> Callable[[Any], bool]:
    """Return ``holds(document)``: true unless the result is null, false, or an empty text, list or object; 0 is true.

    Raises ValueError where the expression cannot be read. ``holds`` may raise, such as for a function on a field of another type.
    """
    search = _parsed(expression).search

    def holds(document: Any) -> bool:
        result = search(document)
        return bool(result) or (result is not False and isinstance(result, int | float))

    return holds


def searching(expression: str) -> Callable[[Any], Any]:
    """Return ``search(document)``, which gives what the expression finds, or None; it may raise. Raises ValueError where it cannot be read."""
    search: Callable[[Any], Any] = _parsed(expression).search
    return search


def fields(expression: str) -> list[str]:
    """Return the dotted fields of the document that an expression asks, as far as its text tells.

    >>> fields("source.ip == '192.0.2.1' && contains(event.type, 'denied') && tags[?key == 'x']")
    ['source.ip', 'event.type', 'tags']
    """
    return list(dict.fromkeys(_fields(_parsed(expression).parsed)))


def _fields(node: Tree) -> Iterator[str]:
    """Yield the fields of a node that looks at the whole document. What stands right of a projection or a pipe looks at its items."""
    path = _path(node)
    if path:
        yield path
        return
    below = node["children"]
    if node["type"] in ("subexpression", "index_expression", "pipe") or node["type"].endswith("projection"):
        below = below[:1]
    for child in below:
        if child["type"] != "expref":
            yield from _fields(child)


def _path(node: Tree) -> str:
    if node["type"] == "field":
        return str(node["value"])
    if node["type"] == "subexpression":
        steps = [_path(child) for child in node["children"]]
        return ".".join(steps) if all(steps) else ""
    return ""


def _parsed(expression: str) -> Any:
    parsed: Any
    try:
        import jmespath  # noqa: PLC0415  # few have rules of this kind
    except ImportError as why:
        raise ValueError("needs a package that is not installed: pip install jmespath") from why
    try:
        parsed = jmespath.compile(expression)
    except jmespath.exceptions.ParseError as why:
        position = why.lex_position if why.lex_position is not None else len(expression)
        rest = expression[position : position + 20]
        raise ValueError(f"is not JMESPath: column {position + 1}, {f'at {rest!r}' if rest else 'where it ends too early'}") from why
    except (ValueError, RecursionError) as why:
        raise ValueError(f"is not JMESPath: {' '.join(str(why).split())}") from why
    _check_functions(parsed.parsed, jmespath.functions.Functions.FUNCTION_TABLE)
    return parsed


def _check_functions(node: Tree, known: Mapping[str, Any]) -> None:
    """Raise ValueError for a function that JMESPath does not have, or that takes another number of arguments: it would fail on every record."""
    if node["type"] == "function_expression":
        name, given = node["value"], len(node["children"])
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ValueError(f"calls {name}(), which JMESPath does not have{f': did you mean {near[0]}()?' if near else ''}")
        signature = known[name]["signature"]
        variadic = bool(signature) and signature[-1].get("variadic", False)
        if given < len(signature) or (given > len(signature) and not variadic):
            raise ValueError(f"gives {name}() {given} arguments instead of {len(signature)}")
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child, known)
