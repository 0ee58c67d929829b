"""The hook of S3 server access logs at its edges; whole records are in tests/logtypes."""

import pytest

from siem.sf_s3accesslog import transform


def access(operation="REST.GET.OBJECT", *, cloud=None, **fields):
    objects = {"event": {}, "http": {"request": {"id": "1"}, "response": {}}, "tls": {}, "user": {}, "file": {}, "related": {}, "cloud": cloud or {}}
    return transform({**objects, "operation": operation, **fields})


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
    assert record["related"].get("user", []) == names
    assert record["cloud"].get("origin", {}).get("account", {}).get("id") == account


@pytest.mark.parametrize("requester", ["-", None, ""])
def test_nobody_asked(requester):
    record = access(requester=requester)
    assert record["user"] == record["related"] == record["cloud"] == {}


@pytest.mark.parametrize(("key", "path"), [("a%20b/%E6%97%A5", "a b/日"), ("a+b", "a+b"), ("100%", "100%"), ("%ff", "\ufffd")])
def test_keys_are_decoded_once(key, path):
    assert access(key=key)["file"]["path"] == path


@pytest.mark.parametrize("uri", ["-", None])
def test_no_request_leaves_the_request_id(uri):
    record = access(request_uri=uri)
    assert record["http"]["request"] == {"id": "1"}
    assert "url" not in record


def test_request_joins_what_was_mapped():
    record = access(request_uri="GET /a?acl HTTP/1.1")
    assert record["http"] == {"request": {"id": "1", "method": "GET"}, "response": {}, "version": "1.1"}
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
    assert access(endpoint=host)["cloud"].get("region") == region


def test_region_of_the_log_object_stands():
    assert access(endpoint="b.s3.us-west-2.amazonaws.com", cloud={"region": "eu-west-1"})["cloud"]["region"] == "eu-west-1"


@pytest.mark.parametrize(("total", "duration"), [("12", 12_000_000), ("-", None), (None, None)])
def test_duration(total, duration):
    assert access(totaltime=total)["event"].get("duration") == duration


def test_a_site_may_map_less():
    record = transform({"event": {}, "key": "a", "requester": "svc:x", "request_uri": "GET / HTTP/1.1", "endpoint": "h", "tlsversion": "TLSv1.2"})
    assert record["file"] == {"path": "a"}
    assert record["user"] == {"name": "x"}
