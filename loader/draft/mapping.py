"""Which ECS field a field of the sample is, by its name and its values."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any

from loader.draft import names
from loader.draft.fields import KEPT, Fields, flat, plain
from loader.draft.kinds import kind
from loader.draft.moments import EPOCH, SYSLOG, form_of, is_ambiguous, nano
from loader.stages import typed

SHARE = 0.8  # of the values of a field that must have the type of its target
UNNAMED = re.compile(r"field_\d+")
BY_NAME, BY_NEAR, BY_VALUE = "its name", "the end of its name", "its values"
KINDS = {  # what values must look like where ECS takes any text
    "network.iana_number": ("number",),
    "http.request.method": ("method",), "http.response.status_code": ("code",), "user.email": ("email",), "log.level": ("level", "text"),
    "message": ("text",), "file.hash.md5": ("md5",), "file.hash.sha1": ("sha1",), "file.hash.sha256": ("sha256",),
    "url.original": ("url", "path", "text"), "url.path": ("path",), "host.name": ("host", "text"), "dns.question.name": ("host", "text"),
    "source.mac": ("mac",), "destination.mac": ("mac",), "user.name": ("text", "email", "host"),
    "user.id": ("text", "email", "uuid", "number", "arn", "code"), "user_agent.original": ("agent", "text", "host"),
    "event.action": ("text", "verdict", "level", "host"), "network.transport": ("text", "verdict"), "http.version": ("decimal", "number"),
    "process.name": ("text", "path", "host"), "event.reason": ("text", "verdict"), "rule.name": ("text", "arn", "uuid"),
    "network.direction": ("text",), "error.message": ("text",), "source.domain": ("host", "text"), "destination.domain": ("host", "text"),
    "event.provider": ("text", "host", "arn"), "group.name": ("text",), "network.protocol": ("text", "host"), "organization.name": ("text",),
    "cloud.account.id": ("number", "text"), "dns.response_code": ("text", "verdict"), "observer.name": ("text", "host"),
    "observer.product": ("text", "host"), "observer.vendor": ("text", "host"), "event.code": ("text", "number", "code"),
}  # fmt: skip
RELATED = {"address": "related.ip", "email": "related.user", "sha1": "related.hash", "sha256": "related.hash"}
GATHERED = {
    "related.ip": ("source.ip", "destination.ip", "host.ip"), "related.user": ("user.name", "user.email"),
    "related.hosts": ("host.name", "url.domain", "dns.question.name", "source.domain", "destination.domain"),
    "related.hash": ("file.hash.md5", "file.hash.sha1", "file.hash.sha256"),
}  # fmt: skip
UNSURE = ("ip", "ip_2", "port", "port_2", "type", "name", "id", "path", "in", "out", "app", "service", "host", "sport", "op")  # mean several things
MOST_RELATED = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Mapped:
    """A target, the field it takes its value from, and what that was told by."""

    target: str
    source: str
    by: str


@dataclasses.dataclass(frozen=True, slots=True)
class Time:
    """The field with the time of the event and its form; what else there is to say of it."""

    field: str
    form: str
    nano: bool = False
    ambiguous: bool = False
    by_name: bool = False


def time_of(fields: Fields, count: int) -> Time | None:
    """Return the field that has the time of the event: named like one, in every record, read by the loader."""
    found: list[tuple[bool, bool, int, int, str, str]] = []
    for path, values in fields.items():
        form, rank = form_of(values), _time_rank(path)
        if form is None or (rank is None and form == EPOCH and not UNNAMED.fullmatch(path)):  # a number, and nothing says that it is a time
            continue
        seen = sum(value not in ("", "-", None) for value in values)
        whole = seen >= min(count, KEPT) * SHARE
        found.append((not whole, _dated_only(values), len(names.TIMES) if rank is None else rank, len(found), path, form))
    if not found:
        return None
    *_, rank, _, path, form = min(found)
    values = fields[path]
    return Time(path, form, nano(form, values), form != SYSLOG and is_ambiguous(form, values), rank < len(names.TIMES))


def _dated_only(values: Sequence[Any]) -> bool:
    return all(len(str(value)) <= 10 and not str(value).isdigit() for value in values)


def _time_rank(path: str) -> int | None:
    for name in _spellings(path):
        base = name.rstrip("0123456789") or name
        if base in names.TIMES:
            return names.TIMES.index(base)
    return None


def _spellings(path: str) -> Iterator[str]:
    """Yield what a path may be called in tables: all of it, its last two names, its last."""
    steps = [step for step in path.split(".") if not step.isdecimal()]
    yield from dict.fromkeys(plain(".".join(part)) for part in (steps, steps[-2:], steps[-1:]) if part)


def mapped(fields: Fields, time: Time | None) -> list[Mapped]:
    """Return what can be told: each target once, from its likeliest field; then what only values tell, for ``related``."""
    known, found = names.table(), dict[str, Mapped]()
    ranked: dict[str, list[tuple[int, int, str, str]]] = {}
    for path, values in fields.items():
        if time and path == time.field:
            continue
        for depth, name in enumerate(_spellings(path)):
            for target in known.get(name, ()):
                if fits(target, values):
                    by = BY_NAME if not depth and path not in UNSURE else BY_NEAR
                    ranked.setdefault(target, []).append((depth, known_rank(target, name), by, path))
    used: set[str] = set()
    web = any(one in ranked for one in ("http.request.method", "http.response.status_code", "user_agent.original"))
    for target, _ in names.NAMES:
        if target.startswith("http.") and not web:
            continue
        options = sorted(one for one in ranked.get(target, ()) if one[3] not in used)
        if options:
            _, _, by, path = options[0]
            found[target] = Mapped(target, path, by)
            used.add(path)
    return [*found.values(), *_related(fields, found, used)]


def known_rank(target: str, name: str) -> int:
    """Return how likely a name means a target: its place among the names of that."""
    words = next(words for one, words in names.NAMES if one == target).split()
    return words.index(name)


def fits(target: str, values: Sequence[Any]) -> bool:
    """Tell whether values can be those of a target: of its type, and of a kind that goes with it."""
    array = typed.is_array(target)
    plain_values = [value for value in (flat(values) if array else values) if value not in (*typed.EMPTY, "N/A")]
    if not plain_values or any(isinstance(value, list | dict) for value in plain_values):
        return False
    convert, _ = typed.converter(target)
    right = sum(convert(value) is not None for value in plain_values) if convert else len(plain_values)
    if right < SHARE * len(plain_values):
        return False
    if target in KINDS and not any(isinstance(value, bool) for value in plain_values):
        likely = [kind([value]) for value in plain_values[:50]]
        return sum(one in KINDS[target] for one in likely) >= SHARE * len(likely)
    return not any(isinstance(value, bool) for value in plain_values)


def _related(fields: Fields, found: dict[str, Mapped], used: set[str]) -> Iterator[Mapped]:
    """Yield what goes into ``related``: what is mapped already, and other fields whose values are addresses, hashes, ..."""
    others: dict[str, list[str]] = {}
    for path, values in fields.items():
        if path not in used and (target := RELATED.get(kind(flat(values)))):
            others.setdefault(target, []).append(path)
    for target, sources in GATHERED.items():
        paths = [found[source].source for source in sources if source in found] + others.get(target, [])
        if paths:
            by = BY_NAME if any(one in found for one in sources) else BY_VALUE
            yield Mapped(target, f"[{', '.join(dict.fromkeys(paths[:MOST_RELATED]))}]", by)
