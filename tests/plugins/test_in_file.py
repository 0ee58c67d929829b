"""``plugins/in_file.py``: a folder that stands for a bucket."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from loader.api import Source, SourceDenied, SourceError, SourceGone
from plugins.in_file import BLOCK, FileInput
from tests.drivers import configured

NOBODY = 65534


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "bucket"
    root.mkdir()
    (tmp_path / "outside.log").write_bytes(b"secret")
    (root / "a.log").write_bytes(b"inside")
    return root


def read(root, key, *alternates):
    source = Source("sample", key, alternates=alternates)
    plugin = configured(FileInput(), root=str(root))
    plugin.open()
    return b"".join(plugin.read(source)), source


@contextlib.contextmanager
def unprivileged():
    """A folder of its own, and a user whom permissions bind: root reads everything."""
    root = Path(tempfile.mkdtemp())
    root.chmod(0o755)
    uid = os.geteuid()
    try:
        yield root, lambda: os.seteuid(NOBODY) if uid == 0 else None
    finally:
        os.seteuid(uid)
        for folder in (root, *root.rglob("*")):
            folder.chmod(0o755)
        shutil.rmtree(root)


def test_a_file_comes_in_blocks_with_its_size_time_and_version(folder):
    body = os.urandom(BLOCK + 5)
    (folder / "big").write_bytes(body)
    os.utime(folder / "big", (1716535925, 1716535925))
    source = Source("sample", "big")
    blocks = list(configured(FileInput(), root=str(folder)).read(source))
    assert (b"".join(blocks), len(blocks)) == (body, 2)
    assert source.size == len(body)
    assert source.modified.isoformat() == "2024-05-24T07:32:05+00:00"
    etag = source.etag
    (folder / "big").write_bytes(b"other")
    assert read(folder, "big")[1].etag != etag


def test_an_empty_file_is_a_source_of_no_bytes(folder):
    (folder / "empty").touch()
    assert read(folder, "empty")[0] == b""


@pytest.mark.parametrize("key", ["../outside.log", "x/../../outside.log", "link.log", "up/outside.log", "..", "/etc/passwd", "//etc/passwd"])
def test_a_key_that_leads_out_of_the_folder_does_not_exist(folder, key):
    (folder / "link.log").symlink_to(folder.parent / "outside.log")
    (folder / "up").symlink_to(folder.parent)
    with pytest.raises(SourceGone, match="no file"):
        read(folder, key)


def test_an_absolute_key_out_of_the_folder_does_not_exist_even_as_an_alternate(folder):
    with pytest.raises(SourceGone):
        read(folder, "missing", str(folder.parent / "outside.log"))


def test_a_link_within_the_folder_is_followed(folder):
    (folder / "link.log").symlink_to("a.log")
    assert read(folder, "link.log")[0] == b"inside"


def test_the_folder_itself_may_be_a_link(folder):
    (folder.parent / "alias").symlink_to(folder)
    assert read(folder.parent / "alias", "a.log")[0] == b"inside"


@pytest.mark.parametrize("key", ["a b+c%41.log", "日/é'\"`$(x);.log", "line\nbreak", "-rf", " lead", "a\\b", "*", "~", "\x01", "bad\udcff"])
def test_awkward_names_are_names(folder, key):
    (folder / key).parent.mkdir(exist_ok=True)
    (folder / key).write_bytes(b"x")
    assert read(folder, key)[0] == b"x"


@pytest.mark.parametrize("key", ["", ".", "sub", "sub/", "nothing", "a.log/x", "a\0b", "x" * 300, "y/" * 3000, "\ud800", "circle", "pipe"])
def test_what_is_no_file_does_not_exist(folder, key):
    (folder / "sub").mkdir()
    (folder / "circle").symlink_to("circle")
    os.mkfifo(folder / "pipe")
    with pytest.raises(SourceGone, match="no file"):
        read(folder, key)


def test_a_folder_that_does_not_exist_holds_nothing(folder):
    with pytest.raises(SourceGone, match="missing"):
        read(folder / "missing", "a.log")


def test_alternates_are_tried_in_turn_and_the_one_found_is_the_key(folder):
    (folder / "a b").write_bytes(b"decoded")
    body, source = read(folder, "a+b", "a b", "a.log")
    assert (body, source.key, source.alternates) == (b"decoded", "a b", ())
    assert read(folder, "a.log", "a b")[0] == b"inside"


def test_a_file_that_may_not_be_read_is_denied():
    with unprivileged() as (root, drop):
        (root / "a.log").write_bytes(b"x")
        (root / "a.log").chmod(0)
        drop()
        with pytest.raises(SourceDenied, match=r"a\.log may not be read by this user"):
            read(root, "a.log")


def test_a_file_in_a_closed_folder_is_denied_and_not_gone():
    with unprivileged() as (root, drop):
        (root / "closed").mkdir()
        (root / "closed" / "a.log").write_bytes(b"x")
        (root / "closed").chmod(0)
        drop()
        with pytest.raises(SourceDenied, match="may not be read"):
            read(root, "closed/a.log")


def test_a_file_that_breaks_while_it_is_read_is_a_source_error(folder):
    (folder / "mem").symlink_to("/proc/self/mem")
    with pytest.raises(SourceError, match="cannot be read"):
        read("/proc/self", "mem")


def test_the_etag_is_that_of_the_content_though_another_file_takes_the_name(folder, monkeypatch):
    opened = Path.open

    def replaced(self, *args, **more):
        handle = opened(self, *args, **more)
        (folder.parent / "outside.log").replace(self)
        return handle

    monkeypatch.setattr(Path, "open", replaced)
    source = Source("sample", "a.log")
    assert b"".join(configured(FileInput(), root=str(folder)).read(source)) == b"inside"
    monkeypatch.undo()
    new = Source("sample", "a.log")
    assert b"".join(configured(FileInput(), root=str(folder)).read(new)) == b"secret"
    assert source.etag != new.etag
