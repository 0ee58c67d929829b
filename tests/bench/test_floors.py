"""``bench/floors.py``: the floors do all of the work that they are said to do."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest

from bench import floors, generate

COUNT = 700


@pytest.fixture(params=generate.KEYS)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    (key,) = generate.write(tmp_path, request.param, 1, COUNT)
    return request.param, tmp_path / key


def test_floors_read_every_record_and_write_what_they_are_said_to(made: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "BLOCK", 10_000)  # records span blocks
    log_type, path = made
    model = model_of(log_type, path)
    count, size = floors.document(log_type, path, model)
    assert count == COUNT
    assert size / COUNT == pytest.approx(len(json.dumps(model, separators=(",", ":"))), rel=0.15), "as large as a full document"
    bare, least = floors.bare(log_type, path)
    assert bare == COUNT
    assert least < size


def model_of(log_type: str, path: Path) -> dict[str, object]:
    key = generate.KEYS[log_type][1] % 0
    return floors.model_of(Path(str(path).removesuffix(key)), key)


def test_texts_of_cloudtrail_are_its_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(floors, "BLOCK", 10_000)
    (key,) = generate.write(tmp_path, "cloudtrail", 1, COUNT)
    found = [json.loads(text) for texts in floors.events(tmp_path / key) for text in texts]
    assert found == json.loads(gzip.decompress((tmp_path / key).read_bytes()))["Records"]


@pytest.mark.parametrize("log_type", ["alb", "s3accesslog"])
def test_splits_find_the_fields_between_quotes(log_type: str) -> None:
    (line,) = generate.KEYS[log_type][0](random.Random(3), 1)
    values = floors.SPLITS[log_type](line)
    assert len(values) == {"alb": 30, "s3accesslog": 27}[log_type]
    assert any(" " in value for value in values)
    assert not any('"' in value for value in values)
