"""``plugins/in_s3.py`` over real HTTP: moto as S3, and loopback servers that misbehave."""

from __future__ import annotations

import base64
import hashlib
import itertools
import random
import threading
import urllib.parse
import zlib

import boto3
import pytest

from loader.api import ConfigError, Source, SourceDenied, SourceError, SourceGone, SourceSkipped
from plugins.in_s3 import BLOCK, S3Input
from tests import aws
from tests.aws import Service, of_nobody, refuse
from tests.drivers import configured
from tests.servers import LOCALHOST, Certificates, closed_port, until

BODY = random.Random(7).randbytes(3 * BLOCK + 12345)  # noqa: S311
ETAG = f'"{hashlib.md5(BODY, usedforsecurity=False).hexdigest()}"'
MODIFIED = "Fri, 24 May 2024 07:32:05 GMT"


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    of_nobody(monkeypatch, tmp_path)


def opened(**options):
    plugin = configured(S3Input(), "in_s3", **{"timeout": "5s", "tries": "2", **options})
    plugin.open()
    return plugin


def read(plugin, key="key", *alternates, bucket="sample-bucket"):
    source = Source(bucket, key, alternates=alternates)
    return b"".join(plugin.read(source)), source


# --- moto


@pytest.fixture(scope="module")
def moto():
    with aws.moto() as url:
        yield url


@pytest.fixture(scope="module")
def bucket(moto):
    client = boto3.client("s3", "us-east-1", endpoint_url=moto, aws_access_key_id="testing", aws_secret_access_key="testing")
    client.create_bucket(Bucket="sample-bucket")
    return client


def test_an_object_comes_in_blocks_with_its_size_version_and_time(moto, bucket):
    stored = bucket.put_object(Bucket="sample-bucket", Key="big", Body=BODY)
    source = Source("sample-bucket", "big")
    blocks = list(opened(endpoint_url=moto).read(source))
    assert b"".join(blocks) == BODY
    assert max(map(len, blocks)) <= BLOCK
    assert (source.size, source.etag, source.modified.tzinfo is not None) == (len(BODY), stored["ETag"], True)


def test_an_empty_object_is_a_source_of_no_bytes(moto, bucket):
    bucket.put_object(Bucket="sample-bucket", Key="empty", Body=b"")
    assert read(opened(endpoint_url=moto), "empty")[0] == b""


@pytest.mark.parametrize(
    "key",
    [
        "a b.log",
        "a+b.log",
        "a%41%2Bb%20.log",
        "日本/é.log",
        "quote'\"`$(x);&=?#.log",
        "a//b",
        "./../x",
        " lead and trail ",
        "x:y@z,~*!()[]{}|\\^<>",
        "e\u0301",
        "💡",
        "k" * 1024,
    ],
)
def test_awkward_keys_are_read_as_they_are(moto, bucket, key):
    bucket.put_object(Bucket="sample-bucket", Key=key, Body=key.encode())
    body, source = read(opened(endpoint_url=moto, addressing_style="path"), key)
    assert (body, source.key) == (key.encode(), key)


def test_keys_that_differ_only_in_their_escapes_are_different_objects(moto, bucket):
    spellings = ["p+q r", "p q r", "p%20q r", "p%2Bq r"]
    for key in spellings:
        bucket.put_object(Bucket="sample-bucket", Key=key, Body=b"is " + key.encode())
    assert [read(opened(endpoint_url=moto), key)[0] for key in spellings] == [b"is " + key.encode() for key in spellings]


def test_aws_endpoint_url_serves_when_no_option_does(moto, bucket, monkeypatch):
    bucket.put_object(Bucket="sample-bucket", Key="x", Body=b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    assert read(opened(), "x")[0] == b"x"


def test_the_option_wins_over_aws_endpoint_url(moto, bucket, monkeypatch):
    bucket.put_object(Bucket="sample-bucket", Key="x", Body=b"x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{LOCALHOST}:{closed_port()}")
    assert read(opened(endpoint_url=moto), "x")[0] == b"x"


def test_alternates_are_tried_in_turn_and_the_one_found_is_the_key(moto, bucket):
    bucket.put_object(Bucket="sample-bucket", Key="raw %2B", Body=b"raw")
    body, source = read(opened(endpoint_url=moto), "no such", "neither", "raw %2B", "x")
    assert (body, source.key, source.alternates) == (b"raw", "raw %2B", ())


def test_a_key_that_does_not_exist_is_gone_in_any_spelling(moto, bucket):
    plugin = opened(endpoint_url=moto)
    for alternates in ((), ("nor this",)):
        with pytest.raises(SourceGone, match=r"^s3://sample-bucket/missing: it does not exist \(any more\)$"):
            read(plugin, "missing", *alternates)


def test_a_bucket_that_does_not_exist_is_gone_and_says_so(moto, bucket):
    with pytest.raises(SourceGone, match=r"s3://no-such-bucket/x: the bucket does not exist"):
        read(opened(endpoint_url=moto), "x", bucket="no-such-bucket")


def test_an_archived_object_is_skipped_with_what_to_do(moto, bucket):
    bucket.put_object(Bucket="sample-bucket", Key="cold", Body=b"x", StorageClass="GLACIER")
    with pytest.raises(SourceSkipped, match=r"^archived \(GLACIER\): s3://sample-bucket/cold has to be restored"):
        read(opened(endpoint_url=moto), "cold")


# --- servers that misbehave


def answer(handler, status, body=b"", length=None, **headers):
    aws.answer(handler, status, body, length, **{"ETag": ETAG, "Last_Modified": MODIFIED, **headers})


def whole(handler):
    """The object, or the range asked for."""
    asked = handler.headers.get("Range")
    if not asked:
        return answer(handler, 200, BODY)
    start = int(asked.removeprefix("bytes=").removesuffix("-"))
    return answer(handler, 206, BODY[start:], Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")


def cut(size, **headers):
    """The object, or the range asked for, but only so many bytes of it; then the connection ends."""

    def step(handler):
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        more = {"Content_Range": f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"} if "Range" in handler.headers else {}
        answer(handler, 206 if more else 200, BODY[start : start + size], len(BODY) - start, **more, **headers)
        handler.close_connection = True

    return step


def given(*steps, key="key", alternates=(), version="", done=frozenset(), **options):
    """Read from a service of these steps; return the body or the error, the service and the source."""
    with Service(*steps) as service:
        source = Source("sample-bucket", key, alternates=alternates, version=version, done=done)
        plugin = opened(endpoint_url=service.url, addressing_style="path", **options)
        got = bytearray()
        try:
            for block in plugin.read(source):
                got += block
        except SourceError as why:
            return why, service, source
        return bytes(got), service, source


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 77, len(BODY) - 1])
def test_a_transfer_cut_in_the_middle_goes_on_where_it_broke_whole_and_once(size):
    body, service, source = given(cut(size), whole)
    assert body == BODY
    assert (source.size, source.etag) == (len(BODY), ETAG)
    assert service.header("Range") == [None, f"bytes={size}-"]
    assert service.header("If-Match") == [None, ETAG]


def test_a_transfer_cut_before_its_first_byte_is_asked_for_anew():
    body, service, _ = given(cut(0), whole)
    assert body == BODY
    assert service.header("Range") == [None, None]


def test_a_transfer_cut_again_and_again_goes_on_until_the_tries_are_used_up():
    body, service, _ = given(cut(BLOCK + 5), cut(BLOCK + 5), cut(BLOCK + 5), whole, tries="4")
    assert body == BODY
    starts = [int(asked[6:-1]) for asked in service.header("Range")[1:]]
    assert starts == sorted(starts)
    why, service, _ = given(cut(BLOCK), cut(0), tries="3")
    assert isinstance(why, SourceError)
    assert f"broke off after {BLOCK} of {len(BODY)} bytes, 3 times" in str(why)
    assert len(service.requests) == 3


def whole_of_another(handler):
    """A service that does not know If-Match."""
    start = int(handler.headers["Range"][6:-1])
    answer(handler, 206, BODY[start:], ETag='"other"', Content_Range=f"bytes {start}-{len(BODY) - 1}/{len(BODY)}")


@pytest.mark.parametrize("step", [refuse(412, "PreconditionFailed"), whole_of_another])
def test_an_object_replaced_while_it_is_read_is_an_error_and_no_mixture(step):
    why, service, _ = given(cut(2 * BLOCK), step)
    assert type(why) is SourceError
    assert str(why) == "s3://sample-bucket/key was replaced while it was read: load it again"
    assert service.header("If-Match")[1] == ETAG


def test_a_service_that_ignores_the_range_does_not_make_anything_come_twice():
    why, _, _ = given(cut(2 * BLOCK), lambda handler: answer(handler, 200, BODY))
    assert "the service cannot resume (it ignores Range)" in str(why)


def test_an_object_without_a_version_is_not_put_together_from_pieces():
    why, service, _ = given(cut(2 * BLOCK, ETag=None), whole)
    assert "broke off after" in str(why)
    assert len(service.requests) == 1


def test_a_service_that_tells_neither_version_nor_time_is_read_all_the_same():
    body, _, source = given(lambda handler: answer(handler, 200, BODY, ETag=None, Last_Modified=None))
    assert (body, source.etag, source.modified) == (BODY, "", None)


def test_a_wrong_checksum_is_an_error():
    why, service, _ = given(lambda handler: answer(handler, 200, BODY, x_amz_checksum_crc32="AAAAAA=="))
    assert type(why) is SourceError
    assert "checksum" in str(why)
    assert len(service.requests) == 1


def test_an_object_gone_between_two_tries_is_gone():
    why, _, _ = given(cut(2 * BLOCK), refuse(404, "NoSuchKey"))
    assert isinstance(why, SourceGone)


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (503, None), (429, "TooManyRequests")])
def test_a_service_that_is_busy_is_asked_again(status, code):
    body, service, _ = given(refuse(status, code), whole)
    assert (body, len(service.requests)) == (BODY, 2)


def test_a_service_that_stays_busy_is_an_error_of_the_source():
    why, service, _ = given(refuse(503, "SlowDown", "Please reduce your request rate"))
    assert type(why) is SourceError
    assert "SlowDown" in str(why)
    assert len(service.requests) == 2


@pytest.mark.parametrize("code", ["AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", None])
def test_a_refusal_is_denied_and_says_what_is_needed(code):
    why, service, _ = given(refuse(403, code))
    assert isinstance(why, SourceDenied)
    assert f"s3://sample-bucket/key: {code or 403}: these credentials need s3:GetObject" in str(why)
    assert len(service.requests) == 1


def test_an_archived_storage_class_is_skipped_at_the_first_try():
    why, service, _ = given(refuse(403, "InvalidObjectState", "The operation is not valid for the object's storage class"))
    assert isinstance(why, SourceSkipped)
    assert len(service.requests) == 1


def test_a_missing_key_denied_to_who_may_not_list_is_looked_for_in_its_other_spellings():
    body, service, source = given(refuse(403, "AccessDenied"), whole, key="a+b", alternates=("a b",))
    assert (body, source.key) == (BODY, "a b")
    assert [path.split("?")[0] for path, _ in service.requests] == ["/sample-bucket/a%2Bb", "/sample-bucket/a%20b"]


@pytest.mark.parametrize("steps", [(refuse(403, "AccessDenied"), refuse(404, "NoSuchKey")), (refuse(404, "NoSuchKey"), refuse(403, "AccessDenied"))])
def test_a_key_denied_in_one_spelling_is_never_told_to_be_gone(steps):
    why, _, source = given(*steps, alternates=("a b",))
    assert isinstance(why, SourceDenied)
    assert source.key == "key"


@pytest.mark.parametrize("steps", [(refuse(404, "NoSuchKey"),), (refuse(404),)])
def test_not_found_is_gone_also_without_a_word_of_why(steps):
    why, _, _ = given(*steps)
    assert isinstance(why, SourceGone)


def test_a_broken_answer_is_an_error_of_the_source():
    for step in (refuse(400, "Strange", "no <b>XML"), lambda handler: answer(handler, 302, b"<html>")):
        why, _, _ = given(step, tries="1")
        assert type(why) is SourceError
        assert str(why).startswith("s3://sample-bucket/key")


def test_nobody_there_is_an_error_of_the_source():
    plugin = opened(endpoint_url=f"http://{LOCALHOST}:{closed_port()}", tries="1")
    with pytest.raises(SourceError, match=r"s3://sample-bucket/key cannot be read: Could not connect"):
        read(plugin)


def test_a_service_that_falls_silent_is_given_up_after_the_timeout():
    released = threading.Event()

    def silent(handler):
        answer(handler, 200, BODY[:BLOCK], len(BODY))
        handler.wfile.flush()
        released.wait(20)

    try:
        why, _, _ = given(silent, tries="1", timeout="200ms")
    finally:
        released.set()
    assert "broke off after" in str(why)
    assert "Read timeout" in str(why)


@pytest.mark.parametrize("key", ["line\nbreak\ttab", "\x01\x7f", "a\r\nHost: evil"])
def test_a_key_with_control_characters_is_asked_for_as_it_is(key):
    body, service, source = given(whole, key=key)
    assert (body, source.key) == (BODY, key)
    assert urllib.parse.unquote(service.requests[0][0].split("?")[0]) == f"/sample-bucket/{key}"


@pytest.mark.parametrize(("style", "path"), [("path", "/sample-bucket/a%20b"), ("auto", "/sample-bucket/a%20b")])
def test_a_service_without_host_names_for_buckets_is_asked_by_path(style, path):
    with Service(whole) as service:
        assert read(opened(endpoint_url=service.url, addressing_style=style), "a b")[0] == BODY
        assert service.requests[0][0].split("?")[0] == path
        assert service.header("Host")[0].startswith(LOCALHOST)


def test_the_region_of_the_option_signs_the_request():
    with Service(whole) as service:
        read(opened(endpoint_url=service.url, region="eu-central-1"))
        read(opened(endpoint_url=service.url))
        regions = [value.split("/")[2] for value in service.header("Authorization")]
    assert regions == ["eu-central-1", "us-east-1"]


# --- a version, and what is done already


def queries(service):
    return [dict(urllib.parse.parse_qsl(path.partition("?")[2])) for path, _ in service.requests]


def test_the_version_that_a_notice_names_is_read_and_not_the_latest(moto, bucket):
    bucket.create_bucket(Bucket="versioned")
    bucket.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    first = bucket.put_object(Bucket="versioned", Key="x", Body=b"first")
    bucket.put_object(Bucket="versioned", Key="x", Body=b"second")
    plugin = opened(endpoint_url=moto)
    assert b"".join(plugin.read(Source("versioned", "x", version=first["VersionId"]))) == b"first"
    assert b"".join(plugin.read(Source("versioned", "x"))) == b"second"


def test_a_transfer_that_broke_goes_on_in_the_same_version():
    body, service, _ = given(cut(BLOCK), whole, version="v1")
    assert body == BODY
    assert [query["versionId"] for query in queries(service)] == ["v1", "v1"]


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (404, "NoSuchVersion", "this version of it does not exist (any more)"),
        (405, "MethodNotAllowed", "this version is a delete marker: the object was deleted"),
    ],
)
def test_a_version_that_is_no_more_is_gone(status, code, said):
    why, service, _ = given(refuse(status, code), version="v1")
    assert isinstance(why, SourceGone)
    assert str(why) == f"s3://sample-bucket/key: {said}"
    assert len(service.requests) == 1


def test_a_version_that_is_denied_names_the_permission_for_versions():
    why, _, _ = given(refuse(403, "AccessDenied"), version="v1")
    assert "these credentials need s3:GetObjectVersion on it" in str(why)


@pytest.mark.parametrize("done", [ETAG, ETAG.strip('"')])
def test_a_source_that_is_done_is_asked_for_with_if_none_match_and_skipped(moto, bucket, done):
    bucket.put_object(Bucket="sample-bucket", Key="done", Body=BODY)
    source = Source("sample-bucket", "done", done=frozenset({done}))
    with pytest.raises(SourceSkipped, match=r"^done already: unchanged since .*--force"):
        list(opened(endpoint_url=moto).read(source))
    why, service, _ = given(refuse(304), done=frozenset({done}))
    assert isinstance(why, SourceSkipped)
    assert service.header("If-None-Match") == [ETAG]


def unsent(handler):
    """The head of a reply whose body never comes."""
    answer(handler, 200, b"", len(BODY))
    handler.wfile.flush()


@pytest.mark.parametrize("done", [{ETAG}, {"other", ETAG.strip('"')}])
def test_a_done_object_is_not_read_where_the_service_does_not_know_the_condition_or_several_are_done(done):
    why, service, _ = given(unsent, done=frozenset(done), tries="1", timeout="5s")
    assert isinstance(why, SourceSkipped)
    assert service.header("If-None-Match") == [ETAG if len(done) == 1 else None]


def test_an_object_that_has_changed_since_it_was_done_is_read():
    body, _, source = given(whole, done=frozenset({"another"}))
    assert (body, source.etag) == (BODY, ETAG)


# --- a large object, as ranges

PART = BLOCK
LARGE = random.Random(8).randbytes(6 * PART + 777)  # noqa: S311
STARTS = range(2 * PART, len(LARGE), PART)  # the stream gives the first two


class Large:
    """A service that has LARGE. ``faults`` are, by the first byte asked for, what becomes of each request for that, in turn; then all is well."""

    def __init__(self, ranges=True, **headers):
        self.ranges, self.headers, self.faults, self.asked = ranges, headers, {}, []

    def __call__(self, handler):
        asked = handler.headers.get("Range")
        self.asked.append((asked, handler.headers.get("If-Match")))
        first, _, last = (asked or "bytes=0-").removeprefix("bytes=").partition("-")
        start, stop = int(first), int(last or len(LARGE) - 1) + 1
        if fault := self.faults.get(start):
            return fault.pop(0)(handler, start, stop)
        if asked and self.ranges:
            return self.answer(handler, start, stop)
        return answer(handler, 200, LARGE, **self.headers)

    def answer(self, handler, start, stop, size=None, **headers):
        body, whole = LARGE[start:stop][:size], {} if start == 0 else {"Content_Range": f"bytes {start}-{stop - 1}/{len(LARGE)}"}
        answer(handler, 206 if whole else 200, body, stop - start, **(whole or self.headers), **headers)
        handler.close_connection = len(body) < stop - start

    def cut(self, size):
        return lambda handler, start, stop: self.answer(handler, start, stop, size)

    def of_another(self, handler, start, stop):
        answer(handler, 206, LARGE[start:stop], ETag='"other"', Content_Range=f"bytes {start}-{stop - 1}/{len(LARGE)}")


def refused(*arguments):
    return lambda handler, start, stop: refuse(*arguments)(handler)


def large(service, done=None, **options):
    """Read LARGE, up to the number of blocks ``done``; return the body or the error."""
    with Service(service) as running:
        plugin = opened(endpoint_url=running.url, addressing_style="path", range_bytes="1m", **options)
        plugin.backoff.first = 0.001
        source = Source("sample-bucket", "key")
        blocks = plugin.read(source)
        try:
            body = b"".join(itertools.islice(blocks, done))
        except SourceError as why:
            return why
        blocks.close()
        assert (source.size, source.etag) == (len(LARGE), ETAG)
        return body


def range_of(start):
    return f"bytes={start}-{min(start + PART, len(LARGE)) - 1}"


def test_a_large_object_is_fetched_as_ranges_of_the_version_that_was_opened():
    service = Large()
    assert large(service) == LARGE
    assert service.asked[0] == (None, None)
    assert sorted(service.asked[1:]) == sorted((range_of(start), ETAG) for start in STARTS)


def test_a_large_object_of_moto_comes_whole_as_ranges(moto, bucket):
    bucket.put_object(Bucket="sample-bucket", Key="large", Body=LARGE)  # with a checksum, which boto3 adds
    plugin = opened(endpoint_url=moto, range_bytes="1m")
    asked = []
    plugin.s3.meta.events.register("before-send.s3.GetObject", lambda request, **_: asked.append(request.headers.get("Range")))
    assert read(plugin, "large")[0] == LARGE
    assert len(asked) == 1 + len(STARTS)


@pytest.mark.parametrize(
    ("service", "options"),
    [
        (Large(), {"range_reads": "1"}),
        (Large(), {"range_bytes": "2m"}),
        (Large(Accept_Ranges="none"), {}),
    ],
    ids=["switched off", "fewer than four", "the service knows none"],
)
def test_an_object_is_read_as_one_stream_where_ranges_are_not_for_it(service, options):
    with Service(service) as running:
        plugin = opened(endpoint_url=running.url, addressing_style="path", **{"range_bytes": "1m", **options})
        assert read(plugin)[0] == LARGE
    assert service.asked == [(None, None)]


@pytest.mark.parametrize("sound", [True, False])
def test_the_checksum_of_a_large_object_is_looked_at_over_all_ranges(sound):
    service = Large(x_amz_checksum_crc32=base64.b64encode(zlib.crc32(LARGE if sound else BODY).to_bytes(4, "big")).decode())
    found = large(service)
    assert len(service.asked) == 1 + len(STARTS)
    assert found == LARGE if sound else "s3://sample-bucket/key has not come as it is stored: its checksum is another" in str(found)


def test_a_service_that_ignores_ranges_gives_one_stream():
    service = Large(ranges=False)
    assert large(service) == LARGE
    assert {asked for asked, _ in service.asked[1:]} <= {range_of(start) for start in STARTS[:4]}


@pytest.mark.parametrize("size", [0, 1, PART // 2, PART - 1])
def test_a_range_that_is_cut_goes_on_where_it_broke_and_all_comes_once(size):
    service = Large()
    service.faults = {start: [service.cut(size)] for start in STARTS}
    assert large(service) == LARGE
    again = sorted(int(asked[6:].partition("-")[0]) for asked, _ in service.asked[1:])
    assert again == sorted([*STARTS, *(start + min(size, len(LARGE) - start) for start in STARTS if start + size < len(LARGE))])
    assert {etag for _, etag in service.asked[1:]} == {ETAG}


def test_each_range_has_its_own_tries():
    service = Large()
    service.faults = {start: [service.cut(0), service.cut(0)] for start in STARTS}
    assert large(service, tries="3") == LARGE
    service.faults = {4 * PART: [service.cut(0)] * 3}
    why = large(service, tries="3")
    assert type(why) is SourceError
    assert f"broke off after {4 * PART} of {len(LARGE)} bytes, 3 times" in str(why)


def test_a_range_that_the_service_is_too_busy_for_is_asked_for_again():
    service = Large()
    service.faults = {start: [refused(503, "SlowDown")] for start in STARTS[::4]}
    assert large(service) == LARGE
    assert len(service.asked) == 3 + len(STARTS)


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (refused(412, "PreconditionFailed"), SourceError, "s3://sample-bucket/key was replaced while it was read: load it again"),
        (Large().of_another, SourceError, "s3://sample-bucket/key was replaced while it was read: load it again"),
        (refused(404, "NoSuchKey"), SourceGone, "it does not exist (any more)"),
        (refused(403, "AccessDenied"), SourceDenied, "these credentials need s3:GetObject"),
        (refused(400, "ExpiredToken"), SourceError, "the credentials have expired: renew them"),
    ],
)
def test_what_refuses_a_later_range_is_the_error_of_the_object(fault, kind, said):
    service = Large()
    service.faults = {3 * PART: [fault]}
    why = large(service, tries="1")
    assert type(why) is kind
    assert said in str(why)


@pytest.mark.parametrize(("begin", "end"), [(0, 2 * PART), (0, PART - 1), (1, PART)])
@pytest.mark.parametrize("at", [2, 4])
def test_a_range_that_gives_more_or_another_than_was_asked_for_is_not_taken(at, begin, end):
    service = Large()
    service.faults = {at * PART: [lambda handler, start, stop: service.answer(handler, start + begin, start + end)] * 2}
    found = large(service)
    assert found == LARGE if at == 2 else "the service cannot resume (it ignores Range)" in str(found)


def test_what_refuses_the_first_range_leaves_the_stream_that_is_open():
    service = Large()
    service.faults = {2 * PART: [refused(412, "PreconditionFailed")]}
    assert large(service) == LARGE


@pytest.mark.parametrize("blocks", [1, 3, 6])
def test_a_reader_that_stops_early_leaves_no_thread_behind(blocks):
    service = Large()
    assert large(service, done=blocks) == LARGE[: blocks * BLOCK]
    until(lambda: "range" not in [thread.name for thread in threading.enumerate()])
    assert len(service.asked) <= 1 + len(STARTS)


def test_a_range_that_hangs_is_given_up_after_the_timeout():
    released, service = threading.Event(), Large()

    def hang(handler, start, stop):
        released.wait(10)

    service.faults = {3 * PART: [hang] * 2}
    try:
        why = large(service, tries="1", timeout="200ms")
    finally:
        released.set()
    assert "Read timeout" in str(why)


def test_ranges_smaller_than_a_block_are_a_mistake():
    with pytest.raises(ValueError, match="'64k' is less than 1m"):
        opened(range_bytes="64k")


# --- what a refusal means


@pytest.mark.parametrize("status", [403, 400])
def test_an_archived_object_is_skipped_with_its_storage_class(status):
    why, _, _ = given(refuse(status, "InvalidObjectState", "no", "<StorageClass>DEEP_ARCHIVE</StorageClass>"))
    assert isinstance(why, SourceSkipped)
    assert str(why) == "archived (DEEP_ARCHIVE): s3://sample-bucket/key has to be restored before it can be read"


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (400, "ExpiredToken", "the credentials have expired: renew them"),
        (400, "InvalidToken", "the credentials have expired: renew them"),
        (403, "RequestTimeTooSkewed", "the clock of this machine differs from that of the service: set it (NTP)"),
        (403, "RequestExpired", "the clock of this machine differs"),
        (503, "SlowDown", "the service asks for fewer requests"),
        (500, "InternalError", "InternalError"),
        (301, "PermanentRedirect", "the bucket is in another region"),
        (400, "KMS.ThrottlingException", "fewer requests"),
    ],
)
def test_a_refusal_that_may_pass_is_transient_and_says_what_to_do(status, code, said):
    why, _, _ = given(refuse(status, code), tries="1")
    assert (type(why), why.failure) == (SourceError, "transient")
    assert code in str(why)
    assert said in str(why)


@pytest.mark.parametrize("code", ["KMS.DisabledException", "KMS.KMSInvalidStateException", "KMS.NotFoundException"])
def test_a_key_of_kms_that_cannot_be_used_is_denied(code):
    why, _, _ = given(refuse(400, code, "arn:aws:kms:... is disabled."))
    assert isinstance(why, SourceDenied)
    assert str(why) == f"s3://sample-bucket/key: {code}: the KMS key that encrypts it cannot be used: arn:aws:kms:... is disabled."


def test_an_object_under_a_key_of_its_owner_is_denied():
    why, _, _ = given(refuse(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption."))
    assert isinstance(why, SourceDenied)
    assert "SSE-C" in str(why)


def test_a_bucket_that_can_have_no_such_name_is_gone():
    plugin = opened()
    with pytest.raises(SourceGone, match="cannot be read: Parameter validation failed"):
        read(plugin, bucket="no bucket/")


def test_a_service_in_trouble_is_asked_at_a_slower_and_slower_pace_until_it_is_well(monkeypatch):
    pauses = []
    plugin = configured(S3Input(), "in_s3", tries="1", timeout="5s")
    with Service(*[refuse(503, "SlowDown")] * 6, whole) as service:
        plugin.endpoint_url, plugin.addressing_style = service.url, "path"
        plugin.open()
        monkeypatch.setattr(plugin.backoff, "wait", lambda: pauses.append(plugin.backoff.failures))
        for _ in range(6):
            with pytest.raises(SourceError):
                read(plugin)
        read(plugin)
        read(plugin)
    assert pauses == [0, 1, 2, 3, 4, 5, 6, 0]


def test_a_transfer_that_breaks_and_gets_on_does_not_wait_longer_each_time(monkeypatch):
    pauses = []
    plugin = configured(S3Input(), "in_s3", tries="9", timeout="5s")
    with Service(cut(BLOCK), cut(BLOCK), cut(0), cut(0), whole) as service:
        plugin.endpoint_url, plugin.addressing_style = service.url, "path"
        plugin.open()
        monkeypatch.setattr(plugin.backoff, "wait", lambda: pauses.append(plugin.backoff.failures))
        assert read(plugin)[0] == BODY
    assert pauses == [0, 1, 1, 2, 3]


def test_what_is_gone_or_denied_does_not_slow_down_the_others():
    plugin = configured(S3Input(), "in_s3", tries="1", timeout="5s")
    with Service(refuse(404, "NoSuchKey"), refuse(403, "AccessDenied"), refuse(403, "InvalidObjectState"), refuse(304)) as service:
        plugin.endpoint_url, plugin.addressing_style = service.url, "path"
        plugin.open()
        for _ in range(4):
            with pytest.raises(SourceError):
                read(plugin)
    assert plugin.backoff.failures == 0


def test_the_requester_pays_and_the_owner_is_checked_where_the_options_say_so():
    _, service, _ = given(cut(BLOCK), whole, requester_pays="yes", expected_bucket_owner="123456789012")
    assert service.header("x-amz-request-payer") == ["requester", "requester"]
    assert service.header("x-amz-expected-bucket-owner") == ["123456789012", "123456789012"]
    _, service, _ = given(whole)
    assert service.header("x-amz-request-payer") == [None]


# --- several sections


def test_a_section_serves_the_buckets_that_its_globs_name():
    one = configured(S3Input(), "in_s3:audit", buckets="audit-*, other")
    assert [bucket for bucket in ("audit-1", "other", "Audit-1", "others", "") if one.serves(bucket)] == ["audit-1", "other"]
    assert not configured(S3Input(), "in_s3").serves("audit-1")


def test_the_environment_of_the_es_loader_gives_sections(monkeypatch):
    assert S3Input.of_environment() == {}
    monkeypatch.setenv("SECURITY_LAKE_ROLE_ARN", "arn:aws:iam::123456789012:role/lake")
    assert list(S3Input.of_environment()) == ["in_s3:security-lake"]


# --- TLS


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


def test_a_service_with_a_ca_of_its_own_is_trusted_with_ca_bundle(certificates):
    with Service(whole, tls=certificates.server()) as service:
        assert read(opened(endpoint_url=service.url, ca_bundle=str(certificates.ca_file)))[0] == BODY


def test_without_the_ca_the_error_says_what_to_give(certificates):
    with Service(whole, tls=certificates.server()) as service:
        with pytest.raises(SourceError, match=r"CERTIFICATE_VERIFY_FAILED.*give its certificate as ca_bundle"):
            read(opened(endpoint_url=service.url, tries="1"))
        assert service.requests == []


def test_a_certificate_for_another_host_is_not_trusted(certificates):
    with (
        Service(whole, tls=certificates.server("other.example")) as service,
        pytest.raises(SourceError, match="hostname '127.0.0.1' doesn't match 'other.example'$"),
    ):
        read(opened(endpoint_url=service.url, tries="1", ca_bundle=str(certificates.ca_file)))


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_ca_bundle_that_cannot_be_used_stops_the_program(tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"\[in_s3\] ca_bundle: .*ca\.pem"):
        opened(ca_bundle=str(path))


# --- what has to be known beforehand


def test_without_credentials_the_program_stops_and_says_what_to_set(monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigError, match="no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with a role"):
        opened()


def test_half_of_the_credentials_stop_the_program(monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigError, match=r"\[in_s3\] .*AWS_SECRET_ACCESS_KEY"):
        opened()


def test_a_profile_that_does_not_exist_stops_the_program(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match=r"\[in_s3\] .*nobody"):
        opened()


def test_an_endpoint_that_is_no_url_stops_the_program():
    with pytest.raises(ConfigError, match=r"\[in_s3\] .*no url at all"):
        opened(endpoint_url="no url at all")
