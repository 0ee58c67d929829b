"""rsyslogd on the same records: plain lines in over TCP, parsed, given names of ECS, and sent on as JSON over TCP to a sink that counts.

It is set up as well as we know: liblognorm rather than regular expressions, one queue and one worker (or none, where that costs less), the
input that costs it least (imptcp; imtcp costs the same, imfile 5 to 15 % more), nothing else to do. ``bench/rulebase.py`` has what it is told.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench import rulebase


class Failed(Exception):
    """rsyslogd did not do what it was to do."""


def program() -> str | None:
    """Return where rsyslogd is, if it is installed with the modules needed."""
    found = shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin")
    return found if found and all(any(Path("/usr/lib").glob(f"*/rsyslog/{name}.so")) for name in ("mmnormalize", "mmjsonparse")) else None


def version() -> str:
    """Return the version of rsyslogd."""
    found = program()
    return subprocess.run([found, "-v"], capture_output=True, text=True, check=True).stdout.split()[1] if found else ""


@dataclasses.dataclass
class Sink:
    """Reads from one connection until ``lines`` have come; keeps the first."""

    lines: int
    received: int = 0
    size: int = 0
    first: bytes = b""

    def __post_init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.full = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        connection, _ = self.server.accept()
        while block := connection.recv(1 << 20):
            if b"\n" not in self.first:
                self.first += block[:65536]
            self.received += block.count(b"\n")
            self.size += len(block)
            if self.received >= self.lines:
                self.full.set()


def cpu(pid: int) -> float:
    """Return the CPU seconds of another process, all its threads: its clock, as clock_getcpuclockid(3) names it."""
    return time.clock_gettime(~pid << 3 | 2)


def measure(log_type: str, way: str, lines: bytes) -> dict[str, float]:
    """Have rsyslogd take ``lines``, and return what that took from the first byte sent to the last one received; raises Failed."""
    count = lines.count(b"\n")
    with tempfile.TemporaryDirectory() as place:
        folder, sink = Path(place), Sink(count)
        (folder / "conf").write_text(rulebase.config(log_type, way, folder, sink.server.getsockname()[1]))
        command = [str(program()), "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")]
        with open(folder / "said", "wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
            try:
                port = _port(folder, process)
                before, began = cpu(process.pid), time.perf_counter()
                with socket.create_connection(("127.0.0.1", port)) as sender:
                    sender.sendall(lines)
                    if not sink.full.wait(120):
                        raise Failed(f"{sink.received} of {count} records have arrived: {(folder / 'said').read_text(errors='replace')}")
                found = {"cpu": cpu(process.pid) - before, "wall": time.perf_counter() - began, "records": count, "bytes": sink.size}
            finally:
                process.terminate()
    document = json.loads(sink.first.partition(b"\n")[0])
    if way == "list":
        check(log_type, lines[: lines.index(b"\n")].decode(), document)
    return found


def check(log_type: str, line: str, document: dict[str, Any]) -> None:
    """Raise Failed when a document has not the fields of its record; what has no fixed form is compared as the JSON that its text is."""
    for name, value in rulebase.expected(log_type, line).items():
        found = document.get(name)
        if (json.loads(found) if isinstance(value, (dict, list)) and isinstance(found, str) else found) != value:
            raise Failed(f"rsyslogd wrote {found!r} as {name}, expected was {value!r}")


def _port(folder: Path, process: subprocess.Popen[bytes]) -> int:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        if (folder / "port").exists() and (text := (folder / "port").read_text()):
            return int(text)
        time.sleep(0.02)
    raise Failed(f"rsyslogd does not listen: {(folder / 'said').read_text(errors='replace')}")


def lines_of(log_type: str, folder: Path, key: str) -> bytes:
    """Return the records of a generated object as plain lines, which is what daemons read."""
    content = gzip.decompress((folder / key).read_bytes())
    if log_type == "cloudtrail":
        return b"".join(json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in json.loads(content)["Records"])
    return content.partition(b"\n")[2] if content.startswith(b"version ") else content
