"""``plugins/formatter_logrhythm.py``: the line of LogRhythm's beats."""

from __future__ import annotations

import json

from hypothesis import given

from plugins._text import fields
from plugins.formatter_logrhythm import ORDER, LogrhythmFormatter
from tests.plugins.bodies import CALL, FLOW, VALUE, WILD, encode, is_one_line, shown


def parse(body: bytes) -> dict[str, str]:
    """Read pairs as a rule does that looks for |tag=: all that stands behind a bar is one."""
    found = {}
    for part in body.decode().split("|"):
        tag, sign, value = part.partition("=")
        assert sign and tag not in found
        found[tag] = value
    return found


def test_a_flow_keeps_its_protocol_and_its_port_of_zero_in_the_fixed_order() -> None:
    assert encode(LogrhythmFormatter(), FLOW, "vpcflowlogs") == (
        b"beatname=sluice|device_type=vpcflowlogs|vmid=reject|action=reject|result=failure|sip=192.0.2.10|sport=49152|dip=2001:db8::20|dport=0|protnum=47|"
        b"protname=gre|bytesin=6127|packetsin=31|tag1=network|tag2=123456789012|tag3=eu-central-1|"
        b"original_message=2 123456789012 eni-0a1b 192.0.2.10 198.51.100.20 49152 0 47 31 6127 1716535865 1716535925 REJECT OK"
    )


def test_the_raw_record_is_json_as_it_was_and_has_no_bar() -> None:
    pairs = parse(encode(LogrhythmFormatter(), CALL, "cloudtrail", beatname="s3beat", device_type="AWS|x"))
    assert (pairs["beatname"], pairs["device_type"], pairs["login"]) == ("s3beat", "AWS\\x7cx", "alice")
    assert json.loads(pairs["original_message"]) == json.loads(CALL["event"]["original"])
    pretty = {"event": {"original": '{\r\n\t"a": "|"\n}'}}
    assert json.loads(parse(encode(LogrhythmFormatter(), pretty))["original_message"]) == {"a": "|"}


@given(name=VALUE, raw=VALUE, wild=WILD)
def test_no_value_forges_a_tag_or_a_line(name: str, raw: str, wild: dict[str, str]) -> None:
    body = encode(LogrhythmFormatter(), {"user": {"name": name}, "url": {"full": raw}, "event": {"original": raw}, "x": wild, **wild})
    assert is_one_line(body)
    pairs = parse(body)
    expected = {"login": name, "url": raw}
    assert {tag: pairs.get(tag, "") for tag in expected} == {tag: shown(value, marks="|") for tag, value in expected.items()}
    assert pairs.keys() <= {"beatname", "device_type", "login", "url", "original_message", "sip"}


def test_empty_values_are_left_out_and_zero_is_none() -> None:
    assert parse(encode(LogrhythmFormatter(), {"user": {"name": ""}, "source": {"bytes": 0}, "rule": {"name": []}})) == {
        "beatname": "sluice", "device_type": "demo", "bytesin": "0",
    }  # fmt: skip


def test_a_site_maps_tags_of_its_own_and_new_ones_come_last() -> None:
    record = {"user": {"name": "bob", "email": "b@example.com"}, "x": {"y": 1}, "event": {"code": "4625", "action": "logon"}}
    assert encode(LogrhythmFormatter(), record, map="login=user.email tag9=x.y") == (
        b"beatname=sluice|device_type=demo|vmid=4625|action=logon|login=b@example.com|tag9=1"
    )


def test_every_tag_of_the_map_has_its_place() -> None:
    assert set(fields.keys("LogRhythm").values()) == set(ORDER.split())
