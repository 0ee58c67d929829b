"""Hook of Amazon S3 server access logs. Format: Amazon S3 User Guide, "Amazon S3 server access log format"."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from siem import utils

TIDY = True  # makes the objects it sets fields in, and sets no empty values

OBJECT = frozenset(["OBJECT", "OBJECT_GET", "PART", "UPLOAD", "UPLOADS", "MULTI_OBJECT_DELETE", "DELETEMARKER", "RESTORE", "SELECT"])
READS = frozenset(["GET", "HEAD", "OPTIONS", "SELECT"])
DELETES = frozenset(["DELETE", "EXPIRE"])
DELETED = frozenset(["MULTI_OBJECT_DELETE", "DELETEMARKER"])
READ_PARTS = frozenset(["OBJECT_GET", "SELECT"])
UNKNOWN = (None, "", "-")


@lru_cache(maxsize=1024)
def classify(operation: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return event.category and event.type of an operation such as REST.PUT.OBJECT, WEBSITE.GET.OBJECT or S3.EXPIRE.OBJECT."""
    interface, _, rest = operation.partition(".")
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


@lru_cache(maxsize=4096)
def who(requester: str) -> tuple[str | None, str | None, tuple[str, ...]]:
    """Return user name, account and all names of a requester: an ARN, ``svc:NAME``, or a canonical user id, which names nobody."""
    if requester.startswith("svc:"):
        return requester[4:], None, (requester[4:],)
    parts = requester.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return None, None, ()
    path = parts[5].split("/")
    if path[0] == "assumed-role":
        names = path[1:3]
        return names[0] if names else None, parts[4] or None, tuple(sorted({*names}))
    return path[-1], parts[4] or None, (path[-1],)


@lru_cache(maxsize=4096)
def region(host: str) -> str | None:
    """Return the Region that a host header such as ``bucket.s3.eu-west-1.amazonaws.com`` names."""
    if not host.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        return None
    return utils.extract_aws_region_from_text(host.rpartition(".s3")[2])  # a bucket may be named after another Region


def outcome(status: str | None, error: str | None, operation: str) -> str:
    """Return event.outcome. Actions of S3 itself (lifecycle rules) have no status: they are done."""
    if error not in UNKNOWN:
        return "failure"
    if status and status.isdecimal():
        return "failure" if status >= "400" else "success"
    return "success" if operation.startswith("S3.") else "unknown"


def transform(logdata: dict[str, Any]) -> dict[str, Any]:
    """Complete an access log record."""
    get = logdata.get
    operation = get("operation") or ""
    event = logdata["event"]
    categories, types = classify(operation)
    event["category"], event["type"] = [*categories], [*types]
    event["outcome"] = outcome(get("httpstatus"), get("errorcode"), operation)
    total = get("totaltime")
    if total and total.isdecimal():
        event["duration"] = int(total) * 1_000_000
    key = get("key")
    if key and key != "-":
        logdata.setdefault("file", {})["path"] = unquote(key) if "%" in key else key
    _put_requester(logdata, get("requester"))
    _put_request(logdata, get("request_uri"), get("endpoint"))
    protocol = get("tlsversion")
    if protocol and protocol != "-":
        logdata.setdefault("tls", {}).update(utils.tls_fields(protocol))
    return logdata


def _put_requester(logdata: dict[str, Any], requester: str | None) -> None:
    if requester in UNKNOWN:
        return
    name, account, names = who(requester)
    if name:
        logdata.setdefault("user", {})["name"] = name
    if names:
        logdata.setdefault("related", {})["user"] = [*names]
    if account:
        logdata.setdefault("cloud", {})["origin"] = {"account": {"id": account}}


def _put_request(logdata: dict[str, Any], request: str | None, host: str | None) -> None:
    """Fill http, url and related.hosts; the Region of the bucket too, where the key of the log object did not tell it."""
    url: dict[str, Any] = {}
    if request not in UNKNOWN:
        http, url = utils.extract_url_http_fields_from_http_request(request)
        if http:
            utils.merge_dicts(logdata.setdefault("http", {}), http)
    if host not in UNKNOWN:
        url["domain"] = host
        logdata.setdefault("related", {})["hosts"] = [host]
        cloud = logdata.setdefault("cloud", {})
        if not cloud.get("region") and (found := region(host)):
            cloud["region"] = found
    if url:
        logdata["url"] = url
