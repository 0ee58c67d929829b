"""STIX patterns as far as one event can meet them: comparisons of which any one is enough (OASIS STIX 2.1, section 9)."""

from __future__ import annotations

import re
from collections.abc import Iterator

TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>[A-Za-z0-9_-]+:(?:'[^']*'|\[[^\]]*\]|[^\s=!<>()\[\]'])+)
      | (?P<text>'(?:[^'\\]|\\.)*')
      | (?P<other>[tbh]'(?:[^'\\]|\\.)*' | [+-]?\d[\d.]* | [\[\](),] | [=!<>]=? )
      | (?P<word>[A-Za-z_]+)
    )""",
    re.VERBOSE | re.DOTALL,
)
TOGETHER = {"AND", "FOLLOWEDBY", "NOT", "WITHIN", "REPEATS", "START", "STOP"}
SAME = {"=", "ISSUBSET", "IN"}


class Compound(ValueError):
    """The pattern says more than that a value is one of some."""


def comparisons(pattern: str) -> Iterator[tuple[str, str]]:
    """Yield object path and value of each comparison by ``=``, ``IN`` or ``ISSUBSET``; raises Compound, and ValueError for what is no pattern.

    >>> list(comparisons("[ipv4-addr:value = '192.0.2.1' OR domain-name:value IN ('a.example', 'b.example')]"))
    [('ipv4-addr:value', '192.0.2.1'), ('domain-name:value', 'a.example'), ('domain-name:value', 'b.example')]
    """
    tokens = list(_tokens(pattern))
    if TOGETHER & {text for kind, text in tokens if kind == "word"}:
        raise Compound
    path = operator = ""
    for kind, text in tokens:
        if kind == "path":
            path, operator = text, ""
        elif kind == "text":
            if path and operator in SAME:
                yield path, re.sub(r"\\(.)", r"\1", text[1:-1])
                operator = operator if operator == "IN" else ""
        elif text not in {"(", ")", ","}:
            operator = text


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    at, depth = 0, 0
    pattern = pattern.strip()
    while at < len(pattern):
        token = TOKEN.match(pattern, at)
        if token is None:
            raise ValueError(f"the pattern cannot be read from {pattern[at : at + 20].strip()!r} on")
        at = token.end()
        kind = str(token.lastgroup)
        depth += {"[": 1, "]": -1}.get(token[kind], 0)
        yield kind, token[kind]
    if depth or not pattern.startswith(("[", "(")):
        raise ValueError(f"{pattern[:40]!r} is no pattern: it stands in square brackets")
