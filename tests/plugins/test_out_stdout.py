"""``plugins/out_stdout.py`` in real processes with real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[2]
START = """
import os, sys
from loader.api import ConfigError, OutputClosed, Retryable
from plugins.out_stdout import StdoutOutput
from tests.drivers import configured
output = configured(StdoutOutput(), "out_stdout")
"""


def python(code, **more):
    return subprocess.Popen([sys.executable, "-c", START + code], cwd=HOME, stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE, **more})


def test_lines_reach_the_pipe_whole_and_in_order_however_large_the_chunk():
    code = "output.open()\nfor chunk in range(20): output.write([b'%d ' % chunk + b'x' * 20000 + b'\\n' for _ in range(10)])"
    out, err = python(code).communicate(timeout=20)
    assert err == b""
    assert out == b"".join(b"%d " % chunk + b"x" * 20000 + b"\n" for chunk in range(20) for _ in range(10))


def test_what_was_printed_before_is_not_held_back_behind_it():
    out, _ = python("output.open()\noutput.write([b'a\\n'])\nos._exit(0)").communicate(timeout=20)
    assert out == b"a\n"


def test_a_reader_that_has_gone_ends_the_run():
    code = """
output.open()
try:
    while True:
        output.write([b'x' * 1000 + b'\\n'] * 100)
except OutputClosed as why:
    sys.stderr.write(f'closed: {why}')
sys.stderr.flush()
os._exit(0)
"""
    child = python(code)
    assert child.stdout.read(1001) == b"x" * 1000 + b"\n"
    child.stdout.close()
    assert child.stderr.read() == b"closed: the reader of standard output has gone"
    assert child.wait(20) == 0
    child.stderr.close()


def test_a_pipe_somebody_made_non_blocking_loses_nothing():
    code = "os.set_blocking(1, False)\noutput.open()\noutput.write([b'%07d\\n' % n for n in range(100000)])"
    child = python(code)
    assert os.read(child.stdout.fileno(), 8) == b"0000000\n"
    out, err = child.communicate(timeout=20)
    assert (err, child.returncode) == (b"", 0)
    assert out.split() == [b"%07d" % n for n in range(1, 100000)]


def test_a_full_disk_behind_it_is_waited_for():
    code = """
output.open()
try:
    output.write([b'x\\n'])
except Retryable as why:
    sys.stderr.write(str(why))
sys.stderr.flush()
os._exit(0)
"""
    with open("/dev/full", "wb") as full:
        _, err = python(code, stdout=full).communicate(timeout=20)
    assert err == b"cannot write to standard output: No space left on device"


def test_after_a_torn_write_the_next_starts_on_a_line_of_its_own(tmp_path):
    code = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
output.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (9, resource.RLIM_INFINITY))
try:
    output.write([b'first\\n', b'second\\n'])
except Retryable:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    output.write([b'first\\n', b'second\\n'])
"""
    with (tmp_path / "out").open("wb") as file:
        _, err = python(code, stdout=file).communicate(timeout=20)
    assert err == b""
    assert (tmp_path / "out").read_bytes() == b"first\nsec\nfirst\nsecond\n"


def test_standard_output_closed_from_the_start_stops_the_program():
    code = START + "\ntry:\n    output.open()\nexcept ConfigError as why:\n    sys.stderr.write(str(why))\n"
    child = subprocess.run(["sh", "-c", 'exec "$0" -c "$1" >&-', sys.executable, code], cwd=HOME, capture_output=True, timeout=20, check=False)
    assert child.stderr == b"[out_stdout] standard output is closed: configure another output"


@pytest.mark.parametrize("workers", [4])
def test_workers_under_one_lock_never_mix_within_a_line(workers):
    code = f"""
import multiprocessing
def work(name):
    for chunk in range(30):
        output.write([name * 9000 + b'\\n'] * 3)
fork = multiprocessing.get_context('fork')
output.lock = fork.Lock()
output.open()
workers = [fork.Process(target=work, args=(bytes([97 + n]),)) for n in range({workers})]
[one.start() for one in workers]
[one.join() for one in workers]
"""
    out, err = python(code).communicate(timeout=30)
    assert err == b""
    assert sorted(out.split(b"\n")) == [b""] + [bytes([97 + n]) * 9000 for n in range(workers) for _ in range(90)]
