"""Log types are data: each folder of tests/logtypes through the real plan gives the documents that its format and ECS say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loader import config, schema
from loader.engine import HOME
from loader.stages.tidy import tidy_object
from tests import drivers

FOLDERS = sorted(path for path in (Path(__file__).parent / "logtypes").iterdir() if path.is_dir())
SHIPPED = [HOME / "aws.ini", HOME / "user.ini.example"]


def load(folder: Path, tmp_path: Path, block: int = 65536) -> drivers.Loaded:
    sample = next(folder.glob("sample.*")).read_bytes()
    example = (HOME / "user.ini.example").read_text(encoding="utf-8")
    ini = example[example.index("[apache]") :] if (folder / "type.txt").read_text().strip() == "apache" else ""
    return drivers.load(tmp_path, ini, (folder / "key.txt").read_text().strip(), sample, block=block)


def without_ingested(document: dict[str, Any]) -> dict[str, Any]:
    assert document["event"].pop("ingested")
    return document


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_sample_gives_the_expected_documents(folder: Path, tmp_path: Path) -> None:
    loaded = load(folder, tmp_path)
    expected = [json.loads(line) for line in (folder / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
    assert loaded.account.log_type == (folder / "type.txt").read_text().strip()
    assert loaded.rejects == []
    assert [without_ingested(document) for document in loaded.documents] == expected


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_however_the_bytes_arrive_the_documents_are_the_same(folder: Path, tmp_path: Path) -> None:
    whole, pieces = load(folder, tmp_path / "a"), load(folder, tmp_path / "b", block=7)
    assert list(map(without_ingested, whole.documents)) == list(map(without_ingested, pieces.documents))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_documents_are_tidy_and_typed_as_the_schema_says(folder: Path, tmp_path: Path) -> None:
    """Hooks that call themselves TIDY are not walked behind, so this looks for them."""
    for document in load(folder, tmp_path).documents:
        before = json.dumps(document)
        tidy_object(document)
        assert json.dumps(document) == before
        for name, value in flat({top: document[top] for top in document.keys() & schema.tops()}):
            field = schema.field(name)
            if field and field.type in CHECKS:
                assert isinstance(value, list) == field.array, name
                for item in value if isinstance(value, list) else [value]:
                    assert isinstance(item, CHECKS[field.type]), (name, item)
            for item in (value if isinstance(value, list) else [value]) if schema.allowed(name) else ():
                assert item in schema.allowed(name), name


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_types_of_events_go_with_their_categories(folder: Path, tmp_path: Path) -> None:
    for document in load(folder, tmp_path).documents:
        event = document["event"]
        legal = {name for category in event.get("category", ()) for name in schema.expected_types(category)}
        assert set(event.get("type", ())) <= legal, event


CHECKS: dict[str, Any] = {"long": int, "float": (int, float), "boolean": bool, "keyword": str, "ip": str, "date": str, "wildcard": str}


def flat(record: dict[str, Any], above: str = "") -> list[tuple[str, Any]]:
    found = []
    for key, value in record.items():
        found += flat(value, f"{above}{key}.") if isinstance(value, dict) else [(above + key, value)]
    return found


def test_every_shipped_type_has_a_sample() -> None:
    covered = {(folder / "type.txt").read_text().strip() for folder in FOLDERS}
    assert set(config.load(SHIPPED).types) == covered
