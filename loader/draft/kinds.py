"""What kind of value a field holds, by its values alone: addresses, ports, codes, URLs, hashes, ..."""

from __future__ import annotations

import http
import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import Any

ABSENT = (None, "", "-", "null", "N/A", "none")
STATUS = frozenset(str(code.value) for code in http.HTTPStatus)
METHODS = frozenset({"GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"})
LEVELS = frozenset({
    "emerg", "alert", "crit", "critical", "err", "error", "warn", "warning", "notice", "info", "information", "informational", "debug", "trace",
    "fatal", "log", "panic",
})  # fmt: skip
VERDICTS = frozenset({
    "accept", "accepted", "allow", "allowed", "permit", "permitted", "pass", "passed", "success", "succeeded", "successful", "ok", "deny",
    "denied", "drop", "dropped", "block", "blocked", "reject", "rejected", "refused", "fail", "failed", "failure", "error", "unsuccessful",
})  # fmt: skip
AGENT = re.compile(r"(?:Mozilla|Opera|curl|Wget|python-requests|aws-cli|Boto3|okhttp|Go-http-client|Java|Dalvik|Apache-HttpClient)/[\d.]")
HOST = re.compile(r"(?=.{4,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}\.?")
ENDPOINT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]+\]):(\d{1,5})")


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return len(text) > 2


def is_endpoint(text: str) -> bool:
    """Tell whether a text is an address and a port."""
    found = ENDPOINT.fullmatch(text)
    return bool(found) and is_address(found[1].strip("[]"))  # type: ignore[index]


def _full(pattern: str) -> Callable[[str], bool]:
    return lambda text, match=re.compile(pattern).fullmatch: match(text) is not None  # type: ignore[misc]


TESTS: tuple[tuple[str, Callable[[str], bool]], ...] = (  # the first of which all values pass
    ("address", is_address),
    ("endpoint", is_endpoint),
    ("code", STATUS.__contains__),
    ("number", _full(r"-?\d{1,18}")),
    ("decimal", _full(r"-?\d+\.\d+")),
    ("method", METHODS.__contains__),
    ("request", _full(r"[A-Z]{3,10} \S.* HTTP/[\d.]+")),
    ("url", _full(r"[a-z][a-z0-9+.-]*://\S+")),
    ("agent", lambda text: AGENT.match(text) is not None),
    ("email", _full(r"[^\s@/:]+@[\w-]+(?:\.[\w-]+)+")),
    ("mac", _full(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")),
    ("md5", _full(r"(?=.*[a-fA-F])[0-9a-fA-F]{32}")),
    ("sha1", _full(r"(?=.*[a-fA-F])[0-9a-fA-F]{40}")),
    ("sha256", _full(r"(?=.*[a-fA-F])[0-9a-fA-F]{64}")),
    ("uuid", _full(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")),
    ("arn", _full(r"arn:aws[\w-]*:\S+")),
    ("level", lambda text: text.lower() in LEVELS),
    ("verdict", lambda text: text.lower() in VERDICTS),
    ("path", _full(r"/\S*")),
    ("host", lambda text: HOST.fullmatch(text) is not None and not text.endswith((".php", ".html", ".log", ".exe", ".c", ".py"))),
)


def kind(values: Iterable[Any]) -> str:
    """Return the kind of which all values are that say something; ``text`` for any, '' where none says anything.

    >>> kind(["192.0.2.7", "-", "2001:db8::1"]), kind(["200", "404"]), kind(["some", "words"]), kind(["-"])
    ('address', 'code', 'text', '')
    """
    texts = {str(value) for value in values if value.__class__ in (str, int, float) and value not in ABSENT}
    if not texts:
        return ""
    return next((name for name, test in TESTS if all(map(test, texts))), "text")
