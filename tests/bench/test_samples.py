"""``bench/samples.py``: every type is measured on records that it takes, and the worst case is a worst case."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from bench import samples
from loader.config import load
from loader.engine import HOME
from tests import drivers


@pytest.mark.parametrize("log_type", [*samples.FORMATS, samples.WORST])
def test_no_record_of_a_sample_is_rejected(log_type: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "REAL", tmp_path / "none")
    found = samples.cost(log_type, tmp_path, 20_000)
    assert (found["rejected"], found["records"] >= 80) == (0, True)
    assert found["size"] > 10_000


@pytest.mark.shared
@pytest.mark.parametrize("log_type", samples.FORMATS)
def test_real_records_are_all_taken(log_type: str, tmp_path: Path) -> None:
    assert samples.cost(log_type, tmp_path, 1)["rejected"] == 0


def test_every_type_that_comes_with_sluice_is_in_the_table() -> None:
    assert {name: section.values["file_format"] for name, section in load([HOME / "aws.ini"]).types.items()} == samples.FORMATS


def test_the_worst_case_runs_its_hook(tmp_path: Path) -> None:
    (tmp_path / "sf_nginx.py").write_text(samples.WORST_HOOK)
    body = gzip.compress("\n".join(samples.nginx(random.Random(1), 5)).encode())
    loaded = drivers.load(tmp_path, f"{samples.WORST_INI}\n[loader]\nhooks = {tmp_path}\n", "nginx/1.gz", body)
    assert [document["http"]["version"] for document in loaded.documents] == ["1.1"] * 5
    assert loaded.documents[0]["event"]["outcome"] in ("success", "failure")
    assert "error" not in loaded.documents[0]
