"""A worker process: builds its engine at its first task, shows its numbers, and does not outlive its parent."""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.sharedctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

from loader import config as configuration
from loader import worker
from loader.batch import Source
from loader.config import Config
from loader.engine import HOME, Task
from loader.errors import STOPPED, ConfigError
from loader.ledger import DONE, FAILED
from tests.aws import Service, of_nobody
from tests.servers import closed_port, until

TYPE = "[demo]\ns3_key = \\.log$$\nfile_format = text\nlog_pattern = (?P<a>\\S+)\n"


def config(folder: Path, ini: str = "") -> Config:
    path = folder / "test.ini"
    outputs = f"[out_file]\npath = {folder}/out.jsonl\n[out_file:dead_letter]\npath = {folder}/rejects\n"
    path.write_text(f"{TYPE}{outputs}[in_file]\nroot = {folder}\n[loader]\nstate = {folder}/state\n{ini}")
    return configuration.load([path])


def pool(loaded: Config, figures: Sequence[int], offset: int = 0, input_name: str = "in_file") -> futures.ProcessPoolExecutor:
    arguments = (loaded, input_name, logging.WARNING, figures, offset)
    return futures.ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), worker.start, arguments)


def test_a_worker_loads_sources_with_one_engine_and_shows_its_own_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("1\n2\n3\n")
    (tmp_path / "b.log").write_text("4\n")
    figures = multiprocessing.sharedctypes.RawArray("q", 2 * worker.FIGURES)
    with pool(config(tmp_path), figures, worker.FIGURES) as executor:
        pid = executor.submit(os.getpid).result()
        first, gone, second = (executor.submit(worker.run, Task(n, Source("b", key))).result() for n, key in enumerate(("a.log", "no.log", "b.log")))
    assert [account.status for account in (first, gone, second)] == [DONE, FAILED, DONE]
    assert "no file 'no.log'" in gone.reason
    assert (first.ledger.read, second.ledger.read) == (3, 1)
    assert list(figures) == [0, 0, 0, pid, 4, 8]
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 4


def test_an_input_that_cannot_be_opened_is_a_configuration_error_each_time(tmp_path: Path) -> None:
    figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
    with pool(config(tmp_path), figures, input_name="in_nowhere") as executor:
        for position in range(2):
            with pytest.raises(ConfigError, match="there is no plugin in_nowhere"):
                executor.submit(worker.run, Task(position, Source("b", "a.log"))).result()


def test_a_worker_leaves_ctrl_c_to_its_parent(tmp_path: Path) -> None:
    figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
    with pool(config(tmp_path), figures) as executor:
        pid = executor.submit(os.getpid).result()
        os.kill(pid, signal.SIGINT)
        assert executor.submit(os.getpid).result() == pid


def test_a_worker_that_is_to_end_puts_down_what_it_has_and_begins_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("1\n")
    figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
    with pool(config(tmp_path), figures) as executor:
        assert executor.submit(worker.run, Task(0, Source("b", "a.log"))).result().status == DONE
        os.kill(executor.submit(os.getpid).result(), signal.SIGTERM)
        account = executor.submit(worker.run, Task(1, Source("b", "a.log"))).result()
    assert (account.status, account.failure, account.reason) == (FAILED, STOPPED, worker.NOT_BEGUN)


def test_a_wait_for_a_destination_ends_when_the_run_is_to_end(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("1\n")
    down = f"[out_syslog]\nhost = 127.0.0.1\nport = {closed_port()}\nprotocol = tcp\nretry_for = 60s\nretry_wait = 60s\n"
    figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
    with pool(config(tmp_path, down), figures) as executor:
        pid = executor.submit(os.getpid).result()
        waiting = executor.submit(worker.run, Task(0, Source("b", "a.log")))
        until((tmp_path / "out.jsonl").exists)  # the other output has it
        began = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        account = waiting.result(10)
    assert (account.status, account.failure) == (FAILED, STOPPED)
    assert time.monotonic() - began < 3


def test_a_wait_for_the_bytes_of_an_object_ends_when_the_run_is_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_nobody(monkeypatch, tmp_path)
    asked, released = threading.Event(), threading.Event()

    def silent(handler: Any) -> None:
        asked.set()
        released.wait(20)

    figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
    with Service(silent) as service:
        loaded = config(tmp_path, f"[in_s3]\nendpoint_url = {service.url}\naddressing_style = path\n")
        with pool(loaded, figures, input_name="in_s3") as executor:
            pid = executor.submit(os.getpid).result()
            waiting = executor.submit(worker.run, Task(0, Source("bucket", "a.log")))
            assert asked.wait(20)
            began = time.monotonic()
            os.kill(pid, signal.SIGTERM)
            account = waiting.result(10)
            assert time.monotonic() - began < 3
        assert time.monotonic() - began < 6  # nor does the thread that reads keep the process from ending
        released.set()
    assert (account.status, account.failure) == (FAILED, STOPPED)
    assert account.reason == "stopped while its bytes were waited for: the next run goes on behind what has arrived"


PARENT = """
import logging, multiprocessing, multiprocessing.sharedctypes, os, signal, sys
from concurrent import futures
from loader import config, worker
figures = multiprocessing.sharedctypes.RawArray("q", worker.FIGURES)
arguments = (config.load([]), "in_file", logging.WARNING, figures, 0)
pool = futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork"), worker.start, arguments)
print(pool.submit(os.getpid).result(), flush=True)
signal.pause()
"""


def test_a_worker_ends_when_its_parent_is_killed() -> None:
    """Else it would go on loading, and nobody would write down that it did."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert parent.stdout is not None
    try:
        pid = int(parent.stdout.readline())
        handle = os.pidfd_open(pid)
        parent.kill()
        ended = select.select([handle], [], [], 20)[0]
        os.close(handle)
        assert ended, "the worker outlives its parent"
    finally:
        parent.kill()
        _, said = parent.communicate()
    assert b"the parent process is gone; stopping" in said
