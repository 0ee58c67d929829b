"""``faults/service.py``: moto behind the proxy, as a client finds it."""

from __future__ import annotations

import boto3
import pytest

from faults import answers, service


@pytest.fixture(scope="module")
def running():
    with service.Service() as started:
        started.s3.create_bucket(Bucket="bucket")
        started.s3.put_object(Bucket="bucket", Key="a b", Body=b"0123456789")
        yield started


def test_the_program_is_led_to_the_proxy_and_gets_what_the_service_has(running):
    client = through(running)
    assert client.get_object(Bucket="bucket", Key="a b")["Body"].read() == b"0123456789"
    assert client.get_object(Bucket="bucket", Key="a b", Range="bytes=3-")["Body"].read() == b"3456789"
    assert client.head_object(Bucket="bucket", Key="a b")["ContentLength"] == 10


def test_a_body_that_is_cut_is_an_error_to_the_client(running):
    with running.made(answers.truncated()):
        body = through(running).get_object(Bucket="bucket", Key="a b")["Body"]
        with pytest.raises(Exception, match=r"5 bytes read|IncompleteRead"):
            body.read()
    assert running.fault is answers.healthy


def test_a_fault_that_nobody_met_is_no_test(running):
    with pytest.raises(AssertionError, match="no answer was faulty"), running.made(answers.expired(10, 20)):
        through(running).get_object(Bucket="bucket", Key="a b")["Body"].read()


def through(running):
    found = running.environment
    return boto3.client("s3", region_name="us-east-1", endpoint_url=found["AWS_ENDPOINT_URL"], aws_access_key_id="test", aws_secret_access_key="test")
