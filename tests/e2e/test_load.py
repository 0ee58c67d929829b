"""The main job as users run it: index.py -b -l against S3 over HTTP or a folder, with everything that goes wrong on the way."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import mmdb_writer
import netaddr
import psutil
import pytest

from loader.engine import HOME
from loader.receiver import Receiver
from tests.drivers import rows
from tests.e2e.conftest import BUCKET, Bucket, index
from tests.servers import Certificates, TcpPeer, closed_port, cut_after, in_turn, never_read, record, until

INI = "[out_file]\npath = out.jsonl\n[app]\ns3_key = app/\nfile_format = json\ntimestamp_key = time\n"
PLACE = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2024/05/24/123456789012_vpcflowlogs_us-east-1_fl-0a"
HEADER = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
FLOW = "2 123456789012 eni-0a 192.0.2.{} 198.51.100.7 49761 443 6 20 4249 1716537600 1716537660 ACCEPT OK"


def app(count: int, start: int = 0) -> bytes:
    return b"".join(b'{"time":"2024-05-24T08:00:00Z","n":%d}\n' % n for n in range(start, start + count))


def folder_bucket(folder: Path, objects: dict[str, bytes]) -> Path:
    for key, body in objects.items():
        path = folder / "bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder / "bucket"


def run(folder: Path, keys: list[str], *more: str, ini: str = INI, bucket: str = "bucket") -> subprocess.CompletedProcess[str]:
    (folder / "my.ini").write_text(ini)
    (folder / "list.txt").write_text("".join(f"{key}\n" for key in keys))
    return index(folder, "-b", bucket, "-l", "list.txt", "--config", "my.ini", *more)


def numbers(folder: Path) -> list[int]:
    return sorted(row["n"] for row in rows(folder / "out.jsonl"))


def test_what_is_wrong_with_some_objects_leaves_the_others_whole_and_reloads_after_repair(bucket: Bucket, tmp_path: Path) -> None:
    good = "\n".join([HEADER, *(FLOW.format(n) for n in range(5))]).encode()
    garbled = "\n".join([HEADER, *(FLOW.format(n) if n != 12 else "garbage in the third line" for n in range(10, 15))]).encode()
    bucket.put(f"{PLACE}_1.log.gz", gzip.compress(good))
    bucket.put(f"{PLACE}_broken.log.gz", gzip.compress(good)[:-30])
    bucket.put("unknown/type.txt", b"what is this\n")
    bucket.put(f"{PLACE}_3.log.gz", gzip.compress(garbled))
    missing = f"2024-05-24 08:00:00        100 {PLACE}_missing.log.gz\n"
    (tmp_path / "list.txt").write_text(bucket.listing() + missing)
    (tmp_path / "my.ini").write_text("[out_file]\npath = out.jsonl\n")
    arguments = ("-b", BUCKET, "--config", "my.ini", "--endpoint-url", bucket.endpoint, "--path-style")

    first = index(tmp_path, "-l", "list.txt", *arguments, env=bucket.env)

    assert first.returncode == 1, first.stderr
    arrived = [document["source"]["ip"] for document in rows(tmp_path / "out.jsonl")]
    assert {f"192.0.2.{n}" for n in (0, 1, 2, 3, 4, 10, 11, 13, 14)} <= set(arrived)
    assert "The account balances: " in first.stderr
    (reject,) = [json.loads(line) for path in (tmp_path / "rejects").iterdir() for line in path.read_text().splitlines()]
    assert (reject["raw"], reject["record"], reject["stage"]) == ("garbage in the third line", 2, "parse")
    assert "has 5 fields where the header has 14" in reject["reason"]
    finished = (tmp_path / "list.txt.finish.log").read_text().splitlines()
    assert [row.split("\t")[2:] for row in sorted(finished) if "unknown/" in row] == [
        ["unknown log type: no s3_key pattern is found in this key"]
    ]
    assert [row.split("\t")[2] for row in finished if "_3.log" in row] == ["1 of 5 records rejected"]
    errors = (tmp_path / "list.txt.error.log").read_text()
    assert sorted(row.split("\t")[2] for row in errors.splitlines()) == [f"{PLACE}_broken.log.gz", f"{PLACE}_missing.log.gz"]
    debug = (tmp_path / "list.txt.error_debug.log").read_text()
    assert "gzip ends early" in debug and "it does not exist" in debug

    bucket.put(f"{PLACE}_broken.log.gz", gzip.compress(good))
    bucket.put(f"{PLACE}_missing.log.gz", gzip.compress(good))
    again = index(tmp_path, "-l", "list.txt.error.log", *arguments, env=bucket.env)
    assert again.returncode == 0, again.stderr
    assert "10 read = 0 excluded + 0 rejected + 10 delivered" in again.stderr
    assert not (tmp_path / "list.txt.error.log.error.log").exists()


AWKWARD = ["app/a b", "app/a  b ", "app/ lead", "app/plus+sign", "app/100%25", "app/ü日本", "app/tab\there", "app/quote\"'", "app/a=b&c", "app/x\\y"]


def test_every_awkward_key_loads_from_every_kind_of_list(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {key: app(1, n) for n, key in enumerate(AWKWARD)})
    lists = {
        "ls": [f"2024-05-24 08:00:00 {40:10} {key}" for key in AWKWARD],
        "bare": AWKWARD,
        "uri": [f"s3://bucket/{key}" for key in AWKWARD],
        "inventory": [f'"bucket","{quote(key)}","40","2024-05-24T08:00:00.000Z"' for key in AWKWARD],
    }
    for name, lines in lists.items():
        (tmp_path / "out.jsonl").unlink(missing_ok=True)
        done = run(tmp_path, lines, "--force")
        assert done.returncode == 0, (name, done.stderr)
        assert {row["@log_s3key"] for row in rows(tmp_path / "out.jsonl")} == set(AWKWARD)
        assert numbers(tmp_path) == list(range(len(AWKWARD)))


def test_a_list_on_standard_input_and_resume(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {f"app/{n}": app(2, 2 * n) for n in range(4)})
    (tmp_path / "my.ini").write_text(INI)
    first = index(tmp_path, "-b", "bucket", "-l", "-", "--config", "my.ini", stdin="app/0\napp/1\napp/none\n")
    assert first.returncode == 1
    assert (tmp_path / "stdin.finish.log").read_text().count("\n") == 2
    second = index(tmp_path, "-b", "bucket", "-l", "-", "--config", "my.ini", "--resume", stdin="app/0\napp/1\napp/2\napp/3\n")
    assert second.returncode == 0, second.stderr
    assert "2 objects of the list are in finish.log and are skipped" in second.stderr
    assert numbers(tmp_path) == list(range(8))
    assert (tmp_path / "stdin.finish.log").read_text().count("\n") == 4
    third = index(tmp_path, "-b", "bucket", "-l", "-", "--config", "my.ini", "--resume", stdin="app/0\n")
    assert third.returncode == 0, third.stderr


def test_empty_and_tiny_objects_are_success(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": b"", "app/1": gzip.compress(b""), "app/2": b"\n", "app/3": b'{"n":1}', "app/folder/x": b""})
    done = run(tmp_path, ["app/0", "app/1", "app/2", "app/3", "app/folder/"])
    assert done.returncode == 0, done.stderr
    reasons = {row.split("\t")[1][-5:]: row.split("\t")[2:] for row in (tmp_path / "list.txt.finish.log").read_text().splitlines()}
    assert reasons["app/0"] == reasons["app/1"] == reasons["app/2"] == ["empty: no records"]
    assert reasons["app/3"] == []
    assert reasons["lder/"] == ["a folder"]


def test_without_an_output_documents_go_to_standard_output_and_nothing_else_does(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(5000), "app/1": app(5000, 5000)})
    done = run(tmp_path, ["app/0", "app/1", "app/none"], ini=INI.partition("[app]")[1] + INI.partition("[app]")[2])
    assert done.returncode == 1
    assert sorted(json.loads(line)["n"] for line in done.stdout.splitlines()) == list(range(10000))


def test_a_reader_that_leaves_the_pipe_ends_the_run(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {f"app/{n}": app(20000) for n in range(6)})
    (tmp_path / "my.ini").write_text("[app]\ns3_key = app/\nfile_format = json\n")
    (tmp_path / "list.txt").write_text("".join(f"app/{n}\n" for n in range(6)))
    command = f"{sys.executable} {HOME}/index.py -b bucket -l list.txt --config my.ini | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.count("\n") == 1
    assert done.returncode == 1
    assert "the reader of standard output has gone" in (tmp_path / "list.txt.error_debug.log").read_text()


def test_mistakes_are_shown_all_at_once_before_the_first_record(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(1)})
    ini = """[loader]
workrs = 2
[out_file]
path = out.jsonl
feilds = ecs
[out_sylog]
host = localhost
[one]
s3_key = app/(
file_format = jsn
[two]
s3_key = app/
file_format = text
log_pattern = no groups
[three]
s3_key = x
file_format = json
script_ecs = yes
timestmp_key = time
[four]
s3_key = y
file_format = text
log_pattern = (?P<a>.*)
text_header_line_number = two
ecs = source.ip
source.ip = b
"""
    done = run(tmp_path, ["app/0"], ini=ini)
    assert done.returncode == 2
    assert not (tmp_path / "out.jsonl").exists()
    for said in (
        "my.ini:2: [loader] workrs: no such option (did you mean 'workers'?)",
        "my.ini:5: [out_file] feilds: no such option (did you mean 'fields'?)",
        "my.ini:6: [out_sylog] there is no plugin out_sylog (did you mean 'out_syslog'?)",
        "my.ini:9: [one] s3_key: not a regular expression",
        "my.ini:10: [one] file_format: there is no plugin parser_jsn (did you mean 'json'?)",
        "my.ini:14: [two] log_pattern: has no named group",
        "my.ini:18: [three] script_ecs: the hook sf_three.py does not exist",
        "warning: my.ini:19: [three] timestmp_key: no such option (did you mean 'timestamp_key'?)",
        "my.ini:24: [four] text_header_line_number: 'two' is not a whole number",
        "my.ini:26: [four] source.ip: log_pattern has no group 'b'",
    ):
        assert said in done.stderr, (said, done.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-b", "bucket"], "required: -l"),
        (["-l", "list.txt", "--config", "my.ini"], "line 1 of the list 'list.txt' names no bucket: name it with -b BUCKET"),
        (["-b", "bucket", "-l", "none.txt", "--config", "my.ini"], "none.txt"),
        (["-b", "./none", "-l", "list.txt", "--config", "my.ini"], "the folder './none' does not exist"),
        (["-b", "bucket", "-l", "list.txt", "--config", "none.ini"], "none.ini: no such file"),
        (["-b", "bucket", "-l", "empty.txt", "--config", "my.ini"], "names no object"),
        (["-b", "elsewhere", "-l", "list.txt", "--config", "my.ini"], "no AWS credentials"),
    ],
)
def test_wrong_usage_exits_2_and_says_what_to_do(tmp_path: Path, arguments: list[str], said: str) -> None:
    folder_bucket(tmp_path, {"app/0": app(1)})
    (tmp_path / "my.ini").write_text(INI)
    (tmp_path / "list.txt").write_text("app/0\n")
    (tmp_path / "empty.txt").write_text("\n")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}
    done = index(tmp_path, *arguments, env=env)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_destination_that_comes_back_gets_everything(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(3000)})
    with TcpPeer(in_turn(cut_after(5000), cut_after(0), record)) as peer:
        options = f"host = 127.0.0.1\nport = {peer.port}\nprotocol = tcp\nretry_for = 20s\nretry_wait = 1s"
        done = run(tmp_path, ["app/0"], ini=INI.replace("[out_file]\npath = out.jsonl", f"[out_syslog]\n{options}"))
        assert done.returncode == 0, done.stderr
        whole = re.findall(rb'\\"n\\":(\d+)}"', peer.received)
    assert set(map(int, whole)) == set(range(3000))


@pytest.mark.parametrize("kind", ["refuses", "never reads"])
def test_a_destination_that_stays_down_fails_the_object_and_says_so(tmp_path: Path, kind: str) -> None:
    folder_bucket(tmp_path, {"app/0": app(60000), "app/1": app(10)})
    with TcpPeer(never_read, receive_buffer=4096) as peer:
        port = closed_port() if kind == "refuses" else peer.port
        options = f"host = 127.0.0.1\nport = {port}\nprotocol = tcp\ntimeout = 1s\nretry_for = 2s\nretry_wait = 1s"
        done = run(tmp_path, ["app/0", "app/1"], ini=INI.replace("[out_file]\npath = out.jsonl", f"[out_syslog]\n{options}"))
    assert done.returncode == 1
    assert "gave up after 2 seconds" in (tmp_path / "list.txt.error_debug.log").read_text()
    errors = (tmp_path / "list.txt.error.log").read_text()
    assert "app/0" in errors
    assert "not delivered" in done.stderr


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HOME / "index.py"), "-b", "bucket", "-l", "list.txt", "--config", "my.ini", *arguments]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def slow_load(folder: Path, siem: Receiver, count: int) -> None:
    """Prepare a load whose destination takes what comes; objects are large enough to be caught in the middle."""
    folder_bucket(folder, {f"app/{n}": app(20000, 20000 * n) for n in range(count)})
    (folder / "list.txt").write_text("".join(f"app/{n}\n" for n in range(count)))
    options = f"host = 127.0.0.1\nport = {siem.port}\nprotocol = tcp\nchunk_bytes = 8k"
    (folder / "my.ini").write_text(INI.replace("[out_file]\npath = out.jsonl", f"[out_syslog]\n{options}"))


def arrived(siem: Receiver) -> list[int]:
    return [json.loads(json.loads(message[message.index(b"{") :])["event"]["original"])["n"] for message in siem.messages]


def test_a_killed_worker_costs_its_object_a_retry_and_nothing_else(tmp_path: Path) -> None:
    with Receiver() as siem:
        slow_load(tmp_path, siem, 6)
        program = start(tmp_path, "--workers", "2")
        until(lambda: siem.received > 2000, 30)
        workers = [child for child in psutil.Process(program.pid).children(recursive=True) if "spawn_main" in " ".join(child.cmdline())]
        workers[0].kill()
        _, said = program.communicate(timeout=60)
        siem.wait(6 * 20000)
    assert program.returncode == 0, said
    found = arrived(siem)
    assert set(found) == set(range(6 * 20000))
    assert len(found) - len(set(found)) <= 20000
    assert len((tmp_path / "list.txt.finish.log").read_text().splitlines()) == 6


def test_a_stop_signal_ends_within_seconds_and_resume_does_the_rest(tmp_path: Path) -> None:
    with Receiver() as siem:
        slow_load(tmp_path, siem, 8)
        program = start(tmp_path, "--workers", "2")
        until(lambda: siem.received > 2000, 30)
        program.send_signal(signal.SIGTERM)
        _, said = program.communicate(timeout=5)
        assert program.returncode == 130, said
        assert "--resume" in said
        told = sum(int(count.replace(",", "")) for count in re.findall(r"([\d,]+) (?:delivered|records arrived)", said))
        siem.wait(told)
        assert siem.received == told, "what it says has arrived has, and nothing else"
        again = start(tmp_path, "--resume")
        _, said = again.communicate(timeout=60)
        assert again.returncode == 0, said
    found = arrived(siem)
    assert set(found) == set(range(8 * 20000))
    assert len(found) == 8 * 20000, "what had arrived is not sent again"
    assert len((tmp_path / "list.txt.finish.log").read_text().splitlines()) == 8


def test_what_is_done_is_not_done_again_unless_force_says_so(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(3), "app/1": app(3, 3)})
    assert run(tmp_path, ["app/0"]).returncode == 0
    second = run(tmp_path, ["app/0", "app/1"])
    assert (second.returncode, numbers(tmp_path)) == (0, list(range(6)))
    assert "skipped 1 object: done already" in second.stderr
    folder_bucket(tmp_path, {"app/0": app(2, 10)})
    assert run(tmp_path, ["app/0", "app/1"]).returncode == 0
    assert numbers(tmp_path) == [*range(6), 10, 11], "another version of the object is another object"
    assert run(tmp_path, ["app/1"], "--force").returncode == 0
    assert numbers(tmp_path) == [*range(3), 3, 3, 4, 4, 5, 5, 10, 11]
    shown = [run(tmp_path, ["app/1"], ini=INI.replace("[out_file]\npath = out.jsonl", "")).stdout for _ in range(2)]
    assert [text.count("\n") for text in shown] == [3, 3], "what goes to standard output is there for nobody to stay"


def test_workers_end_when_the_program_is_killed(tmp_path: Path) -> None:
    with Receiver() as siem:
        slow_load(tmp_path, siem, 8)
        program = start(tmp_path, "--workers", "2")
        until(lambda: siem.received > 2000, 30)
        workers = psutil.Process(program.pid).children(recursive=True)
        program.kill()
        program.communicate(timeout=5)
        _, alive = psutil.wait_procs(workers, timeout=5)
    assert not alive


def test_excluded_records_are_counted_and_do_not_arrive(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(10)})
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\napp,n,[3-5],regex,why\napp,n,7,text,why\n")
    done = run(tmp_path, ["app/0"], ini="[DEFAULT]\nexclude_log_patterns_filename = rules.csv\n" + INI)
    assert done.returncode == 0, done.stderr
    assert "10 read = 4 excluded + 0 rejected + 6 delivered" in done.stderr
    assert "rule rules.csv:2 (app): 3 records excluded\nrule rules.csv:3 (app): 1 record excluded\n" in done.stderr
    assert numbers(tmp_path) == [0, 1, 2, 6, 8, 9]


def test_a_hook_that_exits_or_prints_harms_nobody(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(3)})
    (tmp_path / "sf_app.py").write_text("import sys\n\ndef transform(logdata):\n    print('debug')\n    sys.exit(0)\n")
    done = run(tmp_path, ["app/0"], "--hooks", ".", ini="[app]\ns3_key = app/\nfile_format = json\nscript_ecs = x\n")
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["error"]["message"] for line in done.stdout.splitlines()] == ["sf_app: SystemExit: 0"] * 3
    assert "hook failed: 3 records" in done.stderr


def test_plain_syslog_to_a_port_that_speaks_tls_is_never_called_delivered(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(7)})
    with TcpPeer(record, tls=Certificates(tmp_path / "tls").server("localhost")) as peer:
        options = f"host = localhost\nport = {peer.port}\nprotocol = tcp\nretry_for = 1s"
        done = run(tmp_path, ["app/0"], ini=INI.replace("[out_file]\npath = out.jsonl", f"[out_syslog]\n{options}"))
    assert done.returncode == 1
    assert "0 delivered + 7 not delivered" in done.stderr
    assert "protocol = tls" in done.stderr or "reset" in done.stderr


def test_raw_fields_named_as_ecs_names_its_own_are_typed_or_left_out_of_ecs(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": b'{"client": {"ip": "not-an-ip", "port": "123", "mine": 1}, "user": "bob", "host": {"name": "h"}}\n'})
    done = run(tmp_path, ["app/0"], ini=INI.replace("out.jsonl\n", "out.jsonl\nfields = lean\n"))
    assert done.returncode == 0, done.stderr
    (document,) = rows(tmp_path / "out.jsonl")
    assert (document["client"], document["host"], "user" in document) == ({"port": 123}, {"name": "h"}, False)


def test_they_are_typed_also_behind_a_hook_that_returns_another_record(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": b'{"client": {"ip": "not-an-ip", "port": "123"}}\n'})
    (tmp_path / "sf_app.py").write_text("def transform(logdata):\n    return {**logdata}\n")
    done = run(tmp_path, ["app/0"], "--hooks", ".", ini=INI.replace("out.jsonl\n", "out.jsonl\nfields = lean\n") + "script_ecs = x\n")
    assert done.returncode == 0, done.stderr
    assert [document["client"] for document in rows(tmp_path / "out.jsonl")] == [{"port": 123}]


def test_another_dead_letter_takes_the_rejects_and_nothing_else(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(2) + b"garbage\n"})
    done = run(tmp_path, ["app/0"], ini="[loader]\ndead_letter = out_file:bad\n[out_file:bad]\npath = bad.ndjson\n" + INI)
    assert done.returncode == 0, done.stderr
    assert [row["raw"] for row in rows(tmp_path / "bad.ndjson")] == ["garbage"]
    assert numbers(tmp_path) == [0, 1]
    assert not (tmp_path / "rejects").exists()


def test_geoip_comes_from_a_given_file(tmp_path: Path) -> None:
    writer = mmdb_writer.MMDBWriter(6, "GeoLite2-City", ipv4_compatible=True, languages=["en"])
    writer.insert_network(netaddr.IPSet(["192.0.2.0/24"]), {"country": {"iso_code": "JP", "names": {"en": "Japan"}}})
    writer.to_db_file(str(tmp_path / "city.mmdb"))
    folder_bucket(tmp_path, {f"{PLACE}_1.log": "\n".join([HEADER, FLOW.format(1)]).encode()})
    done = run(tmp_path, [f"{PLACE}_1.log"], ini=f"[filter_geoip]\ndatabase = {tmp_path}/city.mmdb\n" + INI)
    assert done.returncode == 0, done.stderr
    (document,) = rows(tmp_path / "out.jsonl")
    assert document["source"]["geo"] == {"country_iso_code": "JP", "country_name": "Japan"}
    assert "geo" not in document["destination"]


def test_a_siem_whose_certificate_is_not_trusted_gets_nothing_and_the_reason_is_told(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(3)})
    certificates = Certificates(tmp_path / "ours")
    with TcpPeer(record, tls=Certificates(tmp_path / "theirs").server("localhost")) as peer:
        options = f"host = localhost\nport = {peer.port}\nprotocol = tls\nca_file = {certificates.ca_file}\nretry_for = 1s"
        done = run(tmp_path, ["app/0"], ini=INI.replace("[out_file]\npath = out.jsonl", f"[out_syslog]\n{options}"))
        assert peer.received == b""
    assert done.returncode == 1
    assert "ca_file" in (tmp_path / "list.txt.error_debug.log").read_text()


def test_a_python_without_the_packages_is_told_what_to_do(tmp_path: Path) -> None:
    for name in ("index.py", "aws.ini"):
        (tmp_path / name).write_bytes((HOME / name).read_bytes())
    (tmp_path / "loader").symlink_to(HOME / "loader")
    done = subprocess.run([sys.executable, "-S", "-E", "index.py", "-h"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "run make demo once" in done.stderr


def test_several_outputs_each_get_what_they_match_in_the_form_they_ask_for(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(3), f"{PLACE}_1.log": "\n".join([HEADER, FLOW.format(1)]).encode()})
    ini = (
        "[out_file:all]\npath = all.jsonl\n[out_file:lean]\npath = lean.jsonl\nmatch = vpc*\nfields = lean\ndrop = source.port\n"
        "[out_file:ecs]\npath = ecs.jsonl\nmatch = vpc*\nfields = ecs\nkeep = source.ip event.original event.id\n"
        + INI.partition("[out_file]\npath = out.jsonl\n")[2]
    )
    done = run(tmp_path, ["app/0", f"{PLACE}_1.log"], ini=ini)
    assert done.returncode == 0, done.stderr
    assert len(rows(tmp_path / "all.jsonl")) == 4
    (lean,) = rows(tmp_path / "lean.jsonl")
    assert "srcaddr" not in lean and "@message" not in lean and "original" not in lean["event"]
    assert lean["source"] == {"address": "192.0.2.1", "ip": "192.0.2.1", "bytes": 4249, "packets": 20}
    (ecs,) = rows(tmp_path / "ecs.jsonl")
    assert ecs["source"] == {"ip": "192.0.2.1"}
    assert ecs["event"]["original"] == FLOW.format(1)
    assert ecs["event"]["id"].endswith("-000000000000")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lisen", "--port", "5514"], "unknown command 'lisen' (did you mean 'listen'?)"),
        (["listen", "--port", "99999"], "99999 is not between 0 and 65535"),
        (["-b", "bucket/app/0", "-l", "list.txt"], "this is a file"),
        (["-b", "bucket", "-l", "list.txt", "--hooks", "none"], "there is no such folder"),
        (["--config", "my.ini", "check"], "the command comes first: index.py check --config my.ini"),
        (["-q", "siem-dlq", "-b", "bucket"], "-q QUEUE goes without -b and -l: the messages of a queue name buckets and keys"),
        (["-b", "check", "-l", "list.txt", "--hooks", "none"], "there is no such folder"),
    ],
)
def test_slips_of_the_hand_are_told(tmp_path: Path, arguments: list[str], said: str) -> None:
    folder_bucket(tmp_path, {"app/0": app(1)})
    (tmp_path / "list.txt").write_text("app/0\n")
    done = index(tmp_path, *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_slips_in_a_section_are_told_though_they_stop_nothing(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(1)})
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\nappp,n,1,text,why\n")
    ini = "[DEFAULT]\nexclude_log_patterns_filename = rules.csv\n" + INI + "ecs = source.ipp\nsource.ipp = a\nsource.port = b\n"
    (tmp_path / "user.ini").write_text("")
    done = run(tmp_path, ["app/0"], ini=ini)
    assert done.returncode == 0, done.stderr
    for said in (
        "'source.ipp' is no ECS field (did you mean 'source.ip'?)",
        "source.port: has a source, but no effect: it is not on the list ecs or static_ecs",
        "[appp] there is no such log type: its rules exclude nothing (did you mean 'app'?)",
        "./user.ini is not read",
    ):
        assert said in done.stderr, done.stderr


def test_a_time_format_that_is_none_stops_the_start(tmp_path: Path) -> None:
    folder_bucket(tmp_path, {"app/0": app(1)})
    done = run(tmp_path, ["app/0"], ini=INI + "timestamp_format = %Q\n")
    assert done.returncode == 2
    assert "my.ini:7: [app] timestamp_format: '%Q' is no strptime format" in done.stderr
