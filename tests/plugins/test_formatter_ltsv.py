"""``plugins/formatter_ltsv.py`` against ltsv.org."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from plugins.formatter_ltsv import LtsvFormatter
from tests.plugins.bodies import FLOW, VALUE, WILD, encode, is_one_line, shown


def parse(body: bytes) -> dict[str, str]:
    """Read a line by the grammar of ltsv.org: label, colon, value, tab."""
    found = {}
    for field in body.decode().split("\t"):
        label, colon, value = field.partition(":")
        assert colon and re.fullmatch("[0-9A-Za-z_.-]+", label), field
        assert label not in found
        found[label] = value
    return found


def test_a_flow_is_what_the_grammar_says() -> None:
    assert parse(encode(LtsvFormatter(), FLOW)) == {
        "_timestamp": "2024-05-24T07:32:05+00:00", "event.action": "reject", "event.category": "network", "event.outcome": "failure",
        "event.type": "denied,connection", "event.start": "2024-05-24T07:31:05+00:00",
        "event.original": "2 123456789012 eni-0a1b 192.0.2.10 198.51.100.20 49152 0 47 31 6127 1716535865 1716535925 REJECT OK",
        "cloud.provider": "aws", "cloud.account.id": "123456789012", "cloud.region": "eu-central-1", "source.ip": "192.0.2.10",
        "source.port": "49152", "source.bytes": "6127", "source.packets": "31", "destination.ip": "2001:db8::20", "destination.port": "0",
        "network.transport": "gre", "network.iana_number": "47", "related.ip": "192.0.2.10,2001:db8::20",
    }  # fmt: skip


@given(values=st.lists(VALUE, min_size=1, max_size=4), wild=WILD)
def test_no_value_forges_a_field_or_a_line(values: list[str], wild: dict[str, str]) -> None:
    body = encode(LtsvFormatter(), {"a": {str(number): value for number, value in enumerate(values)}, "b": wild})
    assert is_one_line(body, allowed="\t")
    found = parse(body)
    assert [found.pop(f"a.{number}") for number in range(len(values))] == [shown(value) for value in values]
    assert len(found) <= len(wild)


def test_labels_have_the_characters_they_may_and_come_once() -> None:
    assert encode(LtsvFormatter(), {"größe": 1, "a b": {"c": 2}, "": 3, "a_b.c": 4}) == b"gr__e:1\ta_b.c:2,4\t_:3"


def test_a_control_is_seen_beside_any_other_character() -> None:
    assert encode(LtsvFormatter(), {"a": "é\0", "b": "\0ü"}).decode() == "a:é\\x00\tb:\\x00ü"
    assert encode(LtsvFormatter(), {"a": "e\0", "b": "é"}).decode() == "a:e\\x00\tb:é"
