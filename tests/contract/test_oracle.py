"""What the es-loader itself answered to 400 drawn cases: with ``compat = es-loader`` the same documents, ids and index names; by default the
same but for the rows of docs/compatibility.md that are marked (c), each difference explained by one of them.
"""

from __future__ import annotations

import ast
import base64
import collections
import csv
import gzip
import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from loader import config as configuration
from loader.batch import Source
from loader.engine import HOME, Engine, Task
from tests import drivers

SHARED = HOME.parent / "shared"
CASES = SHARED / "oracle" / "cases.jsonl.gz"
ABSENT = "<absent>"
EMPTY = {"", "-", "null", "[]"}
Case = dict[str, Any]
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    with gzip.open(CASES, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def ecs() -> dict[str, tuple[str, bool]]:
    """Type, and whether it is a list, of every ECS field, from the schema's own table and not from ours."""
    with (SHARED / "ecs" / "fields.csv").open(encoding="utf-8", newline="") as rows:
        return {row["Field"]: (row["Type"], row["Normalization"] == "array") for row in csv.DictReader(rows)}


def answer(case: Case, folder: Path, *, compat: bool) -> list[dict[str, Any]]:
    """Return the documents of a case with their index and id, through the engine and a bulk request."""
    folder.mkdir()
    ini = f"[loader]\nhooks = {folder}\ncompat = {'es-loader' * compat}\n[out_file]\npath = {folder}/out\nformat = bulk\n"
    if case["exclude"]:
        (folder / "exclude.csv").write_text(case["exclude"], encoding="utf-8")
        ini += f"[DEFAULT]\nexclude_log_patterns_filename = {folder}/exclude.csv\n"
    if case["hook"]:
        (folder / f"sf_{case['type'].replace('-', '_')}.py").write_text(case["hook"], encoding="utf-8")
    (folder / "user.ini").write_text(f"{ini}[out_file:dead_letter]\npath = {folder}/rejects\n{case['ini']}", encoding="utf-8")
    engine = Engine(configuration.load([HOME / "aws.ini", folder / "user.ini"]), "in_file")
    engine.input = drivers.MemoryInput({case["key"]: base64.b64decode(case["body"])})
    account = engine.run(Task(1, Source("oracle-bucket", case["key"], etag="e")))
    engine.close()
    assert account.ledger.balances()
    rows = drivers.rows(folder / "out")
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [{"index": to["index"]["_index"], "id": to["index"]["_id"], "doc": without_ingested(document)} for to, document in pairs]


def without_ingested(document: dict[str, Any]) -> dict[str, Any]:
    assert document["event"].pop("ingested")
    return document


def test_compat_mode_gives_the_same_documents_ids_and_index_names(cases: list[Case], tmp_path: Path) -> None:
    wrong = [case["name"] for case in cases if answer(case, tmp_path / case["name"], compat=True) != case["docs"]]
    assert wrong == []
    assert len(cases) == 400


def test_default_mode_differs_in_the_rows_marked_c_only(cases: list[Case], ecs: dict[str, tuple[str, bool]], tmp_path: Path) -> None:
    unexplained: list[Any] = []
    rows: collections.Counter[str] = collections.Counter()
    for case in cases:
        ours = answer(case, tmp_path / case["name"], compat=False)
        assert [(one["index"], one["id"]) for one in ours] == [(one["index"], one["id"]) for one in case["docs"]], case["name"]
        for new, old in zip(ours, case["docs"], strict=True):
            for path, mine, theirs in differences(new["doc"], old["doc"]):
                row = explained(path, mine, theirs, ecs.get(path))
                rows[row] += 1
                if not row:
                    unexplained.append((case["name"], path, mine, theirs))
    assert unexplained == []
    assert set(rows) == {"typed", "json_to_text", "unknown", "multi-value", "failed hook"}  # every row is met, none for nothing


def differences(new: Any, old: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield dotted paths at which two documents differ, with both values."""
    if isinstance(new, dict) and isinstance(old, dict):
        for key in sorted(new.keys() | old.keys()):
            yield from differences(new.get(key, ABSENT), old.get(key, ABSENT), f"{path}.{key}" if path else key)
    elif isinstance(new, dict) or isinstance(old, dict):  # all below is on one side alone
        for key, value in (new if isinstance(new, dict) else old).items():
            yield from differences(*((value, ABSENT) if isinstance(new, dict) else (ABSENT, value)), f"{path}.{key}")
    elif json.dumps(new) != json.dumps(old):
        yield path, new, old


def explained(path: str, new: Any, old: Any, field: tuple[str, bool] | None) -> str:
    """Return the row that explains a difference, or ''."""
    if path in ("cloud.account.id", "cloud.region") and (new, old) == (ABSENT, "unknown"):
        return "unknown"
    if path == "error.message" and old == ABSENT and new.startswith("sf_"):
        return "failed hook"
    if field and field[1]:
        kept = [as_json(item) for item in (old if isinstance(old, list) else []) if item not in EMPTY]
        more = [item for item in (new if isinstance(new, list) else []) if item not in kept]
        return "multi-value" if kept == [item for item in (new if new != ABSENT else []) if item in kept] and all(map(not_text, more)) else ""
    if field:
        return "typed" if new in typed(old, field[0]) else ""
    return "json_to_text" if new == as_json(old) else ""


def as_json(text: Any) -> Any:
    """Return what Python printed of a value as compact JSON; any other text as it is."""
    try:
        return json.dumps(ast.literal_eval(text), ensure_ascii=False, separators=(",", ":")) if text[:1] in "[{" else text
    except (ValueError, TypeError, SyntaxError):
        return text


def not_text(item: str) -> bool:
    """Tell whether a text stands for a number or a boolean, which the es-loader left out of lists."""
    return item in ("true", "false") or item.replace(".", "").replace("e-", "").isdecimal()


def typed(old: Any, kind: str) -> list[Any]:
    """Return what may stand for an old text once it has the type that ECS wants."""
    if isinstance(old, list):
        found = [typed(item, kind)[0] for item in old]
        return [[item for item in found if item != ABSENT] or ABSENT]
    if kind in ("long", "integer"):
        return [int(old) if old.isdecimal() else ABSENT]
    if kind == "ip":
        return [old if is_address(old) else ABSENT]
    return [old.lower() if old in ("True", "False") else old]


def is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False
