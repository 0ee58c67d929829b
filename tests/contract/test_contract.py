"""Sections and hooks as the es-loader's documentation gives them, through the real engine, in both modes.

Each folder has what a site has: ``user.ini`` and ``siem/``; an object, ``sample.*`` at ``key.txt``; and what becomes of it: in
``expected.jsonl``, and with ``[loader] compat = es-loader`` in ``expected-compat.jsonl``, as ``{"index", "id", "doc"}`` a line.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import netaddr
import pytest
from mmdb_writer import MMDBWriter

from loader.api import Source
from loader.engine import HOME, Task
from tests import drivers

HERE = Path(__file__).parent
MODIFIED = datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC)
MODES = {"": "expected.jsonl", "es-loader": "expected-compat.jsonl"}
ACCOUNTS = {  # read, excluded, rejected
    "apache": (5, 1, 0),  # one line of stderr
    "okta": (4, 1, 0),  # one the hook ignores
    "deepsecurity": (3, 0, 0),
    "cloudhsm": (4, 0, 1),  # one event that log_pattern does not match
}
pytestmark = pytest.mark.filterwarnings("ignore:siem:DeprecationWarning")  # one example's hook imports old names
examples = pytest.mark.parametrize("name", ACCOUNTS)
modes = pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode or "default")


@pytest.fixture(scope="session")
def geoip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("geoip") / "city.mmdb"
    writer = MMDBWriter(6, "Test", languages=["en"], ipv4_compatible=True)
    writer.insert_network(netaddr.IPSet(["198.51.100.0/24"]), {"country": {"iso_code": "FR", "names": {"en": "France"}}})
    writer.to_db_file(str(path))
    return path


def load(name: str, mode: str, folder: Path, geoip: Path, block: int = 65536) -> drivers.Loaded:
    example = HERE / name
    settings = folder / "settings.ini"
    settings.write_text(
        f"[loader]\nhooks = {example / 'siem'}\ncompat = {mode}\n[out_file]\nformat = bulk\n[filter_geoip]\ndatabase = {geoip}\n", encoding="utf-8"
    )
    sample = next(example.glob("sample.*")).read_bytes()
    key = (example / "key.txt").read_text().strip()
    one = drivers.engine(folder, "", files=(HOME / "aws.ini", example / "user.ini", settings))
    one.input = drivers.MemoryInput({key: sample}, block)
    account = one.run(Task(1, Source("sample-bucket", key, modified=MODIFIED)))
    one.close()
    return drivers.Loaded(account, drivers.rows(folder / "out.jsonl"), drivers.rows(folder / "rejects.ndjson"))


def documents(loaded: drivers.Loaded) -> list[dict[str, Any]]:
    """Return index, id and document of what was written; event.ingested, which is now, is left out."""
    found = []
    for action, doc in zip(loaded.documents[::2], loaded.documents[1::2], strict=True):
        assert doc["event"].pop("ingested")
        found.append({"index": action["index"]["_index"], "id": action["index"]["_id"], "doc": doc})
    return found


@modes
@examples
def test_row_1_5_13_an_example_gives_the_documents_it_gave(name: str, mode: str, tmp_path: Path, geoip: Path) -> None:
    assert documents(load(name, mode, tmp_path, geoip)) == drivers.rows(HERE / name / MODES[mode])


@modes
@examples
def test_the_account_of_an_example_balances(name: str, mode: str, tmp_path: Path, geoip: Path) -> None:
    account = load(name, mode, tmp_path, geoip).account
    read, excluded, rejected = ACCOUNTS[name]
    ledger = account.ledger
    assert (account.status, ledger.read, ledger.excluded, ledger.rejected) == ("done", read, excluded, rejected)
    assert ledger.delivered == {"out_file": read - excluded - rejected}


@examples
def test_however_the_bytes_arrive_an_example_gives_the_same(name: str, tmp_path: Path, geoip: Path) -> None:
    for folder in ("whole", "pieces"):
        (tmp_path / folder).mkdir()
    whole, pieces = load(name, "", tmp_path / "whole", geoip), load(name, "", tmp_path / "pieces", geoip, block=7)
    assert documents(pieces) == documents(whole)


def fields(value: Any, above: str = "") -> dict[str, Any]:
    """Return what is no object by its dotted path."""
    if not isinstance(value, dict):
        return {above[:-1]: value}
    return {path: leaf for key, below in value.items() for path, leaf in fields(below, f"{above}{key}.").items()}


@examples
def test_the_two_modes_differ_where_the_design_says_and_nowhere_else(name: str) -> None:
    """Values have the types of ECS, so what cannot have one is left out; and what is not known is left out."""
    for ours, old in zip(*(drivers.rows(HERE / name / file) for file in MODES.values()), strict=True):
        assert (ours["index"], ours["id"]) == (old["index"], old["id"])
        new, text = fields(ours["doc"]), fields(old["doc"])
        for path in new.keys() | text.keys():
            value = new.get(path)
            typed = str(value) == text[path] or (value is None and path in ("event.sequence",))
            assert value == text[path] or typed or (value is None and text[path] == "unknown"), path


def test_the_example_of_the_page_on_hooks_is_true(tmp_path: Path) -> None:
    page = (HOME / "docs" / "hooks.md").read_text(encoding="utf-8")
    code = page[page.index("```python\n") + 10 :]
    (tmp_path / "sf_firewall.py").write_text(code[: code.index("```")], encoding="utf-8")
    ini = "s3_key = fw/\nfile_format = json\nstatic_ecs = event.kind\nevent.kind = event\nscript_ecs = event.outcome user.name"
    body = b'{"verdict": "pass", "session": {"user": {"name": "alice"}}}\n{"verdict": "drop"}\n'
    loaded = drivers.load(tmp_path, f"[loader]\nhooks = {tmp_path}\n[firewall]\n{ini}\n", "fw/1", body)
    first, second = loaded.documents
    assert (first["event"]["outcome"], first["user"]) == ("success", {"name": "alice"})
    assert (second["event"]["outcome"], "user" in second) == ("failure", False)
