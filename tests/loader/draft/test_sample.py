"""Sample files: unpacked as the loader does it, and refused in words where nothing can be read."""

from __future__ import annotations

import bz2
import gzip
import io
import zipfile
from pathlib import Path

import pytest

from loader.draft import sample
from loader.errors import ConfigError

TEXT = "2024-05-24T08:00:00Z caf\u00e9\r\n\r\nb\n"


def zipped(body: bytes) -> bytes:
    with io.BytesIO() as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.log", body)
        return stream.getvalue()


@pytest.mark.parametrize(("pack", "name"), [(bytes, ""), (gzip.compress, "gzip"), (bz2.compress, "bzip2"), (zipped, "zip")])
def test_samples_are_unpacked(tmp_path: Path, pack: object, name: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(pack(TEXT.encode()))  # type: ignore[operator]
    found = sample.load(file)
    assert found.body == TEXT.encode()
    assert found.lines == ["2024-05-24T08:00:00Z caf\u00e9", "b"]
    assert found.packing == ((name,) if name else ())


def test_utf_16_is_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(TEXT.encode("utf-16"))
    assert sample.load(tmp_path / "x").lines[1] == "b"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x7fELF\x01\0\0\0\0\0\0\0", "cannot be decoded: binary data"),
        (bytes(range(1, 32)) * 20, "is binary"),
        (gzip.compress(b"x" * 999)[:-9], "cannot be decoded: gzip ends early"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, body: bytes, said: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(body)
    with pytest.raises(ConfigError, match=said):
        sample.load(file)


def test_a_file_that_is_missing_and_a_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        sample.load(tmp_path / "x")
    with pytest.raises(ConfigError, match="is a folder"):
        sample.load(tmp_path)


def test_of_a_large_sample_whole_lines_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "LOOKED_AT", 10)
    (tmp_path / "x").write_bytes(b"abcdef\nghijkl\nmn\n")
    found = sample.load(tmp_path / "x")
    assert (found.text, found.cut, len(found.body)) == ("abcdef\n", True, 17)
