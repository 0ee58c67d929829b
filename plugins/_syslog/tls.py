"""TLS as RFC 5425 asks for it, and what to say about a connection that fails."""

from __future__ import annotations

import logging
import socket
import ssl

from loader.api import ConfigError, Problem

logger = logging.getLogger(__name__)

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


def context(ca_file: str, cert_file: str, key_file: str, key_password: str, verify: bool) -> ssl.SSLContext:
    """Return the client's side: TLS 1.2 or later, the peer's chain and name verified; raises ConfigError naming the option at fault."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # An authority in ca_file is trusted by itself, be it a root or an intermediate one.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if not verify:
        logger.warning("verify = no: anyone on the way can read and change what is sent over TLS")
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if ca_file:
        _trust(made, ca_file)
    else:
        made.load_default_certs()
    if key_file and not cert_file:
        raise ConfigError(Problem("it needs the certificate that belongs to it: set cert_file too", key="key_file"))
    if cert_file:
        _identify(made, cert_file, key_file or cert_file, key_password)
    return made


def _trust(made: ssl.SSLContext, ca_file: str) -> None:
    _readable("ca_file", ca_file)
    try:
        made.load_verify_locations(ca_file)
    except ssl.SSLError as why:
        raise ConfigError(Problem(f"{ca_file!r} holds no certificate in PEM form ({why.reason or why})", key="ca_file")) from why


def _identify(made: ssl.SSLContext, cert_file: str, key_file: str, key_password: str) -> None:
    _readable("cert_file", cert_file)
    _readable("key_file", key_file)
    try:
        # The password is given even when empty: without one OpenSSL would ask for it on the terminal.
        made.load_cert_chain(cert_file, key_file, password=key_password)
    except ssl.SSLError as why:
        if why.reason == "KEY_VALUES_MISMATCH":
            raise ConfigError(Problem(f"{key_file!r} is not the key of the certificate in {cert_file!r}", key="key_file")) from why
        hint = "the key is encrypted and key_password does not open it, or a file is not in PEM form"
        raise ConfigError(Problem(f"cannot use {cert_file!r} with {key_file!r}: {hint} ({why.reason or why})", key="key_file")) from why


def _readable(option: str, path: str) -> None:
    try:
        with open(path, "rb") as file:
            file.read(1)
    except OSError as why:
        raise ConfigError(Problem(f"cannot read {path!r}: {why.strerror}", key=option)) from why


def explain(why: OSError) -> str:
    """Return what failed and what to do about it."""
    if isinstance(why, ssl.SSLCertVerificationError):
        return VERDICTS.get(why.verify_code) or f"the peer's certificate is not accepted ({why.verify_message}): check ca_file and server_name"
    if isinstance(why, ssl.SSLError) and why.reason in REASONS:
        return REASONS[why.reason]
    said = (why.strerror or str(why) or type(why).__name__).lower()
    return next((f"{said}: {hint}" for kind, hint in HINTS if isinstance(why, kind)), said)
