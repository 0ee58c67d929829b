"""``loader/stages/derive.py``: fields made from the key and from other fields."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.stages import derive
from tests.drivers import load, log_type

KEY = "tenants/acme/east-1/2024/app-01.log"
KEY_FIELDS = r"tenants/(?P<tenant>[^/]+)/(?P<site>[a-z]+-\d)(?:/(?P<month>[A-Z]+))?"


def derived(records, key=KEY, names=None, **options):
    """Derive the fields of one batch; return its records and the names they may have."""
    section = log_type(**options)
    run = derive.prepare(section)
    assert section.problems == []
    batch = Batch(Source("logs", key), ["{}"] * len(records), records, list(range(len(records))), datetime.datetime.now(datetime.UTC), names)
    run(batch)
    return batch.records, batch.names


def one(record=None, **options):
    return derived([{} if record is None else record], **options)[0][0]


def problems(fields=None, **options):
    section = log_type(**options)
    section.fields = fields
    derive.prepare(section)
    return [(problem.key, problem.message, problem.hint) for problem in section.problems]


# --- from the key


def test_groups_that_matched_are_fields_of_every_record():
    records, _ = derived([{"a": 1}, {"b": 2}], s3_key_fields=KEY_FIELDS)
    assert records == [{"a": 1, "tenant": "acme", "site": "east-1"}, {"b": 2, "tenant": "acme", "site": "east-1"}]


def test_a_field_that_the_record_has_stays():
    assert one({"tenant": "own", "site": None}, s3_key_fields=KEY_FIELDS) == {"tenant": "own", "site": "east-1"}


def test_a_key_that_does_not_match_gives_no_field():
    assert one(key="other/x", s3_key_fields=KEY_FIELDS, derived_fields="where", where="tenant | upper") == {}


def test_row_file_field_definitions_split_and_replace_make_fields_of_the_key():
    options = {"derived_fields": "host day bucket", "host": "s3_key | split / -1 | replace .log '' | upper", "day": "s3_key | split / 3"}
    assert one(**options, bucket="s3_bucket") == {"host": "APP-01", "day": "2024", "bucket": "logs"}


def test_a_derived_field_may_build_on_a_group_and_on_one_before_it():
    options = {"s3_key_fields": KEY_FIELDS, "derived_fields": "area zone", "area": "site | split - 0", "zone": "area | upper"}
    assert one({"area": "own"}, **options) == {"tenant": "acme", "site": "east-1", "area": "east", "zone": "EAST"}


def test_a_group_as_source_is_what_it_matched_in_the_key():
    assert one({"tenant": "own"}, s3_key_fields=KEY_FIELDS, derived_fields="owner", owner="tenant")["owner"] == "acme"


def test_a_group_that_was_made_anew_from_the_record_is_that_from_then_on():
    options = {"s3_key_fields": KEY_FIELDS, "derived_fields": "site zone", "site": "place site", "zone": "site | upper"}
    records, _ = derived([{"place": "x"}, {}], **options)
    assert [(record["site"], record["zone"]) for record in records] == [("x", "X"), ("east-1", "EAST-1")]


# --- from the record


def test_row_record_field_mapping_a_path_and_operations_make_a_field():
    record = {"tags": {"app": ["x", "shop - v2"]}}
    assert one(record, derived_fields="app version", app='tags.app.1 | split " - " 0', version=r'tags.app.1 | match "v(\d)"') == {
        **record,
        "app": "shop",
        "version": "2",
    }


@pytest.mark.parametrize(("value", "expected"), [(0, 0), (False, False), ("", "b"), (None, "b"), ([], "b"), ({}, "b"), ("a", "a")])
def test_the_first_source_that_holds_something_counts(value, expected):
    found = one({"x": value, "y": "b"}, derived_fields="z", z="x y")["z"]
    assert (found, type(found)) == (expected, type(expected))


def test_sources_of_the_key_and_of_the_record_go_together():
    options = {"s3_key_fields": KEY_FIELDS, "derived_fields": "host", "host": "h.name tenant s3_bucket | upper"}
    records, _ = derived([{"h": {"name": "a"}}, {}], **options)
    assert [record["host"] for record in records] == ["A", "ACME"]
    assert one(key="x", **options)["host"] == "LOGS"


def test_numbers_are_changed_as_their_text_and_copied_as_they_are():
    assert one({"p": 443, "b": True}, derived_fields="q r s", q="p | replace 4 5", r="p", s="b | lower") == {
        "p": 443,
        "b": True,
        "q": "553",
        "r": 443,
        "s": "true",
    }


@pytest.mark.parametrize("value", [{"a": 1}, ["a"], None, "", "x"])
def test_where_nothing_comes_out_there_is_no_field_and_one_that_is_there_stays(value):
    assert "z" not in one({"x": value}, derived_fields="z", z="x | split - 1 | upper")
    assert one({"x": value, "z": "old"}, derived_fields="z", z="x | split - 1")["z"] == "old"


def test_a_field_may_be_changed_in_its_place():
    assert one({"path": "A/B"}, derived_fields="path", path="path | lower") == {"path": "a/b"}


def test_fields_are_made_in_their_order():
    assert one({"x": "A-B"}, derived_fields="y z", y="x | lower", z="y | split - 1") == {"x": "A-B", "y": "a-b", "z": "b"}


# --- with the other stages


@pytest.mark.parametrize(
    ("parser", "body"),
    [
        ("file_format = json", b'{"dst": "h9:443"}\n'),
        ("file_format = text\nlog_pattern = (?P<dst>.+)", b"h9:443\n"),
        ("file_format = csv", b"dst\nh9:443\n"),
    ],
)
def test_derived_fields_can_be_mapped_and_tell_the_time(tmp_path, parser, body):
    ini = f"""[app]
s3_key = tenants/
{parser}
s3_key_fields = tenants/(?P<tenant>[^/]+)/
derived_fields = day host port
day = s3_key | split / 2
host = dst | split : 0
port = dst | split : 1
timestamp_key = day
timestamp_format = %Y-%m-%d
ecs = organization.name host.name destination.port
organization.name = tenant
host.name = host
destination.port = port
"""
    (document,) = load(tmp_path, ini, "tenants/acme/2024-05-24/x", body).documents
    assert document["@timestamp"] == "2024-05-24T00:00:00+00:00"
    found = (document["organization"], document["host"], document["destination"], document["tenant"])
    assert found == ({"name": "acme"}, {"name": "h9"}, {"port": 443}, "acme")


def test_names_that_records_may_have_are_known_to_the_mapping():
    options = {"s3_key_fields": KEY_FIELDS, "derived_fields": "host", "host": "x | lower"}
    assert derive.names(log_type(**options)) == {"tenant", "site", "month", "host"}
    assert derived([{"x": "A"}], names=frozenset({"x"}), **options)[1] == {"x", "tenant", "site", "month", "host"}
    assert derived([{"x": "A"}], **options)[1] is None


def test_a_type_that_derives_nothing_has_no_such_step():
    section = log_type()
    assert derive.prepare(section) is None
    assert derive.names(section) == frozenset()


@given(st.lists(st.sampled_from(["a", "a/b", "x/y/z", "", "/"]), min_size=1, max_size=5), st.sampled_from(["a/b/c", "q", "x/Y"]))
def test_each_record_gets_what_it_would_get_alone(values, key):
    options = {
        "s3_key_fields": "(?P<k>[a-z]+)/",
        "derived_fields": "one two three",
        "one": "s3_key | split / 1",
        "two": "v k | split / 0 | upper",
        "three": "two one",
    }
    together, _ = derived([{"v": value} for value in values], key=key, **options)
    assert together == [one({"v": value}, key=key, **options) for value in values]
    for record, value in zip(together, values, strict=True):
        source = value or ("" if key == "q" else key[0])
        assert record.get("two", "") == (source.split("/")[0].upper() if source else "")


# --- mistakes


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        ({"s3_key_fields": "a/(b)"}, "s3_key_fields", "has no named group"),
        ({"s3_key_fields": "(?P<a"}, "s3_key_fields", "not a regular expression"),
        ({"derived_fields": "a"}, "derived_fields", "'a' is listed, but there is no key 'a'"),
        ({"derived_fields": "@id", "@id": "s3_key"}, "derived_fields", "'@id' cannot be derived"),
        ({"derived_fields": "source.ip", "source.ip": "x"}, "derived_fields", "'source.ip' cannot be derived"),
        ({"derived_fields": "a", "a": "s3_key | spilt / 1"}, "a", "there is no operation 'spilt': did you mean 'split'?"),
        ({"derived_fields": "a", "a": "s3_key | split / x"}, "a", "split takes SEPARATOR NUMBER"),
        ({"derived_fields": "message", "message": "x", "ecs": "source.ip message"}, "derived_fields", "'message' is a key of ecs too"),
        ({"derived_fields": "a", "a": "b", "renamed_newfields": "a"}, "derived_fields", "'a' is a key of renamed_newfields too"),
        ({"derived_fields": "timestamp", "timestamp": "x"}, "derived_fields", "'timestamp' is an option too"),
    ],
)
def test_a_mistake_is_told_at_its_key(options, key, said):
    ((where, message, _),) = problems(**options)
    assert where == key
    assert message.startswith(said)


def test_a_source_that_records_never_have_is_told_with_the_nearest_name():
    fields = frozenset({"host", "path"})
    assert problems(fields, derived_fields="a", a="hots | lower") == [("a", "its records have no field 'hots'", "did you mean 'host'?")]
    assert problems(fields, derived_fields="a b", a="hots path.x | lower", b="a @log_group") == []
    assert problems(fields, s3_key_fields="(?P<g>x)", derived_fields="a", a="g") == []
