"""``loader/replay/rowfiles.py``: every whole line once, whatever others do to the file meanwhile."""

from __future__ import annotations

import fcntl
import gzip
import os
import threading
from pathlib import Path

import pytest

from loader.errors import ConfigError
from loader.replay.rowfiles import RowFile, find
from plugins.out_file import FileOutput
from tests.drivers import configured


def write(path: Path, data: bytes = b"{}\n", *, age: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def test_a_folder_means_its_files_of_rows_the_oldest_first_and_not_what_is_replayed(tmp_path: Path) -> None:
    new = write(tmp_path / "a.ndjson")
    old = write(tmp_path / "b-20260101T000000.000000Z.ndjson", age=10)
    packed = write(tmp_path / "c.ndjson.gz", gzip.compress(b"{}\n"), age=5)
    for name in ("d.ndjson.replayed", "a.ndjson.position", "notes.txt", "folder/e.ndjson"):
        write(tmp_path / name)
    assert find([str(tmp_path)]) == [old, packed, new]
    assert find([str(new), str(tmp_path / "notes.txt"), str(tmp_path / "d.ndjson.replayed"), str(tmp_path)]) == [
        new, tmp_path / "notes.txt", old, packed,
    ]  # fmt: skip


def test_what_is_not_there_is_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"(?s)no file or folder 'x'.*no file or folder 'y'"):
        find(["x", str(write(tmp_path / "a.ndjson")), "y"])


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_lines_are_numbered_and_those_that_are_done_are_not_read_again(tmp_path: Path, pack: object) -> None:
    path = write(tmp_path / "a.ndjson", pack(b"1\n2\n\n4\n5"))  # type: ignore[operator]
    with RowFile(path) as file:
        assert list(file.lines()) == [(1, b"1\n"), (2, b"2\n"), (4, b"4\n"), (5, b"5")]
        file.note(2)
    with RowFile(path) as file:
        assert (file.line, list(file.lines())) == (2, [(4, b"4\n"), (5, b"5")])
        assert file.finish() == tmp_path / "a.ndjson.replayed"
    assert [one.name for one in tmp_path.iterdir()] == ["a.ndjson.replayed"]


def test_the_position_of_another_file_of_this_name_does_not_count(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b"1\n2\n")
    with RowFile(path) as file:
        file.note(2)
    path.rename(tmp_path / "moved")
    write(path, b"3\n")
    with RowFile(path) as file:
        assert list(file.lines()) == [(1, b"3\n")]
    (tmp_path / "a.ndjson.position").write_text("broken")
    with RowFile(path) as file:
        assert list(file.lines()) == [(1, b"3\n")]


def test_a_second_file_of_a_name_does_not_take_the_place_of_the_first(tmp_path: Path) -> None:
    for content in (b"1\n", b"2\n"):
        with RowFile(write(tmp_path / "a.ndjson", content)) as file:
            list(file.lines())
            assert file.finish()
    assert sorted(path.read_bytes() for path in tmp_path.iterdir()) == [b"1\n", b"2\n"]
    assert all(path.name.endswith(".replayed") for path in tmp_path.iterdir())


def test_lines_that_come_meanwhile_are_read_before_the_file_is_renamed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b"1\n2")
    with RowFile(path) as file:
        assert list(file.lines()) == [(1, b"1\n"), (2, b"2")]
        with path.open("ab") as other:
            other.write(b"\n3\n")
        assert file.finish() is None
        assert list(file.lines()) == [(3, b"3\n")]
        assert file.finish()


def test_a_line_that_somebody_is_writing_is_waited_for(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b'{"half')
    with path.open("ab") as other, RowFile(path) as file:
        fcntl.flock(other, fcntl.LOCK_EX)

        def end() -> None:
            other.write(b' a row"}\n')
            other.flush()
            fcntl.flock(other, fcntl.LOCK_UN)

        timer = threading.Timer(0.2, end)
        timer.start()
        assert list(file.lines()) == [(1, b'{"half a row"}\n')]
        timer.join(5)


def test_whoever_appends_behind_the_renaming_begins_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    output = configured(FileOutput(), "out_file", path=str(path))
    assert isinstance(output, FileOutput)
    output.write([b"1\n"])
    with RowFile(path) as file:
        assert list(file.lines()) == [(1, b"1\n")]
        assert file.finish()
    output.write([b"2\n"])
    output.close()
    assert path.read_bytes() == b"2\n"
    assert (tmp_path / "a.ndjson.replayed").read_bytes() == b"1\n"


def test_a_file_that_was_rotated_meanwhile_is_renamed_where_it_is_and_the_new_one_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b"1\n")
    with RowFile(path) as file:
        list(file.lines())
        path.rename(tmp_path / "a-20260101T000000.000000Z.ndjson")
        write(path, b"2\n")
        assert file.finish() == tmp_path / "a-20260101T000000.000000Z.ndjson.replayed"
    assert path.read_bytes() == b"2\n"


def test_a_broken_gzip_and_an_endless_line_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with RowFile(write(tmp_path / "a.ndjson.gz", gzip.compress(b"1\n" * 1000)[:-12])) as file, pytest.raises(ConfigError, match="cannot be read"):
        list(file.lines())
    monkeypatch.setattr("loader.replay.rowfiles.LONGEST", 10)
    with RowFile(write(tmp_path / "b.ndjson", b"x" * 11)) as file, pytest.raises(ConfigError, match="no file of rejects"):
        list(file.lines())
    with pytest.raises(ConfigError, match="cannot be read"), RowFile(tmp_path / "none"):
        pass
