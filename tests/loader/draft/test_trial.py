"""Trials: what a section makes of a sample, by the loader's own parts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader.draft import trial
from loader.errors import ConfigError

ROW = b"2024-05-24T08:00:00Z 192.0.2.7\nodd\n"
INI = (
    "[demo]\ns3_key = demo/\nfile_format = text\nlog_pattern = (?P<when>\\S+) (?P<src>\\S+)\ntimestamp_key = when\necs = source.ip\nsource.ip = src\n"
)


def run(tmp_path: Path, ini: str, key: str = "demo/x", body: bytes = ROW) -> trial.Outcome:
    (tmp_path / "x.ini").write_text(ini, encoding="utf-8")
    return trial.run([tmp_path / "x.ini"], tmp_path / "siem", "demo", key, body)


def test_records_are_kept_and_rejects_have_their_reasons() -> None:
    found = trial.read({"file_format": "text", "log_pattern": r"(?P<when>\S+) (?P<src>\S+)"}, ROW)
    assert (found.count, found.records) == (1, [{"when": "2024-05-24T08:00:00Z", "src": "192.0.2.7"}])
    assert found.rejects == [("odd", "does not match log_pattern")]


def test_an_object_that_breaks_off_is_a_reject() -> None:
    found = trial.read({"file_format": "json", "json_delimiter": "Records"}, b'{"Records": [{"a": 1},')
    assert (found.count, len(found.rejects)) == (1, 1)


def test_a_section_that_cannot_be_compiled_is_no_guess(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="log_pattern"):
        trial.read({"file_format": "text"}, ROW)
    with pytest.raises(ConfigError, match="log_pattern"):
        run(tmp_path, "[demo]\nfile_format = text\n")


def test_a_type_is_run_as_it_would_be(tmp_path: Path) -> None:
    found = run(tmp_path, INI)
    (document,) = map(json.loads, found.documents)
    assert (document["source"], document["@timestamp"], document["@log_s3key"]) == ({"ip": "192.0.2.7"}, "2024-05-24T08:00:00+00:00", "demo/x")
    assert (found.count, found.rejects, found.taken_by) == (2, [("odd", "does not match log_pattern")], "demo")
    assert found.why_not == "1 of the first 2 records are not as it expects"
    assert run(tmp_path, INI, "AWSLogs/123456789012/CloudTrail/x").taken_by == "cloudtrail"
    assert run(tmp_path, INI.replace("when\n", "when\ntimestamp_format = syslog\n")).flags == {"bad timestamp": 1}


def test_records_that_the_generated_function_leaves_over_are_told(tmp_path: Path) -> None:
    ini = "[demo]\ns3_key = demo/\nfile_format = json\ntimestamp_key = at\necs = user.id\nuser.id = who\n"
    rows = b'{"at": "2024-05-24T08:00:00Z", "user": "ann"}\n{"at": "2024-05-24T08:00:00Z", "who": "ann"}\n'
    said = "1 of the first 2 records are not as it expects: they have fields that bear names of ECS (user)"
    assert run(tmp_path, ini, body=rows).why_not == said
    assert run(tmp_path, ini, body=rows.replace(b"user", b"name")).why_not == ""


def test_what_check_says_of_the_type_is_told(tmp_path: Path) -> None:
    said = [one.problem.message for one in run(tmp_path, INI.replace("source.ip", "soruce.ip")).findings]
    assert "'soruce.ip' is no ECS field" in said


def test_a_type_that_no_output_takes_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no output takes this type"):
        run(tmp_path, f"[out_null]\nmatch = other\n{INI}")
