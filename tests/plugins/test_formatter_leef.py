"""``plugins/formatter_leef.py`` against IBM's LEEF guide, read by a parser of its own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.errors import ConfigError
from plugins.formatter_leef import LeefFormatter
from tests import drivers
from tests.plugins.bodies import CALL, FLOW, VALUE, WILD, encode, is_one_line, shown

TIME = {"devTimeFormat": "MMM dd yyyy HH:mm:ss.SSS zzz"}


def parse(body: bytes) -> tuple[list[str], dict[str, str]]:
    """Read a line of LEEF: the header's parts, and the attributes; the key ends at the first =."""
    text = body.decode()
    if text.startswith("LEEF:1.0|"):
        *header, rest = text.split("|", 5)
        between = "\t"
    else:
        *header, mark, rest = text.split("|", 6)
        between = mark if len(mark) == 1 else chr(int(mark.removeprefix("x"), 16))
    assert len(header) == 5
    pairs: dict[str, str] = {}
    for part in rest.split(between):
        key, sign, value = part.partition("=")
        assert sign and re.fullmatch("[0-9A-Za-z]+", key), part
        assert key not in pairs
        pairs[key] = value
    return header, pairs


def test_a_flow_is_what_the_guide_says() -> None:
    header, pairs = parse(encode(LeefFormatter(), FLOW, "vpcflowlogs", unmapped="drop"))
    assert header == ["LEEF:2.0", "aws", "vpcflowlogs", "1.0", "reject"]
    assert pairs == {
        **TIME, "devTime": "May 24 2024 07:32:05.000 UTC", "sev": "5", "cat": "network", "src": "192.0.2.10", "srcPort": "49152", "srcBytes": "6127",
        "srcPackets": "31", "dst": "2001:db8::20", "dstPort": "0", "proto": "GRE",
    }  # fmt: skip


@pytest.mark.parametrize(("version", "mark", "between"), [("1.0", b"", b"\t"), ("2.0", b"^|", b"^")])
def test_a_call_is_what_the_guide_says_to_the_byte(version: str, mark: bytes, between: bytes) -> None:
    lines = [
        b"sev=3", b"devTimeFormat=MMM dd yyyy HH:mm:ss.SSS zzz", b"devTime=May 24 2024 07:32:01.250 UTC", b"eventAction=PutObject", b"cat=file",
        b"eventId=c0ffee00-0000-4000-8000-000000000001", b"eventOutcome=success", b"eventProvider=s3.amazonaws.com",
        rb'eventOriginal={"eventName":"PutObject","requestParameters":{"key":"a=b|c\\d.txt"}}', b"cloudProvider=aws", b"cloudRegion=eu-west-1",
        b"src=203.0.113.9", b"usrName=alice", b"userId=AIDAEXAMPLE", b"userAgentOriginal=aws-cli/2.15.0 md/Botocore#1.34", b"errorCode=AccessDenied",
    ]  # fmt: skip
    head = b"LEEF:" + version.encode() + rb"|A\x7cB|C\D|2|PutObject|" + mark
    assert encode(LeefFormatter(), CALL, "cloudtrail", version=version, vendor="A|B", product="C\\D", device_version="2") == head + between.join(
        lines
    )


@given(options=st.sampled_from([("1.0", "^"), ("2.0", "^"), ("2.0", "x09"), ("2.0", "0x1F"), ("2.0", "~")]), name=VALUE, action=VALUE, wild=WILD)
def test_no_value_forges_an_attribute_a_header_or_a_line(options: tuple[str, str], name: str, action: str, wild: dict[str, str]) -> None:
    version, delimiter = options
    record = {"user": {"name": name}, "event": {"action": action, "original": name + action}, "vendor": wild}
    body = encode(LeefFormatter(), record, version=version, delimiter=delimiter)
    marks = delimiter if version == "2.0" and len(delimiter) == 1 else ""
    assert is_one_line(body, allowed="\t" if version == "1.0" or delimiter == "x09" else "\x1f" if delimiter == "0x1F" else "")
    header, pairs = parse(body)
    assert header == ["LEEF:" + version, "Sluice", "demo", "1.0", shown(action, marks="|") or "demo"]
    expected = {"usrName": name, "eventOriginal": name + action, "eventAction": action}
    assert {key: pairs.pop(key) for key in expected} == {key: shown(value, marks=marks) for key, value in expected.items()}
    assert pairs.pop("sev") == "3"
    assert len(pairs) <= len(wild)
    assert not {"src", "devTime"} & pairs.keys()


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"source": {"ip": "nobody", "port": -1}}, {"sourceIp": "nobody", "sourcePort": "-1"}),
        ({"source": {"nat": {"ip": "192.0.2.9", "port": 0}}}, {"srcPostNAT": "192.0.2.9", "srcPostNATPort": "0"}),
        ({"destination": {"mac": "00-00-5E-00-53-23"}}, {"dstMAC": "00:00:5E:00:53:23"}),
        ({"SEV": "10", "src": "x"}, {"fieldSEV": "10", "fieldSrc": "x"}),
        ({"user": {"roles": ["a", "b"]}}, {"role": "a,b"}),
        ({"@timestamp": "2024-05-24T09:32:05.9999+02:00"}, {**TIME, "devTime": "May 24 2024 07:32:05.999 UTC"}),
        ({"@timestamp": "2024-05-24T07:32:05"}, {**TIME, "devTime": "May 24 2024 07:32:05.000 UTC"}),
    ],
)
def test_each_value_goes_where_it_fits(record: dict[str, Any], expected: dict[str, str]) -> None:
    assert parse(encode(LeefFormatter(), record))[1] == {"sev": "3", **expected}


def test_the_severity_is_1_at_least() -> None:
    assert parse(encode(LeefFormatter(), {"event": {"severity": 0}}))[1]["sev"] == "1"


@pytest.mark.parametrize("delimiter", ["ab", "a", "|", "=", "x0a", "0x0D", "", "x0", "\\", "é", "xFFFF"])
def test_a_delimiter_that_values_or_headers_need_is_told(tmp_path: Any, delimiter: str) -> None:
    with pytest.raises(ConfigError, match="can stand between attributes"):
        drivers.engine(tmp_path, f"[out_null]\nformat = leef\n[formatter_leef]\ndelimiter = {delimiter}\n", files=())


@pytest.mark.parametrize("key", ["sev", "devTimeFormat"])
def test_attributes_that_the_formatter_writes_are_not_for_mapping(tmp_path: Any, key: str) -> None:
    with pytest.raises(ConfigError, match=f"'{key}' is written by the formatter itself"):
        drivers.engine(tmp_path, f"[out_null]\nformat = leef\n[formatter_leef]\nmap = {key}=x\n", files=())
