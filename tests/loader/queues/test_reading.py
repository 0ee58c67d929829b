"""``loader/queues/``: what messages ask for, in every form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Carried
from loader.queues.notice import MOST, Message, Notice
from loader.queues.reading import Places, direct, expression, read
from tests import messages
from tests.messages import BUCKET, FORMS

AWKWARD = ["a b", "a+b", "a%20b", "a%2Bb", "100%", "time=08:00:00", "ü/日本.gz", "a&b=c", "a%C3%BCb", "'\"\\", "region=us-east-1/day=24", "a%zz"]


def asked(body: str, **attributes: str) -> Notice:
    return read(Message("m", "r", body, 1, attributes))


def names(found: Notice) -> list[tuple[str, str]]:
    return [(source.bucket, source.key) for source in found.sources]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", AWKWARD)
def test_the_key_is_decoded_once_as_its_form_has_it(form: str, key: str) -> None:
    found = asked(FORMS[form](key))
    assert names(found) == [(BUCKET, key)]
    assert not found.nothing
    assert not found.unknown


@given(form=st.sampled_from(sorted(FORMS)), key=st.text(min_size=1, alphabet=st.characters(codec="utf-8")))
def test_any_key_comes_through_any_form(form: str, key: str) -> None:
    found = asked(FORMS[form](key))
    assert names(found) == ([] if key.endswith("/") else [(BUCKET, key)])
    assert not found.unknown


def test_the_other_spelling_is_the_alternate() -> None:
    (encoded,) = asked(messages.s3("a b+c")).sources
    assert (encoded.key, encoded.alternates) == ("a b+c", ("a+b%2Bc",))
    (plain,) = asked(messages.s3("plain")).sources
    assert plain.alternates == ()
    (raw,) = asked(messages.bus("region%3Dus-east-1/x")).sources
    assert (raw.key, raw.alternates) == ("region%3Dus-east-1/x", ("region=us-east-1/x",))
    (not_text,) = asked(json.dumps({"Records": [{"s3": {"bucket": {"name": BUCKET}, "object": {"key": "%FF"}}}]})).sources
    assert (not_text.key, not_text.alternates) == ("%FF", ())


def test_all_records_of_a_message_are_asked_for() -> None:
    assert [key for _, key in names(asked(messages.s3("a", "b", "c")))] == ["a", "b", "c"]
    assert [key for _, key in names(asked(messages.cloudtrail("a", "b")))] == ["a", "b"]
    assert [key for _, key in names(asked(messages.falcon("a", "b")))] == ["a", "b"]
    assert [key for _, key in names(asked(f"[{messages.s3('a')}, {messages.bus('b')}]"))] == ["a", "b"]


def test_version_etag_and_size_are_those_of_the_notice() -> None:
    for body in (messages.s3("k", versionId="v1", eTag="0a", size=17), messages.bus("k", **{"version-id": "v1", "etag": "0a", "size": 17})):
        (source,) = asked(body).sources
        assert (source.version, source.etag, source.size) == ("v1", '"0a"', 17)
    (odd,) = asked(messages.s3("k", versionId=None, eTag=["0a"], size="large")).sources
    assert (odd.version, odd.etag, odd.size) == ("", "", 0)


def test_a_range_counts_from_one_and_has_both_ends() -> None:
    (source,) = asked(messages.split("a b", 1001, 2000)).sources
    assert (source.key, source.first, source.stop) == ("a b", 1000, 2000)
    (source,) = asked(messages.split("a b", 1, None)).sources
    assert (source.first, source.stop) == (0, None)


@pytest.mark.parametrize("parts", [None, [], {"start_number": 0}, {"start_number": "1"}, {"start_number": 5, "end_number": 4}, {"end_number": True}])
def test_a_range_that_is_none_is_not_understood_rather_than_taken_for_all(parts: object) -> None:
    found = asked(json.dumps({"siem": parts, "s3": messages.s3_record("k")["s3"]}))
    assert not found.sources
    assert found.unknown[0].startswith("a range that is none")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}), "s3:TestEvent of the bucket example-logs"),
        (messages.sns(json.dumps({"Event": "s3:TestEvent", "Bucket": BUCKET})), "s3:TestEvent of the bucket example-logs"),
        (json.dumps({"Type": "SubscriptionConfirmation", "SubscribeURL": "https://sns.example.com/"}), "a SubscriptionConfirmation of SNS"),
        (messages.sns("CloudTrail validation message."), "CloudTrail tries its topic"),
        (messages.s3("k", name="ObjectRemoved:Delete"), "an event ObjectRemoved:Delete"),
        (messages.s3("k", name="ObjectRestore:Post"), "an event ObjectRestore:Post"),
        (messages.bus("k", kind="Object Deleted"), "an event Object Deleted"),
        (messages.config("k", kind="ConfigurationSnapshotDeliveryStarted"), "a ConfigurationSnapshotDeliveryStarted of Config"),
        (messages.s3("folder/"), "a folder"),
        ('{"Records": []}', "an event without records"),
        ("[]", "an empty list"),
    ],
)
def test_what_asks_for_nothing_says_why(body: str, why: str) -> None:
    found = asked(body)
    assert (found.sources, found.nothing, found.unknown) == ([], [why], [])


@pytest.mark.parametrize("name", ["ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Put", "ObjectRestore:Completed", ""])
def test_what_makes_an_object_readable_asks_for_it(name: str) -> None:
    assert names(asked(messages.s3("k", name=name))) == [(BUCKET, "k")]


@pytest.mark.parametrize(
    ("body", "seen"),
    [
        ("", "an empty message"),
        ("no json", "no JSON: 'no json'"),
        ("17", "a JSON value that is no object: 17"),
        ("{}", "an object with nothing in it"),
        ('{"a": 1, "b": 2}', "an object with 'a', 'b'"),
        ('{"Records": [{"eventSource": "aws:dynamodb"}]}', "a record of aws:dynamodb"),
        (messages.s3("k", bucket=""), "no object can be bucket '', key 'k'"),
        ('{"detail-type": "X", "source": "app", "detail": {}}', "an event X of app"),
        (json.dumps({"s3Bucket": BUCKET, "s3ObjectKey": "\ud800"}), "no object can be bucket 'example-logs', key '\\ud800'"),
        ("[" * 30 + "]" * 30, "wrapped too deep"),
        ("[" * 100_000, "no JSON: '[["),
    ],
)
def test_what_is_not_understood_says_what_was_seen(body: str, seen: str) -> None:
    found = asked(body)
    assert not found.sources
    assert found.unknown[0].startswith(seen)


def test_parts_that_are_understood_are_asked_for_beside_those_that_are_not() -> None:
    rows = [messages.s3_record("k"), {"eventSource": "aws:dynamodb"}, messages.s3_record("k", name="ObjectRemoved:Delete")]
    found = asked(json.dumps({"Records": rows}))
    assert (len(found.sources), len(found.nothing), len(found.unknown)) == (1, 1, 1)


def test_a_dead_letter_of_lambda_is_replayed_and_one_that_is_not_understood_tells_its_error() -> None:
    assert names(asked(messages.s3("k"), ErrorCode="200", ErrorMessage="timed out")) == [(BUCKET, "k")]
    assert asked("{}", ErrorCode="200", ErrorMessage="timed out").unknown[-1] == "a function has failed at it: timed out"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["Records", "s3", "siem", "bucket", "object", "key", "name", "detail", "Type", "Message", "files", "s3Bucket", "s3ObjectKey",
                         "requestPayload", "body", "Sns", "path", "start_number", "end_number", "size", "eTag", "detail-type", "eventName"]),
        inner | st.sampled_from(["Notification", BUCKET, "k", "a/"]), max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(value=JSON)
def test_no_json_ever_raises_and_each_is_accounted_for(value: object) -> None:
    found = asked(json.dumps(value))
    assert found.sources or found.nothing or found.unknown
    for source in found.sources:
        assert source.bucket
        assert source.key
        assert source.first >= 0


@given(body=st.text())
def test_no_text_ever_raises(body: str) -> None:
    assert not asked(body).sources


# --- expressions for other forms


def placed(body: object, **paths: str) -> Notice:
    return read(Message("m", "r", json.dumps(body)), Places(**{name: expression(value) for name, value in paths.items()}))


def test_expressions_find_items_buckets_and_keys_of_any_form() -> None:
    body = {"batch": {"objects": [{"where": "one", "file": {"name": "a b"}}, {"where": "two", "file": {"name": "c%20d"}}]}}
    found = placed(body, envelope="batch.objects", bucket="where", key="file.name")
    assert names(found) == [("one", "a b"), ("two", "c%20d")]
    assert found.sources[1].alternates == ("c d",)
    assert names(placed({"keys": ["a", "b"]}, bucket="'logs'", key="keys")) == [("logs", "a"), ("logs", "b")]
    assert names(placed({"Type": "Notification", "Message": json.dumps({"at": "x"})}, bucket="'logs'", key="at")) == [("logs", "x")]
    assert names(placed({"inner": json.dumps([{"at": "x"}])}, envelope="inner", bucket="'logs'", key="at")) == [("logs", "x")]


def test_where_expressions_find_nothing_the_known_forms_are_tried() -> None:
    assert names(placed(json.loads(messages.s3("k")), bucket="'logs'", key="sum(file)")) == [(BUCKET, "k")]
    assert placed({"a": 1}, bucket="'logs'", key="file").unknown == ["an object with 'a'"]


def test_a_key_without_a_bucket_is_not_understood() -> None:
    assert placed({"at": "x"}, bucket="where", key="at").unknown == ["no object can be bucket None, key 'x'"]


def test_a_wrong_expression_says_where() -> None:
    with pytest.raises(ValueError, match=r"'a\.\.b' is not JMESPath: column 3"):
        expression("a..b")
    assert expression("") is None


# --- direct


def test_a_message_that_is_a_log_carries_its_bytes() -> None:
    (source,) = direct(Message("id-1", "r", "zeile ü\n"), "q", "app").sources
    assert isinstance(source, Carried)
    assert (source.uri, source.body, source.log_type, source.size) == ("sqs://q/id-1", "zeile ü\n".encode(), "app", 9)
    assert source.etag != direct(Message("id-1", "r", "another"), "q", "app").sources[0].etag


@pytest.mark.parametrize("fact", ["eTag", "versionId"])
def test_facts_that_are_no_text_make_no_source(fact: str) -> None:
    found = asked(messages.s3("k", **{fact: "\ud800"}))
    assert not found.sources
    assert found.unknown == ["no object can be bucket 'example-logs', key 'k'"]


def test_what_is_not_understood_is_told_in_text_that_can_be_written_and_not_at_any_length() -> None:
    assert asked(json.dumps({"Records": [{"eventSource": "\ud800"}]})).unknown == ["a record of \\ud800"]
    assert len(asked(json.dumps([1] * 80_000)).unknown) == MOST
