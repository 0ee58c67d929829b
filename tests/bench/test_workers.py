"""``bench/workers.py``: runs of the whole program are watched to their end."""

from __future__ import annotations

from pathlib import Path

from bench import workers


def test_objects_that_are_one_by_links_are_loaded_each(tmp_path: Path) -> None:
    keys = workers.linked(tmp_path / "bucket", "vpcflowlogs", 5, 20)
    assert len({(tmp_path / "bucket" / key).stat().st_ino for key in keys}) == 1
    found = workers.load(tmp_path, keys, workers.NULL, 1)
    assert "100 read" in (tmp_path / "said").read_text()
    assert found["wall"] > found["parent"] > 0
    assert 10 * 1024**2 < found["peak"] < 200 * 1024**2


def test_the_first_byte_is_waited_for(tmp_path: Path) -> None:
    keys = workers.linked(tmp_path / "bucket", "vpcflowlogs", 1, 20)
    assert 0.05 < workers.first_byte(tmp_path, keys) < 30
