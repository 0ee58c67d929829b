"""What tests of ``plugins/out_syslog.py`` share, one file a transport."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from loader.api import Option
from loader.options import declared
from plugins.out_syslog import SyslogOutput
from tests.plugins.syslog_messages import CLOUDTRAIL, RECORD, encode, read_5424
from tests.servers import LOCALHOST

__all__ = ["CLOUDTRAIL", "RECORD", "configured", "encode", "number_in", "resolves_to", "waits_for_end"]


def configured(**values: Any) -> SyslogOutput:
    """Return a plugin with its options read, as the registry does it."""
    plugin = SyslogOutput()
    plugin.name = "out_syslog"
    given = {"host": LOCALHOST, "timeout": "5s", **values}
    if values.get("protocol") == "unix":
        given.pop("host")
    texts = {name: str(value) for name, value in given.items()}
    plugin.__dict__.update({name: option.read(texts.get(name)) for name, option in declared(SyslogOutput, Option).items()})
    return plugin


def number_in(message: bytes) -> int:
    """Return ``n`` of the JSON in a message."""
    found: int = json.loads(read_5424(message).msg)["n"]
    return found


def resolves_to(monkeypatch: pytest.MonkeyPatch, kind: int, *ports: int) -> None:
    """Make any host have several addresses, here ports of loopback."""
    found = [(socket.AF_INET, kind, 0, "", (LOCALHOST, port)) for port in ports]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def waits_for_end(connection: socket.socket) -> Callable[[], bool]:
    """True once the operating system here knows that the other side has ended the connection."""
    return lambda: _peek_is_end(connection)


def _peek_is_end(connection: socket.socket) -> bool:
    patience = connection.gettimeout()
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(patience)
