"""``index.py replay``: files of rejects, a mended user.ini, and what is left."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import index
from loader import rejects
from loader.batch import Reject, Source
from loader.cli import replay
from loader.errors import Stopped
from tests.drivers import rows
from tests.servers import closed_port, until

ROOT = Path(__file__).resolve().parents[3]
INI = "[out_file]\npath = out.jsonl\n[app]\ns3_key = app/\nfile_format = text\nlog_pattern = (?P<n>{})\n"
STRICT, MENDED = r"\d+", r"\d+|x\d+"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.ini").write_text(INI.format(MENDED))
    signals = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == signals


def row(raw: str, number: int = 0, **reject: Any) -> bytes:
    source = Source("bucket", "app/1", etag="e")
    return next(rejects.of_records(source, "app", [Reject(number, raw, "why", "parse", **reject)], 1716537600)) + b"\n"


def write(name: str, *lines: bytes) -> Path:
    path = Path("rejects") / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(lines))
    return path


def run(*arguments: str) -> int:
    return index.main(["replay", "--config", "my.ini", *arguments])


def files() -> list[str]:
    return sorted(path.name for path in Path("rejects").iterdir())


def arrived() -> list[str]:
    return [document["n"] for document in rows(Path("out.jsonl"))]


def left() -> list[dict[str, Any]]:
    return [found for path in Path("rejects").glob("replay-*.ndjson") for found in rows(path)]


def test_a_folder_is_replayed_rotated_and_gzipped_files_too_and_a_second_time_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.ndjson", row("x1", 1), row("y2", 2))
    write("a-20260101T000000.000000Z.ndjson", row("x3", 3))
    write("b.ndjson.gz", gzip.compress(row("x4", 4)))
    assert run("rejects") == 0
    assert sorted(arrived()) == ["x1", "x3", "x4"]
    assert [(found["raw"], found["record"]) for found in left()] == [("y2", 2)]
    done = [name for name in files() if name.endswith(".replayed")]
    assert done == ["a-20260101T000000.000000Z.ndjson.replayed", "a.ndjson.replayed", "b.ndjson.gz.replayed"]
    said = capsys.readouterr().err
    assert "The account balances: 4 rows = 0 excluded + 1 rejected + 3 delivered + 0 kept." in said
    assert "rejected again: 1 row: parse: does not match log_pattern (first: rejects/a.ndjson line 2)" in said
    assert "rejects/a.ndjson is done, and is a.ndjson.replayed now: its rows are not sent again" in said
    assert "what is left is in rejects/replay-" in said
    assert run(*(f"rejects/{name}" for name in done)) == 2
    assert "what is .replayed is done" in capsys.readouterr().err
    assert len(arrived()) == 3


def test_torn_lines_are_told_by_their_number_and_go_to_the_file_of_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.ndjson", row("x1", 1), row("x2")[:20] + b"\n", row("x3", 3), b'{"stage": "par')
    assert run("rejects/a.ndjson") == 1
    assert arrived() == ["x1", "x3"]
    (new,) = Path("rejects").glob("replay-*.ndjson")
    assert new.read_bytes().splitlines() == [row("x2")[:20], b'{"stage": "par']
    said = capsys.readouterr().err
    assert "kept: 1 row: the line is no row: not JSON" in said
    assert "rejects/a.ndjson line 2)" in said
    assert "rejects/a.ndjson line 4)" in said
    assert "4 rows = 0 excluded + 0 rejected + 2 delivered + 2 kept" in said


def test_a_dry_run_leaves_everything_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    path = write("a.ndjson", row("x1", 1), row("y2", 2))
    before = path.read_bytes()
    assert run("rejects", "--dry-run") == 0
    assert (files(), path.read_bytes(), Path("out.jsonl").exists()) == (["a.ndjson"], before, False)
    said = capsys.readouterr().err
    assert "2 rows = 0 excluded + 1 rejected + 1 delivered + 0 kept" in said
    assert "nothing was sent: this was a dry run" in said


def test_keep_leaves_the_files_and_only_what_is_rejected_again_is_written_anew() -> None:
    write("a.ndjson", row("x1", 1), row("y2", 2), b"torn")
    for times in (1, 2):
        assert run("rejects/a.ndjson", "--keep") == 1
        assert arrived() == ["x1"] * times
    assert "a.ndjson" in files()
    assert not [name for name in files() if name.endswith((".replayed", ".position"))]
    assert {found["raw"] for found in left()} == {"y2"}


def test_objects_are_read_again_from_a_folder_that_stands_for_the_bucket() -> None:
    write("a.ndjson", row("x1", 1, cut=True), row("x9", 9, cut=True))
    (Path("copy") / "app").mkdir(parents=True)
    (Path("copy") / "app" / "1").write_text("0\nx12345\n")
    assert run("rejects/a.ndjson", "--from", "copy") == 1
    assert arrived() == ["x12345"]
    assert [found["record"] for found in left()] == [9]


def test_one_that_was_cut_off_goes_on_behind_what_is_done(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "ROWS", 2)
    write("a.ndjson", *(row(f"x{number}", number) for number in range(7)))
    checks = iter(range(100))

    def stop(self: object) -> None:
        if next(checks) >= 5:  # one before a piece, one in it
            raise Stopped("stopped by SIGTERM")

    with monkeypatch.context() as patch:
        patch.setattr(replay.Stop, "check", stop)
        assert run("rejects") == 130
    assert arrived() == ["x0", "x1", "x2", "x3"]
    assert files() == ["a.ndjson", "a.ndjson.position"]
    assert "stopped in rejects/a.ndjson behind line 4: stopped by SIGTERM" in capsys.readouterr().err
    assert run("rejects") == 0
    assert arrived() == [f"x{number}" for number in range(7)]
    assert files() == ["a.ndjson.replayed"]
    assert "rejects/a.ndjson: going on behind line 4" in capsys.readouterr().err


def test_a_destination_that_stays_down_leaves_the_file_and_its_rows(capsys: pytest.CaptureFixture[str]) -> None:
    down = f"[out_syslog]\nhost = 127.0.0.1\nport = {closed_port()}\nprotocol = tcp\nretry_for = 0"
    Path("my.ini").write_text(INI.format(MENDED).replace("[out_file]\npath = out.jsonl", down))
    write("a.ndjson", row("x1", 1))
    assert run("rejects") == 1
    assert files() == ["a.ndjson"]
    said = capsys.readouterr().err
    assert "stopped in rejects/a.ndjson behind line 0:" in said
    assert "0 rows = " in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no file or folder 'nowhere'"),
        (["empty"], "nothing to replay in empty"),
        (["other.txt"], "other.txt is no file of rejects: none of its first lines is a row"),
        (["rejects", "--from", "nowhere"], "--from nowhere: there is no such folder"),
        (["rejects", "--log-type", "ap"], "--log-type ap: there is none of this name (did you mean 'app'?)"),
    ],
)
def test_wrong_usage_exits_2_touches_nothing_and_says_why(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    write("a.ndjson", row("x1"))
    Path("empty").mkdir()
    Path("other.txt").write_text("some\nother\nfile\n")
    assert run(*arguments) == 2
    assert said in capsys.readouterr().err
    assert files() == ["a.ndjson"]


def test_a_type_can_be_forced_on_all_rows() -> None:
    Path("my.ini").write_text(INI.format(STRICT) + "[other]\ns3_key = nowhere\nfile_format = text\nlog_pattern = (?P<n>.*)\n")
    write("a.ndjson", row("y1", 1))
    assert run("rejects", "--log-type", "other") == 0
    assert [document["@log_type"] for document in rows(Path("out.jsonl"))] == ["other"]


def test_an_own_dead_letter_is_not_what_is_read(tmp_path: Path) -> None:
    """Else what is rejected again would be replayed for ever."""
    Path("my.ini").write_text(INI.format(STRICT) + "[loader]\ndead_letter = out_file:bad\n[out_file:bad]\npath = rejects/bad.ndjson\n")
    write("bad.ndjson", row("y1", 1))
    assert run("rejects/bad.ndjson") == 0
    assert [name.partition("-")[0] for name in files()] == ["bad.ndjson.replayed", "replay"]


def test_a_load_its_rejects_and_their_replay_in_processes_of_their_own_give_a_clean_load(tmp_path: Path) -> None:
    """With two workers, the dead letter rotating; and a replay that is killed: nothing is lost, and it goes on."""
    keys = [f"app/{number}" for number in range(6)]
    Path("bucket/app").mkdir(parents=True)
    for number, key in enumerate(keys):
        (Path("bucket") / key).write_text("".join(f"{'x' * (n % 2)}{number * 10_000 + n}\n" for n in range(2000)))
    Path("list.txt").write_text("".join(f"{key}\n" for key in keys))
    shared = "fields = ecs\n[out_file:dead_letter]\nrotate_bytes = 200k\nrotate_keep = 0\n[app]"

    program = [sys.executable, str(ROOT / "index.py")]

    def ids(name: str) -> list[tuple[str, str]]:
        return sorted((document["event"]["id"], document["event"]["original"]) for document in rows(Path(name)))

    for name, pattern in (("out", STRICT), ("clean", MENDED)):
        Path(f"{name}.ini").write_text(INI.format(pattern).replace("[app]", shared, 1).replace("out.jsonl", f"{name}.jsonl"))
        load = [*program, "-b", "bucket", "-l", "list.txt", "--config", f"{name}.ini", "--workers", "2"]
        done = subprocess.run(load, check=False, capture_output=True, timeout=60)
        assert done.returncode == 0, done.stderr
    assert len(files()) > 5, "it has rotated"
    Path("my.ini").write_text(Path("clean.ini").read_text().replace("clean.jsonl", "out.jsonl"))
    again = [*program, "replay", "--config", "my.ini", "rejects"]
    before = Path("out.jsonl").stat().st_size
    killed = subprocess.Popen(again, stderr=subprocess.DEVNULL)
    until(lambda: Path("out.jsonl").stat().st_size > before)
    killed.send_signal(signal.SIGKILL)
    killed.wait(10)
    done = subprocess.run(again, check=False, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = ids("out.jsonl")
    assert sorted(set(found)) == ids("clean.jsonl")
    assert len(found) - len(set(found)) <= replay.ROWS, "only what was in hand has come twice"
    assert all(name.endswith(".replayed") for name in files())


def test_a_signal_stops_it_where_that_costs_nothing() -> None:
    with replay.Stop() as stop:
        stop.check()
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped, match="stopped by SIGTERM"):
            stop.check()
        began = time.monotonic()
        with pytest.raises(Stopped):
            stop.wait(60)
        assert time.monotonic() - began < 1
