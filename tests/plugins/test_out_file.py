"""``plugins/out_file.py``: whole lines in a file, whatever the disk and other processes do."""

from __future__ import annotations

import errno
import json
import os
import re
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
    def start(path=None, **options):
        plugin = configured(FileOutput(), "out_file", path=str(path or tmp_path / "out.jsonl"), **options)
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


ROTATOR = WRITER.replace("path=path)", 'path=path, rotate_bytes="50k", rotate_keep=sys.argv[4])').replace(
    "path, name, chunks = sys.argv[1:]", "path, name, chunks = sys.argv[1:4]"
)


@pytest.mark.parametrize("names", ["ab", "abcd"])
def test_several_processes_rotate_the_file_they_share_and_every_line_is_whole_and_there_once(tmp_path, names):
    path, chunks = tmp_path / "out.jsonl", 40
    writers = [python(ROTATOR, path, name, chunks, 0) for name in names]
    for writer in writers:
        writer.stdin.write(b"g")
        writer.stdin.close()
    assert [writer.wait(30) for writer in writers] == [0] * len(names)
    for writer in writers:
        writer.stdout.close()
    files = sorted(tmp_path.iterdir(), key=lambda file: (file == path, file.name))
    assert len(files) > chunks * len(names) * 7 * 3000 / 51200 * 0.8
    assert all(file.stat().st_size <= 51200 for file in files)
    found = [json.loads(line) for file in files for line in file.read_bytes().splitlines()]
    for name in names:  # in order, from the oldest file to the newest
        assert [(one["chunk"], one["line"]) for one in found if one["by"] == name] == [(c, line) for c in range(chunks) for line in range(7)]


def rotating(path, size="20", keep="0"):
    plugin = configured(FileOutput(), "out_file", path=str(path), rotate_bytes=size, rotate_keep=keep)
    plugin.open()
    return plugin


def test_a_file_gets_its_time_as_part_of_its_name_and_is_renamed_once(tmp_path):
    one = rotating(tmp_path / "out.jsonl")
    for number in range(6):
        one.write([b"line %04d\n" % number])
    one.close()
    *old, new = sorted(tmp_path.iterdir(), key=lambda file: (file.name == "out.jsonl", file.name))
    assert [file.read_bytes() for file in (*old, new)] == [b"line 0000\nline 0001\n", b"line 0002\nline 0003\n", b"line 0004\nline 0005\n"]
    assert all(re.fullmatch(r"out-\d{8}T\d{6}\.\d{6}Z\.jsonl", file.name) for file in old)


def test_a_chunk_larger_than_a_file_may_be_has_one_for_itself(tmp_path):
    one = rotating(tmp_path / "out.jsonl")
    for data in (b"small\n", b"x" * 100 + b"\n", b"small\n"):
        one.write([data])
    one.close()
    assert sorted(file.stat().st_size for file in tmp_path.iterdir()) == [6, 6, 101]


def test_the_oldest_falls_off_the_end_with_a_warning_that_names_it_and_its_lines(tmp_path, caplog):
    (tmp_path / "out-notes.jsonl").write_bytes(b"not ours\n")
    one = rotating(tmp_path / "out.jsonl", keep="2")
    for number in range(10):
        one.write([b"line %04d\n" % number])
    one.close()
    kept = sorted(file.read_bytes() for file in tmp_path.glob("out*.jsonl"))
    assert kept == [b"line %04d\nline %04d\n" % (n, n + 1) for n in (4, 6, 8)] + [b"not ours\n"]
    assert len(caplog.messages) == 2
    assert re.fullmatch(r"\[out_file\] \S+/out-\S+Z\.jsonl is deleted, and its 2 lines are gone: rotate_keep is 2", caplog.messages[0])


def test_a_link_is_left_in_place_and_what_it_leads_to_is_rotated(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "real.jsonl").touch()
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "data" / "real.jsonl")
    one = rotating(tmp_path / "link.jsonl")
    for number in range(3):
        one.write([b"line %04d\n" % number])
    one.close()
    assert (tmp_path / "link.jsonl").is_symlink()
    assert (tmp_path / "link.jsonl").read_bytes() == b"line 0002\n"
    assert len(list((tmp_path / "data").iterdir())) == 2


@pytest.mark.parametrize("vanish", [lambda path: path.rename(path.with_suffix(".1")), lambda path: path.unlink()], ids=["logrotate", "deleted"])
def test_a_file_that_another_takes_away_is_begun_anew_at_the_next_chunk(output, tmp_path, vanish):
    one = output()
    one.write([b"a\n"])
    vanish(tmp_path / "out.jsonl")
    one.write([b"b\n"])
    assert (tmp_path / "out.jsonl").read_bytes() == b"b\n"


def test_a_torn_end_of_somebody_who_was_killed_is_ended_before_anything_else(output, tmp_path):
    (tmp_path / "out.jsonl").write_bytes(b'{"whole": 1}\n{"tor')
    one = output()
    one.write([b"{}\n"])
    one.write([b"{}\n"])
    assert (tmp_path / "out.jsonl").read_bytes() == b'{"whole": 1}\n{"tor\n{}\n{}\n'


def test_a_torn_end_stays_in_the_file_that_was_taken_away(output, tmp_path, small_files):
    path = tmp_path / "out.jsonl"
    one = output()
    one.write([b"a\n"])
    one.torn = True
    path.rename(tmp_path / "old")
    one.write([b"b\n"])
    assert path.read_bytes() == b"b\n"


def test_a_device_and_a_pipe_are_never_rotated(tmp_path):
    one = rotating("/dev/null", size="1")
    one.write([b"a\n"])
    one.write([b"b\n"])
    one.close()
    assert Path("/dev/null").is_char_device()


def test_with_sync_the_disk_has_it_before_it_counts_and_only_then_is_it_asked(output, tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    one = output(tmp_path / "out.jsonl", sync="yes")
    one.flush()
    one.write([b"a\n"])
    one.write([b"b\n"])
    assert synced == []
    one.flush()
    one.flush()
    assert synced == [4]
    other = output(tmp_path / "other.jsonl")
    other.write([b"a\n"])
    other.flush()
    assert synced == [4]


def test_a_disk_that_fails_to_write_is_an_outage(output, tmp_path, monkeypatch):
    def fail(descriptor):
        raise OSError(errno.EIO, "input/output error")

    one = output(tmp_path / "out.jsonl", sync="yes")
    one.write([b"a\n"])
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(Retryable, match="to its disk: input/output error"):
        one.flush()
    monkeypatch.undo()
    one.flush()


def test_a_pipe_has_no_disk_to_wait_for(output, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        one = output(tmp_path / "pipe", sync="yes")
        one.write([b"a\n"])
        one.flush()
    finally:
        os.close(reader)
