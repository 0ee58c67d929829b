"""``loader/cli/listen.py``: the command, in this process and as one of its own."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from loader.cli import listen
from tests.servers import until

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import argparse, sys
from loader.cli import listen
parser = argparse.ArgumentParser()
listen.add_arguments(parser)
sys.exit(listen.run(parser.parse_args()))
"""
BODY = json.dumps({"event": {"action": "AssumeRole"}, "user": "[bold]grün[/bold]"}, ensure_ascii=False).encode()
LINE = b"<134>1 2024-05-24T07:32:05Z host log-aws-cloudtrail - cloudtrail - " + BODY


def parsed(*arguments):
    parser = argparse.ArgumentParser()
    listen.add_arguments(parser)
    return parser.parse_args(arguments)


@contextlib.contextmanager
def listening(*arguments):
    """The command in a process of its own, and the port that its readiness line names."""
    command = [sys.executable, "-c", PROGRAM, "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            ready = process.stderr.readline().decode()
            match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+) \(udp and tcp\)\n", ready)
            assert match, ready + process.stderr.read().decode()
            yield process, int(match[1])
        finally:
            if process.poll() is None:
                process.kill()


def send(port, data):
    with socket.create_connection(("127.0.0.1", port), 5) as sender:
        sender.sendall(data)


def test_the_defaults():
    assert vars(parsed()) == {
        "host": "127.0.0.1", "port": 5514, "file": None, "pretty": False, "count": 0, "quiet": False, "max_bytes": 16 * 1024**2,
    }  # fmt: skip


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_counts(stop):
    with listening() as (process, port):
        send(port, (LINE + b"\n") * 3)
        printed = b"".join(process.stdout.readline() for _ in range(3))
        process.send_signal(stop)
        out, errors = process.communicate(timeout=10)
    assert printed + out == (LINE + b"\n") * 3
    assert errors.decode() == f"3 messages, {3 * len(LINE)} bytes, 1 connections; log-aws-cloudtrail 3\n"
    assert process.returncode == 0


def test_count_ends_it_and_file_takes_each_message_as_a_line(tmp_path):
    target = tmp_path / "received.log"
    target.write_bytes(b"before\n")
    with listening("--count", "3", "--file", str(target)) as (process, port):
        send(port, b"7 <1>a\nb\n7 <1>a\nc\n%d %b" % (len(LINE), LINE))
        out, errors = process.communicate(timeout=10)
    assert target.read_bytes() == b"before\n<1>a\\nb\n<1>a\\nc\n" + LINE + b"\n"
    assert out == b""
    assert b"3 messages" in errors
    assert process.returncode == 0


def test_quiet_counts_only():
    with listening("--quiet", "--count", "1") as (process, port):
        with socket.socket(type=socket.SOCK_DGRAM) as sender:
            sender.sendto(LINE, ("127.0.0.1", port))
        out, errors = process.communicate(timeout=10)
    assert out == b""
    assert errors.decode() == f"1 messages, {len(LINE)} bytes, 0 connections; log-aws-cloudtrail 1\n"


def test_pretty_shows_the_body_as_it_is():
    with listening("--pretty", "--count", "3") as (process, port):
        send(port, LINE + b"\n<1>not [red]RFC 5424[/red]\n<134>1 - - a - - - {broken\n")
        out, _ = process.communicate(timeout=10)
    text = out.decode()
    assert text.startswith("<134>1 2024-05-24T07:32:05Z host log-aws-cloudtrail - cloudtrail - \n{\n")
    assert '"user": "[bold]grün[/bold]"' in text
    assert "<1>not [red]RFC 5424[/red]\n" in text
    assert "{broken\n" in text


def test_bad_framing_is_reported_while_it_goes_on():
    with listening("--quiet", "--count", "1", "--max-bytes", "1k") as (process, port):
        send(port, b"9999 too long")
        said = process.stderr.readline().decode()
        send(port, LINE + b"\n")
        process.communicate(timeout=10)
    assert re.match(r"tcp from 127\.0\.0\.1:\d+: closed: expected the length of a message \(up to 1024\)", said)
    assert process.returncode == 0


def test_a_reader_of_its_output_that_has_seen_enough_ends_it_quietly():
    with listening() as (process, port):
        process.stdout.close()
        send(port, (LINE + b"\n") * 3)
        process.wait(10)
        errors = process.stderr.read().decode()
    assert "Traceback" not in errors
    assert process.returncode == 0


def test_a_taken_port_is_exit_code_2(capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert listen.run(parsed("--port", str(taken.getsockname()[1]))) == 2
    assert "cannot listen on 127.0.0.1:" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_exit_code_2(capsys, tmp_path):
    assert listen.run(parsed("--port", "0", "--file", str(tmp_path / "no" / "file"))) == 2
    assert "No such file" in capsys.readouterr().err


def test_handlers_of_signals_are_put_back(capsys):
    before = signal.getsignal(signal.SIGTERM)

    def terminate():
        until(lambda: signal.getsignal(signal.SIGTERM) is not before)
        os.kill(os.getpid(), signal.SIGTERM)

    raiser = threading.Thread(target=terminate)
    raiser.start()
    assert listen.run(parsed("--port", "0")) == 0
    raiser.join()
    assert signal.getsignal(signal.SIGTERM) is before
    assert "0 messages" in capsys.readouterr().err


def test_it_runs_in_a_thread_as_well(capsys):
    codes = []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    thread = threading.Thread(target=lambda: codes.append(listen.run(parsed("--port", str(port), "--count", "1", "--quiet"))))
    thread.start()
    while thread.is_alive():
        with contextlib.suppress(OSError):
            send(port, LINE + b"\n")
        thread.join(0.02)
    assert codes == [0]
