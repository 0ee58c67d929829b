"""``index.py check`` as users and scripts run it: what it prints, and its exit code."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from loader.assembly import HOME
from loader.cli import check
from loader.errors import Problem
from loader.lint.finding import MISTAKE, NOTE, WARNING, Finding

GOOD = "[out_null]\n[app]\ns3_key = app/\nfile_format = json\ntimestamp_key = time\n"
TEN = """[loader]
worker = 3
[out_sylog]
host = siem.example.com
[in_s3]
regoin = eu-west-1
[apache]
s3_key = apache/.*\\.log$
file_format = txt
timestamp_tz = +25:00
[nginx]
s3_key = (nginx
file_format = json
timestmap_key = time
ecs = source.addres source.ip
source.addres = client
[apache]
this is nothing
"""


def index(folder: Path, *arguments: str, home: Path = HOME) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    command = [sys.executable, str(home / "index.py"), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def written(folder: Path, ini: str) -> str:
    (folder / "my.ini").write_text(ini, encoding="utf-8")
    return "my.ini"


def test_a_configuration_without_mistakes_says_so_and_what_it_read(tmp_path: Path) -> None:
    done = index(tmp_path, "check", "--config", written(tmp_path, GOOD))
    assert (done.returncode, done.stderr) == (0, "")
    read, verdict = done.stdout.splitlines()
    assert read.endswith("my.ini: 5 log types, 4 hooks, 0 exclusion rules; output out_null")
    assert verdict == "no mistakes"
    assert [path.name for path in tmp_path.iterdir()] == ["my.ini"]  # looking leaves no trace


def test_ten_mistakes_are_told_at_once_each_on_a_line_with_its_place_and_the_nearest_name(tmp_path: Path) -> None:
    done = index(tmp_path, "check", "--config", written(tmp_path, TEN))
    assert done.returncode == 2
    *lines, _, verdict = done.stdout.splitlines()
    assert lines == [
        "my.ini:2: mistake: [loader] worker: no such option (did you mean 'workers'?)",
        "my.ini:3: mistake: [out_sylog] there is no plugin out_sylog (did you mean 'out_syslog'?)",
        "my.ini:6: mistake: [in_s3] regoin: no such option (did you mean 'region'?)",
        "my.ini:8: mistake: [apache] s3_key: has a single $, in \"apache/.*\\.log$\" (write $$ for a literal dollar)",
        "my.ini:9: mistake: [apache] file_format: there is no plugin parser_txt (did you mean 'text'?)",
        "my.ini:10: mistake: [apache] timestamp_tz: '+25:00' is not an offset from UTC",
        "my.ini:12: mistake: [nginx] s3_key: not a regular expression: missing ), unterminated subpattern at position 0",
        "my.ini:14: warning: [nginx] timestmap_key: no such option (did you mean 'timestamp_key'?)",
        "my.ini:15: mistake: [nginx] ecs: 'source.ip' is listed, but there is no key 'source.ip' with its source (add it, or take it off the list)",
        "my.ini:16: warning: [nginx] source.addres: 'source.addres' is no ECS field (did you mean 'source.address'?)",
        "my.ini:17: mistake: [apache] the section is there already, in line 7 (join the two)",
        "my.ini:18: mistake: [apache] 'this is nothing' is neither a [section] nor key = value "
        "(indent it if the value above goes on; a comment begins with #)",
    ]
    assert verdict == "10 mistakes, 2 warnings"


@pytest.mark.parametrize(("arguments", "code"), [((), 0), (("--strict",), 2)])
def test_warnings_count_only_when_strict(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    done = index(tmp_path, "check", "--config", written(tmp_path, f"{GOOD}strange = 1\n"), *arguments)
    assert done.returncode == code
    assert done.stdout.splitlines()[-1] == "no mistakes, 1 warning"


def test_notes_never_count(tmp_path: Path) -> None:
    ini = "[out_null]\n[app]\ns3_key = app/\nfile_format = text\nlog_pattern = (?P<spare>x)\n"
    done = index(tmp_path, "check", "--strict", "--config", written(tmp_path, ini))
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "no mistakes, 1 note"


def test_json_holds_the_same_for_machines(tmp_path: Path) -> None:
    done = index(tmp_path, "check", "--json", "--config", written(tmp_path, f"{GOOD}timestamp_kye = 1\n[loader]\nworker = 1\n"))
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert list(told) == ["mistakes", "warnings", "notes", "files", "types", "outputs", "rules", "hooks", "findings"]
    assert (told["mistakes"], told["warnings"], told["notes"], told["outputs"], told["types"][-1]) == (1, 1, 0, ["out_null"], "app")
    assert told["findings"][0] == {
        "level": "warning", "file": "my.ini", "line": 6, "section": "app", "key": "timestamp_kye",
        "message": "no such option", "hint": "did you mean 'timestamp_key'?",
    }  # fmt: skip


def test_a_file_that_is_not_there_is_a_mistake_in_every_form(tmp_path: Path) -> None:
    done = index(tmp_path, "check", "--config", "no.ini")
    assert (done.returncode, done.stdout) == (2, "no.ini: mistake: no such file\n1 mistake\n")
    told = json.loads(index(tmp_path, "check", "--json", "--config", "no.ini").stdout)
    assert (told["mistakes"], told["findings"][0]["message"]) == (1, "no such file")


def test_a_user_ini_in_the_current_folder_that_is_not_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "user.ini").write_text("[loader]\n")
    done = index(tmp_path, "check")
    assert done.returncode == 0
    assert "warning: ./user.ini is not read" in done.stdout


def test_a_reader_that_goes_is_no_trace_back(tmp_path: Path) -> None:
    command = [sys.executable, str(HOME / "index.py"), "types", "alb"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def test_a_fresh_copy_with_the_example_as_user_ini_has_no_mistake(tmp_path: Path) -> None:
    for name in ("index.py", "aws.ini", "exclude_log_patterns.csv"):
        shutil.copy(HOME / name, tmp_path)
    for name in ("loader", "plugins", "siem"):
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    plain = index(tmp_path, "check", "--strict", home=tmp_path)
    assert (plain.returncode, plain.stdout.splitlines()[-1]) == (0, "no mistakes")
    assert plain.stdout.startswith("read aws.ini: ")
    shutil.copy(HOME / "user.ini.example", tmp_path / "user.ini")
    done = index(tmp_path, "check", home=tmp_path)
    assert done.returncode == 0
    assert "read aws.ini, user.ini: 5 log types" in done.stdout


def test_on_a_terminal_findings_are_grouped_by_file() -> None:
    found = [
        Finding(MISTAKE, Problem("is [wrong]", "/etc/a.ini", 3, "x", "key", "write [right]")),
        Finding(NOTE, Problem("stands here", "/etc/a.ini", 12, "x")),
        Finding(WARNING, Problem("of no file")),
    ]
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system=None, width=60)
    counts = check.collections.Counter(one.level for one in found)
    check._show(console, found, {}, counts)
    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "/etc/a.ini",
        "   3 mistake [x] key is [wrong]",
        "             write [right]",
        "  12 note    [x] stands here",
        "",
        "elsewhere",
        "   warning of no file",
        "",
        "1 mistake, 1 warning, 1 note",
    ]


def test_a_path_is_shown_as_seen_from_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert check.short(str(tmp_path / "user.ini")) == "user.ini"
    assert check.short("/opt/user.ini") == "/opt/user.ini" or len(os.path.relpath("/opt/user.ini")) < len("/opt/user.ini")
    assert check.short("my.ini") == "my.ini"
    assert check.short("") == ""
