"""The hook of S3 server access logs at its edges; whole records are in tests/logtypes."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.stages.table import applier
from siem.sf_s3accesslog import DERIVED, path

PLAIN = "access/2024-05-24-08-00-00-0123456789ABCDEF"


def access(operation="REST.GET.OBJECT", *, log_key=PLAIN, **fields):
    return applier(DERIVED)({"http": {"request": {"id": "1"}}, "operation": operation, "@log_s3key": log_key, **fields})


@pytest.mark.parametrize(
    ("operation", "category", "kind"),
    [
        ("REST.GET.OBJECT", ["api", "file"], "access"),
        ("REST.HEAD.OBJECT", ["api", "file"], "access"),
        ("REST.COPY.OBJECT", ["api", "file"], "creation"),
        ("REST.COPY.OBJECT_GET", ["api", "file"], "access"),
        ("REST.POST.UPLOADS", ["api", "file"], "creation"),
        ("REST.POST.MULTI_OBJECT_DELETE", ["api", "file"], "deletion"),
        ("REST.POST.RESTORE", ["api", "file"], "change"),
        ("REST.POST.SELECT", ["api", "file"], "access"),
        ("BATCH.DELETE.OBJECT", ["api", "file"], "deletion"),
        ("S3.EXPIRE.OBJECT", ["api", "file"], "deletion"),
        ("S3.CREATE.DELETEMARKER", ["api", "file"], "deletion"),
        ("S3.TRANSITION_SIA.OBJECT", ["api", "file"], "change"),
        ("WEBSITE.GET.OBJECT", ["file", "web"], "access"),
        ("REST.GET.BUCKETPOLICY", ["api"], "access"),
        ("REST.PUT.BUCKET", ["api", "configuration"], "creation"),
        ("REST.PUT.LIFECYCLE", ["api", "configuration"], "change"),
        ("REST.DELETE.BUCKET", ["api", "configuration"], "deletion"),
        ("-", ["api", "configuration"], "change"),
    ],
)
def test_operation_makes_category_and_type(operation, category, kind):
    event = access(operation)["event"]
    assert (event["category"], event["type"]) == (category, [kind])


@pytest.mark.parametrize(
    ("operation", "status", "error", "outcome"),
    [
        ("REST.GET.OBJECT", "206", "-", "success"),
        ("REST.GET.OBJECT", "304", None, "success"),
        ("REST.GET.OBJECT", "403", "-", "failure"),
        ("REST.GET.OBJECT", "200", "InternalError", "failure"),
        ("REST.GET.OBJECT", "-", "-", "unknown"),
        ("S3.EXPIRE.OBJECT", "-", "-", "success"),
    ],
)
def test_outcome(operation, status, error, outcome):
    assert access(operation, httpstatus=status, errorcode=error)["event"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("requester", "name", "names", "account"),
    [
        ("arn:aws:iam::123456789012:user/ops/alice", "alice", ["alice"], "123456789012"),
        ("arn:aws:sts::123456789012:assumed-role/web/i-1", "web", ["i-1", "web"], "123456789012"),
        ("arn:aws:iam::123456789012:root", "root", ["root"], "123456789012"),
        ("svc:logging.s3.amazonaws.com", "logging.s3.amazonaws.com", ["logging.s3.amazonaws.com"], None),
        ("5a1f0e9b", None, [], None),
        ("arn:broken", None, [], None),
    ],
)
def test_requesters(requester, name, names, account):
    record = access(requester=requester)
    assert record.get("user", {}).get("name") == name
    assert record.get("related", {}).get("user", []) == names
    assert record.get("cloud", {}).get("origin", {}).get("account", {}).get("id") == account


@pytest.mark.parametrize("requester", ["-", None, ""])
def test_nobody_asked(requester):
    record = access(requester=requester)
    assert record.keys().isdisjoint({"user", "related", "cloud"})


@pytest.mark.parametrize(("key", "path"), [("a%20b/%E6%97%A5", "a b/日"), ("a+b", "a+b"), ("100%", "100%"), ("%ff", "\ufffd")])
def test_keys_are_decoded_once(key, path):
    assert access(key=key)["file"]["path"] == path


@given(st.text("ab/%2é日", max_size=12) | st.text(max_size=8).map(quote))
def test_a_key_is_decoded_as_urls_are(key):
    assert path(key) == unquote(key)


@pytest.mark.parametrize("host", ["-", None, ""])
def test_no_host_no_name_and_no_region(host):
    assert access(endpoint=host, request_uri="GET /a HTTP/1.1").keys().isdisjoint({"related", "cloud"})


def test_the_host_that_was_asked_is_the_domain():
    record = access(request_uri="GET http://a.example:80/x HTTP/1.1", endpoint="b.s3.us-west-2.amazonaws.com")
    assert record["url"] == {
        "original": "http://a.example:80/x", "scheme": "http", "domain": "b.s3.us-west-2.amazonaws.com", "port": 80, "path": "/x",
    }  # fmt: skip
    assert record["related"]["hosts"] == ["b.s3.us-west-2.amazonaws.com"]


@pytest.mark.parametrize("uri", ["-", None])
def test_no_request_leaves_the_request_id(uri):
    record = access(request_uri=uri)
    assert record["http"]["request"] == {"id": "1"}
    assert "url" not in record


def test_request_joins_what_was_mapped():
    record = access(request_uri="GET /a?acl HTTP/1.1")
    assert record["http"] == {"request": {"id": "1", "method": "GET"}, "version": "1.1"}
    assert record["url"] == {"original": "/a?acl", "path": "/a", "query": "acl"}


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("b.s3.us-west-2.amazonaws.com", "us-west-2"),
        ("my-eu-west-1-logs.s3.us-east-1.amazonaws.com", "us-east-1"),
        ("s3.dualstack.ap-south-1.amazonaws.com", "ap-south-1"),
        ("b.s3-website-eu-west-1.amazonaws.com", "eu-west-1"),
        ("b.s3.amazonaws.com", None),
        ("eu-west-1.example.com", None),
    ],
)
def test_host_tells_the_region(host, region):
    assert access(endpoint=host).get("cloud", {}).get("region") == region


@pytest.mark.parametrize("folder", ["logs/eu-west-1", "global", "123456789012/s3/us-west-2/b/2024"])
def test_region_that_the_key_of_the_log_object_tells_is_left_to_the_mapping(folder):
    assert "cloud" not in access(endpoint="b.s3.us-west-2.amazonaws.com", log_key=f"{folder}/2024-05-24-08-00-00-0123456789ABCDEF")


@pytest.mark.parametrize(("total", "duration"), [("12", 12_000_000), ("0", 0), ("-", None), (None, None), ("9" * 30, None)])
def test_duration(total, duration):
    assert access(totaltime=total)["event"].get("duration") == duration


def test_a_site_may_map_less():
    record = applier(DERIVED)({"key": "a", "requester": "svc:x", "request_uri": "GET / HTTP/1.1", "endpoint": "h", "tlsversion": "TLSv1.2"})
    assert record["file"] == {"path": "a"}
    assert record["user"] == {"name": "x"}
