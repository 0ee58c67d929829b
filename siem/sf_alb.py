"""Hook of Application Load Balancer access logs. Format: Elastic Load Balancing, "Access logs for your Application Load Balancer".

The addresses and the request line are split by ``log_pattern`` already; a request line that is not three words arrives as ``request``.
"""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

from siem import utils
from siem.utils import derive

OUTCOME = {"1": "success", "2": "success", "3": "success", "4": "failure", "5": "failure"}
UNKNOWN = (None, "", "-")
NO_URL = (None,) * 7
parse = datetime.datetime.fromisoformat


def outcome(status: str | None) -> str:
    """Return event.outcome."""
    return OUTCOME.get((status or "")[:1], "unknown")


def duration(created: str | None, answered: str | None, *parts: str | None) -> int | None:
    """Return event.duration: from the creation of the request to the answer, or in lines from before 2018 the sum of the parts."""
    return processing(*parts) if created in UNKNOWN else between(created, answered)


def between(start: str | None, end: str | None) -> int | None:
    """Return the nanoseconds between two ISO times, or None if they are not two times in order."""
    try:
        time = parse(end) - parse(start)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if time.days:
        return None if time.days < 0 else (time.days * 86_400 + time.seconds) * 1_000_000_000 + time.microseconds * 1000
    return time.seconds * 1_000_000_000 + time.microseconds * 1000


def processing(*seconds: str | None) -> int | None:
    """Return the sum of the processing times in nanoseconds, or None if one is missing (-1: the target was never reached)."""
    try:
        times = [float(part) for part in seconds]  # type: ignore[arg-type]
        return None if min(times) < 0 else round(sum(times) * 1000) * 1_000_000
    except (TypeError, ValueError, OverflowError):
        return None


def family(address: str | None) -> str | None:
    """Return network.type of the client's address."""
    return None if address in UNKNOWN else "ipv6" if ":" in f"{address}" else "ipv4"


def method_and_version(verb: str | None, protocol: str | None, request: str | None) -> tuple[str | None, str | None]:
    """Return http.request.method and http.version."""
    if request:
        verb, _, rest = request.partition(" ")
        protocol = rest.rpartition(" ")[2]
    return verb, protocol[5:] if protocol and protocol.startswith("HTTP/") else None


def target(asked: str | None, verb: str | None, request: str | None) -> str | None:
    """Return the URL of a request; ``- http://host:80- -`` stands for one that could not be read."""
    if request:
        verb, _, rest = request.partition(" ")
        asked = rest.rpartition(" ")[0]
    return asked[:-1] if verb == "-" and asked and asked.endswith("-") else asked


def url_and_hosts(asked: str | None, verb: str | None, request: str | None, name: str | None) -> tuple[Any, ...]:
    """Return the fields of ``url``, and related.hosts: its host, and the name by which the client knew it when it began TLS."""
    parts = utils.url_parts(asked if verb and verb != "-" else target(asked, verb, request)) or NO_URL
    return *parts, host_names(parts[2], name)


@lru_cache(maxsize=4096)
def host_names(*names: str | None) -> tuple[str, ...]:
    """Return the host names among these, sorted: no address, no ``-``."""
    return tuple(sorted({name for name in names if name and name != "-" and not utils.validate_ip(name)}))


def trace(text: str | None) -> str | None:
    """Return trace.id: the root of X-Amzn-Trace-Id."""
    return text.partition("Root=")[2].partition(";")[0] if text else None


PARTS = "request_processing_time target_processing_time response_processing_time"
URL = "url.original url.scheme url.domain url.port url.path url.query url.fragment"
DERIVED = (
    derive("event.outcome", outcome, "elb_status_code"),
    derive("event.duration", duration, f"request_creation_time timestamp {PARTS}", varied=True),
    derive("network.type", family, "client_ip"),
    derive("http.request.method http.version", method_and_version, "request_verb request_proto request"),
    derive(f"{URL} related.hosts", url_and_hosts, "request_url request_verb request domain_name", varied=True),
    derive("tls.version_protocol tls.version", utils.tls_parts, "ssl_protocol"),
    derive("trace.id", trace, "trace_id", varied=True),
)
