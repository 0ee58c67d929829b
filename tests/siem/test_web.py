"""Addresses, request lines, URLs, TLS versions and media types, in any shape."""

from __future__ import annotations

import bz2
import gzip
import ipaddress
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siem import _web, utils

HOSTS = st.text(string.ascii_lowercase, min_size=1, max_size=8)
PATHS = st.text(string.ascii_letters + "/%.-_:@", max_size=8).map(lambda rest: "/" + rest)
PARTS = st.text(string.ascii_letters + "/?=&%:@", max_size=8)


@pytest.mark.parametrize("value", ["", "-", "192.0.2.256", "host", "192.0.2.1:80", None, 1, ["192.0.2.1"]])
def test_what_is_no_address_is_empty(value: Any) -> None:
    assert utils.validate_ip(value, "source.ip") == ""


def test_forwarded_addresses_lose_ports_and_what_is_no_address() -> None:
    assert utils.parse_xff("192.0.2.1") == ["192.0.2.1"]
    assert utils.parse_xff('192.0.2.1,%20198.51.100.2:80, unknown,,"[2001:db8::1]"') == ["192.0.2.1", "198.51.100.2", "2001:db8::1"]
    assert utils.parse_xff(["192.0.2.1, 192.0.2.2", "192.0.2.3"]) == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert utils.parse_xff("-") == utils.parse_xff("") == utils.parse_xff(None) == []


@given(st.text("0123456789abcdef.:,[] %2\"'+\u0663", max_size=30) | st.text(max_size=10))
def test_forwarded_addresses_are_addresses_and_stand_in_the_header(text: str) -> None:
    for address in utils.parse_xff(text):
        assert ipaddress.ip_address(address)
        assert address in text


ADDRESSES = st.ip_addresses()
WRITTEN = st.sampled_from(["{}", " {}", "{}:80", '"{}"', "unknown, {}"])


@given(st.lists(st.tuples(ADDRESSES, WRITTEN), max_size=4))
def test_every_forwarded_address_is_found_in_its_order(given_ones: list[tuple[Any, str]]) -> None:
    items = [form.format(f"[{one}]" if one.version == 6 and ":80" in form else one) for one, form in given_ones]
    assert utils.parse_xff(",".join(items)) == [str(one) for one, _ in given_ones]


@pytest.mark.parametrize(
    ("request_line", "http", "url"),
    [
        ("GET / HTTP/1.1", {"request": {"method": "GET"}, "version": "1.1"}, {"original": "/", "path": "/"}),
        ("GET /a b HTTP/2.0", {"request": {"method": "GET"}, "version": "2.0"}, {"original": "/a b", "path": "/a b"}),
        ("GET /a", {"request": {"method": "GET"}}, {"original": "/a", "path": "/a"}),
        ("- - -", {}, {"original": "- -", "path": "- -"}),
        ("-", {}, {}),
        ("", {}, {}),
        (None, {}, {}),
    ],
)
def test_request_lines_in_any_shape(request_line: Any, http: dict[str, Any], url: dict[str, Any]) -> None:
    assert utils.extract_url_http_fields_from_http_request(request_line) == (http, url)


@pytest.mark.parametrize(
    ("original", "parts"),
    [
        ("https://[2001:db8::1]:8443/x", {"scheme": "https", "domain": "2001:db8::1", "port": 8443, "path": "/x"}),
        ("https://[2001:db8::1]/", {"scheme": "https", "domain": "2001:db8::1", "path": "/"}),
        ("http://example.com?a=/b", {"scheme": "http", "domain": "example.com", "query": "a=/b"}),
        ("http://example.com", {"scheme": "http", "domain": "example.com"}),
        ("http://u:p@example.com:80/#top", {"scheme": "http", "domain": "example.com", "port": 80, "path": "/", "fragment": "top"}),
        ("http://example.com:port/", {"scheme": "http", "domain": "example.com", "path": "/"}),
        ("http://:80/", {"scheme": "http", "port": 80, "path": "/"}),
        ("android-app://com.example/x", {"scheme": "android-app", "domain": "com.example", "path": "/x"}),
        ("/r?to=http://example.com/", {"path": "/r", "query": "to=http://example.com/"}),
        ("*", {"path": "*"}),
    ],
)
def test_urls_in_any_shape(original: str, parts: dict[str, Any]) -> None:
    assert utils.split_url(original) == {"original": original, **parts}


@given(HOSTS, st.none() | st.integers(0, 65535), st.just("") | PATHS, PARTS, PARTS)
def test_a_url_is_split_into_what_it_was_built_of(host: str, port: int | None, path: str, query: str, fragment: str) -> None:
    url = f"https://{host}" + (f":{port}" if port is not None else "") + path + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    wanted = {"original": url, "scheme": "https", "domain": host, "port": port, "path": path, "query": query, "fragment": fragment}
    assert utils.split_url(url) == {part: value for part, value in wanted.items() if value not in (None, "")}


@given(st.text(max_size=20) | st.text("htp:/?#[]@ .a1-", max_size=20))
def test_splitting_any_text_gives_texts_that_stand_in_it_and_never_raises(text: str) -> None:
    http, url = utils.extract_url_http_fields_from_http_request(f"GET {text} HTTP/1.1")
    assert http["version"] == "1.1"
    for parts in (url, utils.split_url(text)):
        assert all(str(value) in text or (part == "port" and value >= 0) for part, value in parts.items())
    assert utils.extract_url_http_fields_from_http_request(text)


def test_no_url_gives_an_empty_object() -> None:
    assert utils.split_url("-") == utils.split_url("") == utils.split_url(None) == utils.split_url(["/"]) == {}


def test_parts_of_two_urls_of_one_host_are_apart() -> None:
    first, second = utils.split_url("http://example.com/a"), utils.split_url("http://example.com/b")
    first["domain"] = "changed"
    assert second["domain"] == "example.com"


@pytest.mark.parametrize(("text", "parts"), [("TLSv1.3", ["tls", "1.3"]), ("SSLv3", ["ssl", "3.0"]), ("", [])])
def test_tls_versions(text: str, parts: list[str]) -> None:
    found = utils.tls_fields(text)
    assert list(found.values()) == parts
    found["changed"] = "here"
    assert "changed" not in utils.tls_fields(text)


@pytest.mark.parametrize(
    ("data", "kind"),
    [(gzip.compress(b"x"), "gzip"), (bz2.compress(b"x"), "bzip2"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"PAR1\x15", "parquet"),
     (b"a\tb\r\n", "text"), ("\u65e5".encode(), "text"), (b"", "text"), ("ab".encode("utf-16"), "binary"), (b"\x00", "binary")],
)  # fmt: skip
def test_the_first_bytes_tell_the_media_type(data: bytes, kind: str) -> None:
    assert utils.get_mime_type(data) == kind


ORIGINS = st.sampled_from(["http://", "https://", "a://", "android-app://", "1x://", "://", ""])
URLS = st.builds("".join, st.tuples(ORIGINS, st.text("ab.:[]1?#@/", max_size=14), st.text("/?#ab=", max_size=10)))


@given(URLS | st.sampled_from(["-", "http://" + "a" * 400 + "/x", "http://a.example:4430", "http://a.example:443/", None, 0, ["/"]]))
def test_the_quick_way_to_take_a_url_apart_agrees_with_the_thorough_one(url: Any) -> None:
    parts = utils.url_parts(url)
    thorough = _web._any_url(url) if isinstance(url, str) and url not in ("", "-") else None
    assert [part if part != "" else None for part in parts or ()] == [part if part != "" else None for part in thorough or ()]


@pytest.mark.parametrize(
    ("line", "parts"),
    [("GET /a b HTTP/2.0", ("GET", "2.0", "/a b")), (" PUT /a", ("PUT", None, "/a")), ("- - -", (None, None, "- -")), ("", (None, None, "")),
     ("GET /a HTTP/", ("GET", "", "/a")), (5, ("5", None, ""))],
)  # fmt: skip
def test_request_lines_as_tuples(line: Any, parts: Any) -> None:
    assert utils.request_parts(line) == parts


@pytest.mark.parametrize("odd", [None, 1.2, ["TLSv1.2"], "TLSv", "", "-"])
def test_what_is_no_version_of_tls_tells_nothing(odd: Any) -> None:
    assert utils.tls_parts(odd) is None
