"""What CEF and LEEF say of an event in their header: who tells it, what it is, and how severe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from loader.api import Record
from plugins._text.values import text_of

LEVELS = {
    **dict.fromkeys(("emergency", "emerg", "panic", "alert", "fatal"), 10),
    **dict.fromkeys(("critical", "crit"), 9),
    "high": 8,
    **dict.fromkeys(("error", "err"), 7),
    **dict.fromkeys(("warning", "warn", "medium"), 5),
    "notice": 3,
    **dict.fromkeys(("informational", "information", "info", "low"), 2),
    **dict.fromkeys(("debug", "trace"), 1),
}
USUAL, FAILURE = 3, 5
SUBSTITUTE = "1.0"  # for the version of a product, which both formats want
NOTHING: Record = {}


class Head(NamedTuple):
    """The fields of a header as texts, and the severity from 0 to 10."""

    vendor: str
    product: str
    version: str
    code: str
    name: str
    severity: int


def head_of(log_type: str, vendor: str, product: str, version: str) -> Callable[[Record], Head]:
    """Return ``head(record)``; an empty vendor, product or version is taken from ``observer``.

    Else the vendor is the cloud's provider, or Sluice, and the product is the log type. The code is ``event.code``, else ``event.action``, else
    the log type; the name is ``event.action``, else ``event.category``, else the log type.
    """

    def head(record: Record) -> Head:
        event, observer = _object(record, "event"), _object(record, "observer")
        action = event.get("action")
        return Head(
            vendor or text_of(observer.get("vendor") or _object(record, "cloud").get("provider") or "Sluice"),
            product or text_of(observer.get("product") or log_type),
            version or text_of(observer.get("version") or SUBSTITUTE),
            text_of(event.get("code") or action or log_type),
            text_of(action or event.get("category") or log_type),
            severity(record, event),
        )

    return head


def severity(record: Record, event: Record) -> int:
    """Return how severe a record is, from 0 to 10.

    By ``event.severity`` as it is up to 10, in hundredths above; else by the risk score, of 100; else by ``log.level``. Else a failure is 5,
    anything 3.
    """
    for score, scale in ((event.get("severity"), 10.0), (event.get("risk_score_norm"), 100.0), (event.get("risk_score"), 100.0)):
        if score is not None and score.__class__ in (int, float) and 0 <= score <= 100:
            return round(score if score <= scale == 10 else score / 10)
    level = _object(record, "log").get("level")
    if level.__class__ is str and level.lower() in LEVELS:
        return LEVELS[level.lower()]
    return FAILURE if event.get("outcome") == "failure" else USUAL


def _object(record: Record, name: str) -> dict[str, Any]:
    found = record.get(name)
    return found if isinstance(found, dict) else NOTHING
