"""``loader/explain/explanation.py``: all there is to say about a key and a record; and that nothing is sent."""

from __future__ import annotations

import gzip
import socket

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.batch import Source
from loader.explain.explanation import Wanted, explain
from loader.explain.model import Ending
from tests.loader.explain.conftest import EDGE

GOOD = b'{"when": "2024-05-24T08:00:00Z", "client": {"ip": "192.0.2.1"}, "verdict": "deny"}\n'
TEXT = "[edge]\ns3_key = edge/\nfile_format = text\nlog_pattern = (?P<a>\\w+) (?P<b>\\d+)\n"


def test_a_record_is_told_from_its_object_to_its_bytes(told):
    found = told(gzip.compress(GOOD * 3), number=2)
    assert (found.outcome, found.reason, found.routing.log_type) == (Ending.DELIVERED, "", "edge")
    assert (found.object.peeled, found.object.unpacked, found.object.records) == (["gzip"], 3 * len(GOOD), 3)
    assert 0 < found.object.bytes < found.object.unpacked
    assert (found.record.number, found.record.raw) == (2, GOOD.decode().strip())
    assert found.record.parsed == orjson.loads(GOOD)
    (sent,) = found.outputs
    assert (sent.output, sent.fields, sent.bytes) == ("out_file", "full", len(sent.messages[0].encode()))
    assert orjson.loads(sent.messages[0])["source"] == {"ip": "192.0.2.1"}


def test_the_steps_tell_what_they_changed(told):
    steps = {step.name: step for step in told(GOOD).record.steps}
    assert [name for name in steps if name in ("stamp", "ecs", "tidy")] == ["stamp", "ecs", "tidy"]
    assert ("event.action", "added", None, "deny") in [(one.field, one.change, one.old, one.new) for one in steps["ecs"].changes]
    assert all(step.records == 1 for step in steps.values())


def test_a_key_alone_is_routed_and_no_more(assembled):
    found = explain(assembled(), Wanted("edge/a", Source("b", "edge/a")))
    assert (found.outcome, found.object, found.record) == (Ending.ROUTED, None, None)


@pytest.mark.parametrize(("key", "ending"), [("nobody/a", Ending.UNKNOWN), ("edge/skip/a", Ending.SKIPPED), ("edge/", Ending.SKIPPED)])
def test_a_key_that_no_type_takes_is_not_read(told, key, ending):
    found = told(GOOD, f"{EDGE}s3_key_ignored = /skip/\n", key=key)
    assert (found.outcome, found.object) == (ending, None)
    assert found.reason


def test_a_forced_type_reads_what_the_key_would_not(told):
    assert told(GOOD, key="nobody/a", log_type="edge").outcome == Ending.DELIVERED


@pytest.mark.parametrize(
    ("body", "number", "ini", "ending", "reason"),
    [
        (b"hello x\n", 1, TEXT, Ending.REJECTED, "does not match log_pattern"),
        (b"hello 1\n", 3, TEXT, Ending.NOTHING, "there is no record 3: --record takes 1 to 1"),
        (b"\n", 1, TEXT, Ending.NOTHING, "there are no records in it"),
        (gzip.compress(GOOD)[:-9], 5, EDGE, Ending.FAILED, "gzip ends early, after"),
        (gzip.compress(GOOD * 50)[:-9], 1, EDGE, Ending.FAILED, "the object breaks behind this record: gzip ends early"),
        (b"\x00\x01\x02" * 99, 1, EDGE, Ending.FAILED, "binary data of an unknown format"),
    ],
)
def test_what_goes_wrong_is_the_outcome(told, body, number, ini, ending, reason):
    found = told(body, ini, number=number)
    assert found.outcome == ending
    assert found.reason.startswith(reason)


def test_a_rejected_record_tells_the_stage_and_how_near_it_came(told):
    record = told(b"hello x\n", TEXT).record
    assert (record.stage, record.raw, record.parsed, record.documents) == ("parse", "hello x", None, [])
    assert (record.miss.end, record.miss.group) == (6, "b")


def test_a_pasted_text_is_read_as_an_object_or_as_a_record_by_itself(assembled):
    ini = f"{TEXT}[nested]\ns3_key = nested/\nfile_format = json\njson_delimiter = Records\n"
    for name, text in (("edge", "hello 1"), ("nested", '{"a": 1}'), ("nested", '{"Records": [{"a": 1}]}')):
        found = explain(assembled(ini), Wanted("", Source("b", "k"), log_type=name, text=text))
        assert (found.outcome, found.record.number) == (Ending.DELIVERED, 1), found.reason
    assert found.record.parsed == {"a": 1}


def test_a_pasted_text_of_a_format_without_lines_says_what_to_do(assembled):
    ini = "[edge]\ns3_key = edge/\nfile_format = csv\n"
    found = explain(assembled(ini), Wanted("", Source("b", "k"), log_type="edge", text="a,b"))
    assert found.outcome == Ending.NOTHING
    assert "give the whole object as FILE" in found.reason


RULES = """log_type,field,pattern,pattern_type,comment
edge,client.ip,192.0.2.1,text,
edge,event.action,de.*,regex,
edge,verdict,allow,text,
other,verdict,deny,text,
"""


def test_each_exclusion_rule_gives_its_verdict_of_the_raw_and_the_final_record(told, tmp_path):
    (tmp_path / "rules.csv").write_text(RULES.replace("edge,client.ip,192.0.2.1,text,\n", ""))
    found = told(GOOD, f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{EDGE}")
    assert [(one.asks, one.raw, one.final) for one in found.record.verdicts] == [
        ("event.action is regex de.*", False, True), ("verdict is text allow", False, False),
    ]  # fmt: skip
    assert (found.outcome, found.reason) == (Ending.EXCLUDED, "dropped by the step exclude again, rule rules.csv:2")
    assert found.outputs == []


def test_a_rule_that_drops_the_raw_record_is_told_and_no_later_step_is(told, tmp_path):
    (tmp_path / "rules.csv").write_text(RULES)
    found = told(GOOD, f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{EDGE}")
    assert found.reason == "dropped by the step exclude, rule rules.csv:2"
    assert [(one.raw, one.final) for one in found.record.verdicts] == [(True, None), (False, None), (False, None)]
    assert "stamp" not in [step.name for step in found.record.steps]


def test_a_hook_that_makes_many_records_of_one_has_them_all_told(told, tmp_path):
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sf_edge.py").write_text("def transform(logdata):\n    return [dict(logdata, part=n) for n in range(3)]\n")
    found = told(GOOD, f"{EDGE}script_ecs = yes\n")
    parts = [field.value for document in found.record.documents for field in document.fields if field.field == "part"]
    assert (parts, len(found.outputs[0].messages)) == ([0, 1, 2], 3)
    assert next(step for step in found.record.steps if step.name == "hook").made == 2


def test_a_type_that_no_output_takes_is_skipped(told):
    found = told(GOOD, EDGE.replace("[edge]", "match = other\n[edge]"))
    assert (found.outcome, found.reason) == (Ending.SKIPPED, "no output matches this log type: its objects are skipped")


def test_only_the_output_that_is_asked_for_is_told(told):
    assert [sent.output for sent in told(GOOD, f"[out_null]\n{EDGE}", output="out_null").outputs] == ["out_null"]


def test_mistakes_that_stop_a_load_are_the_outcome_and_what_can_be_shown_is(told):
    found = told(GOOD, f"{EDGE}[broken]\ns3_key = (\nfile_format = json\n")
    assert (found.outcome, found.record.documents != []) == (Ending.MISTAKEN, True)
    assert [problem.section for problem in found.problems if problem.fatal] == ["broken"]


def test_a_section_that_cannot_be_used_is_the_outcome(told):
    found = told(GOOD, EDGE.replace("json", "jsn"))
    assert (found.outcome, found.record) == (Ending.MISTAKEN, None)
    assert found.problems


def test_nothing_is_sent_and_nothing_is_written(told, tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        ini = f"[out_syslog]\nhost = 127.0.0.1\nport = {server.getsockname()[1]}\nprotocol = tcp\n"
        ini += f"[out_syslog:udp]\nhost = 127.0.0.1\nport = {datagrams.getsockname()[1]}\n[out_stdout]\n"
        assert told(GOOD, ini + EDGE).outcome == Ending.DELIVERED
        assert told(b"{]\n", ini + EDGE).outcome == Ending.REJECTED
        for listener in (server, datagrams):
            listener.settimeout(0.1)
        with pytest.raises(TimeoutError):
            server.accept()
        with pytest.raises(TimeoutError):
            datagrams.recv(1)
    assert sorted(path.name for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == ["hooks", "test.ini", "work"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=60) | st.text("{}[]\",: a1\n", max_size=40).map(str.encode), st.sampled_from([EDGE, TEXT]))
def test_any_bytes_are_explained(told, body, ini):
    found = told(body, ini)
    assert found.outcome in set(Ending) - {Ending.MISTAKEN, Ending.UNKNOWN}
    assert found.reason or found.outcome == Ending.DELIVERED
