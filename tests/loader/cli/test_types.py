"""``index.py types``: all log types in matching order, and one of them with where each value was written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from loader import config
from loader.assembly import HOME, Assembly
from loader.cli import types
from loader.lint.effective import log_types, values_of
from tests.loader.cli.test_check import index, written

INI = """[out_null]
[DEFAULT]
index_tz = +09:00
[app]
priority = 5
s3_key = app/
file_format = json
index_name = app
ecs = source.ip
source.ip = client
timestmap_key = x
[cloudtrail]
s3_key_ignored = Insight
timestamp_format = epoch
[keyless]
file_format = json
"""


def assembled(folder: Path, ini: str = INI) -> Assembly:
    return Assembly(config.load([HOME / "aws.ini"], [folder / written(folder, ini)]), "in_s3")


def test_types_come_in_the_order_in_which_keys_are_offered_to_them(tmp_path: Path) -> None:
    rows = log_types(assembled(tmp_path))
    assert [row.name for row in rows] == ["app", "vpcflowlogs", "cloudtrail", "alb", "s3accesslog", "keyless"]
    app, trail, keyless = rows[0], rows[2], rows[-1]
    assert (app.priority, app.file_format, app.index_name, app.origin.line, app.again, app.hook) == (5, "json", "app", 4, [], "")
    assert Path(trail.origin.file).name == "aws.ini"
    assert [(Path(origin.file).name, origin.line) for origin in trail.again] == [("my.ini", 12)]
    assert Path(trail.hook).name == "sf_cloudtrail.py"
    assert (trail.s3_key_ignored, keyless.s3_key) == ("Insight", "")


def test_a_type_with_mistakes_says_how_many(tmp_path: Path) -> None:
    (row,) = [row for row in log_types(assembled(tmp_path, "[bad]\ns3_key = (\nfile_format = x\n")) if row.name == "bad"]
    assert row.mistakes == 2


def test_each_value_says_where_it_was_written_and_what_it_covers(tmp_path: Path) -> None:
    one = assembled(tmp_path)
    rows = {row.key: row for row in values_of(one, one.config.types["cloudtrail"])}
    told = rows["timestamp_format"]
    assert (told.value, told.by, told.origin.line, Path(told.origin.file).name) == ("epoch", "", 14, "my.ini")
    assert rows["timestamp_key"].value == "eventTime"
    assert (rows["index_tz"].value, rows["index_tz"].by) == ("+09:00", "[DEFAULT]")
    assert (rows["index_rotation"].value, rows["index_rotation"].by) == ("monthly", "default")


def test_keys_that_have_no_effect_are_marked(tmp_path: Path) -> None:
    one = assembled(tmp_path)
    rows = {row.key: row for row in values_of(one, one.config.types["app"])}
    assert rows["timestmap_key"].said == "no such option (did you mean 'timestamp_key'?)"
    assert rows["source.ip"].said == ""


def test_a_value_that_covers_another_says_so(tmp_path: Path) -> None:
    one = assembled(tmp_path, "[cloudtrail]\ndoc_id = other\n")
    (row,) = [row for row in values_of(one, one.config.types["cloudtrail"]) if row.key == "doc_id"]
    assert types._written(row).endswith(f"my.ini:2 over {types.short(row.before[0].file)}:{row.before[0].line}")


def test_in_a_pipe_the_table_is_lines_with_tabs(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "--config", written(tmp_path, INI))
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == ["log type", "s3_key", "format", "index_name", "from", "hook"]
    assert lines[1] == ["app", "app/", "json", "app", "my.ini:4", ""]
    assert len({len(line) for line in lines}) == 1


def test_one_type_in_full_in_a_pipe_and_as_json(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "app", "--config", written(tmp_path, INI))
    assert done.stdout.splitlines()[:2] == ["priority\t5\tmy.ini:5", "s3_key\tapp/\tmy.ini:6"]
    assert "timestmap_key\tx\tmy.ini:11\tno such option (did you mean 'timestamp_key'?)" in done.stdout.splitlines()
    told = json.loads(index(tmp_path, "types", "app", "--json", "--config", "my.ini").stdout)
    assert told["name"] == "app"
    assert told["values"][0] == {"key": "priority", "value": "5", "by": "", "origin": {"file": "my.ini", "line": 5}, "before": [], "said": ""}


def test_all_types_as_json(tmp_path: Path) -> None:
    told = json.loads(index(tmp_path, "types", "--json", "--config", written(tmp_path, INI)).stdout)
    assert list(told["types"][0]) == [
        "name", "s3_key", "s3_key_ignored", "priority", "file_format", "index_name", "origin", "again", "hook", "mistakes",
    ]  # fmt: skip


def test_a_name_that_is_none_is_a_mistake_with_the_nearest(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "cloudtrial")
    assert done.returncode == 2
    assert "there is no log type 'cloudtrial' (did you mean 'cloudtrail'?)" in done.stderr


def test_the_plan_is_the_source_of_the_mapping(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "app", "--plan", "--config", written(tmp_path, INI))
    assert done.stdout.startswith("# [app] is no single function: its time may depend on more than the record\n")
    assert "\n# step by step: carrier, stamp, ecs, tidy, pack; the step ecs is\ndef run(records, account, region, ingested, flags):\n" in done.stdout
    assert "r.get('client')" in done.stdout
    compile(done.stdout, "plan", "exec")


def columns(source: str) -> int:
    """Return how many fields a generated function cuts a text to."""
    return max(int(number) for number in re.findall(r"\bf(\d+)\b", source.partition("# step by step")[0])) + 1


def test_the_plan_has_the_generated_function_first(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "vpcflowlogs", "--plan")
    assert done.stdout.startswith("# [vpcflowlogs] as one function, from fields to the messages of out_stdout\ndef run(rows, texts, ")
    assert columns(done.stdout) == 14
    assert "\n# step by step: stamp, ecs, hook, tidy, pack; " in done.stdout
    compile(done.stdout, "plan", "exec")


def test_the_plan_of_a_table_is_that_for_the_header_of_a_sample(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("srcaddr end action\n192.0.2.7 1716537600 ACCEPT\n", encoding="utf-8")
    done = index(tmp_path, "types", "vpcflowlogs", "--plan", "--sample", "x.log")
    assert columns(done.stdout) == 3


def test_a_type_that_cannot_be_compiled_has_no_plan_but_its_mistakes(tmp_path: Path) -> None:
    done = index(tmp_path, "types", "bad", "--plan", "--config", written(tmp_path, "[bad]\ns3_key = x\nfile_format = txet\n"))
    assert done.returncode == 2
    assert "[bad] file_format: there is no plugin parser_txet (did you mean 'text'?)" in done.stderr


def test_on_a_terminal_both_are_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    one = assembled(tmp_path)
    types._show_all(log_types(one), as_json=False)
    types._show_one("app", values_of(one, one.config.types["app"]), as_json=False)
    shown = capsys.readouterr().out
    assert "\t" not in shown
    assert "app" in shown and "[app]" in shown and "did you mean 'timestamp_key'?" in shown


def test_a_pattern_is_shown_as_it_is_on_a_terminal_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    pattern = r"a  b \[?(?P<x>[^ \]]+)\]? [bold]"
    one = assembled(tmp_path, f"[demo]\ns3_key = {pattern}\nfile_format = text\nlog_pattern = {pattern}\n")
    types._show_all(log_types(one), as_json=False)
    types._show_one("demo", values_of(one, one.config.types["demo"]), as_json=False)
    assert capsys.readouterr().out.count(pattern) == 3
