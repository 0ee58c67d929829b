"""Hook of Amazon S3 server access logs. Format: Amazon S3 User Guide, "Amazon S3 server access log format"."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

from siem import utils
from siem.utils import derive

OBJECT = frozenset(["OBJECT", "OBJECT_GET", "PART", "UPLOAD", "UPLOADS", "MULTI_OBJECT_DELETE", "DELETEMARKER", "RESTORE", "SELECT"])
READS = frozenset(["GET", "HEAD", "OPTIONS", "SELECT"])
DELETES = frozenset(["DELETE", "EXPIRE"])
DELETED = frozenset(["MULTI_OBJECT_DELETE", "DELETEMARKER"])
READ_PARTS = frozenset(["OBJECT_GET", "SELECT"])
UNKNOWN = (None, "", "-")
NO_URL = (None,) * 7


@lru_cache(maxsize=1024)
def classify(operation: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return event.category and event.type of an operation such as REST.PUT.OBJECT, WEBSITE.GET.OBJECT or S3.EXPIRE.OBJECT."""
    interface, _, rest = (operation or "").partition(".")
    verb, _, resource = rest.partition(".")
    if interface == "WEBSITE":
        return ("file", "web"), ("access",)
    if resource in OBJECT:
        return ("api", "file"), (_object_type(verb, resource),)
    if verb in READS:
        return ("api",), ("access",)
    kind = "deletion" if verb in DELETES else "creation" if resource == "BUCKET" else "change"
    return ("api", "configuration"), (kind,)


def _object_type(verb: str, resource: str) -> str:
    if resource in DELETED or verb in DELETES:
        return "deletion"
    if verb in READS or resource in READ_PARTS:
        return "access"
    return "creation" if verb in ("PUT", "POST", "COPY") and resource != "RESTORE" else "change"


def outcome(status: str | None, error: str | None, operation: str | None) -> str:
    """Return event.outcome. Actions of S3 itself (lifecycle rules) have no status: they are done."""
    if error not in UNKNOWN:
        return "failure"
    if status and status.isdecimal():
        return "failure" if status >= "400" else "success"
    return "success" if operation and operation.startswith("S3.") else "unknown"


def duration(milliseconds: str | None) -> int | None:
    """Return event.duration in nanoseconds."""
    return int(milliseconds) * 1_000_000 if milliseconds and milliseconds.isdecimal() and len(milliseconds) < 13 else None


def path(key: str | None) -> str | None:
    """Return file.path: a key as it is, without the encoding of the log."""
    return unquote_to_bytes(key).decode("utf-8", "replace") if key and "%" in key else key  # twice as fast as unquote


@lru_cache(maxsize=4096)
def who(requester: str | None) -> tuple[str | None, tuple[str, ...], str | None]:
    """Return user name, all names and account of a requester: an ARN, ``svc:NAME``, or a canonical user id, which names nobody."""
    if not requester:
        return None, (), None
    if requester.startswith("svc:"):
        return requester[4:], (requester[4:],), None
    parts = requester.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None, (), None
    steps = parts[5].split("/")
    if steps[0] == "assumed-role":
        names = steps[1:3]
        return names[0] if names else None, tuple(sorted({*names})), parts[4]
    return steps[-1], (steps[-1],), parts[4]


def asked(request: str | None, host: str | None) -> tuple[Any, ...]:
    """Return http.request.method, http.version and the fields of ``url``, whose domain is the host that was asked."""
    if request in UNKNOWN:
        return None, None, None, None, host, None, None, None, None
    method, version, target = utils.request_parts(request)
    original, scheme, domain, port, way, query, fragment = utils.url_parts(target) or NO_URL
    return method, version, original, scheme, domain if host in UNKNOWN else host, port, way, query, fragment


def hosts(host: str | None) -> tuple[str, ...]:
    """Return related.hosts."""
    return () if host is None or host in UNKNOWN else (host,)


@lru_cache(maxsize=4096)
def region(host: str | None, log_key: str) -> str | None:
    """Return the Region that a host header such as ``bucket.s3.eu-west-1.amazonaws.com`` names, unless the key of the log object tells one."""
    if not host or not host.endswith((".amazonaws.com", ".amazonaws.com.cn")) or utils.extract_aws_region_from_key(log_key):
        return None
    return utils.extract_aws_region_from_text(host.rpartition(".s3")[2])  # a bucket may be named after another Region


URL = "url.original url.scheme url.domain url.port url.path url.query url.fragment"
DERIVED = (
    derive("event.category event.type", classify, "operation"),
    derive("event.outcome", outcome, "httpstatus errorcode operation"),
    derive("event.duration", duration, "totaltime"),
    derive("file.path", path, "key", varied=True),
    derive("user.name related.user cloud.origin.account.id", who, "requester"),
    derive(f"http.request.method http.version {URL}", asked, "request_uri endpoint", varied=True),
    derive("related.hosts", hosts, "endpoint"),
    derive("cloud.region", region, "endpoint @log_s3key"),
    derive("tls.version_protocol tls.version", utils.tls_parts, "tlsversion"),
)
