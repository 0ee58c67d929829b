"""``faults/answers.py``: what the service on a bad day answers, and to which requests."""

from __future__ import annotations

import json

from faults import answers
from faults.answers import Answer, Request

HEALTHY = Answer(200, {}, b"0123456789")


def get(key):
    return Request("GET", f"/bucket/{key}", {}, b"")


def sqs(operation):
    return Request("POST", "/", {"x-amz-target": f"AmazonSQS.{operation}"}, b"{}")


def statuses(fault, *requests):
    return [fault(request, lambda request: HEALTHY).status for request in requests]


def test_requests_are_told_apart():
    assert (get("a%20b").key, get("a").operation) == ("bucket/a b", "")
    assert (sqs("ReceiveMessage").key, sqs("ReceiveMessage").operation) == ("", "ReceiveMessage")
    assert Request("GET", "/", {}, b"").key == "", "a list of buckets is no object"


def test_one_of_four_objects_is_unavailable_twice():
    assert statuses(answers.unavailable(2), get("a"), get("a"), get("a"), get("b"), get("c"), get("d"), get("e"), sqs("x")) == [
        503, 503, 200, 200, 200, 200, 503, 200,
    ]  # fmt: skip


def test_an_object_is_cut_the_first_time_only_and_that_is_told():
    told = []
    fault = answers.truncated(told.append)
    assert [fault(get(key), lambda request: HEALTHY).cut for key in ("a", "a", "b")] == [5, None, 5]
    assert told == ["bucket/a", "bucket/b"]


def test_credentials_have_expired_for_a_while():
    fault = answers.expired(1, 3)
    assert statuses(fault, get("a"), sqs("x"), get("b"), get("c"), get("d")) == [200, 200, 400, 400, 200]


def test_a_third_of_the_requests_to_the_queue_are_throttled():
    assert statuses(answers.throttled(), sqs("a"), sqs("b"), get("x"), sqs("c"), sqs("d")) == [400, 200, 200, 200, 400]


def test_messages_come_twice_and_the_second_time_the_other_way_round():
    batches = [[1, 2, 3], [4], []]
    fault = answers.repeated()

    def relay(request):
        return Answer(200, {}, json.dumps({"Messages": batches.pop(0)} if batches[0] else {}).encode())

    received = [json.loads(fault(sqs("ReceiveMessage"), relay).body).get("Messages") for _ in range(5)]
    assert received == [[1, 2, 3], [3, 2, 1], [4], [4], None]
    assert fault(sqs("DeleteMessage"), lambda request: HEALTHY) is HEALTHY
