"""A real rsyslogd on loopback: UDP, TCP, TLS, RELP and RELP over TLS, each writing what it receives to a file of its own."""

from __future__ import annotations

import dataclasses
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.servers import LOCALHOST, Certificates, until

CONFIG = """
global(
    workDirectory="{folder}/spool"
    maxMessageSize="1m"
    parser.escapeControlCharactersOnReceive="off"
    defaultNetstreamDriverCAFile="{folder}/ca.pem"
    defaultNetstreamDriverCertFile="{folder}/rsyslog.pem"
    defaultNetstreamDriverKeyFile="{folder}/rsyslog.key"
)
module(load="imudp")
module(load="imtcp" maxSessions="64" maxFrameSize="1048576")
module(load="imrelp" tls.tlslib="gnutls")
template(name="whole" type="string" string="%rawmsg%\\n")
{rulesets}
ruleset(name="own") {{ action(type="omfile" file="{folder}/rsyslogd.log") }}
input(type="imudp" address="127.0.0.1" port="{udp}" ruleset="udp" rcvbufSize="4m" rateLimit.interval="0")
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/tcp.port" ruleset="tcp" rateLimit.interval="0")
input(
    type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{folder}/tls.port" ruleset="tls" rateLimit.interval="0"
    streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="{auth}"{permitted}
)
input(type="imrelp" address="127.0.0.1" port="{relp}" ruleset="relp" maxDataSize="1048576")
input(
    type="imrelp" address="127.0.0.1" port="{relp_tls}" ruleset="relp_tls" maxDataSize="1048576"
    tls="on" tls.caCert="{folder}/ca.pem" tls.myCert="{folder}/rsyslog.pem" tls.myPrivKey="{folder}/rsyslog.key"{relp_auth}
)
*.* {{ call own }}
"""
RULESET = 'ruleset(name="{name}") {{ action(type="omfile" file="{folder}/{name}.received" template="whole") }}'
LISTENERS = ("udp", "tcp", "tls", "relp", "relp_tls")
TOLD = ("tcp", "tls")  # these write their port to a file; for the others one is chosen


@dataclasses.dataclass
class Rsyslog:
    """A running rsyslogd. TLS clients need a certificate for ``client`` unless that is empty."""

    folder: Path
    client: str = "loader.example.com"
    program: str = dataclasses.field(default_factory=lambda: shutil.which("rsyslogd") or "/usr/sbin/rsyslogd")

    def __enter__(self) -> Rsyslog:
        if not Path(self.program).exists():
            pytest.skip("rsyslogd is not installed")
        (self.folder / "spool").mkdir(parents=True)
        self.certificates = Certificates(self.folder)
        self.ca_file = self.certificates.ca_file
        for made, name in zip(self.certificates.identity("localhost"), ("rsyslog.pem", "rsyslog.key"), strict=True):
            made.rename(self.folder / name)
        self.ports = {"udp": free_port(socket.SOCK_DGRAM), "relp": free_port(), "relp_tls": free_port()}
        (self.folder / "rsyslog.conf").write_text(self._config())
        self.process = self._start()
        try:
            until(lambda: self._check_alive() and all(map(self._port, TOLD)))
            self.ports |= {name: self._port(name) for name in TOLD}
            until(lambda: self._check_alive() and self._listens())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process, by its pid; what it has received is written first."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def restart(self) -> None:
        """Start it again with the same ports, after ``stop``."""
        for name in TOLD:
            (self.folder / f"{name}.port").unlink()
        config = self.folder / "rsyslog.conf"
        text = config.read_text()
        for name in TOLD:
            text = text.replace(f'port="0" listenPortFileName="{self.folder}/{name}.port"', f'port="{self.ports[name]}"')
        config.write_text(text)
        self.process = self._start()
        until(lambda: self._check_alive() and self._listens())

    def received(self, listener: str) -> list[bytes]:
        """Return the messages that ``udp``, ``tcp``, ``tls``, ``relp`` or ``relp_tls`` has received, header and all."""
        file = self.folder / f"{listener}.received"
        return file.read_bytes().split(b"\n")[:-1] if file.exists() else []

    def wait(self, listener: str, count: int, patience: float = 20.0) -> list[bytes]:
        """Wait until so many messages have been received, and return them."""
        until(lambda: self._check_alive() and len(self.received(listener)) >= count, patience)
        return self.received(listener)

    def bodies(self, listener: str) -> list[bytes]:
        """Return the MSG part of each message received."""
        return [message.split(b" - ", 2)[2] for message in self.received(listener)]

    def _config(self) -> str:
        rulesets = "\n".join(RULESET.format(name=name, folder=self.folder) for name in LISTENERS)
        auth, permitted = ("x509/name", f' permittedPeer=["{self.client}"]') if self.client else ("anon", "")
        relp_auth = f' tls.authMode="name" tls.permittedPeer=["{self.client}"]' if self.client else ""
        return CONFIG.format(folder=self.folder, rulesets=rulesets, auth=auth, permitted=permitted, relp_auth=relp_auth, **self.ports)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [self.program, "-n", "-f", str(self.folder / "rsyslog.conf"), "-i", str(self.folder / "rsyslogd.pid")]
        with open(self.folder / "rsyslogd.out", "ab") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def _check_alive(self) -> bool:
        said = [file.read_text(errors="replace") for name in ("rsyslogd.out", "rsyslogd.log") if (file := self.folder / name).exists()]
        assert self.process.poll() is None, "rsyslogd has ended: " + "".join(said)
        return True

    def _port(self, listener: str) -> int:
        file = self.folder / f"{listener}.port"
        return int(file.read_text() or 0) if file.exists() else 0

    def _listens(self) -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((LOCALHOST, self.ports["udp"]))
            except OSError:
                bound = True
            else:
                bound = False
        try:
            for name in LISTENERS[1:]:
                socket.create_connection((LOCALHOST, self.ports[name]), 1).close()
        except OSError:
            return False
        return bound


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port of loopback that nobody holds right now."""
    with socket.socket(type=kind) as probe:
        probe.bind((LOCALHOST, 0))
        port: int = probe.getsockname()[1]
        return port
