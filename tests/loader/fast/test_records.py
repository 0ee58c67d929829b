"""``loader/fast/records.py``: JSON objects, their own members as they are."""

from __future__ import annotations

import pytest

from loader.fast.leaves import Odd
from loader.fast.records import identity
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, T, compiled

JSON = {"file_format": "json", "timestamp_key": "time", "ecs": "source.ip source.port user.name related.ip user.id", "source.ip": "ip",
    "source.port": "port",
        "user.name": "who deep.who", "related.ip": "[ip, list.0.ip]", "user.id": "deep.x.y"}  # fmt: skip


def same(lines: list[str], values: dict[str, str] = JSON, outs: tuple[str, ...] = ("full", "ecs", "lean"), hook: str = "") -> int:
    found = 0
    for chunk, varied in ((1000, False), (1, True)):
        quick, plain, found = both_ways(compiled(values, outs, hook, chunk), "k", "\n".join([*lines, ""]).encode(), varied=varied)
        assert quick == plain
    return found


VALUES = [
    "null", '""', '"-"', '"null"', '"[]"', "[]", "{}", '[""]', "[null]", '["-"]', '{"a": ""}', '{"a": {"b": null}}', '[{"a": "-"}]', "true",
        "false", "0", "1", "1.0", "-0.0",
    "1E5", "1e400", "9007199254740993", "18446744073709551615", "18446744073709551616", "123456789012345678901234567890", '"192.0.2.1"',
    '["192.0.2.1", "x"]',
    '"\\u0041\\/\\u00e9"', '"\\u0085\\u007f\\u2028"', '"\\ud800"', '"a\\"b\\\\"', "[1, true, 1.0]",
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES)
def test_any_value_anywhere(value: str) -> None:
    places = [
        f'"who": {value}',
        f'"ip": {value}',
        f'"port": {value}',
        f'"deep": {value}',
        f'"deep": {{"x": {value}, "who": {value}}}',
        f'"list": {value}',
    ]
    places += [
        f'"list": [{value}, 1]',
        f'"deep": {{"x": {{"y": {value}}}}}',
        f'"other": {value}',
        f'"who": 1, "who": {value}',
        f'"deep.who": {value}',
    ]
    same([f'{{"time": "{T}", {place}}}' for place in places])


def test_true_1_and_1_0_in_turn() -> None:
    lines = [f'{{"time": "{T}", "who": {value}}}' for value in ("1", "true", "1.0", '"1"', "0", "false", "-0.0", "0.0", "1")]
    hook = HOOK + "\nDERIVED = (derive('event.action', kind, 'who'), derive('event.outcome', told, 'who deep'))\n"
    assert same(lines, hook=hook) == len(lines)


@pytest.mark.parametrize(
    "name", ["source", "event", "tags", "@message", "@timestamp", "@id", "@log_type", "is_ignored", "__index_name", "ecs", "", 'q"\\', "é\x85", "a.b"]
)
def test_members_with_the_names_of_something_else(name: str) -> None:
    import json

    hook = HOOK + "\nDERIVED = (derive('event.action', kind, 'who'),)\n"
    lines = [json.dumps({"time": T, "who": "a", name: value, "z": 1}) for value in ("x", {"ip": "192.0.2.1"}, None)]
    lines += [json.dumps({"time": T, "who": "a"})] * 9
    assert same(lines, hook=hook) >= 9


@pytest.mark.parametrize("time", [f'"{T}"', "1714521600", "1714521600.5", "null", "true", "[]", "{}", '""', '"x"', '"2024-05-01"'])
@pytest.mark.parametrize("form", ["iso8601", "epoch"])
def test_times_that_are_no_texts(time: str, form: str) -> None:
    same([f'{{"time": {time}, "who": "a"}}', f'{{"time": "{T}", "who": "a"}}', '{"who": "b"}'], {**JSON, "timestamp_format": form}, ("full",))
    same([f'{{"time": {time}, "when": "{T}"}}'], {**JSON, "timestamp_key_list": "nowhere time when"}, ("ecs protocol=tcp",))


@pytest.mark.parametrize("value", ['"x"', '""', '"-"', "null", "7", "0", "[]", '[""]', '["a"]', '{"a": ""}', "true", "1.5"])
def test_ids_of_documents(value: str) -> None:
    same([f'{{"time": "{T}", "who": {value}}}'] * 2, {**JSON, "doc_id": "who"}, ("full",))


def test_an_id_of_which_nothing_would_be_left_is_odd() -> None:
    assert identity(7, "text") == '"@id":7'
    assert identity("", "text") == identity(None, "text") == '"@id":"1cb251ec0d568de6a929b520c4aed8d1"'
    for value in ("-", [""], {"a": ""}):
        with pytest.raises(Odd):
            identity(value, "text")


def test_records_that_are_empty_once_tidied() -> None:
    same(["{}", '{"who": ""}', f'{{"time": "{T}"}}'], {"file_format": "json", "timestamp_key": "time", "cloud_provider": ""}, ("full", "lean"))


def test_a_list_in_an_object_with_fields_around_it() -> None:
    body = f'{{"Records": [{{"time": "{T}", "who": "\\u0041"}}, {{"time": "{T}", "outer": 2}}], "outer": "o\\u0085"}}'
    same([body], {**JSON, "json_delimiter": "Records", "json_include": "outer"})


def test_a_record_of_more_than_64_kib_goes_step_by_step() -> None:
    sizes = (100, 21000, 32000, 40000, 66000)
    same([f'{{"time": "{T}", "who": "a", "other": "{"x" * size}"}}' for size in sizes])
    same(
        [f'{{"time": "{T}", "who": "a", "other": "{"x" * size}"}}' for size in (10, 200, 400, 500, 600, 1000)],
        outs=("full protocol=tcp max_message_bytes=1k framing=octet",),
    )
