"""``index.py new``: what it writes passes check, loads the sample without a reject, and gives the documents it says."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from loader import config
from loader.assembly import HOME
from loader.cli import new
from loader.errors import ConfigError
from loader.paths import reader
from tests import drivers
from tests.loader.cli.test_check import index
from tests.loader.draft.samples import SAMPLES

NAME = "demo-log"
REAL = HOME.parent / "shared" / "samples"


def draft(sample: Path, into: Path, *more: str, name: str = NAME) -> str:
    """Run the command and return what it says."""
    parser = argparse.ArgumentParser()
    new.add_arguments(parser)
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        assert new.run(parser.parse_args([name, str(sample), "--into", str(into), *more])) == 0
    return told.getvalue()


def written(folder: Path, name: str, *more: str) -> str:
    (folder / "s").mkdir(exist_ok=True)
    (folder / "s" / "in.log").write_bytes(SAMPLES[name].body)
    return draft(folder / "s" / "in.log", folder, *more)


def loaded(folder: Path, name: str = NAME) -> tuple[drivers.Loaded, Path]:
    """Load the written sample with the written section and hook, as a test of log types does."""
    tests = folder / "tests" / "logtypes" / name
    ini = f"[loader]\nhooks = {folder / 'siem'}\n" if (folder / "siem").is_dir() else ""
    key, sample = (tests / "key.txt").read_text().strip(), next(tests.glob("sample.*"))
    return drivers.load(folder / "out", ini, key, sample.read_bytes(), files=[HOME / "aws.ini", folder / "user.ini"]), tests


@pytest.mark.parametrize("name", SAMPLES)
def test_a_draft_of_each_format_loads_its_sample_to_the_expected_documents(tmp_path: Path, name: str) -> None:
    said = written(tmp_path, name)
    assert said.startswith(f"[{NAME}] loads {SAMPLES[name].records} records of the sample, 0 rejected\n")
    assert "check says" not in said
    found, tests = loaded(tmp_path)
    expected = [json.loads(line) for line in (tests / "expected.jsonl").read_text(encoding="utf-8").splitlines()]
    assert found.rejects == []
    assert (found.account.log_type, len(found.documents)) == (NAME, SAMPLES[name].records)
    first = {field: reader(field)(found.documents[0]) for field in SAMPLES[name].first}
    assert first == SAMPLES[name].first
    assert [_lasting(one) for one in found.documents] == [_lasting(one) for one in expected]


def _lasting(document: dict[str, Any]) -> dict[str, Any]:
    document["event"].pop("ingested", None)
    if document["@timestamp"][:4] != "2024":  # it has no time but that of loading
        document.pop("@timestamp")
    return document


@pytest.mark.parametrize("name", ["lines", "access", "headless", "pairs"])
def test_a_draft_runs_as_a_generated_function_to_the_same_bytes(tmp_path: Path, name: str) -> None:
    assert "generated function" not in written(tmp_path, name)
    hooks = f"[loader]\nhooks = {tmp_path / 'siem'}\n"
    one = drivers.engine(tmp_path / "out", f"{hooks}[out_null]\nfields = ecs\n", files=[HOME / "aws.ini", tmp_path / "user.ini"])
    fast, plain, through = drivers.both_ways(one.assembly.plans[NAME], f"{NAME}/in.log", SAMPLES[name].body)
    assert fast == plain
    assert through == SAMPLES[name].records


def test_the_commands_it_names_work(tmp_path: Path) -> None:
    (tmp_path / "in.log").write_bytes(SAMPLES["access"].body)
    done = index(tmp_path, "new", NAME, "in.log", "--key", "web/2024/05/24/x.log")
    assert (done.returncode, done.stderr) == (0, "")
    commands = [line.split("./index.py ")[1].split() for line in done.stdout.splitlines() if "  next  " in line]
    assert [words[0] for words in commands] == ["explain", "check", "types"]
    for words in commands:
        again = index(tmp_path, *words)
        assert (again.returncode, again.stderr) == (0, ""), words
    assert "no mistakes" in index(tmp_path, *commands[1]).stdout


def test_a_key_that_another_type_takes_is_told(tmp_path: Path) -> None:
    said = written(tmp_path, "lines", "--key", "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/05/24/x.json")
    assert "is taken by [cloudtrail]" in said


def test_nothing_is_overwritten_unasked(tmp_path: Path) -> None:
    (tmp_path / "user.ini").write_text("# mine\n[other]\ns3_key = other/\nfile_format = json\n", encoding="utf-8")
    written(tmp_path, "lines")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError) as why:
        written(tmp_path, "access")
    assert [problem.message for problem in why.value.problems] == [f"has a section [{NAME}] already", "is there already", "is there already"]
    before[tmp_path / "s" / "in.log"] = SAMPLES["access"].body
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    written(tmp_path, "access", "--force")
    sections = config.load([tmp_path / "user.ini"])
    assert (list(sections.types), sections.types[NAME].values["file_format"]) == (["other", NAME], "text")
    assert (tmp_path / "user.ini").read_text(encoding="utf-8").startswith("# mine\n[other]\n")


@pytest.mark.parametrize("name", ["Demo", "in_demo", "loader", "out_x", "default", "a b", "../x", "", "unknown-x", "x]"])
def test_what_can_be_no_name_of_a_type_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_text("a", encoding="utf-8")
    with pytest.raises(ConfigError, match="is no name for a log type"):
        draft(tmp_path / "x", tmp_path, name=name)


def test_the_name_of_a_shipped_type_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("a", encoding="utf-8")
    with pytest.raises(ConfigError, match="there is a log type 'alb' in aws.ini"):
        draft(tmp_path / "x", tmp_path, name="alb")
    with pytest.raises(ConfigError, match="there is no such folder"):
        draft(tmp_path / "x", tmp_path / "none")


@pytest.mark.parametrize(("body", "said"), [(b"", "is empty"), (b"\x00\x01\x02" * 40, "binary data"), (b"\x1f\x8bx", "cannot be decoded")])
def test_a_sample_that_cannot_be_read_is_an_error_and_nothing_is_written(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "x").write_bytes(body)
    done = index(tmp_path, "new", NAME, "x")
    assert done.returncode == 2
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_in_a_checkout_the_section_goes_to_aws_ini_and_the_rest_where_its_tests_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path.resolve() / "home"
    home.mkdir()
    shutil.copy(HOME / "aws.ini", home)
    monkeypatch.setattr(new, "HOME", home)
    (tmp_path / "in.log").write_bytes(SAMPLES["lines"].body)
    said = draft(tmp_path / "in.log", home)
    assert "--config" not in said and "pytest tests/test_logtypes.py" in said
    assert (home / "aws.ini").read_text(encoding="utf-8").startswith((HOME / "aws.ini").read_text(encoding="utf-8").rstrip())
    assert list(config.load([home / "aws.ini"]).types)[-1] == NAME
    assert sorted(path.name for path in (home / "tests" / "logtypes" / NAME).iterdir()) == ["expected.jsonl", "key.txt", "sample.json", "type.txt"]
    assert (home / "siem" / "sf_demo_log.py").is_file()


def test_a_written_hook_is_as_our_own_are(tmp_path: Path) -> None:
    """The hook of a checkout goes through ruff as all others do."""
    written(tmp_path, "pairs")
    lines = (tmp_path / "siem" / "sf_demo_log.py").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 150
    assert [line for line in lines if line != line.rstrip()] == []
    compile("\n".join(lines), "hook", "exec")


REAL_FILES = [
    path for path in sorted(REAL.rglob("*")) if path.is_file() and not path.name.endswith((".expected.json", "README.md", "PROVENANCE.csv"))
]


@pytest.mark.shared
@pytest.mark.parametrize("path", REAL_FILES, ids=lambda path: f"{path.parent.name}/{path.name[:40]}")
def test_every_real_sample_gets_a_draft_that_loads_all_of_it(tmp_path: Path, path: Path) -> None:
    said = draft(path, tmp_path)
    assert " of the sample, 0 rejected\n" in said
    assert "check says" not in said
    found, _ = loaded(tmp_path)
    assert found.rejects == []
    assert found.documents
