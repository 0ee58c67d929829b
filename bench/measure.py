"""One measurement in a process of its own: CPU seconds, wall seconds, peak memory and bytes written for one object, as one JSON line.

``python -m bench.measure MODE TYPE FOLDER KEY [PORT]``, with these modes:

- ``tcp``, ``relp``: a load over a syslog connection, to PORT, or to a receiver that reads and forgets; ``null``: to ``out_null``
- ``slow``: as ``tcp``, with ``[loader] fast = no``
- ``parts``, ``slow_parts``: the stages up to the packed bytes, timed at the borders of chunks
- ``document``, ``bare``: the floors
"""

from __future__ import annotations

import collections
import json
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from bench import floors, generate
from loader.batch import Source
from loader.config import Config, load
from loader.engine import HOME, Engine, Task
from loader.plan import Plan, Step
from loader.stages.decode import decode

SINK = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
connection, size = server.accept()[0], 0
while block := connection.recv(1 << 20):
    size += len(block)
print(size)
"""
Figures = dict[str, float]
T = TypeVar("T")


def engine_of(config: Config, folder: Path, state: str) -> Engine:
    """Return an engine as a worker has it: the ledger on disk open, the garbage collector settled."""
    config.override("in_file", "root", str(folder))
    config.override("loader", "state", state)
    engine = Engine(config, "in_file")
    engine.use_ledger()
    engine.open_input()
    engine.settle()
    return engine


def warm(engine: Engine, folder: Path) -> int:
    """Load a small object of other records first, where there is one, as a worker has that is under way: functions are written at the first.

    Returns the bytes that were sent of it.
    """
    found = sorted((folder / generate.WARM).rglob("*_0001.*")) or sorted((folder / generate.WARM).rglob("*0001"))
    accounts = [engine.run(Task(0, Source("example-logs", str(path.relative_to(folder))))) for path in found]
    return sum(account.ledger.bytes_out for account in accounts)


def configuration(protocol: str, port: int, *, fast: bool = True) -> Config:
    """Return the shipped configuration with one output."""
    config = load([HOME / "aws.ini"])
    config.override("loader", "fast", "yes" if fast else "no")
    if port:
        for name, value in (("host", "127.0.0.1"), ("port", str(port)), ("protocol", protocol), ("fields", "full")):
            config.override("out_syslog", name, value)
    else:
        config.override("out_null", "match", "*")
    return config


def timed(run: Callable[[], object]) -> Figures:
    """Return what a run takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "peak": peak()}


def whole(config: Config, log_type: str, folder: Path, key: str) -> Figures:
    """Load the object as a worker does, with everything on."""
    with tempfile.TemporaryDirectory() as state:
        engine = engine_of(config, folder, state)
        before = warm(engine, folder)
        accounts = []
        found = timed(lambda: accounts.append(engine.run(Task(1, Source("example-logs", key)))))
        engine.close()
    (account,) = accounts
    assert (account.status, account.log_type) == ("done", log_type), account
    return found | {"records": account.ledger.arrived, "bytes": account.ledger.bytes_out, "before": before}


def to_sink(log_type: str, folder: Path, key: str, *, fast: bool) -> Figures:
    """Load it over TCP to a receiver that reads and counts bytes."""
    with subprocess.Popen([sys.executable, "-c", SINK], stdout=subprocess.PIPE) as sink:
        assert sink.stdout is not None
        found = whole(configuration("tcp", int(sink.stdout.readline()), fast=fast), log_type, folder, key)
        return found | {"bytes": int(sink.stdout.readline()) - found["before"]}


class Clock:
    """CPU seconds by name. What is timed inside what is timed counts for the inner name alone."""

    def __init__(self) -> None:
        self.spent: collections.defaultdict[str, float] = collections.defaultdict(float)
        self.inner = 0.0

    def call(self, name: str, run: Callable[[], T]) -> T:
        """Run, for the account of ``name``."""
        outer, self.inner = self.inner, 0.0
        began = time.process_time()
        try:
            return run()
        finally:
            took = time.process_time() - began
            self.spent[name] += took - self.inner
            self.inner = outer + took

    def each(self, name: str, items: Iterator[T]) -> Iterator[T]:
        """Pass items on; their making is for the account of ``name``."""
        end = object()
        while (item := self.call(name, lambda: next(items, end))) is not end:
            yield item  # type: ignore[misc]

    def step(self, step: Step) -> Step:
        """Return a step that is timed."""
        return Step(step.name, lambda batch: self.call(step.name, lambda: step.run(batch)))


def parts(log_type: str, folder: Path, key: str, *, fast: bool) -> Figures:
    """Take the object through its plan without delivering it; what each stage takes is among the figures, by ``part`` and its name.

    With ``fast`` off also each step; what a text is parsed in is found by parsing it twice.
    """
    with tempfile.TemporaryDirectory() as state:
        engine = engine_of(configuration("", 0, fast=fast), folder, state)
    warm(engine, folder)
    plan: Plan = engine.plans[log_type]
    clock, source, read = Clock(), Source("example-logs", key), 0
    if not fast:
        plan.steps = [clock.step(step) for step in plan.steps]
    wall = time.perf_counter()
    blocks = clock.each("gunzip", decode(engine.input.read(source), engine.settings.max_object_bytes)[0])
    for raws in clock.each("frame", plan.read(blocks)):
        if raws.records is None and not fast:
            clock.call("parse", partial(list, map(raws.parse, raws.texts)))
        read += clock.call("run", partial(plan.run, raws, source, read)).read
    if not fast:  # what is left of it is the packing
        clock.spent["pack"] = clock.spent.pop("run") - clock.spent["parse"]
    found = {f"part {name}": seconds for name, seconds in clock.spent.items()}
    return found | {"cpu": sum(clock.spent.values()), "wall": time.perf_counter() - wall, "peak": peak(), "records": read}


def floor(mode: str, log_type: str, folder: Path, key: str) -> Figures:
    """Run a floor."""
    model = floors.model_of(folder, key)
    run: Callable[[], tuple[int, int]]
    run = (lambda: floors.document(log_type, folder / key, model)) if mode == "document" else (lambda: floors.bare(log_type, folder / key))
    floors.settle()
    sums: list[tuple[int, int]] = []
    found = timed(lambda: sums.append(run()))
    return found | {"records": sums[0][0], "bytes": sums[0][1]}


def peak() -> int:
    """Return the largest resident size in bytes; Linux's getrusage would tell the parent's where that was larger."""
    try:
        status = Path("/proc/self/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(mode: str, log_type: str, folder: str, key: str, receiver: str = "0") -> None:
    """Measure, and print what was measured."""
    place, port = Path(folder), int(receiver)
    if mode in ("document", "bare"):
        found = floor(mode, log_type, place, key)
    elif mode.endswith("parts"):
        found = parts(log_type, place, key, fast=mode == "parts")
    elif mode in ("tcp", "slow") and not port:
        found = to_sink(log_type, place, key, fast=mode == "tcp")
    else:
        found = whole(configuration(mode, port), log_type, place, key)
    print(json.dumps(found))


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    main(*sys.argv[1:])
