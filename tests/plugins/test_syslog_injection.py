"""No value of a record can end its message, begin another, or steer a terminal: every formatter in every framing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.engine import HOME
from loader.options import Option, declared
from loader.registry import Registry
from tests import drivers
from tests.plugins.syslog_messages import configured, split_at, split_octets

REGISTRY = Registry([HOME / "plugins"])
FORMATTERS = [name for name in REGISTRY.names("formatter") if not getattr(REGISTRY.find("formatter", name), "labelled", False)]
OPTIONS = {"template": {"template": "{user.name} did {event.action}: {event.original}"}}
FRAMINGS = {"lf": lambda stream: split_at(b"\n", stream), "nul": lambda stream: split_at(b"\0", stream), "octet": split_octets}
HEADERS = {
    "rfc5424": {"hostname": "field:host.name,web", "structured_data": "x@1", "structured_fields": "user.name event.action"},
    "rfc3164": {"hostname": "field:host.name,web", "app_name": "field:process.name"},
    "devo": {"hostname": "field:host.name,web", "tag": "my.app.[user.name].[event.action]"},
    "logrhythm": {"hostname": "field:host.name,web"},
    "none": {},
}
# What is worth trying: ends of messages, starts of others, separators and escapes of every format, C0, DEL, C1, separators of Unicode.
EVIL = st.lists(
    st.sampled_from(
        ["\n", "\r", "\0", "\t", "\x1b[2J", "\x7f", "\x85", "\x9b31m", "\u2028", "<134>1 - h a - - - x", "\n12 <134>1 - h", "CEF:0|a|b", "LEEF:2.0|",
         "|", "||", "=", "\\", '"', "]", "[", " ", ",", ": ", "é", "😀", "\ud800", "a", "0"]
    ),
    max_size=8,
).map("".join)  # fmt: skip
RECORDS = st.fixed_dictionaries(
    {
        "@timestamp": st.just("2024-05-24T07:32:05Z") | EVIL,
        "event": st.fixed_dictionaries({"action": EVIL, "original": EVIL, "module": EVIL}),
        "user": st.fixed_dictionaries({"name": EVIL | st.lists(EVIL, max_size=2)}),
        "host": st.fixed_dictionaries({"name": EVIL}),
        "process": st.fixed_dictionaries({"name": EVIL}),
        "labels": st.dictionaries(EVIL, EVIL, max_size=2),
    }
)
PLAIN = {"@timestamp": "2024-05-24T07:32:05Z", "event": {"action": "a", "original": "o", "module": "m"}, "user": {"name": "u"}}


def encoder(name):
    formatter = REGISTRY.find("formatter", name)()
    given = {key: value for key, value in OPTIONS.get(name, {}).items() if key in declared(type(formatter), Option)}
    drivers.configured(formatter, f"formatter_{name}", **given)
    formatter.open()
    return formatter.prepare(drivers.log_type("demo"))


@pytest.mark.parametrize("name", FORMATTERS)
@given(record=RECORDS, framing=st.sampled_from([*FRAMINGS]), header=st.sampled_from([*HEADERS]))
def test_no_value_forges_a_message_or_carries_a_control_character(name, record, framing, header):
    pack = configured(framing=framing, header=header, **HEADERS[header]).prepare(drivers.log_type("demo"), encoder(name))
    stream = pack(PLAIN) + pack(record) + pack(PLAIN)
    found = FRAMINGS[framing](stream)
    assert len(found) == 3
    assert found[0] == found[2]
    text = found[1].decode()  # it is UTF-8
    assert re.findall("[\x00-\x08\x0a-\x1f]", text) == []  # a tab separates the fields of LEEF and LTSV
    if name != "json":  # RFC 8259 section 7 has DEL, C1 and U+2028 as they are; none of them ends a message
        assert re.findall("[\x7f-\x9f\u2028\u2029]", text) == []
