"""One measurement in a process of its own: CPU seconds, wall seconds and peak memory for loading one object, or for a floor of it.

``python -m bench.measure null|tcp|relp|floor|document TYPE FOLDER KEY [PORT]`` prints one JSON line.
"""

from __future__ import annotations

import json
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import orjson
from isal import igzip

from loader.batch import Source
from loader.config import load
from loader.engine import HOME, Engine, Task

SINK = "import socket,sys;s=socket.create_server(('127.0.0.1',0));print(s.getsockname()[1],flush=True);c=s.accept()[0]\nwhile c.recv(1<<20):pass"


def ours(log_type: str, folder: Path, key: str, protocol: str, port: int) -> Callable[[], int]:
    """Return a function that loads the object with everything on: full documents, hook, to out_null or a port."""
    config = load([HOME / "aws.ini"])
    config.override("in_file", "root", str(folder))
    if port:
        for name, value in (("host", "127.0.0.1"), ("port", str(port)), ("protocol", protocol), ("fields", "full")):
            config.override("out_syslog", name, value)
    else:
        config.override("out_null", "match", "*")
    engine = Engine(config, "in_file")
    engine.open_input()
    engine.settle()

    def run() -> int:
        account = engine.run(Task(1, Source("example-logs", key)))
        assert (account.status, account.log_type) == ("done", log_type), account
        return account.ledger.arrived

    return run


def floor(log_type: str, folder: Path, key: str, document: bytes) -> Callable[[], int]:
    """Return the least that any such program in CPython does: gunzip, parse (or split into a dict), and dump.

    Lines with quoted fields are split by one simple regular expression, others at blanks. Dumped is what was parsed; with
    ``document``, one document as Sluice delivers it, for every record.
    """
    split = str.split if log_type == "vpcflowlogs" else re.compile(r'"[^"]*"|\[[^]]*\]|[^ ]+').findall
    data = (folder / key).read_bytes()
    parsed = orjson.loads(document) if document else None

    def run() -> int:
        content = igzip.decompress(data)
        names = [f"field_{n}" for n in range(40)]
        if log_type == "cloudtrail":
            records = orjson.loads(content)["Records"]
        else:
            records = (dict(zip(names, split(line), strict=False)) for line in content.decode().splitlines())
        count = 0
        for record in records:
            orjson.dumps(parsed or record)
            count += 1
        return count

    return run


def document_of(folder: Path, key: str) -> bytes:
    """Return one document as it is delivered."""
    config = load([HOME / "aws.ini"])
    config.override("in_file", "root", str(folder))
    config.override("out_file", "path", str(folder / "document.jsonl"))
    engine = Engine(config, "in_file")
    engine.open_input()
    engine.run(Task(1, Source("example-logs", key)))
    engine.close()
    with open(folder / "document.jsonl", "rb") as file:
        document = file.readline()
    (folder / "document.jsonl").unlink()
    return document


def peak() -> int:
    """Return the largest resident size in bytes; Linux's getrusage would tell the parent's where that was larger."""
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(mode: str, log_type: str, folder: str, key: str, receiver: str = "0") -> None:
    """Measure, and print what was measured."""
    port = int(receiver)
    sink = subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE) if mode == "tcp" and not port else None
    if mode in ("null", "tcp", "relp"):
        port = int(sink.stdout.readline()) if sink and sink.stdout else port
        run = ours(log_type, Path(folder), key, mode, port)
    else:
        run = floor(log_type, Path(folder), key, document_of(Path(folder), key) if mode == "document" else b"")
    wall, cpu = time.perf_counter(), time.process_time()
    count = run()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"records": count, "cpu": cpu, "wall": wall, "peak": peak()}))
    if sink:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    main(*sys.argv[1:])
