"""What a service answers on a bad day: a fault gets the request and a way to ask the real service, and gives the answer."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Request:
    """What a client asks for."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> str:
        """The object that a GET of S3 wants, as bucket/key; empty for anything else."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path.lstrip("/"))
        return path if self.method == "GET" and "/" in path and not self.operation else ""

    @property
    def operation(self) -> str:
        """The operation of SQS; empty for requests to S3."""
        return self.headers.get("x-amz-target", "").removeprefix("AmazonSQS.")


@dataclasses.dataclass(frozen=True)
class Answer:
    """What it gets; of the body only the first ``cut`` bytes, and then the end of the connection."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: int | None = None


Relay = Callable[[Request], Answer]
Fault = Callable[[Request, Relay], Answer]


def healthy(request: Request, relay: Relay) -> Answer:
    """Answer as the service does."""
    return relay(request)


def s3_error(status: int, code: str) -> Answer:
    """Return an error of S3."""
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>made by a test</Message></Error>'
    return Answer(status, {"Content-Type": "application/xml"}, body.encode())


def sqs_error(code: str) -> Answer:
    """Return an error of SQS."""
    body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "made by a test"})
    return Answer(400, {"Content-Type": "application/x-amz-json-1.0"}, body.encode())


def first_gets(times: int, fault: Fault) -> Fault:
    """Apply a fault to the first GETs of every object."""
    seen: collections.Counter[str] = collections.Counter()

    def apply(request: Request, relay: Relay) -> Answer:
        if request.key:
            seen[request.key] += 1
        return fault(request, relay) if 0 < seen[request.key] <= times else relay(request)

    return apply


def unavailable(times: int, share: int = 4) -> Fault:
    """S3 asks to slow down, so often for one of ``share`` objects."""
    order: dict[str, int] = {}

    def apply(request: Request, relay: Relay) -> Answer:
        return relay(request) if order.setdefault(request.key, len(order)) % share else s3_error(503, "SlowDown")

    return first_gets(times, apply)


def truncated(then: Callable[[str], None] = lambda key: None) -> Fault:
    """Break each object off in its middle the first time; ``then`` is told which, once it has been read."""

    def apply(request: Request, relay: Relay) -> Answer:
        whole = relay(request)
        then(request.key)
        return dataclasses.replace(whole, cut=len(whole.body) // 2)

    return first_gets(1, apply)


def expired(first: int, stop: int) -> Fault:
    """From one GET of an object on, up to another, the credentials have expired."""
    numbers = itertools.count()

    def apply(request: Request, relay: Relay) -> Answer:
        return s3_error(400, "ExpiredToken") if request.key and first <= next(numbers) < stop else relay(request)

    return apply


def throttled(share: int = 3) -> Fault:
    """SQS refuses the first of every ``share`` requests."""
    numbers = itertools.count()

    def apply(request: Request, relay: Relay) -> Answer:
        return sqs_error("RequestThrottled") if request.operation and next(numbers) % share == 0 else relay(request)

    return apply


def repeated() -> Fault:
    """SQS gives every batch of messages twice, the second time in another order."""
    last: list[Answer] = []

    def apply(request: Request, relay: Relay) -> Answer:
        if request.operation != "ReceiveMessage":
            return relay(request)
        if last:
            return last.pop()
        answer = relay(request)
        messages: list[Any] = json.loads(answer.body).get("Messages", [])
        if messages:
            last.append(dataclasses.replace(answer, body=json.dumps({"Messages": messages[::-1]}).encode()))
        return answer

    return apply
