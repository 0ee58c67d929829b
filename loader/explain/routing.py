"""Why a key gets its log type: every pattern that is found in it, in the order they are asked; or which come nearest."""

from __future__ import annotations

import dataclasses
import difflib
import re

from loader.cloud import ACCOUNT, LIKE_REGION
from loader.explain.nearmiss import literals
from loader.route import KEY, PRIORITY, Router
from loader.section import Origin, Section

SHORTEST = 4  # characters that a pattern and a key must have in common to be called near
MOST = 3  # near types that are shown
DATE = re.compile(r"(?:year=|dt=|date=)?(?:19|20)\d\d(?:\D.*)?", re.DOTALL)


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """A pattern that is found in the key, where it is written and what it finds. ``takes``: this type gets the key."""

    log_type: str
    pattern: str
    file: str
    line: int
    priority: int
    start: int
    end: int
    ignored_by: str
    takes: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Near:
    """A type whose pattern is not found: the longest text of it that the key has, and its texts that the key lacks."""

    log_type: str
    pattern: str
    shared: str
    lacking: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Routing:
    """The answer for a key. ``suggestion`` is an ``s3_key`` for a type of its own, where no type has it."""

    key: str
    log_type: str
    reason: str
    forced: bool = False
    matches: list[Match] = dataclasses.field(default_factory=list)
    nearest: list[Near] = dataclasses.field(default_factory=list)
    suggestion: str = ""


def explain(router: Router, sections: dict[str, Section], key: str, forced: str = "") -> Routing:
    """Return how ``key`` is routed; ``forced`` is a log type that it gets whatever its key says."""
    route = router.route(key)
    matches = []
    for name, pattern, ignored in router.rows:
        if found := pattern.search(key):
            origin = sections[name].origins.get(KEY.name, Origin())
            left = ignored.search(key) if ignored else None
            by = ignored.pattern if ignored and left else ""
            takes = not forced and name == route.log_type
            matches.append(Match(name, pattern.pattern, origin.file, origin.line, sections[name].read(PRIORITY), *found.span(), by, takes))
    lost = not matches and not forced and bool(key) and not key.endswith("/")
    return Routing(
        key,
        forced or route.log_type,
        "" if forced else route.reason,
        bool(forced),
        matches,
        nearest(router, key) if lost else [],
        suggestion(key) if lost else "",
    )


def nearest(router: Router, key: str) -> list[Near]:
    """Return the types whose patterns have most text in common with ``key``."""
    found = []
    for name, pattern, _ in router.rows:
        texts = [text for text in literals(pattern.pattern) if re.search(r"\w", text)]
        shared = max((_shared(text, key) for text in texts), key=len, default="")
        if len(shared) >= SHORTEST:
            found.append(Near(name, pattern.pattern, shared, [text for text in texts if text not in key]))
    return sorted(found, key=lambda near: -len(near.shared))[:MOST]


def _shared(text: str, key: str) -> str:
    block = difflib.SequenceMatcher(None, text, key, autojunk=False).find_longest_match()
    return text[block.a : block.a + block.size]


def suggestion(key: str) -> str:
    r"""Return a pattern for keys like this one, as an INI file has it: the folders before the date; accounts and regions are any.

    >>> suggestion("AWSLogs/123456789012/edge/eu-west-1/2024/05/24/x.log.gz")
    'AWSLogs/\\d{12}/edge/[a-z0-9-]+/'
    >>> suggestion("edge.log")
    'edge\\.log'
    """
    *folders, name = key.split("/")
    kept: list[str] = []
    for folder in folders:
        if DATE.fullmatch(folder):
            break
        kept.append(ACCOUNT if re.fullmatch(ACCOUNT, folder) else "[a-z0-9-]+" if re.fullmatch(LIKE_REGION, folder) else _quoted(folder))
    return "/".join([*kept, ""]) if kept else re.sub(r"\d+", r"\\d+", _quoted(name))


def _quoted(text: str) -> str:
    return re.sub(r"[.^$*+?{}\[\]\\|()]", r"\\\g<0>", text).replace("$", "$$")
