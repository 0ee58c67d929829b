"""Carriers: what they bring is taken out, what they tell goes with it, and what is none of theirs is rejected alone."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import drivers

PATTERN = r"log_pattern = (?P<time>\S+) (?P<what>\w+)" + "\n"
TEXT = f"[app]\ns3_key = app/\nfile_format = text\n{PATTERN}timestamp_key = time\n"
JSON = "[app]\ns3_key = app/\nfile_format = json\ntimestamp_key = time\n"
KEY = "app/123456789012/eu-west-1/1"
TIME = 1716535925123
TASK = "arn:aws:ecs:eu-central-1:210987654321:task/web/0123"


def cwl(*messages: str, kind: str = "DATA_MESSAGE", **more: Any) -> str:
    events = [{"id": f"{number:04}", "timestamp": TIME + number, "message": message} for number, message in enumerate(messages)]
    told = {"owner": "210987654321", "logGroup": "/app/web", "logStream": "web-1", "subscriptionFilters": ["all"]}
    return json.dumps({"messageType": kind, **told, "logEvents": events} | more)


def firelens(log: str, source: str = "stdout", **more: Any) -> str:
    told = {"container_id": "c1", "container_name": "/web", "ecs_cluster": "main", "ecs_task_arn": TASK, "ecs_task_definition": "web:1"}
    return json.dumps({"log": log, "source": source, **told, "ec2_instance_id": "i-0123456789abcdef0"} | more)


def load(tmp_path: Path, ini: str, body: str | bytes, **options: Any) -> drivers.Loaded:
    found = drivers.load(tmp_path, ini, KEY, body.encode() if isinstance(body, str) else body, files=(), **options)
    assert found.account.ledger.balances()
    return found


def md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def test_row_1_5_5_cwl_envelope_each_event_is_a_record_with_what_the_subscription_tells(tmp_path: Path) -> None:
    first, second, third = "2024-05-01T00:00:00Z start", "2024-05-01T00:00:01Z stop", "2024-05-01T00:00:02Z more"
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n", cwl(first, second) + cwl(third, owner="123456789012", logGroup="/other"))
    assert [document["@message"] for document in loaded.documents] == [first, second, third]
    assert [document["what"] for document in loaded.documents] == ["start", "stop", "more"]
    assert [document["@log_group"] for document in loaded.documents] == ["/app/web", "/app/web", "/other"]
    assert {document["@log_stream"] for document in loaded.documents} == {"web-1"}
    assert [document["cloud"]["account"]["id"] for document in loaded.documents] == ["210987654321", "210987654321", "123456789012"]
    assert {document["cloud"]["region"] for document in loaded.documents} == {"eu-west-1"}  # from the key
    assert [document["@id"] for document in loaded.documents] == [md5(f"{first}0000"), md5(f"{second}0001"), md5(f"{third}0000")]


def test_row_1_5_5_cwl_envelope_control_messages_are_no_records(tmp_path: Path) -> None:
    control = cwl("CWL CONTROL MESSAGE: Checking health of destination", kind="CONTROL_MESSAGE")
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n", f"{control}\n{cwl('2024-05-01T00:00:00Z start')}\n")
    assert [document["what"] for document in loaded.documents] == ["start"]
    assert loaded.account.ledger.read == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"a": 1}', "no message of a CloudWatch Logs subscription (via_cwl): it has no logEvents"),
        (cwl("x", logEvents=[{"id": "1"}]), "an event of a CloudWatch Logs subscription without a text"),
        (cwl("x", kind="OTHER"), "no message of a CloudWatch Logs subscription"),
        ("[1, 2]", "JSON, but a number where an object was expected"),
        ("not JSON", "not JSON"),
    ],
)
def test_what_is_no_envelope_is_rejected_alone(tmp_path: Path, body: str, reason: str) -> None:
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n", f"{body}\n{cwl('2024-05-01T00:00:00Z start')}\n")
    assert [document["what"] for document in loaded.documents] == ["start"]
    assert loaded.rejects
    assert all(reject["reason"].startswith(reason) for reject in loaded.rejects)


def test_row_1_5_5_cwl_envelope_a_text_that_does_not_match_is_rejected_with_its_reason(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n", cwl("2024-05-01T00:00:00Z start", "nothing", "2024-05-01T00:00:00Z stop"))
    assert [document["what"] for document in loaded.documents] == ["start", "stop"]
    assert [(reject["raw"], reject["record"]) for reject in loaded.rejects] == [("nothing", 1)]


def test_row_1_5_5_cwl_envelope_a_bad_json_message_is_loaded_raw_with_its_error(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{JSON}via_cwl = True\n", cwl('{"time": "2024-05-01T00:00:00Z", "n": 1}', "Starting up"))
    good, raw = loaded.documents
    assert good["n"] == 1
    assert "error" not in good
    assert (raw["@message"], raw["@timestamp"]) == ("Starting up", "2024-05-24T07:32:05.124000+00:00")
    assert raw["error"]["message"].startswith("not JSON")
    assert raw["@id"] == md5(f"Starting up{KEY}0001")
    assert "reason" not in raw["event"]
    assert loaded.rejects == []


def test_the_hook_is_not_asked_about_a_text_that_could_not_be_parsed(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "sf_app.py").write_text("def transform(logdata):\n    logdata['seen'] = logdata['n']\n    return logdata\n")
    ini = f"{JSON}via_cwl = True\nscript_ecs = x\n[loader]\nhooks = {tmp_path}\n"
    loaded = load(tmp_path, ini, cwl('{"time": "2024-05-01T00:00:00Z", "n": 1}', "Starting up"))
    assert [document.get("seen") for document in loaded.documents] == [1, None]
    assert not loaded.account.ledger.flags


def test_row_1_5_7_cwl_timestamp_is_the_time_of_the_event(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n".replace("= time", "= cwl_timestamp"), cwl("x start"))
    assert loaded.documents[0]["@timestamp"] == "2024-05-24T07:32:05.123000+00:00"
    assert loaded.documents[0]["cwl_timestamp"] == TIME


def test_a_large_message_is_worked_on_in_chunks(tmp_path: Path) -> None:
    messages = [f"2024-05-01T00:00:00Z n{number}" for number in range(25)]
    loaded = load(tmp_path, f"{TEXT}via_cwl = True\n[loader]\nchunk_records = 10\n", cwl(*messages), block=17)
    assert [document["@message"] for document in loaded.documents] == messages


def test_row_1_5_5_firelens_the_log_is_the_record_and_the_rest_stays_with_it(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{TEXT}via_firelens = True\n", firelens("2024-05-01T00:00:00Z start\n"))
    (document,) = loaded.documents
    assert document["@message"] == "2024-05-01T00:00:00Z start"
    assert document["container_source"] == "stdout"
    assert {key: document[key] for key in ("container_name", "ecs_cluster", "ecs_task_definition")} == {
        "container_name": "/web", "ecs_cluster": "main", "ecs_task_definition": "web:1",
    }  # fmt: skip
    assert document["container"] == {"id": "c1", "name": "/web"}
    assert document["cloud"] == {
        "account": {"id": "210987654321"}, "region": "eu-central-1", "provider": "aws", "instance": {"id": "i-0123456789abcdef0"},
    }  # fmt: skip
    assert document["@id"] == md5("2024-05-01T00:00:00Z start/web")


def test_row_1_5_3_ignore_container_stderr_leaves_stderr_out_and_counts_it(tmp_path: Path) -> None:
    body = f"{firelens('2024-05-01T00:00:00Z start', 'stderr')}\n{firelens('2024-05-01T00:00:00Z stop')}\n"
    loaded = load(tmp_path, f"{TEXT}via_firelens = True\n", body)
    assert [document["what"] for document in loaded.documents] == ["stop"]
    assert (loaded.account.ledger.read, loaded.account.ledger.excluded) == (2, 1)
    assert loaded.account.ledger.flags == {"left out by ignore_container_stderr": 1}
    both = load(tmp_path / "both", f"{TEXT}via_firelens = True\nignore_container_stderr = False\n", body)
    assert [document["container_source"] for document in both.documents] == ["stderr", "stdout"]


def test_row_1_5_5_firelens_a_line_that_does_not_parse_is_kept_raw_with_its_error(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{TEXT}via_firelens = True\n", firelens("nothing"))
    (document,) = loaded.documents
    assert document["@message"] == "nothing"
    assert document["error"]["message"] == "does not match log_pattern"
    assert document["container_name"] == "/web"


def test_what_the_task_tells_of_account_and_region_goes_before_what_is_mapped(tmp_path: Path) -> None:
    ini = f"{TEXT}via_firelens = True\necs = cloud.account.id cloud.region\ncloud.account.id = what\ncloud.region = what\n"
    (document,) = load(tmp_path, ini, firelens("2024-05-01T00:00:00Z start")).documents
    assert (document["cloud"]["account"]["id"], document["cloud"]["region"]) == ("210987654321", "eu-central-1")


def test_a_chunk_that_is_done_again_record_by_record_starts_from_what_the_carrier_told(tmp_path: Path) -> None:
    """A hook changes what is told of the container; a neighbour that no output can pack makes the chunk be done again."""
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "sf_app.py").write_text(
        "def transform(logdata):\n    logdata['container']['name'] += '!'\n    if logdata['what'] == 'poison':\n        logdata['me'] = logdata\n"
        "    return logdata\n"
    )
    ini = f"{TEXT}via_firelens = True\nscript_ecs = x\n[loader]\nhooks = {tmp_path}\n"
    body = "\n".join(firelens(f"2024-05-01T00:00:00Z {what}") for what in ("start", "poison", "stop"))
    loaded = load(tmp_path, ini, body)
    assert [document["container"]["name"] for document in loaded.documents] == ["/web!", "/web!"]
    assert len(loaded.rejects) == 1


def test_a_rule_sees_what_the_carrier_tells(tmp_path: Path) -> None:
    tmp_path.mkdir(exist_ok=True)
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\napp,container_name,/web,text,\n")
    ini = f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{TEXT}via_firelens = True\n"
    body = f"{firelens('2024-05-01T00:00:00Z start')}\n{firelens('2024-05-01T00:00:00Z stop', container_name='/api')}\n"
    assert [document["what"] for document in load(tmp_path, ini, body).documents] == ["stop"]


def test_a_field_of_the_carrier_can_be_mapped(tmp_path: Path) -> None:
    ini = f"{TEXT}via_firelens = True\necs = orchestrator.cluster.name\norchestrator.cluster.name = ecs_cluster\n"
    assert load(tmp_path, ini, firelens("2024-05-01T00:00:00Z start")).documents[0]["orchestrator"] == {"cluster": {"name": "main"}}


@pytest.mark.parametrize("line", ['{"source": "stdout"}', '{"log": 5, "source": "stdout"}'])
def test_a_line_without_a_log_is_rejected(tmp_path: Path, line: str) -> None:
    (reject,) = load(tmp_path, f"{TEXT}via_firelens = True\n", line).rejects
    assert reject["reason"] == "no line of FireLens (via_firelens): it has no text under 'log'"


def bridge(detail: Any, **more: Any) -> dict[str, Any]:
    told = {"version": "0", "id": "e-1", "detail-type": "Finding", "source": "aws.x", "account": "210987654321", "time": "2024-05-01T00:00:00Z"}
    return {**told, "region": "eu-west-2", "resources": [], "detail": detail} | more


def test_row_1_5_5_json_an_eventbridge_wrapper_is_taken_off_and_tells_only_of_its_own_record(tmp_path: Path) -> None:
    events = [bridge({"n": 1, "who": "é"}), {"n": 2, "time": "2024-06-01T00:00:00Z"}, bridge({"n": 3}, account="123456789012")]
    body = "".join(map(json.dumps, events))
    one, two, three = load(tmp_path, JSON.replace("timestamp_key = time", "timestamp_key_list = cwe_timestamp time"), body).documents
    assert (one["@message"], one["@id"]) == ('{"n": 1, "who": "é"}', md5('{"n": 1, "who": "é"}e-1'))
    assert (one["cloud"]["account"]["id"], one["cloud"]["region"], one["@timestamp"]) == ("210987654321", "eu-west-2", "2024-05-01T00:00:00+00:00")
    assert (two["cloud"]["account"]["id"], two["cloud"]["region"], two["@timestamp"]) == ("123456789012", "eu-west-1", "2024-06-01T00:00:00+00:00")
    assert three["cloud"]["account"]["id"] == "123456789012"
    assert "detail-type" not in one


@pytest.mark.parametrize("block", [1, 7, 65536])
def test_row_1_5_5_json_a_list_within_an_eventbridge_event_is_found(tmp_path: Path, block: int) -> None:
    ini = JSON.replace("timestamp_key = time", "json_delimiter = findings\ntimestamp_key = cwe_timestamp")
    other = bridge({"findings": [{"n": 4}]}, account="123456789012", id="e-2")
    events = [bridge({"findings": [{"n": 1}, {"n": 2}]}), {"findings": [{"n": 3}]}, other]
    loaded = load(tmp_path, ini, "\n".join(map(json.dumps, events)), block=block)
    assert [document["n"] for document in loaded.documents] == [1, 2, 3, 4]
    assert [document["cloud"]["account"]["id"] for document in loaded.documents] == ["210987654321", "210987654321", "123456789012", "123456789012"]
    assert [document["cloud"]["region"] for document in loaded.documents] == ["eu-west-2", "eu-west-2", "eu-west-1", "eu-west-2"]
    assert loaded.documents[0]["@timestamp"] == "2024-05-01T00:00:00+00:00"
    assert loaded.documents[3]["@id"] == md5('{"n": 4}e-2')
    assert loaded.rejects == []


def test_an_event_that_only_looks_like_one_of_eventbridge_stays_as_it_is(tmp_path: Path) -> None:
    documents = load(tmp_path, JSON, json.dumps({"detail-type": "x", "n": 1}) + json.dumps(bridge("text"))).documents
    assert [document["detail-type"] for document in documents] == ["x", "Finding"]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(TEXTS, max_size=4), max_size=3), st.integers(1, 40))
def test_every_text_of_every_message_is_read_once_in_order(tmp_path: Path, batches: list[list[str]], block: int) -> None:
    folder = tmp_path / hashlib.md5(repr((batches, block)).encode()).hexdigest()
    loaded = load(folder, JSON.replace("json\n", "json\nvia_cwl = yes\n"), "".join(cwl(*batch) for batch in batches), block=block)
    expected = [text.strip() for batch in batches for text in batch]
    said = [text for text in expected if text not in ("", "-", "null", "[]")]
    assert [document["@message"] for document in loaded.documents if "@message" in document] == said
    assert loaded.account.ledger.read == len(expected)
