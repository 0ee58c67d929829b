"""What comes with HTTP: addresses, forwarded addresses, request lines, URLs, TLS, media types. For hooks, by way of ``siem.utils``."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any

from siem._fields import EMPTY

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")  # RFC 3986, 3.1
_TLS = {"TLSv1": ("tls", "1.0"), "SSLv3": ("ssl", "3.0"), "SSLv2": ("ssl", "2.0")}
_MAGIC = {b"\x1f\x8b": "gzip", b"PK": "zip", b"BZh": "bzip2", b"PAR1": "parquet", b"\x28\xb5\x2f\xfd": "zstd"}
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
    method, _, rest = str(request or "").strip().partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if not protocol.startswith("HTTP/"):
        target, protocol = rest, ""
    http: dict[str, Any] = {}
    if method not in EMPTY:
        http["request"] = {"method": method}
    if protocol:
        http["version"] = protocol[5:]
    return http, split_url(target)


def split_url(original: Any) -> dict[str, Any]:
    """Return the ECS object ``url`` of a URL, or of the path and query of one; nothing is decoded. Never raises.

    >>> split_url("/a%20b?x=1")
    {'original': '/a%20b?x=1', 'path': '/a%20b', 'query': 'x=1'}
    """
    if original in EMPTY or not isinstance(original, str):
        return {}
    url: dict[str, Any] = {"original": original}
    rest = original
    scheme, absolute, tail = original.partition("://")
    if absolute and ((scheme.isascii() and scheme.isalpha()) or _SCHEME.fullmatch(scheme)):
        end = tail.find("/")
        if end < 0 or "?" in tail[:end] or "#" in tail[:end]:
            end = min((at for at in (tail.find("?"), tail.find("#")) if at >= 0), default=len(tail))
        url.update(_origin(scheme, tail[:end]))
        rest = tail[end:]
    if "#" in rest:
        rest, _, fragment = rest.partition("#")
        if fragment:
            url["fragment"] = fragment
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
    if domain := domain.strip("[]"):
        origin["domain"] = domain
    if port.isdecimal() and len(port) <= 5:
        origin["port"] = int(port)
    return origin


def tls_fields(text: str) -> dict[str, str]:
    """Return what ECS calls tls.version_protocol and tls.version, as far as the text tells.

    >>> tls_fields("TLSv1.2"), tls_fields("TLSv1"), tls_fields("-")
    ({'version_protocol': 'tls', 'version': '1.2'}, {'version_protocol': 'tls', 'version': '1.0'}, {})
    """
    return _tls(text).copy()


@lru_cache(maxsize=64)
def _tls(text: str) -> dict[str, str]:
    if text in _TLS:
        return dict(zip(("version_protocol", "version"), _TLS[text], strict=True))
    return {"version_protocol": "tls", "version": text[4:]} if text.startswith("TLSv") and text[4:] else {}


def get_mime_type(data: bytes) -> str:
    """Return what the first bytes of an object are: gzip, zip, bzip2, zstd, parquet, text or binary.

    >>> get_mime_type(b"\\x1f\\x8b\\x08"), get_mime_type(b"PAR1"), get_mime_type("caf\\u00e9".encode()), get_mime_type(b"a\\x00b")
    ('gzip', 'parquet', 'text', 'binary')
    """
    for start, name in _MAGIC.items():
        if data.startswith(start):
            return name
    return "binary" if data.translate(None, _CONTROL) != data else "text"
