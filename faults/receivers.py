"""The receivers: rsyslogd and syslog-ng on loopback, one listener each, that can be killed and started again on the same port.

Both are set up so that they do not take more into their memory than they must: what they have read is written before they read on
(rsyslogd: a direct queue; syslog-ng: flow control). What a user has to set for that is in docs/delivery.md.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from tests.rsyslog import free_port
from tests.servers import LOCALHOST, Certificates, until

CLIENT = "loader.example.com"
SECURE = "ca_file = {folder}/ca.pem\ncert_file = {folder}/{client}.pem\nkey_file = {folder}/{client}.key\n"
RSYSLOG = """
global(
    workDirectory="{folder}" maxMessageSize="1m" parser.escapeControlCharactersOnReceive="off"
    defaultNetstreamDriverCAFile="{folder}/ca.pem"
    defaultNetstreamDriverCertFile="{folder}/receiver.pem" defaultNetstreamDriverKeyFile="{folder}/receiver.key"
)
module(load="{module}"{library})
template(name="whole" type="string" string="%rawmsg%\\n")
ruleset(name="received" queue.type="direct") {{ action(type="omfile" file="{folder}/received" template="whole") }}
input(type="{module}" address="127.0.0.1" port="{port}" ruleset="received" {more})
"""
RSYSLOG_INPUTS = {
    "udp": ("imudp", 'rcvbufSize="4m" rateLimit.interval="0"'),
    "tcp": ("imtcp", 'rateLimit.interval="0"'),
    "tls": (
        "imtcp",
        'rateLimit.interval="0" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name" permittedPeer=["{client}"]',
    ),
    "relp": ("imrelp", 'maxDataSize="1048576"'),
    "relp_tls": (
        "imrelp",
        'maxDataSize="1048576" tls="on" tls.caCert="{folder}/ca.pem" tls.myCert="{folder}/receiver.pem" tls.myPrivKey="{folder}/receiver.key" '
        'tls.authMode="name" tls.permittedPeer=["{client}"]',
    ),
}
SYSLOG_NG = """
@version: 3.38
options {{ keep-hostname(yes); use-dns(no); dns-cache(no); stats-freq(0); log-msg-size(1048576); }};
source received {{ {source}; }};
destination written {{ file("{folder}/received" template("$MSG\\n")); }};
log {{ source(received); destination(written); flags(flow-control); }};
"""
SYSLOG_NG_SOURCES = {
    "udp": 'network(ip("127.0.0.1") port({port}) transport("udp") flags(no-parse) so-rcvbuf(4194304))',
    "tcp": 'network(ip("127.0.0.1") port({port}) transport("tcp") flags(no-parse))',
    "tls": (
        'syslog(ip("127.0.0.1") port({port}) transport("tls") flags(no-parse) tls(key-file("{folder}/receiver.key") '
        'cert-file("{folder}/receiver.pem") peer-verify(optional-untrusted)))'
    ),
}


class Missing(Exception):
    """A receiver is not installed."""


@dataclasses.dataclass
class Receiver:
    """One receiver with one listener; ``name`` is ``rsyslogd`` or ``syslog-ng``."""

    name: str
    protocol: str
    folder: Path

    def __enter__(self) -> Receiver:
        self.folder.mkdir(parents=True)
        certificates = Certificates(self.folder)
        for made, name in zip(certificates.identity("localhost"), ("receiver.pem", "receiver.key"), strict=True):
            made.rename(self.folder / name)
        certificates.identity(CLIENT)
        self.port = free_port(socket.SOCK_DGRAM if self.protocol == "udp" else socket.SOCK_STREAM)
        self.file = self.folder / "received"
        self.command, self.environment = self._rsyslogd() if self.name == "rsyslogd" else self._syslog_ng()
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with open(self.folder / "out", "ab") as out:
            self.process = subprocess.Popen(self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        until(self._listens)

    def stop(self) -> None:
        """End it in an orderly way; it writes what it has."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """Kill it as it is."""
        self.process.kill()
        self.process.wait()

    def client(self) -> str:
        """Return the section of Sluice's that sends to it; its port may be replaced by that of a proxy."""
        host = "localhost" if "tls" in self.protocol else LOCALHOST
        secure = SECURE.format(folder=self.folder, client=CLIENT) if "tls" in self.protocol else ""
        return f"[out_syslog]\nhost = {host}\nport = {self.port}\nprotocol = {self.protocol}\n{secure}"

    def size(self) -> int:
        """Return how many bytes have been received so far."""
        return self.file.stat().st_size if self.file.exists() else 0

    def messages(self) -> list[bytes]:
        """Return all that has been received, header and all."""
        return self.file.read_bytes().splitlines() if self.file.exists() else []

    def _listens(self) -> bool:
        assert self.process.poll() is None, f"{self.name} has ended: {(self.folder / 'out').read_text(errors='replace')}"
        if self.protocol == "udp":
            with socket.socket(type=socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind((LOCALHOST, self.port))
                except OSError:
                    return True
                return False
        try:
            socket.create_connection((LOCALHOST, self.port), 1).close()
        except OSError:
            return False
        return True

    def _rsyslogd(self) -> tuple[list[str], dict[str, str]]:
        program = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")
        if not program:
            raise Missing("rsyslogd is not installed")
        module, more = RSYSLOG_INPUTS[self.protocol]
        config = self.folder / "receiver.conf"
        more = more.format(folder=self.folder, client=CLIENT)
        library = ' tls.tlslib="gnutls"' if module == "imrelp" else ""
        config.write_text(RSYSLOG.format(folder=self.folder, module=module, library=library, port=self.port, more=more))
        return [program, "-n", "-f", str(config), "-i", str(self.folder / "receiver.pid")], dict(os.environ)

    def _syslog_ng(self) -> tuple[list[str], dict[str, str]]:
        root = syslog_ng()
        config = self.folder / "receiver.conf"
        source = SYSLOG_NG_SOURCES[self.protocol].format(folder=self.folder, port=self.port)
        config.write_text(SYSLOG_NG.format(folder=self.folder, source=source))
        (modules,) = root.glob("usr/lib*/syslog-ng/[0-9]*")
        command = [str(root / "usr/sbin/syslog-ng"), "--foreground", "--no-caps", f"--cfgfile={config}", f"--module-path={modules}"]
        command += [f"--{option}={self.folder}/receiver.{option}" for option in ("persist-file", "pidfile", "control")]
        return command, {**os.environ, "LD_LIBRARY_PATH": str(modules.parent)}


def syslog_ng() -> Path:
    """Return the root below which syslog-ng was unpacked by ``faults/syslog_ng.sh``; raises Missing."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    for root in (Path(os.environ.get("SYSLOG_NG_ROOT") or home / "sluice-syslog-ng"), Path("/")):
        if (root / "usr/sbin/syslog-ng").exists():
            return root
    raise Missing("syslog-ng is not here: faults/syslog_ng.sh unpacks it")
