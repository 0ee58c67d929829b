"""What comes with HTTP: addresses, forwarded addresses, request lines, URLs, TLS, media types. For hooks, by way of ``siem.utils``."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any

from siem._fields import EMPTY

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # RFC 3986, 3.1
_END = frozenset("/?#")  # what ends an authority
_LONGEST_ORIGIN = 300  # characters: a scheme, the longest name of a host, a port
_TLS = {"TLSv1": ("tls", "1.0"), "SSLv3": ("ssl", "3.0"), "SSLv2": ("ssl", "2.0")}
_MAGIC = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"PAR1": "parquet", b"\x28\xb5\x2f\xfd": "zstd"}
URL = tuple[str, str | None, str | None, int | None, str, str, str | None]
_CONTROL = bytes({*range(32), 0x7F} - {7, 8, 9, 10, 12, 13, 27})  # never in text


def validate_ip(text: Any, ecs_key: str = "") -> str:
    """Return the text if it is an IPv4 or IPv6 address, else an empty text. ``ecs_key`` has no meaning: hooks may pass it.

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


def parse_xff(text: Any) -> list[str]:
    """Return the addresses of an X-Forwarded-For header (or of a list of such), in order: ports, brackets and what is no address go.

    >>> parse_xff("198.51.100.7, unknown, [2001:db8::1]:443, 203.0.113.9:8080")
    ['198.51.100.7', '2001:db8::1', '203.0.113.9']
    """
    text = ",".join(map(str, text)) if isinstance(text, list | tuple) else str(text or "")
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


def extract_url_http_fields_from_http_request(request: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split a request line and return the ECS objects ``http`` and ``url``; parts that are missing or ``-`` are left out.

    >>> http, url = extract_url_http_fields_from_http_request("GET http://www.example.com:80/a?b=c HTTP/1.1")
    >>> http
    {'request': {'method': 'GET'}, 'version': '1.1'}
    >>> url["domain"], url["port"], url["path"], url["query"]
    ('www.example.com', 80, '/a', 'b=c')
    """
    method, version, target = request_parts(request)
    http: dict[str, Any] = {}
    if method is not None:
        http["request"] = {"method": method}
    if version is not None:
        http["version"] = version
    return http, split_url(target)


def request_parts(line: Any) -> tuple[str | None, str | None, str]:
    """Return method, version of HTTP and target of a request line; None or an empty text for what it lacks.

    >>> request_parts("GET /a b HTTP/1.1"), request_parts("-")
    (('GET', '1.1', '/a b'), (None, None, ''))
    """
    if not isinstance(line, str):
        line = str(line or "")
    method, _, rest = line.strip().partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if protocol.startswith("HTTP/"):
        return (None if method in EMPTY else method), protocol[5:], target
    return (None if method in EMPTY else method), None, rest


def split_url(original: Any) -> dict[str, Any]:
    """Return the ECS object ``url`` of a URL, or of the path and query of one; nothing is decoded. Never raises.

    >>> split_url("/a%20b?x=1")
    {'original': '/a%20b?x=1', 'path': '/a%20b', 'query': 'x=1'}
    """
    found = url_parts(original)
    if found is None:
        return {}
    _, scheme, domain, port, path, query, fragment = found
    url: dict[str, Any] = {"original": original}
    if scheme:
        url["scheme"] = scheme
    if domain:
        url["domain"] = domain
    if port is not None:
        url["port"] = port
    if fragment:
        url["fragment"] = fragment
    if path:
        url["path"] = path
    if query:
        url["query"] = query
    return url


def url_parts(original: Any) -> URL | None:
    """Return original, scheme, domain, port, path, query and fragment of a URL: ``split_url`` for a row of a table, and faster.

    None or an empty text stands for a part that it lacks; what is no URL gives None.

    >>> url_parts("https://www.example.com:8443/a?b=c")
    ('https://www.example.com:8443/a?b=c', 'https', 'www.example.com', 8443, '/a', 'b=c', None)
    """
    if not isinstance(original, str):
        return None
    path, _, query = original.partition("?")
    if "#" not in original:
        if path[:1] == "/":
            return original, None, None, None, path, query, None
        end = path.find("/", 8)  # behind "http://" and a letter: where most origins end
        if 0 < end < _LONGEST_ORIGIN and (origin := _origin(path[:end])):
            scheme, domain, port = origin
            return original, scheme, domain, port, path[end:], query, None
    return None if original in EMPTY else _any_url(original)


def _any_url(original: str) -> URL:
    """Return the parts of a URL in any shape."""
    scheme, absolute, tail = original.partition("://")
    if not absolute or not _SCHEME.fullmatch(scheme):
        return original, None, None, None, *_behind_origin(original)
    end = min((at for at in map(tail.find, "/?#") if at >= 0), default=len(tail))
    return original, scheme, *_authority(tail[:end]), *_behind_origin(tail[end:])


def _behind_origin(text: str) -> tuple[str, str, str]:
    rest, _, fragment = text.partition("#")
    path, _, query = rest.partition("?")
    return path, query, fragment


@lru_cache(maxsize=4096)
def _origin(text: str) -> tuple[str, str | None, int | None] | None:
    """Return scheme, domain and port of ``scheme://authority``, None for any other text."""
    scheme, absolute, authority = text.partition("://")
    if not absolute or not _SCHEME.fullmatch(scheme) or not _END.isdisjoint(authority):
        return None
    return scheme, *_authority(authority)


def _authority(text: str) -> tuple[str | None, int | None]:
    """Return the domain and the port of what stands between ``://`` and the path."""
    host = text.rpartition("@")[2]
    domain, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        domain, port = host, ""
    return domain.strip("[]") or None, int(port) if port.isdecimal() and len(port) <= 5 else None


def tls_fields(text: str) -> dict[str, str]:
    """Return what ECS calls tls.version_protocol and tls.version, as far as the text tells.

    >>> tls_fields("TLSv1.2"), tls_fields("TLSv1"), tls_fields("-")
    ({'version_protocol': 'tls', 'version': '1.2'}, {'version_protocol': 'tls', 'version': '1.0'}, {})
    """
    found = tls_parts(text)
    return {} if found is None else dict(zip(("version_protocol", "version"), found, strict=True))


def tls_parts(text: Any) -> tuple[str, str] | None:
    """Return the same two for a row of a table, None where the text tells nothing.

    >>> tls_parts("TLSv1.2"), tls_parts("-")
    (('tls', '1.2'), None)
    """
    if not isinstance(text, str):
        return None
    return _TLS.get(text) or (("tls", text[4:]) if text.startswith("TLSv") and text[4:] else None)


def get_mime_type(data: bytes) -> str:
    """Return what the first bytes of an object are: gzip, zip, bzip2, zstd, parquet, text or binary.

    >>> get_mime_type(b"\\x1f\\x8b\\x08"), get_mime_type(b"PAR1"), get_mime_type("caf\\u00e9".encode()), get_mime_type(b"a\\x00b")
    ('gzip', 'parquet', 'text', 'binary')
    """
    for start, name in _MAGIC.items():
        if data.startswith(start):
            return name
    return "binary" if data.translate(None, _CONTROL) != data else "text"
