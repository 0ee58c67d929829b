"""Hook of Application Load Balancer access logs. Format: Elastic Load Balancing, "Access logs for your Application Load Balancer".

The addresses and the request line are split by ``log_pattern`` already; a request line that is not three words arrives as ``request``.
"""

from __future__ import annotations

import datetime
from functools import lru_cache
from typing import Any

from siem import utils

TIDY = True  # makes the objects it sets fields in, and sets no empty values

OUTCOME = {"1": "success", "2": "success", "3": "success", "4": "failure", "5": "failure"}
UNKNOWN = (None, "", "-")


def duration(start: str | None, end: str | None) -> int | None:
    """Return the nanoseconds between two ISO times, or None if they are not two times in order."""
    try:
        between = datetime.datetime.fromisoformat(end) - datetime.datetime.fromisoformat(start)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    if between.days < 0:
        return None
    return (between.days * 86_400 + between.seconds) * 1_000_000_000 + between.microseconds * 1000


def processing(*seconds: str | None) -> int | None:
    """Return the sum of the processing times in nanoseconds, or None if one is missing (-1: the target was never reached)."""
    try:
        times = [float(part) for part in seconds]  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return None if min(times) < 0 else round(sum(times) * 1000) * 1_000_000


def transform(logdata: dict[str, Any]) -> dict[str, Any]:
    """Complete an access log record."""
    get = logdata.get
    event = logdata["event"]
    event["outcome"] = OUTCOME.get((get("elb_status_code") or "")[:1], "unknown")
    created = get("request_creation_time")
    if created in UNKNOWN:  # lines from before 2018
        took = processing(get("request_processing_time"), get("target_processing_time"), get("response_processing_time"))
    else:
        took = duration(created, get("timestamp"))
    if took is not None:
        event["duration"] = took
    client = get("client_ip")
    if client and client != "-":
        logdata.setdefault("network", {})["type"] = "ipv6" if ":" in client else "ipv4"
    _put_request(logdata)
    protocol = get("ssl_protocol")
    if protocol and protocol != "-":
        logdata.setdefault("tls", {}).update(utils.tls_fields(protocol))
    trace = get("trace_id")
    if trace and "Root=" in trace:
        logdata["trace"] = {"id": trace.partition("Root=")[2].partition(";")[0]}
    return logdata


def _put_request(logdata: dict[str, Any]) -> None:
    """Fill http, url and related.hosts from the request line; ``- http://host:80- -`` stands for one that could not be read."""
    get = logdata.get
    verb, target, protocol = get("request_verb"), get("request_url"), get("request_proto")
    if get("request"):
        verb, _, rest = logdata["request"].partition(" ")
        target, _, protocol = rest.rpartition(" ")
        if verb not in UNKNOWN:
            logdata.setdefault("http", {}).setdefault("request", {})["method"] = verb
    if protocol and protocol.startswith("HTTP/"):
        logdata.setdefault("http", {})["version"] = protocol[5:]
    target = target or ""
    if target.endswith("-") and verb == "-":
        target = target[:-1]
    url = utils.split_url(target)
    if url:
        logdata["url"] = url
    hosts = host_names(url.get("domain"), get("domain_name"))
    if hosts:
        logdata.setdefault("related", {})["hosts"] = [*hosts]


@lru_cache(maxsize=4096)
def host_names(*names: str | None) -> tuple[str, ...]:
    """Return the host names among these, sorted: no address, no ``-``."""
    return tuple(sorted({name for name in names if name and name != "-" and not utils.validate_ip(name)}))
