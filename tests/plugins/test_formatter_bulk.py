"""Bulk requests: where each document belongs, and the document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader.errors import ConfigError
from tests import drivers

BULK = "[out_file:bulk]\npath = FOLDER/bulk\nformat = bulk\n"
TYPE = "[app]\ns3_key = app/\nfile_format = json\nindex_name = log-app\ntimestamp_key = t\ndoc_id = n\ndoc_id_suffix = part\n"
LINES = b'{"n":"a","t":"2024-05-06T00:00:00Z","part":7}\n{"n":"b","t":"2024-06-06T00:00:00Z"}\n'


def rows(folder: Path, ini: str, hook: str = "") -> list[object]:
    folder.mkdir(exist_ok=True)
    if hook:
        (folder / "sf_app.py").write_text(hook)
    engine = drivers.engine(folder, f"[loader]\nhooks = {folder}\n{ini}".replace("FOLDER", str(folder)), files=())
    engine.input = drivers.MemoryInput({"app/1": LINES})
    account = engine.run(drivers.Task(1, drivers.Source("b", "app/1", etag="e")))
    engine.close()
    assert account.ledger.balances()
    return drivers.rows(folder / "bulk")


def test_each_document_follows_the_line_that_says_where_it_belongs(tmp_path: Path) -> None:
    first, document, second, other = rows(tmp_path, f"{TYPE}index_rotation = daily\n{BULK}")
    assert first == {"index": {"_index": "log-app-2024-05-06", "_id": "a_7"}}
    assert second == {"index": {"_index": "log-app-2024-06-06", "_id": "b"}}
    assert (document["n"], other["n"]) == ("a", "b")  # type: ignore[index]


def test_a_hook_says_otherwise_by_its_control_keys_and_they_are_in_no_document(tmp_path: Path) -> None:
    hook = "def transform(logdata):\n    logdata.update(__index_name='log-x', __doc_id_suffix=logdata['n'])\n    return logdata\n"
    found = rows(tmp_path, f"{TYPE}script_ecs = x\n{BULK}", hook)
    assert found[0] == {"index": {"_index": "log-x-2024-05", "_id": "a_a"}}
    assert "__" not in json.dumps(found[1])


def test_selection_and_the_stable_id_work_behind_it(tmp_path: Path) -> None:
    found = rows(tmp_path, f"{TYPE}{BULK}fields = ecs\n")
    assert found[1].keys() >= {"@timestamp", "event"}  # type: ignore[attr-defined]
    assert "n" not in found[1]  # type: ignore[operator]
    assert found[1]["event"]["id"].endswith("-000000000000")  # type: ignore[index]


def test_an_output_that_frames_messages_itself_refuses_the_form(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="format: bulk is for out_file and out_stdout"):
        rows(tmp_path, f"{TYPE}[out_syslog]\nformat = bulk\nhost = 127.0.0.1\n")
