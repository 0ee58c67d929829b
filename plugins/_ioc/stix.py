"""STIX 2.0 and 2.1 bundles: the indicators whose pattern names addresses, networks or domains (OASIS STIX 2.1, sections 4.7 and 9)."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from plugins._ioc.indicator import Indicator, address_indicator, domain_indicator, utc
from plugins._ioc.pattern import Compound, comparisons
from plugins._ioc.report import Report

MAKERS = {"ipv4-addr:value": address_indicator, "ipv6-addr:value": address_indicator, "domain-name:value": domain_indicator}
CONFIDENCE = ((0, "None"), (29, "Low"), (69, "Medium"), (100, "High"))  # appendix A of STIX 2.1, in the words of ECS
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
OTHER = "of other things than addresses and domains"


class Bundles:
    """The indicators of one provider. Of those with one id the last modified counts, in whatever file it is."""

    def __init__(self, provider: str, now: datetime.datetime, report: Report) -> None:
        self.provider, self.now, self.report = provider, now, report
        self.latest: dict[str, tuple[Path, dict[str, Any]]] = {}

    def read(self, file: Path) -> None:
        """Take the indicators of a file; one that is no STIX is noted and costs only itself."""
        try:
            content = orjson.loads(file.read_bytes())
        except orjson.JSONDecodeError as why:
            self.report.complain(f"is no JSON: {why.msg}", file, why.lineno)
            return
        except OSError as why:
            self.report.complain(f"cannot be read: {why.strerror}", file)
            return
        objects = content.get("objects", [content]) if isinstance(content, dict) else content
        if not isinstance(objects, list):
            self.report.complain("is no STIX bundle: it has no list of objects", file)
            return
        for number, one in enumerate(objects):
            if isinstance(one, dict) and one.get("type") == "indicator":
                name = _text(one, "id") or f"{file}#{number}"
                if name not in self.latest or _modified(self.latest[name][1]) <= _modified(one):
                    self.latest[name] = file, one

    def indicators(self) -> Iterator[Indicator]:
        """Yield what was read and is valid; what cannot be used is counted, what is wrong noted."""
        for name, (file, one) in self.latest.items():
            reason = ""
            found: list[Indicator] = []
            try:
                reason = self._left_out(one)
                found = [] if reason else list(self._of(one))
            except Compound:
                reason = "with a pattern of several conditions"
            except ValueError as why:
                self.report.complain(f"{name}: {why}", file)
                continue
            if not found:
                self.report.left_out[self.provider, reason or OTHER] += 1
            yield from found

    def _left_out(self, one: dict[str, Any]) -> str:
        until = _time(one, "valid_until")
        if one.get("revoked") is True:
            return "revoked"
        if until and until <= self.now:
            return "no longer valid"
        return "" if one.get("pattern_type", "stix") == "stix" else OTHER

    def _of(self, one: dict[str, Any]) -> Iterator[Indicator]:
        until = _time(one, "valid_until")
        for path, value in comparisons(_text(one, "pattern")):
            if make := MAKERS.get(path):
                yield dataclasses.replace(
                    make(value, self.provider),
                    id=_text(one, "id"),
                    name=_text(one, "name"),
                    description=_text(one, "description"),
                    reference=_reference(one),
                    confidence=_confidence(one.get("confidence")),
                    first_seen=_text(one, "created"),
                    modified_at=_text(one, "modified"),
                    valid_until=utc(until) if until else "",
                )


def _text(one: dict[str, Any], key: str) -> str:
    value = one.get(key)
    return value if isinstance(value, str) else ""


def _reference(one: dict[str, Any]) -> str:
    references = one.get("external_references")
    found = (_text(each, "url") for each in references if isinstance(each, dict)) if isinstance(references, list) else ()
    return next(filter(None, found), "")


def _confidence(value: Any) -> str:
    return next((word for highest, word in CONFIDENCE if value <= highest), "") if type(value) is int and value >= 0 else ""


def _time(one: dict[str, Any], key: str) -> datetime.datetime | None:
    """Return an RFC 3339 time, None when there is none; raises ValueError when it cannot be read."""
    value = one.get(key)
    if value is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError(f"{key}: {value!r} is no time") from None
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


def _modified(one: dict[str, Any]) -> datetime.datetime:
    """Return when an object was last modified; long ago when it does not say."""
    with contextlib.suppress(ValueError):
        return _time(one, "modified") or EPOCH
    return EPOCH
