"""``index.py stats``: on ledgers that loads have written, in a pipe, on a terminal, and while it is followed."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loader import claims
from loader.engine import HOME
from loader.journal import NAME
from tests.loader.cli.test_check import index, written

INI = "[out_file]\npath = out.jsonl\n[app]\ns3_key = app/\nfile_format = text\nlog_pattern = (?P<n>\\d+)\n[loader]\nstate = state\nworkers = 1\n"


def loaded(folder: Path, keys: tuple[str, ...] = ("app/1", "app/2")) -> None:
    for key in keys:
        file = folder / "bucket" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"1\n2\nnone\n")
    (folder / "list.txt").write_text("".join(f"{key}\n" for key in keys))
    done = index(folder, "-b", "bucket", "-l", "list.txt", "--config", written(folder, INI))
    assert done.returncode == 0, done.stderr


def stats(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return index(folder, "stats", "--config", "my.ini", *arguments)


def following(folder: Path, *arguments: str, out: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(HOME / "index.py"), "stats", "--config", "my.ini", "--follow", "100ms", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.PIPE, env={**os.environ, "TERM": "xterm"})


def test_after_a_load_it_shows_what_each_destination_has(tmp_path: Path) -> None:
    loaded(tmp_path)
    told = json.loads(stats(tmp_path, "--json", "--sample").stdout)
    (app,) = told["types"]
    assert {name: app[name] for name in ("log_type", "done", "begun", "failed", "records", "rejected", "delivered", "bytes_in")} == {
        "log_type": "app", "done": 2, "begun": 0, "failed": 0, "records": 6, "rejected": 2, "delivered": 4, "bytes_in": 18,
    }  # fmt: skip
    assert app["minute"] == pytest.approx(6 / 60, abs=0.02)
    (file,) = told["destinations"]
    assert (file["destination"], file["whole"], file["partly"], file["records"]) == (f"file {tmp_path}/out.jsonl", 2, 0, 6)
    assert {one["key"]: one["marks"] for one in told["newest"]} == dict.fromkeys(["app/1", "app/2"], {f"file {tmp_path}/out.jsonl": None})
    assert told["ledger"] == str(tmp_path / "state" / NAME)
    shown = stats(tmp_path, "--sample", "1")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"{tmp_path}/state/ledger.db: " in shown.stdout
    assert shown.stdout.count("s3://bucket/app/") == 1
    assert sorted(file.name for file in (tmp_path / "state").iterdir()) == [NAME, claims.NAME]
    assert json.loads(stats(tmp_path, "--json", "--log-type", "no*").stdout)["types"] == []


def test_without_a_ledger_it_says_where_it_looked_and_makes_none(tmp_path: Path) -> None:
    written(tmp_path, INI)
    done = stats(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"there is no ledger yet: {tmp_path}/state/ledger.db is not there" in done.stdout
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    ("ini", "arguments", "said"),
    [
        ("[loader]\nstate =\n", (), "state in [loader] is empty"),
        ("[loader]\nstaet = x\n", (), "staet: no such option (did you mean 'state'?)"),
        (INI, ("--since", "soon"), "--since: 'soon' is not a time: write for example 30s, 5m or 1h"),
        (INI, ("--sample", "few"), "--sample: invalid int value: 'few'"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, ini: str, arguments: tuple[str, ...], said: str) -> None:
    written(tmp_path, ini)
    done = stats(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    written(tmp_path, INI)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / NAME).write_bytes(b"something else " * 100)
    done = stats(tmp_path)
    assert done.returncode == 2
    assert f"the ledger '{tmp_path}/state/ledger.db' cannot be read: file is not a database" in done.stderr


def test_followed_in_a_pipe_it_writes_a_line_each_time_until_interrupted(tmp_path: Path) -> None:
    written(tmp_path, INI)
    program = following(tmp_path)
    assert program.stdout
    try:
        assert b"there is no ledger yet" in program.stdout.readline()
        loaded(tmp_path)
        deadline = time.monotonic() + 20
        while b" 2 objects done, 0 begun, 0 failed, 6 records, " not in (line := program.stdout.readline()):
            assert line and time.monotonic() < deadline, line
        with sqlite3.connect(tmp_path / "state" / NAME) as load:  # a load that writes is not hindered, and hinders nothing
            load.execute("UPDATE object SET status = 'failed'")
        while b" 0 objects done, 0 begun, 2 failed" not in (line := program.stdout.readline()):
            assert line and time.monotonic() < deadline, line
        load.close()
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=10)
    finally:
        program.kill()
        program.wait()
    assert (program.returncode, said) == (0, b"")


def test_followed_as_json_each_line_is_an_object(tmp_path: Path) -> None:
    written(tmp_path, INI)
    program = following(tmp_path, "--json")
    assert program.stdout
    try:
        assert [json.loads(program.stdout.readline())["there"] for _ in range(2)] == [False, False]
    finally:
        program.kill()
        program.communicate()


def test_followed_on_a_terminal_it_is_shown_in_place(tmp_path: Path) -> None:
    loaded(tmp_path)
    ours, theirs = pty.openpty()
    program = following(tmp_path, out=theirs)
    os.close(theirs)
    seen = b""
    try:
        deadline = time.monotonic() + 20
        while seen.count(b"ledger.db") < 3 and time.monotonic() < deadline:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65536)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=10)
    finally:
        program.kill()
        program.wait()
        os.close(ours)
    assert (program.returncode, said) == (0, b"")
    assert b"\x1b[2K" in seen, "lines are written over"
