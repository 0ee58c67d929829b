"""The hook of ALB access logs at its edges; whole records are in tests/logtypes."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.stages.table import applier
from siem.sf_alb import DERIVED, between, processing

CLIENT = {"server_name": "example.com"}


def access(**fields):
    return applier(DERIVED)({"http": {"response": {"status_code": 200}}, "tls": {"client": CLIENT}, **fields})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("200", "success"), ("101", "success"), ("304", "success"), ("404", "failure"), ("503", "failure"), ("-", "unknown"), (None, "unknown")],
)
def test_status_makes_the_outcome(status, outcome):
    assert access(elb_status_code=status)["event"]["outcome"] == outcome


@pytest.mark.parametrize(
    ("created", "answered", "duration"),
    [
        ("2024-05-24T07:32:05.100000Z", "2024-05-24T07:32:05.100007Z", 7000),
        ("2024-05-23T07:32:05.000000Z", "2024-05-24T07:32:06.000000Z", 86_401_000_000_000),
        ("2024-05-24T07:32:06Z", "2024-05-24T07:32:05Z", None),
        ("yesterday", "2024-05-24T07:32:05Z", None),
        ("2024-05-24T07:32:05", "2024-05-24T07:32:05Z", None),
    ],
)
def test_duration_is_between_request_and_answer(created, answered, duration):
    assert access(request_creation_time=created, timestamp=answered)["event"].get("duration") == duration


TIMES = st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2100, 1, 1), timezones=st.just(datetime.UTC))


@given(TIMES, st.timedeltas(datetime.timedelta(days=-2), datetime.timedelta(days=400)))
def test_duration_is_exact_to_the_microsecond_however_long(start, length):
    texts = [f"{time:%Y-%m-%dT%H:%M:%S.%fZ}" for time in (start, start + length)]
    nanoseconds = length // datetime.timedelta(microseconds=1) * 1000
    assert between(*texts) == (nanoseconds if nanoseconds >= 0 else None)


@pytest.mark.parametrize("odd", ["nan", "inf", "1e400"])
def test_processing_times_that_are_no_times_give_no_duration(odd):
    assert processing("0.001", odd, "0.000") is None


@pytest.mark.parametrize(
    ("times", "duration"),
    [(("0.001", "0.020", "0.000"), 21_000_000), (("0.001", "-1", "-1"), None), (("-", "-", "-"), None), ((None, None, None), None)],
)
def test_old_lines_tell_the_duration_in_three_parts(times, duration):
    names = ("request_processing_time", "target_processing_time", "response_processing_time")
    record = access(timestamp="2016-05-24T07:32:05Z", **dict(zip(names, times, strict=True)))
    assert record["event"].get("duration") == duration


def test_unreadable_request_with_a_host():
    record = access(request_verb="-", request_url="http://shop.example.com:80-", request_proto="-")
    assert record["url"] == {"original": "http://shop.example.com:80", "scheme": "http", "domain": "shop.example.com", "port": 80}
    assert record["related"] == {"hosts": ["shop.example.com"]}


def test_unreadable_request_without_anything():
    record = access(request_verb="-", request_url="-", request_proto="-")
    assert record.keys().isdisjoint({"url", "related"})
    assert "version" not in record["http"]


@pytest.mark.parametrize(
    ("line", "method", "path"), [("GET http://example.com/a b HTTP/1.1", "GET", "/a b"), ("PRI *", "PRI", None), ("\\x16\\x03", "\\x16\\x03", None)]
)
def test_request_that_is_not_three_words(line, method, path):
    record = access(request=line, request_verb=None, request_url=None, request_proto=None)
    assert record["http"]["request"]["method"] == method
    assert record.get("url", {}).get("path") == path


def test_hosts_are_the_names_asked_for():
    record = access(request_verb="GET", request_url="https://[2001:db8::1]:443/", request_proto="HTTP/1.1", domain_name="www.example.com")
    assert record["related"]["hosts"] == ["www.example.com"]
    assert record["url"]["domain"] == "2001:db8::1"


@pytest.mark.parametrize(("text", "found"), [("Root=1-a-b", "1-a-b"), ("Self=1-c-d;Root=1-a-b;x=y", "1-a-b")])
def test_trace_is_the_root(text, found):
    assert access(trace_id=text)["trace"] == {"id": found}


@pytest.mark.parametrize("text", ["-", None, "Self=1-c-d"])
def test_no_root_no_trace(text):
    assert "trace" not in access(trace_id=text)


def test_tls_only_where_it_was_used():
    assert access(ssl_protocol="TLSv1.3")["tls"] == {"client": CLIENT, "version_protocol": "tls", "version": "1.3"}
    assert access(ssl_protocol="-")["tls"] == {"client": CLIENT}


def test_a_site_may_map_less():
    record = applier(DERIVED)({"client_ip": "192.0.2.1", "request": "GET / HTTP/1.1", "ssl_protocol": "TLSv1.2", "domain_name": "example.com"})
    assert record["http"] == {"request": {"method": "GET"}, "version": "1.1"}
    assert record["related"] == {"hosts": ["example.com"]}
