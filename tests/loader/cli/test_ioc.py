"""``index.py ioc build`` as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TIMES = {"created": "2024-01-01T00:00:00Z", "modified": "2024-02-01T00:00:00Z"}
PATTERNS = {"1": "[ipv4-addr:value = '198.51.100.7']", "2": "[domain-name:value = 'c2.example']", "3": "[file:name = 'x']"}
OBJECTS = [{"type": "indicator", "id": f"indicator--{number}", "pattern": pattern, **TIMES} for number, pattern in PATTERNS.items()]


def run(folder, *arguments):
    command = [sys.executable, ROOT / "index.py", *arguments]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr.splitlines(), done.stdout


def sources(folder, **files):
    for name, content in {"txt/own/a.txt": "192.0.2.0/24\n203.0.113.9\n", "stix2/acme/a.json": json.dumps({"objects": OBJECTS}), **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")


def test_lists_and_bundles_become_one_file_and_a_table_says_of_what(tmp_path):
    sources(tmp_path)
    code, said, out = run(tmp_path, "ioc", "build", "--txt", "txt", "--stix2", "stix2")
    assert code == 0
    assert [line.split() for line in said[:3]] == [
        ["provider", "files", "addresses", "networks", "domains"], ["acme", "1", "1", "0", "1"], ["own", "1", "1", "1", "0"],
    ]  # fmt: skip
    assert said[3:] == ["acme: left out 1 indicator of other things than addresses and domains"]
    assert out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ioc.db", "stix2", "txt"]


def test_a_load_then_finds_them(tmp_path):
    sources(tmp_path)
    assert run(tmp_path, "ioc", "build", "--txt", "txt", "--stix2", "stix2", "--out", "found.db")[0] == 0
    (tmp_path / "bucket" / "demo").mkdir(parents=True)
    (tmp_path / "bucket" / "demo" / "a.json").write_text('{"client": "192.0.2.5", "name": "C2.example"}\n')
    (tmp_path / "list.txt").write_text("demo/a.json\n")
    (tmp_path / "mine.ini").write_text(
        "[filter_ioc]\ndatabase = found.db\n[demo]\ns3_key = demo/\nfile_format = json\nindex_name = demo\n"
        "ecs = source.ip\nsource.ip = client\nioc_ip = source.ip\nioc_domain = name\n"
    )
    code, said, out = run(tmp_path, "-b", "bucket", "-l", "list.txt", "--config", "mine.ini", "--workers", "1")
    assert code == 0, said
    (document,) = map(json.loads, out.splitlines())
    assert document["threat.matched"] == {"indicators": ["192.0.2.5", "C2.example"], "providers": ["acme", "own"]}
    assert [one["matched"].get("id") for one in document["threat.enrichments"]] == [None, "indicator--2"]


def test_what_is_wrong_is_told_with_file_and_line_the_rest_is_taken_and_the_exit_code_is_1(tmp_path):
    sources(tmp_path, **{"txt/own/b.txt": "fine.example\nnot fine\n", "stix2/acme/b.json": "{"})
    code, said, _ = run(tmp_path, "ioc", "build", "--txt", "txt", "--stix2", "stix2")
    assert code == 1
    assert said[0] == "txt/own/b.txt:2: 'not fine' is no address, network or domain name"
    assert said[1].startswith("stix2/acme/b.json:1: is no JSON: ")
    assert said[-1] == "2 mistakes, left out; the rest is in ioc.db"
    assert (tmp_path / "ioc.db").is_file()


def test_wrong_usage_is_told_and_the_exit_code_is_2(tmp_path):
    assert run(tmp_path, "ioc")[0] == 2
    code, said, _ = run(tmp_path, "ioc", "build")
    assert (code, said[-1]) == (2, "  nothing to build from: give --txt DIR, --stix2 DIR or both")
    code, said, _ = run(tmp_path, "ioc", "build", "--txt", "absent")
    assert (code, said[-1]) == (2, "  absent: there is no such folder")
    (tmp_path / "empty").mkdir()
    code, said, _ = run(tmp_path, "ioc", "build", "--txt", "empty")
    assert (code, said[-1]) == (2, "  no file has an indicator: 'ioc.db' is not written")
    assert not (tmp_path / "ioc.db").exists()


def test_help_says_what_it_takes(tmp_path):
    code, _, out = run(tmp_path, "ioc", "build", "--help")
    assert code == 0
    assert "DIR/<provider>/*.txt" in out
