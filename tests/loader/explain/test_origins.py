"""``loader/explain/origins.py``: where each field of a document comes from."""

from __future__ import annotations

import json

import pytest

from tests.loader.explain.conftest import EDGE

RECORD = {
    "when": "2024-05-24T08:00:00Z", "client": {"ip": "192.0.2.1", "port": "443", "addr": ""}, "verdict": "deny", "user": "bob", "gone": "-",
}  # fmt: skip


def body(**more):
    return json.dumps({**RECORD, **more}).encode()


def mapping(target, source):
    return EDGE.replace("\necs = ", f"\necs = {target} ") + f"{target} = {source}\n"


def origins(told):
    (document,) = told.record.documents
    return {field.field: (field.origin, field.source) for field in document.fields}


def removed(told):
    return {(one.field, one.step, one.why) for one in told.record.documents[0].removed}


def test_every_field_has_an_origin(told):
    found = origins(told(body()))
    assert found == {
        "when": ("parsed", "when"),
        "client.ip": ("parsed", "client.ip"),
        "client.port": ("parsed", "client.port"),
        "verdict": ("parsed", "verdict"),
        "user": ("parsed", "user"),
        "@message": ("stamped", "the raw text"),
        "@timestamp": ("stamped", "when"),
        "@log_type": ("stamped", "the object"),
        "@log_s3bucket": ("stamped", "the object"),
        "@log_s3key": ("stamped", "the object"),
        "@id": ("stamped", "hash of the raw text"),
        "source.ip": ("mapped", "client.ip"),
        "source.port": ("mapped", "client.port"),
        "event.action": ("mapped", "verdict"),
        "event.kind": ("constant", "static_ecs"),
        "event.module": ("constant", "the log type's name"),
        "event.ingested": ("stamped", "the time of this run"),
        "ecs.version": ("constant", "ecs_version"),
        "cloud.provider": ("constant", "cloud_provider"),
    }


def test_of_several_fallbacks_the_one_that_gave_the_value_is_named(told):
    assert origins(told(body(client={"ip": "192.0.2.1", "addr": "192.0.2.2"})))["source.ip"] == ("mapped", "client.addr")


def test_a_gathered_list_names_one_source_of_each_group(told):
    ini = mapping("related.ip", "[client.addr client.ip, peer]")
    assert origins(told(body(peer="192.0.2.9"), ini))["related.ip"] == ("mapped", "client.ip, peer")


def test_account_and_region_come_from_the_key_unless_they_are_mapped(told):
    key = "edge/123456789012/eu-west-1/a"
    found = origins(told(body(), key=key))
    assert (found["cloud.account.id"], found["cloud.region"]) == (("key", ""), ("key", ""))
    ini = mapping("cloud.account.id", "acct")
    assert origins(told(body(acct="210987654321"), ini, key=key))["cloud.account.id"] == ("mapped", "acct")


def test_fields_of_the_key_and_derived_ones_say_so(told):
    found = origins(told(body(), f"{EDGE}s3_key_fields = edge/(?P<tenant>\\w+)\nderived_fields = zone\nzone = verdict | upper\n"))
    assert found["tenant"] == ("key", "s3_key_fields")
    assert found["zone"] == ("derived", "verdict | upper")


def test_a_renamed_field_names_the_old_one_and_so_does_the_time(told):
    found = told(body(), EDGE.replace("timestamp_key = when", "timestamp_key = at\nrenamed_newfields = at\nat = when"))
    assert origins(found)["at"] == ("renamed", "when")
    assert origins(found)["@timestamp"] == ("stamped", "at")
    assert ("when", "stamp", "renamed to at") in removed(found)


def test_a_time_that_cannot_be_read_is_not_said_to_be_the_records_own(told):
    found = origins(told(body(when="yesterday")))
    assert found["@timestamp"] == ("stamped", "not its own time: see event.reason")
    assert found["event.reason"] == ("stamped", "why @timestamp is not the record's own")


def test_an_id_of_the_record_names_its_field(told):
    assert origins(told(body(), f"{EDGE}doc_id = verdict\n"))["@id"] == ("stamped", "verdict")


def test_what_a_hook_set_or_changed_is_the_hooks(told, tmp_path):
    (tmp_path / "hooks").mkdir()
    hook = "def transform(logdata):\n    logdata['event']['action'] = 'x'\n    logdata['mine'] = logdata.pop('verdict')\n    return logdata\n"
    (tmp_path / "hooks" / "sf_edge.py").write_text(hook)
    found = told(body(), f"{EDGE}script_ecs = yes\n")
    assert (origins(found)["event.action"], origins(found)["mine"]) == (("hook", "sf_edge"), ("hook", "sf_edge"))
    assert ("verdict", "hook", "") in removed(found)


def test_what_a_filter_added_is_named_by_it(told):
    ini = mapping("user_agent.original", "ua") + "user_agent_enrichment_field = user_agent\n[filter_useragent]\n"
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0"
    assert origins(told(body(ua=agent), ini))["user_agent.name"] == ("enriched", "filter_useragent")


def test_the_fields_of_a_carrier_are_the_carriers(told):
    event = {"id": "1", "timestamp": 1716537902000, "message": "hello 1"}
    envelope = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s", "logEvents": [event]}
    ini = "[edge]\ns3_key = edge/\nfile_format = text\nvia_cwl = yes\nlog_pattern = (?P<a>\\w+) (?P<b>\\d+)\ntimestamp_key = cwl_timestamp\n"
    found = origins(told(json.dumps(envelope).encode(), ini))
    assert {found[name] for name in ("@log_group", "cwl_timestamp", "cloud.account.id")} == {("carrier", "")}


def test_a_prefix_moves_fields_and_not_their_origins(told):
    found = origins(told(body(), f"{EDGE}field_prefix = raw\n"))
    assert found["raw.client.ip"] == ("parsed", "client.ip")
    assert "client.ip" not in found


def test_what_was_taken_out_is_told_with_the_step_and_why(told):
    ini = mapping("user.name", "user")
    found = told(body(), ini)
    assert removed(found) == {
        ("client.addr", "tidy", "says nothing"), ("gone", "tidy", "says nothing"), ("user", "ecs", "an object took its place"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("client", "wanted"),
    [
        ({"ip": "192.0.2.1", "port": "http"}, [("source.port", ["client.port"], "http", "left out: no long")]),
        ({"ip": "192.0.2.1"}, [("source.port", ["client.port"], None, "")]),
        ({"ip": "192.0.2.1", "port": "-"}, [("source.port", ["client.port"], "-", "")]),
        ({"ip": "192.0.2.1", "port": 0}, []),
    ],
)
def test_targets_without_a_value_are_told_and_misfits_with_the_reason(told, client, wanted):
    found = told(body(client=client)).record.unmapped
    assert [(one.target, one.sources, one.value, one.why) for one in found] == wanted


def test_what_tidy_takes_out_of_a_list_does_not_make_it_the_origin(told):
    assert origins(told(body(items=[{"a": 1, "b": None}])))["items"] == ("parsed", "items")


def test_where_no_output_gets_original_fields_the_id_they_get_is_told(told):
    found = told(body(), EDGE.replace("[edge]", "fields = ecs\n[edge]"))
    assert origins(found)["event.id"] == ("stamped", "bucket, key, etag and number")
