"""The whole program, ``index.py -b FOLDER -l LIST``: one worker against two, what the parent process takes, memory, time to the first byte."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench import generate
from bench.rounds import Figures, Rounds, median, play
from loader.engine import HOME

SETTLED = 1.0  # seconds after which a program has started for good
NULL = "[out_null]\n"
LINKS = 10_000  # names that one file is given: file systems have a limit


def load(folder: Path, keys: list[str], ini: str, workers: int) -> Figures:
    """Load objects below ``folder/bucket`` and return wall and CPU seconds, those of the parent, and the largest worker's peak memory.

    ``share`` is the part of a core that the parent has used since it was under way.
    """
    with started(folder, keys, ini, workers) as program:
        began, here, peak = time.perf_counter(), psutil.Process(program.pid), 0
        marks: list[tuple[float, float]] = []
        while program.poll() is None:
            with contextlib.suppress(psutil.Error):
                peak = max([peak, *(high_water(child.pid) for child in here.children(recursive=True))])
                times = here.cpu_times()
                marks.append((time.perf_counter() - began, times.user + times.system))
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(0.02)
        wall = time.perf_counter() - began
        assert program.returncode == 0, (folder / "said").read_text()
    under_way = [mark for mark in marks if mark[0] > SETTLED] or marks
    (t0, c0), (t1, c1) = under_way[0], under_way[-1]
    return {"wall": wall, "parent": marks[-1][1], "share": (c1 - c0) / (t1 - t0) if t1 > t0 else 0.0, "peak": peak}


@contextlib.contextmanager
def started(folder: Path, keys: list[str], ini: str, workers: int, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program on a list of keys; what it writes of earlier runs is removed."""
    for old in folder.glob("list.txt*"):
        old.unlink()
    shutil.rmtree(folder / "state", ignore_errors=True)
    (folder / "list.txt").write_text("".join(f"{key}\n" for key in keys))
    (folder / "bench.ini").write_text(ini)
    command = [sys.executable, str(HOME / "index.py"), "-b", "bucket", "-l", "list.txt", "--config", "bench.ini", "--workers", str(workers), *more]
    with open(folder / "said", "wb") as said, subprocess.Popen(command, cwd=folder, stdout=said, stderr=said) as program:
        try:
            yield program
        finally:
            if program.poll() is None:
                program.terminate()


def high_water(pid: int) -> int:
    """Return the largest resident size a process has had, in bytes (Linux keeps it)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def first_byte(folder: Path, keys: list[str]) -> float:
    """Return the seconds from the start of the program to the first byte at a syslog receiver."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        ini = f"[out_syslog]\nhost = 127.0.0.1\nport = {server.getsockname()[1]}\nprotocol = tcp\n"
        began = time.perf_counter()
        with started(folder, keys, ini, 1) as program:
            connection, _ = server.accept()
            with connection:
                assert connection.recv(1), "the program has closed its connection without a byte"
                took = time.perf_counter() - began
                while connection.recv(1 << 20):
                    pass
            program.wait(30)
    return took


def scaling(log_type: str, objects: int, records: int, rounds: int) -> Figures:
    """Load the same objects with one worker and with two, to ``out_null``, and compare; CPU-bound, for the receiver needs a core too."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        keys = linked(folder / "bucket", log_type, objects, records)
        found: Rounds = play({"one": lambda: load(folder, keys, NULL, 1), "two": lambda: load(folder, keys, NULL, 2)}, rounds)
        first = statistics.median(first_byte(folder, keys[:1]) for _ in range(rounds))
    return {
        "one": median(found, "one", "wall"), "two": median(found, "two", "wall"), "first": first,
        "speedup": statistics.median(one["one"]["wall"] / one["two"]["wall"] for one in found),
        "share": median(found, "two", "share"), "parent": median(found, "two", "parent"), "peak": median(found, "two", "peak"),
        "records": objects * records, "objects": objects, "cores": os.cpu_count() or 0,
    }  # fmt: skip


def linked(bucket: Path, log_type: str, objects: int, records: int) -> list[str]:
    """Make many objects that are one, by links, and return their keys."""
    (key,) = generate.write(bucket, log_type, 1, records)
    keys = [key.replace("_0000.", f"_{n:07}.") for n in range(1, objects + 1)]
    for number, one in enumerate(keys):
        if number % LINKS:
            os.link(bucket / keys[number - number % LINKS], bucket / one)
        else:
            shutil.copyfile(bucket / key, bucket / one)
    return keys
