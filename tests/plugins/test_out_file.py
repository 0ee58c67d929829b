"""``plugins/out_file.py``: whole lines in a file, whatever the disk and other processes do."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from loader.api import TAKEN, ConfigError, Retryable
from plugins.out_file import FileOutput
from tests.drivers import configured

HOME = Path(__file__).resolve().parents[2]
WRITER = """
import sys
from plugins.out_file import FileOutput
from tests.drivers import configured
path, name, chunks = sys.argv[1:]
output = configured(FileOutput(), path=path)
output.open()
sys.stdin.read(1)  # all start at once
for chunk in range(int(chunks)):
    output.write([b'{"by": "%s", "chunk": %d, "line": %d, "x": "%s"}\\n' % (name.encode(), chunk, line, b"y" * 3000) for line in range(7)])
output.close()
"""
FULL = """
import json, os, resource, signal, sys
from loader.api import Retryable
from plugins.out_file import FileOutput
from tests.drivers import configured
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = sys.argv[1]
output = configured(FileOutput(), path=path)
output.write([b'{"chunk": 0, "line": %d}\\n' % line for line in range(10)])
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
second = [b'{"chunk": 1, "line": %d}\\n' % line for line in range(40)]
said = []
for _ in range(3):
    try:
        output.write(second)
    except Retryable as why:
        said.append([str(why), os.path.getsize(path)])
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
output.write(second)
output.write([b'{"chunk": 2, "line": 0}\\n'])
output.close()
print(json.dumps(said))
"""


@pytest.fixture
def output(request, tmp_path):
    def start(path=None):
        plugin = configured(FileOutput(), "out_file", path=str(path or tmp_path / "out.jsonl"))
        plugin.open()
        request.addfinalizer(plugin.close)
        return plugin

    return start


@pytest.fixture
def small_files():
    """A real limit on the size of files, as a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or before[0], before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def python(code, *arguments):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_messages_are_appended_in_order_to_what_is_there(output, tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"before\n")
    one = output()
    assert one.write([b"a\n", b"b\n"]) is TAKEN
    assert one.write([b"c\n"]) is TAKEN
    assert path.read_bytes() == b"before\na\nb\nc\n"


def test_the_folder_is_created_with_the_first_record_and_not_before(output, tmp_path):
    path = tmp_path / "a" / "b" / "out.jsonl"
    one = output(path)
    assert not path.parent.exists()
    one.write([b"x\n"])
    assert path.read_bytes() == b"x\n"


def test_others_may_not_read_the_file(output, tmp_path):
    before = os.umask(0)
    try:
        output().write([b"x\n"])
    finally:
        os.umask(before)
    assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o640


def test_a_folder_in_its_place_stops_the_program(output, tmp_path):
    with pytest.raises(ConfigError, match=r"\[out_file\] path: .* is a folder"):
        output(tmp_path)


def test_it_can_be_opened_again_after_it_was_closed(output, tmp_path):
    one = output()
    one.write([b"a\n"])
    one.close()
    one.close()
    one.write([b"b\n"])
    assert (tmp_path / "out.jsonl").read_bytes() == b"a\nb\n"


def test_several_processes_append_at_once_and_every_line_is_whole_and_there_once(tmp_path):
    path, names, chunks = tmp_path / "folder" / "out.jsonl", "abcd", 60
    writers = [python(WRITER, path, name, chunks) for name in names]
    for writer in writers:
        writer.stdin.write(b"g")
        writer.stdin.close()
    assert [writer.wait(30) for writer in writers] == [0] * len(names)
    for writer in writers:
        writer.stdout.close()
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert sorted((one["by"], one["chunk"], one["line"]) for one in found) == [
        (name, c, line) for name in names for c in range(chunks) for line in range(7)
    ]
    for name in names:  # in order, and chunks not mixed
        assert [(one["chunk"], one["line"]) for one in found if one["by"] == name] == [(c, line) for c in range(chunks) for line in range(7)]


def test_a_full_disk_is_waited_for_and_leaves_whole_lines_each_once(tmp_path):
    path = tmp_path / "out.jsonl"
    child = python(FULL, path)
    said = json.loads(child.communicate(timeout=30)[0])
    assert [message for message, _ in said] == [f"[FileOutput] cannot append to {str(path)!r}: File too large"] * 3
    assert {size for _, size in said} == {10 * len('{"chunk": 0, "line": 0}\n')}
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [(one["chunk"], one["line"]) for one in found] == [(0, n) for n in range(10)] + [(1, n) for n in range(40)] + [(2, 0)]


def test_what_another_appended_in_the_meantime_is_not_taken_back(output, tmp_path, small_files, monkeypatch):
    path = tmp_path / "out.jsonl"
    one, write = output(), os.write

    def interrupted(descriptor, data):
        written = write(descriptor, data)
        small_files(0)
        with path.open("ab") as other:
            other.write(b"other\n")
        small_files(path.stat().st_size)
        return written

    small_files(8)
    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(Retryable):
        one.write([b"first\n", b"second\n"])
    monkeypatch.undo()
    small_files(0)
    one.write([b"first\n", b"second\n"])
    assert path.read_bytes() == b"first\nseother\n\nfirst\nsecond\n"


def test_a_device_that_is_full_is_retryable_with_the_reason(output):
    one = output("/dev/full")
    for _ in range(2):
        with pytest.raises(Retryable, match=r"\[out_file\] cannot append to '/dev/full': No space left on device"):
            one.write([b"x\n"])


def test_a_place_that_cannot_be_written_is_retryable_until_it_can(output, tmp_path):
    (tmp_path / "folder").write_bytes(b"a file where a folder should be")
    one = output(tmp_path / "folder" / "out.jsonl")
    with pytest.raises(Retryable, match="cannot append"):
        one.write([b"x\n"])
    (tmp_path / "folder").unlink()
    one.write([b"x\n"])
    assert (tmp_path / "folder" / "out.jsonl").read_bytes() == b"x\n"


def test_a_pipe_will_do(output, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        output(tmp_path / "pipe").write([b"a\n", b"b\n"])
        assert os.read(reader, 100) == b"a\nb\n"
    finally:
        os.close(reader)
