"""``loader/fast/run.py``: which chunks are for the generated function, what becomes of single records, and when it is written anew."""

from __future__ import annotations

import dataclasses
import datetime
import json
import time
from pathlib import Path
from typing import Any

import pytest

from loader.api import Overdue, Source
from loader.fast import run
from loader.fast.writer import UNCUT
from tests import drivers
from tests.drivers import both_ways, planned
from tests.loader.fast.cases import HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
JSON = {"file_format": "json", "timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
HEAD = "time,ip,who,more"
GOOD = [f"{T},192.0.2.{number % 250},user{number},x" for number in range(40)]


def same(body: str, values: dict[str, str] = CSV, outs: tuple[str, ...] = ("full", "ecs"), hook: str = "", key: str = "k", **more: Any) -> int:
    """Both ways give the same; return how many records went through the function."""
    quick, plain, through = both_ways(compiled(values, outs, hook, more.pop("chunk", 1000)), key, body.encode("utf-8", "surrogatepass"), **more)
    assert quick == plain
    return through


ODDITIES = {
    "a backslash": f"{T},192.0.2.1,a\\b,x", "a quote": f'{T},192.0.2.1,"a ""b""",x', "a control": f"{T},192.0.2.1,a\x01,x",
        "DEL": f"{T},192.0.2.1,a\x7f,x",
    "no address": f"{T},nowhere,a,x", "no time": "yesterday,192.0.2.1,a,x", "an empty time": ",192.0.2.1,a,x",
    "a time to the second of the zone": "2024-05-01T00:00:00+00:00:30,192.0.2.1,a,x",
    "too few fields": f"{T},192.0.2.1", "too many": f"{T},192.0.2.1,a,x,y,z", "64 KiB": f"{T},192.0.2.1,{'x' * 66000},x",
    "almost": f"{T},192.0.2.1,{'x' * 21000},x",
    "a newline in quotes": f'{T},192.0.2.1,"a\nb",x',
}  # fmt: skip


@pytest.mark.parametrize("what", ODDITIES)
@pytest.mark.parametrize("outs", [("full",), ("full", "ecs", "lean"), ("ecs protocol=tcp framing=octet", "full protocol=tcp")], ids=len)
def test_an_odd_record_goes_alone_and_keeps_its_place(what: str, outs: tuple[str, ...]) -> None:
    rows = [HEAD, *GOOD[:5], ODDITIES[what], *GOOD[5:10], ODDITIES[what], GOOD[10]]
    assert same("\n".join(rows), outs=outs) >= 11
    assert same("\n".join([HEAD, ODDITIES[what]]), outs=outs) <= 1


@pytest.mark.parametrize("what", ["C1 \x85", "a separator \u2028", "a lone surrogate \ud800", "not UTF-8"])
def test_text_that_other_programs_obey_is_escaped_all_the_same(what: str) -> None:
    row = f"{T},192.0.2.1,{what},x"
    same("\n".join([HEAD, *GOOD[:5], row, *GOOD[5:]]))
    same(
        "\n".join(
            json.dumps({"time": T, "ip": "192.0.2.1", "who": one}, ensure_ascii=ascii_) for one in ("a", what, "b") for ascii_ in (False, True)
        ),
        JSON,
    )


@pytest.mark.parametrize("count", [1, 2, 999, 1000, 1001])
def test_chunks_of_any_size(count: int) -> None:
    rows = [GOOD[number % 40] if number % 97 else ODDITIES["no address"] for number in range(count)]
    assert same("\n".join([HEAD, *rows])) == count - len(range(0, count, 97)) if count > 2 else True


def test_where_most_records_are_odd_all_go_step_by_step_as_they_were_parsed() -> None:
    """What the function has tidied away of the others must not be missing for the steps."""
    hook = HOOK + '\nDERIVED = (derive("event.action", kind, "more"),)\n'
    lines = [json.dumps({"time": T, "more": "-"})] * 2 + [json.dumps({"time": T, "more": "-", "@id": 1})] * 3
    assert same("\n".join(lines) + "\n", JSON, hook=hook) == 0

    late = json.dumps({"time": T, "more": "-", "other": "x" * 66000})  # too long, which shows when it is packed
    assert same("\n".join([*lines[:2] * 2, late, late, *lines[:2]]) + "\n", JSON, hook=hook) == 6


def test_a_type_whose_records_are_mostly_odd_gives_up() -> None:
    plan = compiled(CSV, ("full",), chunk=4)
    body = "\n".join([HEAD, *[ODDITIES["a backslash"]] * 40]).encode()
    assert plan.fast is not None
    planned(plan, Source("b", "k"), body)
    assert [*plan.fast.functions.values()] == ["most of its records need the plain way"]
    assert planned(plan, Source("b", "k"), body) == planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body)


def test_values_that_hardly_repeat_make_it_be_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FEW", 20)
    hook = HOOK + '\nDERIVED = (derive("event.action", size, "who"),)\n'
    plan = compiled(CSV, ("full", "ecs"), hook, chunk=20)
    rows = [f"{T},192.0.2.{number % 3},user{number},x" for number in range(200)]
    body = "\n".join([HEAD, *rows]).encode()
    told, plain = planned(plan, Source("b", "k"), body), planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body)
    assert told == plain
    assert plan.fast is not None
    (function,) = plan.fast.functions.values()
    assert not isinstance(function, str)
    assert ("who",) in function.varied
    assert ("ip",) not in function.varied


@pytest.mark.parametrize(("kind", "uncut"), [("x", False), ("y", True)])
def test_rows_of_which_most_are_not_cut_by_separators_make_it_be_written_anew(kind: str, uncut: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "FEW", 20)
    columns = " ".join(f"(?P<f{number}>[^ ]*)" for number in range(9))
    pattern = f"(?P<time>[^ ]*) (?:x (?P<a>[^ ]*)|y (?P<b>[^ ]*)) {columns}"
    plan = compiled({"file_format": "text", "timestamp_key": "time", "log_pattern": pattern}, chunk=20)
    body = "\n".join(f"{T} {kind} {number} 0 1 2 3 4 5 6 7 8" for number in range(60)).encode()
    assert planned(plan, Source("b", "k"), body) == planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body)
    assert plan.fast is not None
    (function,) = plan.fast.functions.values()
    assert not isinstance(function, str)
    assert (UNCUT in function.varied, "cut(row)" in function.run.source) == (uncut, not uncut)


@pytest.mark.parametrize("error", ["KeyError", "SystemExit", "MemoryError", "RecursionError"])
@pytest.mark.parametrize("source", ["who", "@log_s3key", "who @log_s3key"])
@pytest.mark.parametrize("varied", [False, True])
def test_a_table_that_raises_costs_the_enrichment_alone(error: str, source: str, varied: bool) -> None:
    raises = f"def raises(*a):\n    if a[0] != 'user1': raise {error}('x')\n    return 'y'\n"
    hook = f"{HOOK}\n{raises}\nDERIVED = (derive('event.action', raises, '{source}', varied={varied}),)\n"
    body = "\n".join([HEAD, *GOOD[:4]])
    same(body, hook=hook)
    assert same(body, hook=hook, chunk=1, varied=True) == (1 if source[0] == "w" else 0)
    easy = hook.replace("!= 'user1'", "== 'user1'")
    assert same(body, hook=easy) == (3 if source[0] == "w" else 4)


def test_a_mistake_of_the_compiler_costs_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loader.fast.texts.TextWriter.compose", lambda writer: 1 / 0)
    assert same("\n".join([HEAD, *GOOD])) == 0
    plan = compiled(CSV)
    planned(plan, Source("b", "k"), "\n".join([HEAD, *GOOD]).encode())
    assert plan.fast is not None
    assert [*plan.fast.functions.values()] == ["ZeroDivisionError: division by zero"]


def test_what_takes_too_long_is_found_step_by_step() -> None:
    plan = compiled(CSV)
    assert plan.fast is not None

    def late(*_: Any) -> Any:
        raise Overdue(1.0)

    plain = planned(dataclasses.replace(plan, fast=None), Source("b", "k"), "\n".join([HEAD, *GOOD]).encode())
    plan.fast.run = late  # type: ignore[method-assign]
    assert planned(plan, Source("b", "k"), "\n".join([HEAD, *GOOD]).encode()) == plain


@pytest.mark.parametrize(
    "key", ['a"b', "a\\b", "a'{b}%s", "é/日本", "a\x01\n", "a\x7f", "a\x85", "a\u2028", "a\ud800", "x" * 2000, "AWSLogs/123456789012/x/us-east-1/y"]
)
@pytest.mark.parametrize("bucket", ["b", "b\"\\{'é"])
def test_keys_and_buckets_with_awkward_characters(key: str, bucket: str) -> None:
    assert same("\n".join([HEAD, *GOOD]), key=key, bucket=bucket) in (0, 40)


def test_columns_that_change_from_object_to_object_have_functions_of_their_own() -> None:
    plan = compiled(CSV, ("full",))
    assert plan.fast is not None
    for number in range(70):
        names = f"time,ip,who,more{number}"
        body = "\n".join([names, *GOOD]).encode()
        assert planned(plan, Source("b", "k"), body) == planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body)
        assert len(plan.fast.functions) <= 64


def test_records_of_the_own_reading_are_left_out(tmp_path: Path) -> None:
    agents = ["aws-cli/2", "sluice-siem-loader/1", "Boto3 siem-es-loader", None]
    records = [{"eventTime": T, "userAgent": agent, "eventName": "GetObject"} for agent in agents]
    plan = drivers.engine(tmp_path, "").plans["cloudtrail"]
    quick, plain, _ = both_ways(plan, "k", json.dumps({"Records": records}).encode())
    assert (quick == plain, plain.counts["left out by ignore_own_logs"]) == (True, 2)


def test_times_without_a_year_are_of_the_year_of_their_object() -> None:
    plan = compiled({**CSV, "timestamp_format": "syslog"}, ("full", "ecs"))
    body = f"{HEAD}\nFeb 29 10:00:00,192.0.2.1,alice,x\nDec 31 23:59:59,192.0.2.1,bob,x".encode()
    years = []
    for modified in (datetime.datetime(2024, 6, 1, tzinfo=datetime.UTC), datetime.datetime(2021, 6, 1, tzinfo=datetime.UTC)):
        source = Source("b", "k", etag="e", modified=modified)
        quick = planned(plan, source, body)
        assert quick == planned(dataclasses.replace(plan, fast=None), source, body)
        years.append([json.loads(message)["@timestamp"][:4] for message in quick.packed["out_file:0"]])
    assert years == [["2024", "2023"], ["2020", "2020"]]


def test_a_member_named_as_ecs_names_its_objects_is_nothing_odd() -> None:
    body = json.dumps({"time": T, "ip": "192.0.2.1", "who": "alice", "tags": ["a"], "message": "m", "client": {"x": ""}})
    assert same(body, JSON, outs=("full",)) == 1
    assert same(body, JSON, outs=("full", "ecs")) == 1


def test_a_mistake_of_ours_in_a_chunk_is_told_once_a_type(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(run, "place_of", lambda source: 1 / 0)
    lines = "\n".join([json.dumps({"time": T, "ip": "192.0.2.1", "who": "alice"})] * 6)
    plan, other = compiled(JSON, chunk=2), compiled(JSON, chunk=2)
    told = planned(plan, Source("b", "k"), lines.encode())
    assert told == planned(dataclasses.replace(plan, fast=None), Source("b", "k"), lines.encode())
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == (
        "WARNING",
        "log type demo: its generated function failed on s3://b/k: ZeroDivisionError: division by zero; "
        "nothing is lost, such chunks go step by step, which is slower; please report it",
    )
    planned(other, Source("b", "k"), lines.encode())
    assert len(caplog.records) == 2


@pytest.mark.parametrize("key", ["k", "a\ud800"])
def test_what_is_no_mistake_of_ours_is_not_told(key: str, caplog: pytest.LogCaptureFixture) -> None:
    hook = f"{HOOK}\nDERIVED = (derive('event.action', fails, '@log_s3key'),)\n" if key == "k" else ""
    assert same("\n".join([HEAD, *GOOD]), hook=hook, key=key) == 0
    same("\n".join([HEAD, *GOOD[:3], f"{T},192.0.2.1,\ud800,x"]))
    assert "please report" not in caplog.text


def test_what_was_joined_before_a_chunk_failed_is_not_there_for_the_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    body = "\n".join([json.dumps({"time": T, "ip": "192.0.2.1", "source": {"x": "-"}, "user": "alice"})] * 3)
    plan = compiled({**JSON, "ecs": "source.ip user.name event.action", "event.action": "user"}, ("full", "ecs"))
    plain = planned(dataclasses.replace(plan, fast=None), Source("b", "k"), body.encode())
    monkeypatch.setattr(run._Function, "_look", lambda *_: 1 / 0)
    monkeypatch.setattr(run, "FEW", 1)
    assert planned(plan, Source("b", "k"), body.encode()) == plain


def test_records_that_are_parsed_one_by_one_go_through_the_function_and_those_that_cannot_be_are_rejected_alone() -> None:
    lines = [f"CEF:0|v|p|1|7|n|5|time={T} ip=192.0.2.1 who=user{number} source=x" for number in range(9)]
    plan = compiled({**JSON, "file_format": "cef"}, ("full", "ecs"))
    quick, plain, through = both_ways(plan, "k", "\n".join([*lines[:4], "no CEF", *lines[4:]]).encode())
    assert (quick == plain, through, len(plain.rejects), plain.counts["read"]) == (True, 9, 1, 10)


def test_a_parser_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = compiled({**JSON, "file_format": "cef"})
    assert plan.fast is not None
    plan.fast.seconds = 0.05
    raws = run.Raws(["x"], lambda text: time.sleep(2))
    with pytest.raises(Overdue):
        plan.fast.run(raws, Source("b", "k"), 0)


def test_known_fields_that_are_only_mapped_to_full_documents_are_left_to_the_steps() -> None:
    pattern = r"(?P<time>\S+) (?P<ip>\S+) (?P<who>\S+)"
    values = {**JSON, "file_format": "multiline", "multiline_firstline": "2024", "log_pattern": pattern}
    body = f"{T} 192.0.2.1 alice\n{T} 192.0.2.1 bob\n"
    assert same(body, values, outs=("full",)) == 0
    assert same(body, values, outs=("full", "ecs")) == 2
    assert same(body, values, outs=("full",), hook=f"{HOOK}\nDERIVED = (derive('event.action', kind, 'who'),)\n") == 2


def test_lines_that_do_not_match_keep_nothing_from_being_learned(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(run, "FEW", 60)
    text = {**CSV, "file_format": "text", "log_pattern": r"(?P<time>\S+) (?P<ip>\S+) (?P<who>\S+) (?P<more>\S+)"}
    plan = compiled(text, ("full",), chunk=30)
    lines = [f"{T} 192.0.2.{number % 3} user{number} x" if number % 10 else "no record" for number in range(300)]
    told, plain = (planned(one, Source("b", "k"), "\n".join(lines).encode()) for one in (plan, dataclasses.replace(plan, fast=None)))
    assert told == plain
    assert plan.fast is not None
    (function,) = plan.fast.functions.values()
    assert not isinstance(function, str)
    assert ("who",) in function.varied
    assert any(one[0] == run.TOGETHER for one in function.varied)
    assert not caplog.records
