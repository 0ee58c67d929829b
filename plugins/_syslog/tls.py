"""TLS as RFC 5425 asks for it."""

from __future__ import annotations

import errno
import logging
import socket
import ssl
import time

from loader.api import ConfigError, Problem
from plugins._syslog.sockets import hung_up, readable

logger = logging.getLogger(__name__)


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


def secured(connection: socket.socket, context: ssl.SSLContext, name: str, timeout: float) -> ssl.SSLSocket:
    """Return the connection in TLS, closed when that fails; raises OSError."""
    began = time.monotonic()
    try:
        connection = secure = context.wrap_socket(connection, server_hostname=name)
        return _accepted(secure, timeout, time.monotonic() - began)
    except OSError:
        connection.close()
        raise


def _accepted(connection: ssl.SSLSocket, timeout: float, took: float) -> ssl.SSLSocket:
    """Return the connection once its receiver has had the time to refuse our certificate; raises OSError when it did.

    In TLS 1.3 the receiver judges it only after our side of the handshake is done. Its session tickets, or its alert, follow
    within a round trip, which ``took`` seconds are: they are waited for, lest a refusal comes after a flush.
    """
    if connection.version() == "TLSv1.3":
        readable(connection, min(timeout, 0.2 + 2 * took))
        if hung_up(connection):
            raise ConnectionAbortedError(errno.ECONNABORTED, "closed right after the handshake, as when it wants another cert_file")
    return connection
