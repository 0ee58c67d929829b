"""``index.py explain``, as the process a user starts: exit codes, ways to give a record, JSON; and that nothing is sent."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from loader.batch import Source
from loader.cli import explain as command
from loader.errors import SourceError
from tests.drivers import HOME

SAMPLES = HOME / "samples"
ALB = next(SAMPLES.rglob("*elasticloadbalancing*0805Z*.log.gz")).relative_to(SAMPLES).as_posix()
TRAIL = next(SAMPLES.rglob("*CloudTrail_eu-west-1*.json.gz")).relative_to(SAMPLES).as_posix()
INI = """[out_file]
path = never/out.jsonl
[edge]
s3_key = edge/
file_format = json
script_ecs = yes
ecs = event.action
event.action = verdict
"""


def explain(tmp_path, *arguments, ini="", text=b"", hook="", cwd=None):
    (tmp_path / "hooks").mkdir(exist_ok=True)
    (tmp_path / "hooks" / "sf_edge.py").write_text(hook or "def transform(logdata):\n    print('a hook that prints')\n    return logdata\n")
    (tmp_path / "test.ini").write_text(ini or INI, encoding="utf-8")
    program = [sys.executable, HOME / "index.py", "explain", "--config", tmp_path / "test.ini", "--hooks", tmp_path / "hooks"]
    return subprocess.run([*program, *arguments], cwd=cwd or tmp_path, input=text, capture_output=True, check=False, timeout=60)


def told(done):
    return json.loads(done.stdout)


def test_a_sample_is_told_by_its_path(tmp_path):
    done = explain(tmp_path, ALB, "--record", "2", cwd=SAMPLES)
    assert done.returncode == 0, done.stderr
    text = done.stdout.decode()
    assert "record  2 of 11\n" in text
    assert text.splitlines()[-1].startswith("would be delivered: ")
    assert b"\x1b" not in done.stdout


def test_json_is_one_document_that_says_the_same(tmp_path):
    found = told(explain(tmp_path, "--json", TRAIL, SAMPLES / TRAIL))
    assert list(found) == ["outcome", "reason", "routing", "object", "record", "outputs", "problems"]
    assert (found["outcome"], found["routing"]["log_type"], found["object"]["peeled"]) == ("delivered", "cloudtrail", ["gzip"])
    assert list(found["record"]) == [
        "number", "raw", "stage", "reason", "miss", "parsed", "unread", "steps", "verdicts", "documents", "unmapped", "mended",
    ]  # fmt: skip
    fields = {field["field"]: field for field in found["record"]["documents"][0]["fields"]}
    assert fields["event.action"] == {"field": "event.action", "value": "ConsoleLogin", "origin": "mapped", "source": "eventName"}
    assert json.loads(found["outputs"][0]["messages"][0])["event"]["action"] == "ConsoleLogin"


def test_what_a_hook_prints_is_no_part_of_the_document(tmp_path):
    done = explain(tmp_path, "--json", "edge/a", "-", text=b'{"verdict": "deny"}')
    assert told(done)["outcome"] == "delivered"
    assert b"a hook that prints" in done.stderr


def test_a_text_that_is_no_utf8_is_told_in_json_too(tmp_path):
    found = told(explain(tmp_path, "--json", "--type", "edge", "--text", os.fsdecode(b'{"verdict": "\xff"}')))
    assert found["record"]["parsed"] == {"verdict": "\\xff"}
    key = os.fsdecode(b"edge/\xff")
    assert told(explain(tmp_path, "--json", key))["routing"]["key"] == key


@pytest.mark.parametrize(
    ("arguments", "text", "code", "said"),
    [
        (["edge/a"], b"", 0, "has a log type: give the object as FILE"),
        (["edge/a", "-"], b'{"verdict": "deny"}', 0, "would be delivered"),
        (["--type", "edge", "--text", '{"verdict": "deny"}'], b"", 0, "would be delivered"),
        (["edge/"], b"", 0, "would be skipped: a folder"),
        (["nobody/a"], b"", 1, "would be skipped: unknown log type"),
        (["edge/a", "-"], b'{"verdict": ', 1, "would be rejected"),
        (["edge/a", "-"], b"\x1f\x8b\x08\x00", 1, "would fail: gzip ends early"),
        (["edge/a", "-", "--record", "2"], b"{}", 1, "nothing to show: there is no record 2"),
    ],
)
def test_the_exit_code_says_whether_the_record_would_arrive(tmp_path, arguments, text, code, said):
    done = explain(tmp_path, *arguments, text=text)
    assert done.returncode == code, done.stderr
    assert done.stdout.decode().splitlines()[-1].startswith(said)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give a KEY, or --type with --text or a file"),
        (["edge/a", "--record", "0"], "--record 0: records are counted from 1"),
        (["edge/a", "nowhere.json"], "there is no file 'nowhere.json'"),
        (["edge/a", "-", "--text", "x"], "--text takes the place of FILE"),
        (["edge/a", "--type", "egde"], "--type egde: there is none of this name (did you mean 'edge'?)"),
        (["edge/a", "--output", "out_syslog"], "--output out_syslog: there is none of this name"),
    ],
)
def test_wrong_usage_is_told_with_exit_code_2(tmp_path, arguments, said):
    done = explain(tmp_path, "-v", *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in done.stderr.decode()


def test_a_mistake_in_the_configuration_is_exit_code_2(tmp_path):
    done = explain(tmp_path, "edge/a", ini=INI.replace("json\n", "jsn\n"))
    assert done.returncode == 2
    assert done.stdout.decode().startswith("mistake ")


def test_a_file_that_cannot_be_read_is_told_as_such(monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(command, "open", refuse, raising=False)
    with pytest.raises(SourceError, match="edge/a.json cannot be read: Permission denied"):
        next(command._file("edge/a.json", Source("b", "edge/a.json")))


def test_a_reader_that_has_seen_enough_ends_it_quietly(tmp_path):
    (tmp_path / "test.ini").write_text(INI.replace("script_ecs = yes\n", ""))
    pipe = f"{sys.executable} {HOME / 'index.py'} explain --config {tmp_path / 'test.ini'} edge/a - | head -1"
    done = subprocess.run(["bash", "-c", pipe], input=b'{"a": "' + b"x" * 200_000 + b'"}', capture_output=True, check=False, timeout=60)
    assert done.stdout.startswith(b"key ")
    assert b"Traceback" not in done.stderr


def test_on_a_terminal_it_fits_and_is_coloured(tmp_path):
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    program = [sys.executable, HOME / "index.py", "explain", SAMPLES / ALB]
    process = subprocess.Popen(program, cwd=SAMPLES, stdout=theirs, stderr=subprocess.DEVNULL, env=environment)
    os.close(theirs)
    text = b""
    while chunk := _read(ours):
        text += chunk
    os.close(ours)
    assert process.wait(30) == 0
    assert b"\x1b[1;32malb" in text
    assert "…".encode() in text


def _read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""


def test_an_object_of_a_bucket_is_read_from_it(tmp_path, monkeypatch):
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        url = "http://{}:{}".format(*server.get_host_and_port())
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        client = boto3.client("s3", "us-east-1", endpoint_url=url)
        client.create_bucket(Bucket="sample-bucket")
        client.put_object(Bucket="sample-bucket", Key="edge/a", Body=b'{"verdict": "deny"}')
        ini = f"[in_s3]\nendpoint_url = {url}\n{INI}"
        found = told(explain(tmp_path, "--json", "s3://sample-bucket/edge/a", ini=ini))
        assert (found["outcome"], found["object"]["name"]) == ("delivered", "s3://sample-bucket/edge/a")
        gone = explain(tmp_path, "s3://sample-bucket/edge/b", ini=ini)
        assert gone.returncode == 1
        assert b"would fail: s3://sample-bucket/edge/b: it does not exist (any more)" in gone.stdout
    finally:
        server.stop()


def test_nothing_is_sent_and_no_file_is_made(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in (HOME / "samples").rglob("*")}
    with socket.create_server(("127.0.0.1", 0)) as siem:
        ini = f"[out_syslog]\nhost = 127.0.0.1\nport = {siem.getsockname()[1]}\nprotocol = tcp\n{INI}"
        for text, code in ((b'{"verdict": "deny"}', 0), (b"{]", 1)):
            done = explain(tmp_path, "edge/a", "-", ini=ini, text=text)
            assert done.returncode == code, done.stderr
            assert b"out_syslog" in done.stdout or code
        siem.settimeout(0.1)
        with pytest.raises(TimeoutError):
            siem.accept()
    made = {path.name for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert made == {"test.ini", "sf_edge.py"}
    assert {path: path.stat().st_mtime_ns for path in Path(HOME / "samples").rglob("*")} == before
