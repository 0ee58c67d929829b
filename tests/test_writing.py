"""docs/writing-a-log-type.md: every example loads its sample to the fields it shows, and runs the way it says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from loader.assembly import HOME
from loader.explain.generated import generated
from loader.lint import checks
from loader.lint.finding import NOTE
from loader.paths import reader
from tests import drivers

PAGE = (HOME / "docs" / "writing-a-log-type.md").read_text(encoding="utf-8")
EXAMPLES = {
    part.partition("\n")[0]: part for part in re.split(r"^### ", PAGE.partition("## One of each format")[2].partition("\n## ")[0], flags=re.M)[1:]
}


def block(name: str, kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", EXAMPLES[name], re.DOTALL)
    return found[1] if found else ""


def body_of(name: str, folder: Path) -> bytes:
    text = block(name, "text")
    if name != "parquet":
        return text.encode()
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.Table.from_pylist([json.loads(line) for line in text.splitlines()]), folder / "x.parquet")
    return (folder / "x.parquet").read_bytes()


def ini_of(name: str, folder: Path) -> tuple[str, str]:
    """Return the INI text of an example with its hook in place, and the name of its type."""
    ini = block(name, "ini")
    log_type = ini[1 : ini.index("]")]
    if hook := block(name, "python"):
        (folder / f"sf_{log_type.replace('-', '_')}.py").write_text(hook, encoding="utf-8")
    return f"[loader]\nhooks = {folder}\n{ini}", log_type


def key_of(ini: str) -> str:
    found = re.search(r"^s3_key = ([\w/-]+)", ini, re.MULTILINE)
    assert found
    return f"{found[1]}x.parquet"


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_gives_what_it_shows(name: str, tmp_path: Path) -> None:
    ini, log_type = ini_of(name, tmp_path)
    found = drivers.load(tmp_path, ini, key_of(ini), body_of(name, tmp_path))
    assert (found.rejects, found.account.log_type) == ([], log_type)
    shown: dict[str, Any] = json.loads(block(name, "json"))
    assert {field: found.documents[0].get(field) or reader(field)(found.documents[0]) for field in shown} == shown
    assert "error" not in found.documents[0]


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_runs_the_way_it_says_and_check_has_nothing_to_say(name: str, tmp_path: Path) -> None:
    ini, log_type = ini_of(name, tmp_path)
    assembly = drivers.engine(tmp_path, ini).assembly
    said = [str(one.problem) for one in checks.findings(assembly) if one.level != NOTE and one.problem.section == log_type]
    assert said == []
    source, why_not = generated(assembly.plans[log_type], assembly.config.types[log_type])
    assert bool(source) == ("Runs as one function." in EXAMPLES[name]), why_not
    assert ("Runs step by step." in EXAMPLES[name]) != bool(source)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if "Runs as one function." in EXAMPLES[name]])
def test_the_function_of_an_example_gives_the_bytes_of_its_steps(name: str, tmp_path: Path) -> None:
    ini, log_type = ini_of(name, tmp_path)
    assembly = drivers.engine(tmp_path, f"[out_null]\nfields = ecs\n{ini}").assembly
    fast, plain, through = drivers.both_ways(assembly.plans[log_type], key_of(ini), body_of(name, tmp_path))
    assert fast == plain
    assert through == fast.counts["read"] > 0


def test_there_is_an_example_of_each_format() -> None:
    formats = {re.search(r"file_format = (\w+)", part)[1] for part in EXAMPLES.values()}  # type: ignore[index]
    assert formats == {file.stem.removeprefix("parser_") for file in (HOME / "plugins").glob("parser_*.py")}
