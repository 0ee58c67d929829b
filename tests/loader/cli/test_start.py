"""What has been imported, compiled and told by the time the first record is sent: all that is for later, or for nobody, comes later."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).parents[3]
HEAVY = {"boto3", "botocore", "lxml", "pyarrow", "maxminddb", "ua_parser", "jmespath", "prometheus_client", "zstandard"}
PLUGIN = """
import json, sys
from loader.api import TAKEN, Option, Output, text

class Witness(Output):
    path = Option(text, doc="Where to.")
    def write(self, messages):
        compiled = [other.split(".")[1] for other in sys.modules if other.startswith("plugins.parser_")]
        with open(self.path, "a") as file:
            print(json.dumps({"modules": sorted(sys.modules), "parsers": compiled}), file=file)
        return TAKEN
"""
TYPES = "\n".join(f"[other{n}]\ns3_key = other{n}/\nfile_format = {form}\n" for n, form in enumerate(("json", "xml", "csv", "cef")))


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=False)


def test_help_imports_neither_what_reads_nor_what_draws(tmp_path: Path) -> None:
    code = "import sys, index\ntry:\n    index.main(['--help'])\nexcept SystemExit:\n    print(*sorted({name.split('.')[0] for name in sys.modules}))"
    imported = set(run(tmp_path, code).stdout.splitlines()[-1].split())
    assert imported & (HEAVY | {"rich"}) == set()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Return the arguments of a load of one text object, that goes to a plugin which tells what its process has imported."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "out_witness.py").write_text(PLUGIN)
    (tmp_path / "bucket" / "demo").mkdir(parents=True)
    (tmp_path / "bucket" / "demo" / "1").write_text("one 1\n")
    (tmp_path / "list").write_text("demo/1\n")
    settings = f"[loader]\nworkers = 1\nstate = {tmp_path}/state\nplugins = {tmp_path}/plugins\n[out_witness]\npath = {tmp_path}/seen\n"
    demo = "[demo]\ns3_key = demo/\nfile_format = text\nlog_pattern = (?P<a>\\w+) (?P<n>\\d)\n"
    (tmp_path / "user.ini").write_text(f"{settings}[out_file:dead_letter]\npath = {tmp_path}/rejects\n{demo}{TYPES}")
    return ["-b", f"{tmp_path}/bucket", "-l", f"{tmp_path}/list", "--config", f"{tmp_path}/user.ini"]


def test_a_load_from_a_folder_imports_no_s3_and_draws_nothing_before_its_first_record(tmp_path: Path, arguments: list[str]) -> None:
    code = f"""if True:
        import sys, index
        from loader.cli import work
        began = work.run
        def run(*given, **more):
            print(*sorted({{name.split('.')[0] for name in sys.modules}}))
            return began(*given, **more)
        work.run = run
        if __name__ == "__main__":
            sys.exit(index.main({arguments!r}))"""
    done = run(tmp_path, code)
    assert (done.returncode, done.stderr.count("The account balances: 1 read")) == (0, 1)
    assert set(done.stdout.splitlines()[0].split()) & (HEAVY | {"rich"}) == set()
    (seen,) = [json.loads(line) for line in (tmp_path / "seen").read_text().splitlines()]
    assert {name.split(".")[0] for name in seen["modules"]} & (HEAVY | {"rich"}) == set()
    assert seen["parsers"] == ["parser_text"]


def test_a_mistake_in_a_type_that_does_not_occur_is_told_before_anything_is_sent(tmp_path: Path, arguments: list[str]) -> None:
    with (tmp_path / "user.ini").open("a") as ini:
        ini.write("[rare]\ns3_key = rare/\nfile_format = text\nlog_pattern = (\n[rarer]\ns3_key = rarer/\nfile_format = txet\n")
    done = subprocess.run([sys.executable, "index.py", *arguments], cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "[rare] log_pattern: not a regular expression" in done.stderr
    assert "[rarer] file_format: there is no plugin parser_txet" in done.stderr
    assert not (tmp_path / "seen").exists()
