"""``protocol = tls`` of ``plugins/out_syslog.py`` against real peers on loopback."""

from __future__ import annotations

import logging
import socket
import ssl

import pytest

from loader.api import ConfigError, Retryable
from tests.plugins.syslog_output import CLOUDTRAIL, RECORD, configured, encode, number_in
from tests.servers import Certificates, TcpPeer, cut_after, never_read, split_octets, until


def test_tls_counts_octets_and_says_goodbye(opened, certificates):
    with TcpPeer(tls=certificates.server()) as peer:
        plugin = opened(protocol="tls", port=peer.port, ca_file=certificates.ca_file)
        pack = plugin.prepare(CLOUDTRAIL, encode)
        messages = [pack({**RECORD, "n": n, "filler": "x" * 1000}) for n in range(500)]
        plugin.write(messages)
        plugin.flush()
        stream = peer.wait_bytes(len(b"".join(messages)))
        assert [number_in(message) for message in split_octets(stream)] == list(range(500))
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
