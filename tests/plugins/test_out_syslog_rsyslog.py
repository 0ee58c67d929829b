"""``plugins/out_syslog.py`` to a real rsyslogd: every message arrives exactly once and unchanged."""

from __future__ import annotations

import json
import ssl

import pytest

from loader.api import LogType, Outcome, Parts, Retryable
from loader.deliver import Delivery
from loader.ledger import Ledger
from tests.rsyslog import Rsyslog
from tests.servers import Certificates

pytestmark = pytest.mark.rsyslog


@pytest.fixture(scope="module")
def rsyslog(tmp_path_factory):
    with Rsyslog(tmp_path_factory.mktemp("rsyslog") / "run") as running:
        yield running


def identity(rsyslog):
    cert_file, key_file = rsyslog.certificates.identity("loader.example.com")
    return {"host": "localhost", "ca_file": rsyslog.ca_file, "cert_file": cert_file, "key_file": key_file}


def secured(rsyslog, protocol):
    return identity(rsyslog) if protocol in ("tls", "relp_tls") else {}


def documents(run, count, size=400):
    """Records with all that could be mangled: quotes, backslashes, control characters, other scripts, a long text."""
    awkward = 'a "b" \\ \t \x01 \u2028 grün 日本 <13> %d 12 - - \r\n end'
    return [
        {"@timestamp": f"2024-05-24T07:32:{n % 60:02}.{n:06}+00:00", "run": run, "n": n, "message": awkward, "filler": "é" * (n % size)}
        for n in range(count)
    ]


def encode(record):
    return json.dumps(record, ensure_ascii=False).encode()


def deliver(plugin, records, listener, rsyslog, chunk=100):
    """Send in chunks, wait for each, and return what this run's messages have become."""
    before = len(rsyslog.received(listener))
    pack = plugin.prepare(LogType("cloudtrail", {"index_name": "log-aws-cloudtrail"}), encode)
    for start in range(0, len(records), chunk):
        some = records[start : start + chunk]
        assert plugin.write([pack(record) for record in some]) == Outcome()
        plugin.flush()
        rsyslog.wait(listener, before + start + len(some))
    return rsyslog.bodies(listener)[before:]


def test_udp(rsyslog, opened):
    records = documents("udp", 1000)
    # UDP has no flow control: a burst larger than the receive buffer is lost on any machine.
    assert deliver(opened(port=rsyslog.ports["udp"]), records, "udp", rsyslog, chunk=25) == [encode(record) for record in records]


def test_udp_of_60_kilobytes(rsyslog, opened):
    records = [{"@timestamp": "2024-05-24T07:32:05Z", "filler": "x" * 60_000}]
    assert deliver(opened(port=rsyslog.ports["udp"]), records, "udp", rsyslog) == [encode(record) for record in records]


@pytest.mark.parametrize("framing", ["auto", "lf", "octet"])
def test_tcp(rsyslog, opened, framing):
    records = documents(framing, 5000)
    plugin = opened(protocol="tcp", port=rsyslog.ports["tcp"], framing=framing)
    assert deliver(plugin, records, "tcp", rsyslog, chunk=2500) == [encode(record) for record in records]


@pytest.mark.parametrize("framing", ["auto", "lf", "octet"])
def test_tls_with_client_certificate(rsyslog, opened, framing):
    records = documents(framing, 5000)
    plugin = opened(protocol="tls", port=rsyslog.ports["tls"], framing=framing, **identity(rsyslog))
    assert deliver(plugin, records, "tls", rsyslog, chunk=2500) == [encode(record) for record in records]


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_message_of_900_kilobytes(rsyslog, opened, protocol):
    records = [{"@timestamp": "2024-05-24T07:32:05Z", "filler": "x" * 900_000}]
    more = identity(rsyslog) if protocol == "tls" else {}
    plugin = opened(protocol=protocol, port=rsyslog.ports[protocol], framing="octet", **more)
    assert deliver(plugin, records, protocol, rsyslog) == [encode(record) for record in records]


def test_the_header_is_understood(rsyslog, opened):
    plugin = opened(protocol="tcp", port=rsyslog.ports["tcp"], hostname="loader-1", facility="local3", severity="notice")
    deliver(plugin, documents("header", 1), "tcp", rsyslog)
    assert rsyslog.received("tcp")[-1].startswith(b"<157>1 2024-05-24T07:32:00.000000+00:00 loader-1 log-aws-cloudtrail - cloudtrail - {")


def test_without_a_client_certificate_nothing_counts_as_sent(rsyslog, opened):
    plugin = opened(protocol="tls", host="localhost", port=rsyslog.ports["tls"], ca_file=rsyslog.ca_file)
    before = rsyslog.received("tls")
    with pytest.raises(Retryable, match="tls://localhost"):
        plugin.write([b"30 <134>1 - - - - - - not let in.."])
    assert rsyslog.received("tls") == before


def test_with_a_certificate_that_is_not_permitted_nothing_counts_as_sent(rsyslog, opened):
    cert_file, key_file = rsyslog.certificates.identity("intruder.example.com")
    plugin = opened(protocol="tls", host="localhost", port=rsyslog.ports["tls"], ca_file=rsyslog.ca_file, cert_file=cert_file, key_file=key_file)
    with pytest.raises(Retryable, match="tls://localhost"):
        plugin.write([b"30 <134>1 - - - - - - not let in.."])


def test_with_the_wrong_authority_it_is_not_trusted(rsyslog, opened, tmp_path):
    distrusting = {**identity(rsyslog), "ca_file": Certificates(tmp_path).ca_file}
    plugin = opened(protocol="tls", port=rsyslog.ports["tls"], **distrusting)
    with pytest.raises(Retryable, match="not in ca_file"):
        plugin.write([b"1 a"])


@pytest.mark.parametrize("resend", ["8m", "0"])
@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_restart_between_chunks_is_survived(tmp_path, opened, protocol, resend):
    records = documents("restart", 400)
    with Rsyslog(tmp_path / "run") as rsyslog:
        plugin = opened(protocol=protocol, port=rsyslog.ports[protocol], resend=resend, **secured(rsyslog, protocol))
        deliver(plugin, records[:200], protocol, rsyslog)
        rsyslog.stop()
        with pytest.raises(Retryable, match="cannot connect"):
            plugin.write([b"while it is down"])
        rsyslog.restart()
        deliver(plugin, records[200:], protocol, rsyslog)
        plugin.close()
        again = plugin.counted["sent again after a connection died"]
        assert again == (0 if resend == "0" else 200)
        rsyslog.wait(protocol, 400 + again)  # it has read them, but its queue is in memory
        found = [body for body in rsyslog.bodies(protocol) if b"restart" in body]
        assert sorted(set(found)) == sorted(encode(record) for record in records)
        assert len(found) == 400 + again


def test_anonymous_tls(tmp_path, opened):
    records = documents("anon", 100)
    with Rsyslog(tmp_path / "run", client="") as rsyslog:
        plugin = opened(protocol="tls", host="localhost", port=rsyslog.ports["tls"], ca_file=rsyslog.ca_file)
        assert deliver(plugin, records, "tls", rsyslog) == [encode(record) for record in records]
        assert isinstance(plugin._transport._socket, ssl.SSLSocket)


# --- RELP


@pytest.mark.parametrize("protocol", ["relp", "relp_tls"])
def test_relp_delivers_20_000_messages_once_each_and_unchanged(rsyslog, opened, protocol):
    records = documents(protocol, 20_000)
    plugin = opened(protocol=protocol, port=rsyslog.ports[protocol], **secured(rsyslog, protocol))
    assert deliver(plugin, records, protocol, rsyslog, chunk=5000) == [encode(record) for record in records]


@pytest.mark.parametrize("window", [1, 64])
def test_relp_with_a_small_window(rsyslog, opened, window):
    records = documents("window", 1000)
    plugin = opened(protocol="relp", port=rsyslog.ports["relp"], window=window)
    assert deliver(plugin, records, "relp", rsyslog, chunk=500) == [encode(record) for record in records]


def test_relp_carries_a_message_of_900_kilobytes_and_one_in_parts(rsyslog, opened):
    before = len(rsyslog.received("relp"))
    plugin = opened(protocol="relp", port=rsyslog.ports["relp"])
    messages = [b"<134>1 - - - - - - " + b"x" * 900_000, Parts([b"<134>1 - - - - - - one", b"<134>1 - - - - - - two"])]
    assert plugin.write(messages) == Outcome()
    plugin.flush()
    assert rsyslog.wait("relp", before + 3)[before:] == [messages[0], *messages[1].pieces]


def test_relp_refuses_a_certificate_that_is_not_permitted(rsyslog, opened):
    cert_file, key_file = rsyslog.certificates.identity("intruder.example.com")
    plugin = opened(
        protocol="relp_tls", host="localhost", port=rsyslog.ports["relp_tls"], ca_file=rsyslog.ca_file, cert_file=cert_file, key_file=key_file
    )
    with pytest.raises(Retryable, match="relp_tls://localhost"):
        plugin.write([b"<134>1 - - - - - - not let in"])


@pytest.mark.parametrize("protocol", ["relp", "relp_tls"])
def test_relp_loses_and_repeats_nothing_when_rsyslogd_is_restarted_in_mid_load(tmp_path, opened, protocol):
    records = documents("restart", 20_000, size=50)
    with Rsyslog(tmp_path / "run") as rsyslog:
        plugin = opened(protocol=protocol, port=rsyslog.ports[protocol], retry_wait="100ms", chunk_bytes="64k", **secured(rsyslog, protocol))
        engine, ledger = Delivery(plugin, None), Ledger(outputs=(plugin.name,))
        pack = plugin.prepare(LogType("cloudtrail", {}), encode)
        messages = [pack(record) for record in records]
        engine.add(messages[:10_000], ledger)
        assert not ledger.delivered[plugin.name], "nothing is confirmed yet"
        rsyslog.stop()
        rsyslog.restart()
        engine.add(messages[10_000:], ledger)
        engine.flush()
        assert ledger.delivered[plugin.name] == 20_000
        found = rsyslog.wait(protocol, 20_000)
        assert sorted(set(found)) == sorted(messages)
        assert len(found) == 20_000, "an orderly stop lets all answers through"
