"""The toolbox of hooks: what ``siem/sf_<type>.py`` may import, ours and a site's own. Standard library only.

The names are those that hooks written for the es-loader use; their spelling, also where it is odd, is part of the contract.
"""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

RE_INSTANCEID = re.compile(r"(?<![\w-])(?P<instanceid>i-(?:[0-9a-f]{17}|[0-9a-f]{8}))(?![\w-])")
"""An EC2 instance id: ``i-`` and 17 hexadecimal digits, or 8 in old accounts."""

_RE_ACCOUNT = re.compile(r"(?<!\w)(\d{12})(?=/)")
_RE_REGION = re.compile(
    r"(?<![a-z0-9])(?:af|ap|ca|cn|eu|eusc|il|me|mx|sa|us|us-gov|us-iso[a-f]?)"
    r"-(?:de-)?(?:central|(?:north|south)(?:east|west)?|east|west)-\d(?![0-9])"
)
_RE_LOG_GROUP = re.compile(r"/aws/(?:rds|docdb|neptune)/(cluster|instance)/([^/]+)")
_TLS = {"TLSv1": ("tls", "1.0"), "SSLv3": ("ssl", "3.0"), "SSLv2": ("ssl", "2.0")}
_EMPTY = (None, "", "-")


def merge_dicts(into: dict[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Merge ``other`` into ``into``, in place, and return it: dicts join, anything else (lists too) is replaced from the right.

    >>> merge_dicts({"source": {"ip": "192.0.2.1"}, "tags": [1, 2]}, {"source": {"port": 443}, "tags": [3]})
    {'source': {'ip': '192.0.2.1', 'port': 443}, 'tags': [3]}
    """
    for key, value in other.items():
        mine = into.get(key)
        if isinstance(mine, dict) and isinstance(value, Mapping):
            merge_dicts(mine, value)
        else:
            into[key] = value
    return into


def value_from_nesteddict_by_dottedkey(nested: Any, dotted_key: str) -> Any:
    """Return the value at a dotted path, digits index lists; an empty text where the path leads nowhere.

    >>> value_from_nesteddict_by_dottedkey({"Resources": [{"Id": "a"}, {"Id": "b"}]}, "Resources.1.Id")
    'b'
    >>> value_from_nesteddict_by_dottedkey({"a": {"b": 0}}, "a.b"), value_from_nesteddict_by_dottedkey({"a": 1}, "a.b")
    (0, '')
    """
    value = nested
    for step in dotted_key.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ""
    return "" if value is None else value


def value_from_nesteddict_by_dottedkeylist(nested: Any, dotted_keys: str | Iterable[str]) -> Any:
    """Return the first value of several dotted paths (a list, or text with blanks between) that is there; 0 and False are.

    >>> value_from_nesteddict_by_dottedkeylist({"a": {"b": ""}, "c": False}, "a.b c")
    False
    """
    for dotted_key in dotted_keys.split() if isinstance(dotted_keys, str) else dotted_keys:
        value = value_from_nesteddict_by_dottedkey(nested, dotted_key)
        if value not in _EMPTY:
            return value
    return ""


def put_value_into_nesteddict(dotted_key: str, value: Any) -> dict[str, Any]:
    """Return a nested dict with the value at the dotted path. Numbers and booleans become text, as the es-loader had it.

    >>> put_value_into_nesteddict("source.nat.port", 443)
    {'source': {'nat': {'port': '443'}}}
    >>> put_value_into_nesteddict("related.ip", ["192.0.2.1"])
    {'related': {'ip': ['192.0.2.1']}}
    """
    *parents, leaf = dotted_key.split(".")
    nested: dict[str, Any] = {leaf: str(value) if isinstance(value, (bool, int, float)) else value}
    for step in reversed(parents):
        nested = {step: nested}
    return nested


def convert_keyname_to_safe_field(value: Any) -> Any:
    """Return the value with ``-`` as ``_`` in every key of every dict within it.

    >>> convert_keyname_to_safe_field({"account-id": "1", "list": [{"az-id": "use1-az1"}]})
    {'account_id': '1', 'list': [{'az_id': 'use1-az1'}]}
    """
    if isinstance(value, dict):
        return {str(key).replace("-", "_"): convert_keyname_to_safe_field(item) for key, item in value.items()}
    if isinstance(value, list):
        return [convert_keyname_to_safe_field(item) for item in value]
    return value


def extract_aws_account_from_text(text: str) -> str | None:
    """Return the first folder-like account number, 12 digits before a slash, or None.

    >>> extract_aws_account_from_text("AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/")
    '123456789012'
    """
    match = _RE_ACCOUNT.search(text)
    return match[1] if match else None


def extract_aws_region_from_text(text: str) -> str | None:
    """Return the first name of an AWS Region, or None.

    >>> extract_aws_region_from_text("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1")
    'us-gov-west-1'
    >>> extract_aws_region_from_text("AWSLogs/global/focus-east-1/")
    """
    match = _RE_REGION.search(text)
    return match[0] if match else None


def extract_aws_instanceid_from_text(text: str) -> str | None:
    """Return the first EC2 instance id, or None.

    >>> extract_aws_instanceid_from_text("assumed-role/web/i-0123456789abcdef0")
    'i-0123456789abcdef0'
    """
    match = RE_INSTANCEID.search(text)
    return match["instanceid"] if match else None


def validate_ip(text: Any) -> str:
    """Return the text if it is an IPv4 or IPv6 address, else an empty text.

    >>> validate_ip("2001:db8::1"), validate_ip("AWS Internal")
    ('2001:db8::1', '')
    """
    return text if isinstance(text, str) and _is_ip(text) else ""


@lru_cache(maxsize=16384)
def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def extract_url_http_fields_from_http_request(request: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a request line and return the ECS objects ``http`` and ``url``; parts that are missing or ``-`` are left out.

    >>> http, url = extract_url_http_fields_from_http_request("GET http://www.example.com:80/a?b=c HTTP/1.1")
    >>> http
    {'request': {'method': 'GET'}, 'version': '1.1'}
    >>> url["domain"], url["port"], url["path"], url["query"]
    ('www.example.com', 80, '/a', 'b=c')
    """
    method, _, rest = request.strip().partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if not protocol.startswith("HTTP/"):
        target, protocol = rest, ""
    http: dict[str, Any] = {}
    if method not in _EMPTY:
        http["request"] = {"method": method}
    if protocol:
        http["version"] = protocol[5:]
    return http, split_url(target)


def split_url(original: str) -> dict[str, Any]:
    """Return the ECS object ``url`` of a URL, or of the path and query of one; nothing is decoded. Never raises.

    >>> split_url("/a%20b?x=1")
    {'original': '/a%20b?x=1', 'path': '/a%20b', 'query': 'x=1'}
    """
    if original in _EMPTY:
        return {}
    url: dict[str, Any] = {"original": original}
    rest = original
    scheme, absolute, tail = original.partition("://")
    if absolute and scheme.isalnum():
        end = tail.find("/")
        if end < 0 or "?" in tail[:end] or "#" in tail[:end]:
            end = min((at for at in (tail.find("?"), tail.find("#")) if at >= 0), default=len(tail))
        url.update(_origin(scheme, tail[:end]))
        rest = tail[end:]
    path, _, query = rest.partition("?")
    if "#" in rest:
        rest, _, url["fragment"] = rest.partition("#")
        path, _, query = rest.partition("?")
    if path:
        url["path"] = path
    if query:
        url["query"] = query
    return url


@lru_cache(maxsize=4096)
def _origin(scheme: str, authority: str) -> dict[str, Any]:
    """Return the scheme, domain and port of a URL; shared between calls, so not to be changed."""
    origin: dict[str, Any] = {"scheme": scheme}
    host = authority.rpartition("@")[2]
    domain, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        domain, port = host, ""
    if domain:
        origin["domain"] = domain.strip("[]")
    if port.isdecimal() and len(port) <= 5:
        origin["port"] = int(port)
    return origin


@lru_cache(maxsize=64)
def tls_fields(text: str) -> dict[str, str]:
    """Return what ECS calls tls.version_protocol and tls.version, as far as the text tells.

    >>> tls_fields("TLSv1.2"), tls_fields("TLSv1"), tls_fields("-")
    ({'version_protocol': 'tls', 'version': '1.2'}, {'version_protocol': 'tls', 'version': '1.0'}, {})
    """
    if text in _TLS:
        return dict(zip(("version_protocol", "version"), _TLS[text], strict=True))
    return {"version_protocol": "tls", "version": text[4:]} if text.startswith("TLSv") and text[4:] else {}


def convert_underscore_field_into_dot_notation(prefix: str, logdata: dict[str, Any]) -> dict[str, Any]:
    """Move fields named ``prefix_rest`` to ``rest`` inside an object named like the prefix, in place; return the record.

    >>> convert_underscore_field_into_dot_notation("audit", {"audit_category": "LOGIN", "audit_request_user": "alice"})
    {'audit': {'category': 'LOGIN', 'request_user': 'alice'}}
    """
    start = prefix + "_"
    moved = {key.removeprefix(start): logdata.pop(key) for key in list(logdata) if key.startswith(start)}
    if moved:
        below = logdata.get(prefix)
        logdata[prefix] = {**below, **moved} if isinstance(below, dict) else moved
    return logdata


def cluster_instance_identifier(logdata: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return the database cluster and instance that the log group and stream of an RDS log name; None for what they do not.

    >>> cluster_instance_identifier({"@log_group": "/aws/rds/cluster/db1/postgresql", "@log_stream": "db1-a.0"})
    ('db1', 'db1-a')
    >>> cluster_instance_identifier({"@log_group": "/aws/rds/instance/db2/error", "@log_stream": "db2"})
    (None, 'db2')
    """
    match = _RE_LOG_GROUP.match(str(logdata.get("@log_group", "")))
    if not match:
        return None, None
    if match[1] == "instance":
        return None, match[2]
    instance = str(logdata.get("@log_stream", "")).partition(".")[0]
    return match[2], instance or None


def parse_xff(text: str) -> list[str]:
    """Return the addresses of an X-Forwarded-For header, in its order: ports, brackets and what is no address go.

    >>> parse_xff("198.51.100.7, unknown, [2001:db8::1]:443, 203.0.113.9:8080")
    ['198.51.100.7', '2001:db8::1', '203.0.113.9']
    """
    found = []
    for item in text.replace("%20", " ").replace("+", " ").split(","):
        address = item.strip(" \"'")
        if address.startswith("["):
            address = address[1:].partition("]")[0]
        elif address.count(":") == 1:
            address = address.partition(":")[0]
        if validate_ip(address):
            found.append(address)
    return found


def convert_epoch_to_datetime(timestamp: float | str, tz: datetime.tzinfo = datetime.UTC) -> datetime.datetime:
    """Return the time of an epoch value in seconds, milli- or microseconds.

    >>> convert_epoch_to_datetime("1716535925123").isoformat()
    '2024-05-24T07:32:05.123000+00:00'
    """
    return datetime.datetime.fromtimestamp(convrt_micro_epoch_to_seconds_epoch(timestamp), tz)


def convrt_micro_epoch_to_seconds_epoch(epoch: float | str) -> float:
    """Return an epoch value of seconds, milli-, micro- or nanoseconds in seconds; the size tells which it is.

    >>> convrt_micro_epoch_to_seconds_epoch(1716535925), convrt_micro_epoch_to_seconds_epoch("1716535925123456")
    (1716535925.0, 1716535925.123456)
    """
    value = float(epoch)
    for bound, unit in ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3)):
        if abs(value) >= bound:
            return value / unit
    return value
