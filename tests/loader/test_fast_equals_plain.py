"""One meaning: the bytes of a generated function are those of the steps, whatever the log type, the records and the outputs.

``SLUICE_EXAMPLES=20000 pytest tests/loader/test_fast_equals_plain.py`` looks for a night.
"""

from __future__ import annotations

import collections
import gzip
import os
import random
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from bench import generate
from loader.engine import HOME, Engine
from loader.errors import ConfigError
from tests import drivers
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, PATTERNS, Case, T, clashing_cases, compiled, csv_cases, json_cases, parsed_cases, text_cases

EXAMPLES = int(os.environ.get("SLUICE_EXAMPLES", "40"))
SLOW = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[*HealthCheck])


def compare(case: Case, met: collections.Counter[str]) -> None:
    """Run a case both ways: at once, then in small chunks with nothing remembered, then with all of it looked up at one go."""
    for chunk, varied, complete in ((1000, False, False), (1, True, False), (2, True, True), (3, False, False), (4, False, True)):
        try:
            plan = compiled(case.values, case.outs, case.hook, chunk, rules=case.rules)
        except ConfigError:
            assume(False)
        if plan.fast is None:
            met["unfit"] += 1
            return
        together = chunk in (3, 4)
        quick, plain, through = both_ways(plan, case.key, case.body, bucket=case.bucket, varied=varied, complete=complete, together=together)
        assert quick == plain
        met.update({"read": plain.counts["read"], "through": through})


MAPPED = {"timestamp_key": "time", "ecs": "source.ip source.port user.name related.ip", "source.ip": "ip", "source.port": "port", "user.name": "who",
          "related.ip": "[ip]"}  # fmt: skip
TABLE = f"{HOOK}\nDERIVED = (derive('event.outcome', kind, 'who'), derive('user.id event.action', both, 'who ip', varied=True))\n"
USUAL = {
    "csv": Case(
        {"file_format": "csv", "csv_delimiter": ",", **MAPPED}, TABLE, ("full", "ecs"), f"time,ip,port,who\n{T},192.0.2.1,443,a\n".encode() * 3
    ),
    "text": Case({"file_format": "text", "log_pattern": PATTERNS[0], **MAPPED}, TABLE, ("full", "lean"), f'{T} 192.0.2.1 "a" 7\n'.encode() * 3),
    "json": Case(
        {"file_format": "json", **MAPPED}, TABLE, ("ecs", "full"), f'{{"time": "{T}", "ip": "192.0.2.1", "port": 1, "who": "a"}}\n'.encode() * 3
    ),
    "clashing": Case(
        {"file_format": "json", **MAPPED}, "", ("full", "ecs"),
        f'{{"time": "{T}", "ip": "192.0.2.1", "who": "a", "user": {{"id": 7, "x": ""}}, "source": "s", "@timestamp": 1}}\n'.encode() * 3
    ),
    "parsed": Case(
        {"file_format": "cef", **MAPPED}, "", ("full", "ecs"), f"CEF:0|v|p|1|7|n|5|time={T} ip=192.0.2.1 port=7 who=a\n".encode() * 3
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "cases"), [("csv", csv_cases()), ("text", text_cases()), ("json", json_cases()), ("clashing", clashing_cases()),
                                             ("parsed", parsed_cases())])  # fmt: skip
def test_whatever_the_type_and_its_records(name: str, cases: st.SearchStrategy[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    met: collections.Counter[str] = collections.Counter()

    @SLOW
    @example(USUAL[name])
    @given(cases)
    def holds(case: Case) -> None:
        compare(case, met)

    holds()
    assert met["through"] >= 6, met  # or nothing would be shown


OUTPUTS = {
    "files": "[out_file:ecs]\npath = {0}/e\nfields = ecs\n[out_file:lean]\npath = {0}/l\nfields = lean\n",
    "streams": "[out_syslog:lf]\nhost = h.example.com\nprotocol = tcp\nfields = full\n[out_syslog:octet]\n"
    "host = h.example.com\nprotocol = tcp\nframing = octet\n"
    "max_message_bytes = 1500\n[out_syslog:nul]\nhost = h.example.com\nprotocol = tcp\nframing = nul\nfields = lean\n"
    "max_message_bytes = 1k\noversize = cut\n",
    "datagrams": "[out_syslog]\nhost = h.example.com\nprotocol = udp\nmax_message_bytes = 2k\noversize = split\n"
    "[out_syslog:bare]\nhost = h.example.com\n"
    "protocol = tcp\nheader = none\nframing = octet\n",
}
SAMPLES = sorted(
    path for path in (HOME / "tests/logtypes").iterdir() if (path / "type.txt").is_file() and (path / "type.txt").read_text() != "apache\n"
)
REAL = HOME.parent / "shared" / "samples"


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int], Engine]:
    found = {}
    for name, chunk in (("files", 1000), ("files", 7), ("files", 3), ("streams", 7), ("datagrams", 3)):
        folder = tmp_path_factory.mktemp(name)
        found[name, chunk] = drivers.engine(folder, f"[loader]\nchunk_records = {chunk}\n{OUTPUTS[name].format(folder)}")
    return found


def equal(engines: dict[tuple[str, int], Engine], log_type: str, key: str, body: bytes, share: float) -> None:
    """Both ways through all outputs, in large chunks and in small ones of values that do not repeat, or hardly vary.

    ``share`` of it has to go through the function.
    """
    for (name, chunk), engine in engines.items():
        plan, together = engine.plans[log_type], (name, chunk) == ("files", 7)
        quick, plain, through = both_ways(plan, key, body, varied=chunk < 1000 and not together, complete=chunk == 3, together=together)
        assert quick == plain, name
        assert plain.counts["read"]
        if name == "files":
            assert through >= share * plain.counts["read"]


@pytest.mark.parametrize("folder", SAMPLES, ids=lambda path: path.name)
def test_every_sample_of_a_built_in_type(folder: Path, engines: dict[tuple[str, int], Engine]) -> None:
    sample = next(folder.glob("sample.*")).read_bytes()
    equal(engines, (folder / "type.txt").read_text().strip(), (folder / "key.txt").read_text().strip(), sample, 0)


def test_every_object_of_the_demo(engines: dict[tuple[str, int], Engine]) -> None:
    router, met = next(iter(engines.values())).router, set()
    for file in sorted((HOME / "samples").rglob("*")):
        key = file.relative_to(HOME / "samples").as_posix()
        if file.is_file() and (found := router.route(key).log_type):
            equal({("files", 7): engines["files", 7]}, found, key, file.read_bytes(), 0)
            met.add(found)
    assert met >= {"vpcflowlogs", "alb", "cloudtrail", "s3accesslog"}


@pytest.mark.parametrize("log_type", generate.KEYS)
def test_generated_records_go_through_the_function(log_type: str, engines: dict[tuple[str, int], Engine]) -> None:
    make, pattern = generate.KEYS[log_type]
    body = "\n".join(make(random.Random(5), 60)).encode()
    equal(engines, log_type, pattern % 1, body, 0.9)


def given_to(log_type: str, file: Path) -> bytes:
    """Return a file's bytes as an object of the type: single events of CloudTrail as Records."""
    body = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if log_type == "cloudtrail" and b'"Records"' not in body[:100]:
        return b'{"Records":[' + b",".join(body.splitlines() if file.suffix == ".ndjson" else [body]) + b"]}"
    return body


@pytest.mark.shared
@pytest.mark.parametrize("log_type", ["vpcflowlogs", "alb", "cloudtrail", "s3accesslog"])
def test_every_real_sample_by_every_type(log_type: str, engines: dict[tuple[str, int], Engine]) -> None:
    """Those of the type itself, and those of all others as records that hardly fit."""
    key = generate.KEYS[log_type][1] % 1
    for file in sorted(REAL.rglob("*")):
        if file.is_file() and file.stat().st_size < 2**20 and not file.name.endswith(".expected.json"):
            own = file.relative_to(REAL).parts[0] == log_type
            body = given_to(log_type, file) if own else file.read_bytes()
            for (name, chunk), engine in engines.items() if own else list(engines.items())[:1]:
                together = (name, chunk) == ("files", 7)
                varied = chunk < 1000 and not together
                quick, plain, _ = both_ways(engine.plans[log_type], key, body, varied=varied, complete=chunk == 3, together=together)
                assert quick == plain, file
