"""``plugins/out_syslog.py``: its options, framing and destination. Each transport has a file of its own: ``test_syslog_<protocol>.py``."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import ConfigError
from tests.plugins.syslog_messages import read_5424, split_at
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, configured, encode
from tests.servers import LOCALHOST, TcpPeer, split_lines, split_octets

# --- options


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("host", "a..b", "not a host name"),
        ("host", "env:SIEM", "env: and file: are for secrets only"),
        ("host", "siem:0", "a port that is not between"),
        ("host", "siem:http", "a port that is not between"),
        ("host", "[2001:db8::1]:70000", "a port that is not between"),
        ("host", "tcp://siem.example.com", "write the name alone"),
        ("host", "siem.example.com/path", "has '/' in it"),
        ("timeout", "0", "longer than 0"),
        ("port", "65536", "not between"),
        ("window", "0", "not between"),
        ("strategy", "random", "one of failover, balance"),
        ("protocol", "relps", "one of udp, tcp, tls, unix, relp, relp_tls"),
        ("key_password", "geheim", "env:NAME"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(option, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured(**{option: value})


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"host": ""}, "host: must be given"),
        ({"host": " , "}, "host: must be given"),
        ({"framing": "octet"}, "framing: octet is not for protocol = udp: each message is told by itself"),
        ({"protocol": "relp", "framing": "lf"}, "framing: lf is not for protocol = relp: each message is told by itself"),
        ({"protocol": "unix", "framing": "octet"}, "framing: octet is not for protocol = unix: choose lf or nul"),
        ({"protocol": "unix", "host": LOCALHOST}, "host: is for other protocols"),
        ({"protocol": "tcp", "ca_file": "ca.pem"}, "ca_file: is for protocol = tls"),
        ({"protocol": "relp", "ca_file": "ca.pem"}, "ca_file: is for protocol = relp_tls"),
        ({"protocol": "tls", "ca_file": "/nowhere/ca.pem"}, "ca_file: cannot read '/nowhere/ca.pem': No such file"),
        ({"protocol": "relp_tls", "ca_file": "/nowhere/ca.pem"}, "ca_file: cannot read '/nowhere/ca.pem': No such file"),
        ({"protocol": "tls", "cert_file": "/nowhere/cert.pem"}, "cert_file: cannot read"),
        ({"protocol": "tls", "key_file": "/nowhere/key.pem"}, "set cert_file too"),
    ],
)
def test_options_that_do_not_fit_together_are_refused_at_open(values, said):
    plugin = configured(**values)
    plugin.__dict__["host"] = configured(host=values["host"]).host if "host" in values else plugin.host
    with pytest.raises(ConfigError, match=re.escape(said)):
        plugin.open()


@pytest.mark.parametrize("protocol", ["tcp", "relp"])
def test_nothing_is_connected_before_the_first_write(opened, protocol):
    with TcpPeer() as peer:
        plugin = opened(protocol=protocol, port=peer.port)
        plugin.flush()
        plugin.prepare(CLOUDTRAIL, encode)
        assert not peer.connections


@pytest.mark.parametrize(("protocol", "port"), [("udp", 514), ("tcp", 514), ("tls", 6514), ("relp", 20514), ("relp_tls", 20514)])
def test_the_port_follows_the_protocol(opened, protocol, port):
    assert opened(protocol=protocol)._transport.address == f"{protocol}://{LOCALHOST}:{port}"


@pytest.mark.parametrize(
    ("host", "addresses"),
    [
        ("[::1]", "tcp://[::1]:1514"),
        ("2001:db8::1", "tcp://[2001:db8::1]:1514"),
        ("siem.example.com", "tcp://siem.example.com:1514"),
        ("a.example.com, b.example.com:6514 [2001:db8::1]:514,c", "tcp://a.example.com:1514,tcp://b.example.com:6514,tcp://[2001:db8::1]:514,tcp://c:1514"),
    ],
)
def test_hosts_with_and_without_ports(host, addresses):
    assert configured(host=host, protocol="tcp", port=1514).destination == f"out_syslog {addresses}"


# --- the destination


def test_a_destination_is_where_it_leads_and_not_how_long_it_is_waited_for():
    def destination(**values):
        return configured(**{"protocol": "tcp", **values}).destination

    assert destination() == destination(timeout="1s", window=7, reconnect_after="1h") == f"out_syslog tcp://{LOCALHOST}:514"
    assert len({destination(), destination(port=1514), destination(protocol="tls"), destination(host="a, b"), destination(protocol="unix")}) == 5
    assert destination(protocol="unix", path="/run/log") == "out_syslog unix:/run/log"


def test_another_section_is_another_destination():
    other = configured(protocol="tcp")
    other.name = "out_syslog:cef"
    assert other.destination != configured(protocol="tcp").destination


# --- framing

FRAMINGS = [
    ("tcp", "auto", split_lines, b"\n"),
    ("tcp", "octet", split_octets, b""),
    ("tcp", "nul", lambda stream: split_at(b"\0", stream), b"\0"),
    ("tls", "auto", split_octets, b""),
    ("tls", "lf", split_lines, b"\n"),
]


@pytest.mark.parametrize(("protocol", "framing", "split", "end"), FRAMINGS)
@given(bodies=st.lists(st.binary(max_size=300) | st.text(alphabet="\0\n\r1 a").map(str.encode), max_size=8))
@settings(max_examples=40)
def test_a_receiver_gets_back_what_was_sent(protocol, framing, split, end, bodies):
    pack = configured(protocol=protocol, framing=framing).prepare(CLOUDTRAIL, lambda record: record["body"])
    stream = b"".join(pack({"@timestamp": "2024-05-24T07:32:05Z", "body": body}) for body in bodies)
    assert [read_5424(message).msg for message in split(stream)] == [body.replace(end, b" ") if end else body for body in bodies]


@pytest.mark.parametrize("protocol", ["udp", "relp", "relp_tls"])
@given(body=st.binary(max_size=100))
@settings(max_examples=30)
def test_a_message_that_is_told_by_itself_is_the_message_and_nothing_else(protocol, body):
    assert read_5424(configured(protocol=protocol).prepare(CLOUDTRAIL, lambda record: body)(RECORD)).msg == body
