"""What to say about a connection that fails, and whether waiting may mend it."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Protocol

from loader.api import Retryable

# OpenSSL's X509_V_ERR codes worth a sentence of their own.
VERDICTS = {
    9: "the peer's certificate is not valid yet: check the clocks here and there",
    10: "the peer's certificate has expired: it must be renewed there",
    18: "the peer's certificate is self-signed and not in ca_file: put it, or the authority that should have signed it, in ca_file",
    19: "the authority that signed the peer's certificate is not in ca_file",
    20: "the authority that signed the peer's certificate is not in ca_file",
    21: "the authority that signed the peer's certificate is not in ca_file",
    62: "the peer's certificate is for another name: set server_name to the name in it",
    64: "the peer's certificate is not for this address: set server_name to the name in it",
}
REASONS = {
    "WRONG_VERSION_NUMBER": "the peer does not speak TLS there: check port and protocol",
    "RECORD_LAYER_FAILURE": "the peer does not speak TLS there: check port and protocol",
    "UNSUPPORTED_PROTOCOL": "the peer offers no TLS 1.2 or later",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the peer offers no TLS 1.2 or later",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "the peer wants a client certificate: set cert_file and key_file",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "the peer found no common ground: it may want a client certificate (cert_file, key_file), or other ciphers",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the peer does not accept our certificate: check cert_file",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the peer does not accept our certificate: check cert_file",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "our certificate has expired: renew the one in cert_file",
    "TLSV1_ALERT_UNKNOWN_CA": "the peer does not know the authority that signed our certificate: check cert_file",
    "TLSV1_ALERT_ACCESS_DENIED": "the peer does not let our certificate in: check cert_file and what the peer permits",
}
HINTS: tuple[tuple[type[OSError], str], ...] = (
    (socket.gaierror, "the name does not resolve: check host"),
    (ConnectionRefusedError, "nothing listens there: check host, port and protocol, and that the receiver runs"),
    (TimeoutError, "no answer in time: check that a firewall lets it through and that the receiver keeps up, or raise timeout"),
    (ConnectionError, "the receiver, or something on the way, ended the connection: its log should say why"),
    (ssl.SSLEOFError, "the receiver, or something on the way, ended the connection: its log should say why"),
)


class Told(OSError):
    """A failure whose text says all there is to say."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


def explain(why: OSError) -> str:
    """Return what failed and what to do about it."""
    if isinstance(why, Told):
        return str(why)
    if isinstance(why, ssl.SSLCertVerificationError):
        return VERDICTS.get(why.verify_code) or f"the peer's certificate is not accepted ({why.verify_message}): check ca_file and server_name"
    if isinstance(why, ssl.SSLError) and why.reason in REASONS:
        return REASONS[why.reason]
    said = (why.strerror or str(why) or type(why).__name__).lower()
    if isinstance(why, ssl.SSLError) and why.reason:
        said = why.reason.replace("_", " ").lower()  # without a place in OpenSSL
    return next((f"{said}: {hint}" for kind, hint in HINTS if isinstance(why, kind)), said)


def lasts(why: OSError) -> bool:
    """Whether somebody has to change something first: a verdict on a certificate, a port where something else is spoken."""
    if isinstance(why, Told):
        return why.lasting
    return isinstance(why, ssl.SSLCertVerificationError) or (isinstance(why, ssl.SSLError) and why.reason in REASONS)


class Connected(Protocol):
    """What has an address and a connection."""

    @property
    def address(self) -> str:
        """Where it leads."""

    def drop(self) -> None:
        """Give the connection up, whatever its state."""


@contextlib.contextmanager
def retryable(transport: Connected, doing: str) -> Iterator[None]:
    """Turn an OSError into Retryable that says what was being done where, and what to do about it; the connection is given up."""
    try:
        yield
    except OSError as why:
        failure = Retryable(f"{doing} {transport.address}: {explain(why)}")
        failure.lasting = lasts(why)
        transport.drop()
        raise failure from why
