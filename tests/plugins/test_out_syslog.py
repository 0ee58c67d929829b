"""``plugins/out_syslog.py`` against real peers on loopback."""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import ConfigError, LogType, Option, Outcome, Retryable
from loader.options import declared
from plugins._syslog.header import FACILITIES, SEVERITIES, printable, timestamp
from plugins.out_syslog import SyslogOutput
from tests.servers import (
    LOCALHOST,
    Certificates,
    TcpPeer,
    UdpPeer,
    close_at_once,
    closed_port,
    cut_after,
    in_turn,
    never_read,
    record,
    split_lines,
    split_octets,
    until,
)

# RFC 5424 section 6, written anew from its ABNF.
GRAMMAR = re.compile(
    rb"<(?P<pri>0|[1-9][0-9]{0,2})>(?P<version>[1-9][0-9]{0,2})"
    rb" (?P<timestamp>-|[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|[+-][0-2][0-9]:[0-5][0-9]))"
    rb" (?P<hostname>[!-~]{1,255}) (?P<app_name>[!-~]{1,48}) (?P<procid>[!-~]{1,128}) (?P<msgid>[!-~]{1,32})"
    rb" (?P<sd>-) (?P<msg>.*)",
    re.DOTALL,
)
CLOUDTRAIL = LogType("cloudtrail", {"index_name": "log-aws-cloudtrail"})
RECORD = {"@timestamp": "2024-05-24T07:32:05.123456+00:00", "event": {"action": "AssumeRole"}, "message": "grün"}


def encode(record):
    return json.dumps(record, ensure_ascii=False, default=str).encode()


def configured(**values):
    """A plugin with its options read, as the registry does it."""
    plugin = SyslogOutput()
    values = {"host": LOCALHOST, "timeout": "5s", **{name: str(value) for name, value in values.items()}}
    plugin.__dict__.update({name: option.read(values.get(name)) for name, option in declared(SyslogOutput, Option).items()})
    return plugin


def parsed(message):
    match = GRAMMAR.fullmatch(message)
    assert match, message
    return {name: value.decode() for name, value in match.groupdict().items()}


def header_of(record=RECORD, log_type=CLOUDTRAIL, **values):
    return parsed(configured(**values).prepare(log_type, encode)(record))


@pytest.fixture
def opened():
    """Return a function that opens a plugin, closed at the end of the test."""
    plugins = []

    def start(**values):
        plugins.append(configured(**values))
        plugins[-1].open()
        return plugins[-1]

    yield start
    for plugin in plugins:
        plugin.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


# --- the header


def test_the_header_follows_rfc_5424():
    found = header_of(hostname="loader-1")
    assert found == {
        "pri": "134",
        "version": "1",
        "timestamp": "2024-05-24T07:32:05.123456+00:00",
        "hostname": "loader-1",
        "app_name": "log-aws-cloudtrail",
        "procid": "-",
        "msgid": "cloudtrail",
        "sd": "-",
        "msg": encode(RECORD).decode(),
    }


def test_hostname_is_this_machine_and_app_name_the_log_type_when_nothing_else_is_said():
    found = header_of(log_type=LogType("alb"))
    assert (found["hostname"], found["app_name"], found["msgid"]) == (socket.gethostname(), "alb", "alb")


@pytest.mark.parametrize(
    ("facility", "severity", "pri"),
    [("kern", "emerg", 0), ("local7", "debug", 191), ("AUTHPRIV", "Warn", 84), ("13", "5", 109), ("audit", "critical", 106), ("", "", 134)],
)
def test_pri_from_names_and_numbers(facility, severity, pri):
    assert header_of(facility=facility, severity=severity)["pri"] == str(pri)


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        ("error", 3), ("ERR", 3), ("emergency", 0), ("Informational", 6), ("warning", 4), (2, 2), ("7", 7), (" notice ", 5), (["crit", "info"], 2),
        (8, 5), (-1, 5), ("loud", 5), (None, 5), (True, 5), (3.5, 5), ({}, 5), ([], 5), ("", 5), ("٣", 5), ([["err"]], 5),
    ],
)  # fmt: skip
def test_a_severity_field_is_a_name_or_a_number_and_anything_else_the_default(level, severity):
    found = header_of({**RECORD, "log": {"level": level}}, severity="field:log.level,notice", facility="user")
    assert found["pri"] == str(8 + severity)


def test_facility_and_severity_fields_without_a_default_fall_back_to_that_of_the_option():
    assert header_of(severity="field:log.level", facility="field:log.syslog.facility.code")["pri"] == "134"


def test_numbers_as_in_ecs():
    record = {**RECORD, "log": {"syslog": {"severity": {"code": 3}, "facility": {"code": 4}}}}
    assert header_of(record, severity="field:log.syslog.severity.code", facility="field:log.syslog.facility.code")["pri"] == "35"


def test_names_from_fields_and_their_defaults():
    wanted = {"hostname": "field:host.name,unknown", "app_name": "field:event.module", "msgid": "field:event.action", "procid": "field:process.pid"}
    found = header_of({**RECORD, "host": {"name": "web 1"}, "process": {"pid": 4711}}, **wanted)
    assert (found["hostname"], found["app_name"], found["msgid"], found["procid"]) == ("web_1", "log-aws-cloudtrail", "AssumeRole", "4711")
    found = header_of(RECORD, **wanted)
    assert (found["hostname"], found["procid"]) == ("unknown", "-")


def test_a_field_that_is_a_list_gives_its_first_value():
    assert header_of({**RECORD, "host": {"ip": ["10.0.0.1", "10.0.0.2"]}}, hostname="field:host.ip")["hostname"] == "10.0.0.1"


def test_records_of_one_type_do_not_leak_into_each_other():
    pack = configured(hostname="field:host.name,unknown", severity="field:log.level,info").prepare(CLOUDTRAIL, encode)
    records = [{"host": {"name": "a"}, "log": {"level": "err"}}, {}, {"host": {"name": "b"}}, {"log": {"level": 2}}, {"host": {"name": "a"}}]
    found = [parsed(pack({**RECORD, **record})) for record in records]
    assert [(one["hostname"], one["pri"]) for one in found] == [("a", "131"), ("unknown", "134"), ("b", "134"), ("unknown", "130"), ("a", "134")]


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-24T07:32:05+00:00",
        "2024-05-24T07:32:05Z",
        "2024-02-29T23:59:59.1-11:30",
        "2003-08-24T05:14:15.000003-07:00",
        "2024-12-31T00:00:00.123Z",
    ],
)
def test_a_valid_timestamp_passes_unchanged(value):
    assert header_of({"@timestamp": value})["timestamp"] == value


@pytest.mark.parametrize(
    "value",
    [
        "2003-08-24T05:14:15.000000003-07:00", "2023-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-13-01T00:00:00Z", "2024-05-24 07:32:05Z",
        "2024-05-24T07:32:60Z", "2024-05-24T24:00:00Z", "2024-05-24T07:32:05", "2024-05-24t07:32:05z", "٢٠٢٤-05-24T07:32:05Z",
        "2024-05-24T07:32:05Z\n", "2024-05-24T07:32:05+0000", "2024-05-24T07:32:05.Z", "", 1716535925, None, ["2024-05-24T07:32:05Z"], {},
    ],
)  # fmt: skip
def test_an_invalid_timestamp_becomes_nil(value):
    assert header_of({"@timestamp": value})["timestamp"] == "-"
    assert header_of({"@timestamp": value, "a": 1}, hostname="field:a")["timestamp"] == "-"


def test_a_record_without_timestamp_has_a_header_too():
    assert header_of({})["timestamp"] == "-"


@given(st.datetimes(timezones=st.timezones()))
def test_every_isoformat_of_a_whole_minute_zone_is_a_timestamp(moment):
    text = moment.isoformat()
    whole = len(text) - text.rfind("+" if "+" in text else "-") == 6
    assert timestamp(text) == (text.encode() if whole else b"-")


@given(st.text(), st.sampled_from([255, 48, 128, 32]))
def test_names_are_printable_ascii_of_bounded_length(text, length):
    found = printable(text, length)
    assert re.fullmatch(rb"[!-~]{1,%d}" % length, found)
    if text and text.isascii() and text.isprintable() and " " not in text:
        assert found.decode() == text[:length]


@given(
    st.dictionaries(st.sampled_from(["h", "a", "m", "p", "f", "s", "@timestamp"]), st.recursive(st.text() | st.integers() | st.floats() | st.none()
                    | st.booleans(), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=3)),
)  # fmt: skip
def test_whatever_a_record_holds_its_header_is_valid(record):
    names = {"hostname": "field:h", "app_name": "field:a", "msgid": "field:m", "procid": "field:p", "facility": "field:f", "severity": "field:s"}
    found = parsed(configured(**names).prepare(CLOUDTRAIL, lambda record: b"{}")(record))
    assert found["msg"] == "{}"
    assert int(found["pri"]) <= 191


def test_every_name_of_rfc_5424_is_known():
    assert set(FACILITIES.values()) == set(range(24))
    assert set(SEVERITIES.values()) == set(range(8))


# --- options


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("facility", "locl0", "did you mean 'local0'"),
        ("facility", "24", "not known"),
        ("severity", "field:log.level,lout", "not known"),
        ("severity", "warm", "did you mean 'warn"),
        ("hostname", "field:", "names no field"),
        ("host", " ", "must be given"),
        ("host", "a..b", "not a host name"),
        ("timeout", "0", "longer than 0"),
        ("max_message_bytes", "64k", "65507"),
        ("port", "65536", "not between"),
        ("key_password", "geheim", "env:NAME"),
    ],
)
def test_a_wrong_option_is_refused_with_the_reason(option, value, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        configured(**{option: value})


def test_host_must_be_given():
    with pytest.raises(ValueError, match="must be given"):
        declared(SyslogOutput, Option)["host"].read(None)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"framing": "octet"}, "framing: is for tcp and tls"),
        ({"protocol": "tcp", "ca_file": "ca.pem"}, "ca_file: is for protocol = tls"),
        ({"protocol": "tls", "ca_file": "/nowhere/ca.pem"}, "ca_file: cannot read '/nowhere/ca.pem': No such file"),
        ({"protocol": "tls", "cert_file": "/nowhere/cert.pem"}, "cert_file: cannot read"),
        ({"protocol": "tls", "key_file": "/nowhere/key.pem"}, "set cert_file too"),
    ],
)
def test_options_that_do_not_fit_together_are_refused_at_open(values, said):
    with pytest.raises(ConfigError, match=re.escape(said)):
        configured(**values).open()


def test_nothing_is_connected_before_the_first_write(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.flush()
        plugin.prepare(CLOUDTRAIL, encode)
        assert not peer.connections


@pytest.mark.parametrize(("protocol", "port"), [("udp", 514), ("tcp", 514), ("tls", 6514)])
def test_the_port_follows_the_protocol(opened, protocol, port):
    assert opened(protocol=protocol)._transport.address == f"{protocol}://{LOCALHOST}:{port}"


def test_an_ipv6_address_is_written_in_brackets(opened):
    assert opened(host="[::1]", protocol="tcp")._transport.address == "tcp://[::1]:514"


# --- framing

FRAMINGS = [("tcp", "auto", split_lines), ("tcp", "octet", split_octets), ("tls", "auto", split_octets), ("tls", "lf", split_lines)]


@pytest.mark.parametrize(("protocol", "framing", "split"), FRAMINGS)
@given(bodies=st.lists(st.binary(max_size=300), max_size=8))
@settings(max_examples=40)
def test_a_receiver_gets_back_what_was_sent(protocol, framing, split, bodies):
    pack = configured(protocol=protocol, framing=framing).prepare(CLOUDTRAIL, lambda record: record["body"])
    stream = b"".join(pack({"@timestamp": "2024-05-24T07:32:05Z", "body": body}) for body in bodies)
    found = [GRAMMAR.fullmatch(message)["msg"] for message in split(stream)]
    assert found == [body.replace(b"\n", b" ") if split is split_lines else body for body in bodies]


@given(st.binary(max_size=100))
def test_a_datagram_is_the_message_and_nothing_else(body):
    pack = configured().prepare(CLOUDTRAIL, lambda record: body)
    assert GRAMMAR.fullmatch(pack(RECORD))["msg"] == body


# --- UDP


def test_udp_sends_one_datagram_a_message(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n}) for n in range(20)]
        assert plugin.write(messages) == Outcome()
        plugin.flush()
        assert peer.take(20) == messages


def test_udp_refuses_what_no_datagram_holds_and_sends_the_rest(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port, max_message_bytes=1000)
        outcome = plugin.write([b"a" * 1000, b"b" * 1001, b"c"])
        assert list(outcome.refused) == [1]
        assert outcome.retry == ()
        assert "1001 bytes do not fit a datagram" in outcome.refused[1]
        assert "max_message_bytes = 1000" in outcome.refused[1]
        assert peer.take(2) == [b"a" * 1000, b"c"]


def test_udp_takes_the_largest_datagram_there_is(opened):
    with UdpPeer() as peer:
        outcome = opened(port=peer.port).write([b"a" * 65507, b"b" * 65508])
        assert list(outcome.refused) == [1]
        assert peer.take(1) == [b"a" * 65507]


def test_udp_refuses_what_the_system_calls_too_large(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        plugin._transport._most = 10**6
        assert list(plugin.write([b"a" * 70000, b"b"]).refused) == [0]
        assert peer.take(1) == [b"b"]


@pytest.mark.parametrize("host", [LOCALHOST, "localhost"])
def test_udp_to_a_closed_port_is_retryable(opened, host):
    port = closed_port(socket.SOCK_DGRAM)
    plugin = opened(host=host, port=port)
    for count in (1, 3):
        with pytest.raises(Retryable, match=rf"cannot send to udp://{host}:{port}: .*check host, port and protocol"):
            plugin.write([b"message"] * count)


def resolves_to(monkeypatch, kind, *ports):
    """Make any host have several addresses, here ports of loopback."""
    found = [(socket.AF_INET, kind, 0, "", (LOCALHOST, port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_udp_tries_the_next_address_after_a_refusal(opened, monkeypatch):
    """``localhost`` may be ::1 and 127.0.0.1, and the receiver listens on one of them."""
    with UdpPeer() as peer:
        plugin = opened(host="siem.example.com", port=9)
        resolves_to(monkeypatch, socket.SOCK_DGRAM, closed_port(socket.SOCK_DGRAM), peer.port)
        with pytest.raises(Retryable):
            plugin.write([b"message"])
        plugin.write([b"message"])
        assert peer.take(1) == [b"message"]


def test_udp_flush_sees_a_late_refusal(opened):
    with UdpPeer() as peer:
        plugin = opened(port=peer.port)
        plugin.write([b"first"])
        peer.take(1)
    plugin._transport._socket.send(b"into the void")
    with pytest.raises(Retryable, match="refused"):
        plugin.flush()


# --- TCP


@pytest.mark.parametrize(("framing", "split"), [("lf", split_lines), ("octet", split_octets)])
def test_tcp_sends_every_message_over_one_connection(opened, framing, split):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port, framing=framing)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n}) for n in range(300)]
        for some in (messages[:100], messages[100:]):
            assert plugin.write(some) == Outcome()
            plugin.flush()
        stream = peer.wait_bytes(len(b"".join(messages)))
        assert [json.loads(parsed(message)["msg"])["n"] for message in split(stream)] == list(range(300))
        plugin.close()
        peer.wait(lambda: peer.ended == {0})


def test_tcp_keeps_idle_connections_alive(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"a\n"])
        assert plugin._transport._socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_tcp_tries_every_address_of_the_host(opened, monkeypatch):
    with TcpPeer() as peer:
        plugin = opened(host="siem.example.com", protocol="tcp", port=9)
        resolves_to(monkeypatch, socket.SOCK_STREAM, closed_port(), closed_port(), peer.port)
        plugin.write([b"a\n"])
        peer.wait_bytes(2)


@pytest.mark.parametrize("protocol", ["udp", "tcp"])
def test_ipv6(opened, protocol):
    family, kind = socket.AF_INET6, socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with socket.socket(family, kind) as peer:
        try:
            peer.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 loopback here")
        if protocol == "tcp":
            peer.listen()
        opened(host="::1", protocol=protocol, port=peer.getsockname()[1]).write([b"a\n"])
        peer.settimeout(5)
        assert (peer if protocol == "udp" else peer.accept()[0]).recv(10) == b"a\n"


def test_tcp_refused_is_retryable_and_says_what_to_do(opened):
    port = closed_port()
    with pytest.raises(Retryable, match=rf"cannot connect to tcp://127.0.0.1:{port}: connection refused: nothing listens there"):
        opened(protocol="tcp", port=port).write([b"a\n"])


def test_an_unknown_host_is_retryable(opened):
    with pytest.raises(Retryable, match="cannot connect to tcp://nowhere.invalid:514: .*check host"):
        opened(host="nowhere.invalid", protocol="tcp").write([b"a\n"])


def waits_for_end(connection):
    """True once the operating system here knows that the other side has ended the connection."""
    return lambda: _peek_is_end(connection)


def _peek_is_end(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(5)


def test_a_closed_peer_is_noticed_before_the_write(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"one\n"])
        plugin.flush()
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        plugin.write([b"two\n"])
        plugin.flush()
        peer.wait_bytes(8)
        assert bytes(peer.connections[1].received) == b"two\n"


def test_a_peer_that_closed_on_what_was_not_flushed_makes_the_write_fail(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"one\n"])
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        with pytest.raises(Retryable, match="lost the connection .* before everything was known to have arrived"):
            plugin.write([b"two\n"])
        plugin.write([b"one\n", b"two\n"])
        plugin.flush()
        peer.wait_bytes(12)


def test_flush_fails_when_the_peer_has_closed(opened):
    with TcpPeer() as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"one\n"])
        peer.wait_bytes(4)
        peer.connections[0].close()
        until(waits_for_end(plugin._transport._socket))
        with pytest.raises(Retryable, match="not everything arrived at tcp://"):
            plugin.flush()


def test_flush_detects_a_reset(opened):
    with TcpPeer(cut_after(10)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        plugin.write([b"0123456789 and more\n"])
        peer.wait_bytes(10)
        peer.wait(lambda: peer.ended)
        with pytest.raises(Retryable, match="not everything arrived at tcp://"):
            plugin.flush()


def test_a_cut_in_mid_chunk_loses_nothing_when_the_engine_offers_the_chunk_again(opened):
    messages = [b"%06d %s\n" % (n, b"x" * 1000) for n in range(3000)]
    with TcpPeer(in_turn(cut_after(500_000), cut_after(700_000), record)) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        for _ in range(3):
            try:
                plugin.write(messages)
                plugin.flush()
            except Retryable:
                continue
            break
        else:
            pytest.fail("three tries were not enough")
        peer.wait(lambda: len(peer.connections[2].received) == len(b"".join(messages)))
        assert split_lines(bytes(peer.connections[2].received)) == [message[:-1] for message in messages]


def test_a_peer_that_hangs_up_at_once(opened):
    with TcpPeer(close_at_once) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        with pytest.raises(Retryable):  # which of the two notices depends on who is faster
            plugin.write([b"one\n"])
            until(waits_for_end(plugin._transport._socket))
            plugin.flush()


def test_a_peer_that_never_reads_is_timed_out_in_write(opened):
    with TcpPeer(never_read, receive_buffer=4096) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="200ms")
        began = time.monotonic()
        with pytest.raises(Retryable, match="timed out: no answer in time"):
            plugin.write([b"x" * 1000 + b"\n"] * 20_000)
        assert time.monotonic() - began < 5


def test_a_peer_that_never_reads_is_timed_out_in_flush(opened):
    with TcpPeer(never_read, receive_buffer=4096) as peer:
        plugin = opened(protocol="tcp", port=peer.port, timeout="200ms")
        plugin.write([b"x" * 1000 + b"\n"] * 100)
        with pytest.raises(Retryable, match="bytes still not acknowledged after 0.2 seconds"):
            plugin.flush()


def test_a_peer_that_talks_back_is_not_mistaken_for_one_that_closed(opened):
    def chatter(peer, connection):
        connection.socket.sendall(b"welcome\n" * 1000)
        record(peer, connection)

    with TcpPeer(chatter) as peer:
        plugin = opened(protocol="tcp", port=peer.port)
        for n in range(10):
            plugin.write([b"%d\n" % n])
            plugin.flush()
        peer.wait_bytes(20)
        assert len(peer.connections) == 1


@pytest.mark.parametrize("size", [600_000, 6_000_000])
@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_sending_to_a_slow_peer_takes_as_long_as_it_takes(opened, certificates, protocol, size):
    """The timeout bounds the wait for progress, not the whole: the smaller size waits in flush, the larger one in write as well."""

    def slowly(peer, connection):
        while left := size - len(connection.received):
            peer.stopped.wait(0.05)
            goal = max(left - size // 12, 0)
            while (left := size - len(connection.received)) > goal:
                peer.note(connection, connection.socket.recv(left - goal))
        record(peer, connection)

    tls = certificates.server() if protocol == "tls" else None
    with TcpPeer(slowly, receive_buffer=65536, tls=tls) as peer:
        more = {"ca_file": certificates.ca_file} if tls else {}
        plugin, began = opened(protocol=protocol, port=peer.port, timeout="400ms", **more), time.monotonic()
        plugin.write([b"x" * 999 + b"\n"] * (size // 1000))
        plugin.flush()
        peer.wait_bytes(size)
        assert time.monotonic() - began > 0.5


# --- TLS


def test_tls_counts_octets_and_says_goodbye(opened, certificates):
    with TcpPeer(tls=certificates.server()) as peer:
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n, "filler": "x" * 1000}) for n in range(500)]
        plugin.write(messages)
        plugin.flush()
        stream = peer.wait_bytes(len(b"".join(messages)))
        assert [json.loads(parsed(message)["msg"])["n"] for message in split_octets(stream)] == list(range(500))
        plugin.close()
        peer.wait(lambda: peer.ended == {0})


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("tickets", [True, False])
def test_tls_versions(opened, certificates, newest, tickets):
    with TcpPeer(tls=certificates.server(newest=newest, tickets=tickets)) as peer:
        plugin = opened(protocol="tls", host="localhost", port=peer.port, ca_file=certificates.ca_file)
        plugin.write([b"1 a"])
        plugin.flush()
        peer.wait_bytes(3)
        assert plugin._transport._socket.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[newest.name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_1_1_is_refused(opened, certificates):
    with (
        TcpPeer(tls=certificates.server(newest=ssl.TLSVersion.TLSv1_1)) as peer,
        pytest.raises(Retryable, match="cannot connect to tls://127.0.0.1:.*: the peer offers no TLS 1.2 or later"),
    ):
        opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file).write([b"1 a"])


def failure(opened, context, **values):
    with TcpPeer(tls=context) as peer, pytest.raises(Retryable) as caught:
        opened(protocol="tls", port=peer.port, **values).write([b"1 a"])
    assert f"tls://127.0.0.1:{peer.port}: " in str(caught.value)
    assert not peer.received
    return str(caught.value)


def test_a_certificate_of_another_authority(opened, certificates, tmp_path):
    other = Certificates(tmp_path)
    assert "not in ca_file" in failure(opened, certificates.server(), ca_file=other.ca_file)


def test_the_authorities_of_the_system_are_used_without_ca_file(opened, certificates):
    assert "not in ca_file" in failure(opened, certificates.server())


def test_a_certificate_for_another_name(opened, certificates):
    assert "set server_name" in failure(opened, certificates.server("siem.example.com"), ca_file=certificates.ca_file)
    said = failure(opened, certificates.server("siem.example.com"), ca_file=certificates.ca_file, server_name="other.example.com")
    assert "the peer's certificate is for another name" in said


def test_server_name_is_what_is_verified(opened, certificates):
    with TcpPeer(tls=certificates.server("siem.example.com")) as peer:
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file, server_name="siem.example.com")
        plugin.write([b"1 a"])
        peer.wait_bytes(3)


def test_an_expired_certificate(opened, certificates):
    assert "has expired" in failure(opened, certificates.server(expired=True), ca_file=certificates.ca_file)


def test_verify_no_takes_any_certificate_and_warns_once(opened, certificates, caplog):
    with TcpPeer(tls=certificates.server("siem.example.com", expired=True)) as peer, caplog.at_level(logging.WARNING):
        plugin = opened(protocol="tls", port=peer.port, verify="no")
        plugin.write([b"1 a"])
        plugin.write([b"1 b"])
        peer.wait_bytes(6)
    assert [found.getMessage() for found in caplog.records] == ["verify = no: anyone on the way can read and change what is sent over TLS"]


def test_tls_to_a_plain_port(opened):
    def answer(peer, connection):
        connection.socket.recv(1000)
        connection.socket.sendall(b"220 mail.example.com ready\r\n")

    with TcpPeer(answer) as peer, pytest.raises(Retryable, match="does not speak TLS there: check port and protocol"):
        opened(protocol="tls", port=peer.port).write([b"1 a"])


def test_a_handshake_that_never_ends_is_timed_out(opened):
    with TcpPeer(never_read) as peer, pytest.raises(Retryable, match="no answer in time"):
        opened(protocol="tls", port=peer.port, timeout="200ms").write([b"1 a"])


def test_a_peer_that_closed_its_tls_connection_is_noticed_before_the_write(opened, certificates):
    with TcpPeer(tls=certificates.server()) as peer:
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file)
        plugin.write([b"1 a"])
        plugin.flush()
        peer.wait_bytes(3)
        peer.connections[0].close()
        raw = socket.socket(fileno=socket.dup(plugin._transport._socket.fileno()))
        with raw:
            until(lambda: raw.recv(1000, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        plugin.write([b"1 b"])
        plugin.flush()
        peer.wait_bytes(6)
        assert len(peer.connections) == 2


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("tickets", [True, False])
def test_a_missing_client_certificate_is_known_before_anything_counts_as_sent(opened, certificates, newest, tickets):
    said = failure(opened, certificates.server(ask_client=True, newest=newest, tickets=tickets), ca_file=certificates.ca_file)
    assert "client certificate" in said
    assert "cert_file" in said


def test_a_client_certificate_of_an_unknown_authority(opened, certificates, tmp_path):
    cert_file, key_file = Certificates(tmp_path).identity("loader")
    said = failure(opened, certificates.server(ask_client=True), ca_file=certificates.ca_file, cert_file=cert_file, key_file=key_file)
    assert "check cert_file" in said


def test_a_client_certificate_with_an_encrypted_key(opened, certificates, monkeypatch):
    monkeypatch.setenv("SYSLOG_KEY_PASSWORD", "open sesame")
    cert_file, key_file = certificates.identity("loader", password=b"open sesame")
    with TcpPeer(tls=certificates.server(ask_client=True)) as peer:
        identity = {"cert_file": cert_file, "key_file": key_file, "key_password": "env:SYSLOG_KEY_PASSWORD"}
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file, **identity)
        plugin.write([b"1 a"])
        plugin.flush()
        peer.wait_bytes(3)
        assert ("DNS", "loader") in peer.connections[0].socket.getpeercert()["subjectAltName"]


@pytest.mark.parametrize("password", [None, "wrong"])
def test_an_encrypted_key_that_does_not_open(certificates, monkeypatch, password):
    cert_file, key_file = certificates.identity("locked", password=b"open sesame")
    monkeypatch.setenv("SYSLOG_KEY_PASSWORD", password or "")
    values = {"key_password": "env:SYSLOG_KEY_PASSWORD"} if password else {}
    with pytest.raises(ConfigError, match="key_password does not open it"):
        configured(protocol="tls", cert_file=cert_file, key_file=key_file, **values).open()


def test_a_key_of_another_certificate(certificates):
    cert_file, _ = certificates.identity("one")
    _, key_file = certificates.identity("two")
    with pytest.raises(ConfigError, match="is not the key of the certificate"):
        configured(protocol="tls", cert_file=cert_file, key_file=key_file).open()


def test_a_ca_file_without_certificate(tmp_path):
    (tmp_path / "ca.pem").write_text("not a certificate")
    with pytest.raises(ConfigError, match="ca_file: .* holds no certificate in PEM form"):
        configured(protocol="tls", ca_file=tmp_path / "ca.pem").open()


def test_a_reset_tls_connection_fails_the_flush(opened, certificates):
    with TcpPeer(cut_after(10), tls=certificates.server()) as peer:
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file)
        plugin.write([b"30 " + b"x" * 30])
        peer.wait_bytes(10)
        peer.wait(lambda: peer.ended)
        with pytest.raises(Retryable, match="not everything arrived at tls://"):
            plugin.flush()
