"""``plugins/formatter_cef.py`` against the ArcSight CEF Implementation Standard, read by a parser of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given

from loader.errors import ConfigError
from plugins._text import leaves
from plugins.formatter_cef import CefFormatter
from tests import drivers
from tests.plugins.bodies import CALL, FLOW, TEXT, VALUE, WILD, encode, is_one_line, shown


def split(text: str, mark: str, most: int) -> list[str]:
    """Split at marks without a backslash before them."""
    parts, at, start = [], 0, 0
    while at < len(text) and len(parts) < most:
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == mark:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def plain(text: str, **escapes: str) -> str:
    """Take the escapes out; one that the standard does not know is an error."""
    found, at = [], 0
    while at < len(text):
        if text[at] == "\\":
            at += 1
            found.append(escapes[text[at]] if text[at] in escapes else {"\\": "\\", "=": "=", "|": "|"}[text[at]])
        else:
            found.append(text[at])
        at += 1
    return "".join(found)


def parse(body: bytes) -> tuple[list[str], dict[str, str]]:
    """Read a line of CEF: seven fields of the header, and the extension, whose keys stand before each = without a backslash."""
    *header, extension = split(body.decode(), "|", 7)
    assert len(header) == 7
    parts = split(extension, "=", 10**6)
    pairs: dict[str, str] = {}
    key = parts[0]
    for place, part in enumerate(parts[1:], 1):
        value, blank, following = part.rpartition(" ") if place < len(parts) - 1 else (part, " ", "")
        assert blank, "a key is behind a blank"
        assert re.fullmatch("[0-9A-Za-z]+", key), key
        assert key not in pairs
        pairs[key], key = plain(value, n="\n", r="\r"), following
    return [plain(part) for part in header], pairs


def test_a_flow_is_what_the_standard_says() -> None:
    header, pairs = parse(encode(CefFormatter(), FLOW, "vpcflowlogs", unmapped="drop"))
    assert header == ["CEF:0", "aws", "vpcflowlogs", "1.0", "reject", "reject", "5"]
    assert pairs == {
        "rt": "1716535925000", "start": "1716535865000", "act": "reject", "cat": "network", "outcome": "failure",
        "cs1Label": "cloud.account.id", "cs1": "123456789012", "cs2Label": "cloud.region", "cs2": "eu-central-1",
        "src": "192.0.2.10", "spt": "49152", "in": "6127", "cn2Label": "source.packets", "cn2": "31",
        "c6a3Label": "Destination IPv6 Address", "c6a3": "2001:db8::20", "dpt": "0", "proto": "GRE",
        "rawEvent": "2 123456789012 eni-0a1b 192.0.2.10 198.51.100.20 49152 0 47 31 6127 1716535865 1716535925 REJECT OK",
    }  # fmt: skip


def test_a_call_is_what_the_standard_says_to_the_byte() -> None:
    assert encode(CefFormatter(), CALL, "cloudtrail", vendor="A|B", product="C\\D", device_version="2") == (
        rb"CEF:0|A\|B|C\\D|2|PutObject|PutObject|3|rt=1716535921250 act=PutObject cat=file externalId=c0ffee00-0000-4000-8000-000000000001 "
        rb"outcome=success cs6Label=event.provider cs6=s3.amazonaws.com "
        rb'rawEvent={"eventName":"PutObject","requestParameters":{"key":"a\=b|c\\\\d.txt"}} '
        rb"cloudProvider=aws cs2Label=cloud.region cs2=eu-west-1 src=203.0.113.9 suser=alice suid=AIDAEXAMPLE "
        rb"requestClientApplication=aws-cli/2.15.0 md/Botocore#1.34 errorCode=AccessDenied"
    )


@given(action=VALUE, name=VALUE, raw=VALUE, url=VALUE, wild=WILD)
def test_no_value_forges_a_field_a_header_or_a_line(action: str, name: str, raw: str, url: str, wild: dict[str, str]) -> None:
    record = {"event": {"action": action, "original": raw}, "user": {"name": name}, "url": {"original": url}, "vendor": wild}
    body = encode(CefFormatter(), record)
    assert is_one_line(body)
    header, pairs = parse(body)
    assert header == ["CEF:0", "Sluice", "demo", "1.0", shown(action) or "demo", shown(action) or "demo", "3"]
    expected = {"act": action, "rawEvent": raw, "suser": name, "request": url}
    assert {key: pairs.pop(key) for key in expected} == {key: shown(value, keep="\r\n") for key, value in expected.items()}
    assert len(pairs) <= len(wild)
    assert not {"src", "rt", "cs1Label"} & pairs.keys()


@given(wild=WILD)
def test_a_field_of_any_name_never_gets_a_key_of_the_standard_but_by_the_map(wild: dict[str, str]) -> None:
    _, pairs = parse(encode(CefFormatter(), {"source": {"ip": "192.0.2.1"}, **{key: value for key, value in wild.items() if key != "source"}}))
    assert pairs.pop("src") == "192.0.2.1"
    assert not {key.lower() for key in pairs} & {"src", "cs1label", "rt"}


@given(value=TEXT)
def test_keys_with_a_type_take_nothing_else(value: str) -> None:
    _, pairs = parse(encode(CefFormatter(), {"source": {"ip": value, "port": value, "mac": value}, "@timestamp": value}))
    assert re.fullmatch(r"\d{1,5}|", pairs.get("spt", ""))
    assert re.fullmatch(r"[\d.]+|", pairs.get("src", ""))
    assert pairs.keys() & {"sourcePort", "spt"}


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"source": {"ip": "2001:db8::1"}}, {"c6a2Label": "Source IPv6 Address", "c6a2": "2001:db8::1"}),
        ({"source": {"port": "70000"}}, {"sourcePort": "70000"}),
        ({"source": {"port": "00443"}}, {"spt": "443"}),
        ({"source": {"port": True}}, {"sourcePort": "true"}),
        ({"source": {"ip": "AWS Internal"}}, {"sourceIp": "AWS Internal"}),
        ({"source": {"mac": "00-00-5E-00-53-23"}}, {"smac": "00:00:5E:00:53:23"}),
        ({"network": {"direction": "egress"}}, {"deviceDirection": "1"}),
        ({"network": {"direction": "lateral"}}, {"networkDirection": "lateral"}),
        ({"url": {"original": "/a", "full": "http://b/a"}}, {"request": "http://b/a", "urlOriginal": "/a"}),
        ({"source.ip": "192.0.2.66", "source": {"ip": "192.0.2.1"}}, {"src": "192.0.2.1", "sourceIp": "192.0.2.66"}),
        ({"a": {"b": "1"}, "a.b": "2"}, {"aB": "1,2"}),
        ({"@timestamp": "soon"}, {"timestamp": "soon"}),
        ({"host": {"ip": ["192.0.2.1"]}}, {"dvc": "192.0.2.1"}),
        ({"host": {"ip": ["192.0.2.1", "192.0.2.2"]}}, {"hostIp": "192.0.2.1,192.0.2.2"}),
        ({"x": [{"a": 1}, None, 2.5, False]}, {"x": '{"a":1},2.5,false'}),
        ({"größe": "1", "": "2"}, {"grE": "1", "field": "2"}),
        ({"@message": "raw", "event": {"original": "also"}}, {"rawEvent": "also", "message": "raw"}),
    ],
)
def test_each_value_goes_where_it_fits_and_nothing_is_lost(record: dict[str, Any], expected: dict[str, str]) -> None:
    assert parse(encode(CefFormatter(), record))[1] == expected


def test_version_1_takes_ipv6_where_the_addresses_are() -> None:
    header, pairs = parse(encode(CefFormatter(), {"source": {"ip": "2001:db8::1"}}, version="1"))
    assert (header[0], pairs) == ("CEF:1", {"src": "2001:db8::1"})


def test_a_site_maps_keys_of_its_own() -> None:
    record = {"user": {"name": "bob", "email": "bob@example.com"}, "cloud": {"region": "r"}, "x": {"y": 1}}
    _, pairs = parse(encode(CefFormatter(), record, map="suser=user.email cs2=user.name myKey=x.y"))
    assert pairs == {"suser": "bob@example.com", "cs2Label": "user.name", "cs2": "bob", "cloudRegion": "r", "myKey": "1"}


@pytest.mark.parametrize(
    ("record", "severity"),
    [
        ({"event": {"severity": 0}}, 0),
        ({"event": {"severity": 8.6}}, 9),
        ({"event": {"severity": 73}}, 7),
        ({"event": {"severity": 1000, "risk_score": 45}}, 4),
        ({"event": {"risk_score_norm": 5}}, 0),
        ({"event": {"severity": "7"}, "log": {"level": "WARNING"}}, 5),
        ({"event": {"outcome": "failure"}}, 5),
        ({"event": "odd", "log": {"level": ["x"]}}, 3),
        ({}, 3),
    ],
)
def test_the_severity_is_from_0_to_10(record: dict[str, Any], severity: int) -> None:
    assert parse(encode(CefFormatter(), record))[0][6] == str(severity)


def test_the_header_is_what_the_observer_says() -> None:
    observer = {"vendor": "Acme", "product": "Wall", "version": "9"}
    header, _ = parse(encode(CefFormatter(), {"observer": observer, "event": {"code": 4625, "category": ["authentication"]}}))
    assert header == ["CEF:0", "Acme", "Wall", "9", "4625", "authentication", "3"]


def test_the_record_is_only_read_and_many_names_cost_no_memory_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    trees: list[leaves.Tree] = []
    grow = leaves.Tree.grow
    monkeypatch.setattr(leaves, "REMEMBERED", 1000)
    monkeypatch.setattr(leaves.Tree, "grow", lambda tree, size: (grow(tree, size), trees.append(tree)))
    formatter = drivers.configured(CefFormatter(), "formatter")
    one = formatter.prepare(drivers.log_type())
    for number in range(10):
        record = {f"k{number}-{name}": {"x": {}, "y": None, "z": 1} for name in range(100)}
        copy = repr(record)
        assert one(record).count(b"=1") == 100
        assert repr(record) == copy
    (tree,) = set(trees)
    assert len(trees) == 4000
    assert sum(1 + len(below) for below in tree.top.values()) <= 1000


def test_long_names_fill_the_memory_no_more_than_short_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "REMEMBERED", 100)
    tree = leaves.Tree(leaves.Place)
    for number in range(100):
        _ = tree.top[f"{number}-{'k' * 2550}"]
    assert sum(map(len, tree.top)) <= 100 * leaves.LONGEST_NAME


def test_names_that_grow_with_their_depth_are_cut() -> None:
    record = {"a" * 100_000: {"b" * 100_000: {str(number): number for number in range(1000)}}}
    assert len(encode(CefFormatter(), record)) < 10_000


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("map = src", "'src' is not key=dotted.field"),
        ("map = a=b a=c", "'a' is there twice"),
        ("map = cs1Label=x", "is written by the formatter itself"),
        ("version = 2", "is not one of 0, 1"),
        ("nested = no", "no such option"),
    ],
)
def test_a_mistake_is_told_at_its_section_and_key(tmp_path: Any, options: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"\[formatter_cef:soc\]") as told:
        drivers.engine(tmp_path, f"[out_null]\nformat = cef:soc\n[formatter_cef:soc]\n{options}\n", files=())
    assert said in str(told.value)
