"""JSON: how its objects are laid out, and where the records are in them."""

from __future__ import annotations

import json

from loader.draft.objects import list_path, options, values_of

RECORD = {"time": "2024-05-24T08:00:00Z", "src": "192.0.2.7", "targets": [{"id": 1}, {"id": 2}]}


def test_objects_however_they_are_laid_out_need_no_option() -> None:
    for text in (json.dumps(RECORD), f"{json.dumps(RECORD)}\n" * 3, json.dumps([RECORD, RECORD]), f"{json.dumps(RECORD, indent=1)}\n" * 2):
        assert options(text) == {"file_format": "json"}, text


def test_a_list_of_records_is_found_under_its_key() -> None:
    assert options(json.dumps({"Records": [RECORD, RECORD]})) == {"file_format": "json", "json_delimiter": "Records"}
    assert options(json.dumps({"version": 1, "data": {"events": [RECORD] * 3}})) == {"file_format": "json", "json_delimiter": "data.events"}


def test_a_list_within_a_record_is_none_of_records() -> None:
    assert list_path([RECORD | {"targets": [{"id": number} for number in range(50)]}]) == ""
    assert list_path([{"text": "x" * 100, "more": "y" * 100, "parts": [{"id": 1}, {"id": 2}]}]) == ""
    assert list_path([{"a": [1, 2, 3, 4, 5, 6]}]) == ""
    assert list_path([{"a.b": [RECORD, RECORD]}]) == ""
    assert list_path([{"Records": [RECORD]}, {"Other": [RECORD]}]) == ""


def test_an_event_of_eventbridge_is_left_to_the_loader() -> None:
    assert options(json.dumps({"detail-type": "x", "detail": {"items": [RECORD] * 9}, "source": "y"})) == {"file_format": "json"}


def test_carriers_are_told() -> None:
    events = [{"id": "1", "timestamp": 1, "message": "x"}]
    cwl = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s", "logEvents": events}
    assert options(json.dumps(cwl)) == {"via_cwl": "yes"}
    assert options(json.dumps({"log": "x", "container_name": "web"})) == {"via_firelens": "yes"}


def test_what_is_no_json_has_no_options() -> None:
    assert options("[24/May/2024] x\n[24/May/2024] y") is None
    assert options("1\n2\n") is None
    assert values_of("") == []


def test_a_broken_line_among_many_does_not_matter() -> None:
    lines = [json.dumps(RECORD)] * 20 + ["{cut"]
    assert len(values_of("\n".join(lines))) == 20
