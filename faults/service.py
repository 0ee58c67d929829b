"""S3 and SQS by moto's server in a process of its own, and an HTTP proxy in front of it that answers as a service on a bad day."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import http.client
import http.server
import itertools
import json
import os
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import boto3

from tests.rsyslog import free_port
from tests.servers import LOCALHOST, until

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}  # headers that are the proxy's own


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


class Quiet(http.server.ThreadingHTTPServer):
    """Says nothing of clients that were killed."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave it at that."""


class Service:
    """moto's server; ``fault`` is what the proxy makes of the requests that come through it."""

    def __init__(self) -> None:
        self.fault: Fault = healthy
        self.faulty = 0  # answers that were not the service's own

    def __enter__(self) -> Service:
        self.real = free_port()
        command = [sys.executable, "-m", "moto.server", "--host", LOCALHOST, "--port", str(self.real)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.proxy = Quiet((LOCALHOST, 0), self._handler())
        threading.Thread(target=self.proxy.serve_forever, daemon=True).start()
        until(self._answers, 60)
        self.s3, self.sqs = self._client("s3"), self._client("sqs")
        return self

    def __exit__(self, *exception: object) -> None:
        self.proxy.shutdown()
        self.proxy.server_close()
        self.process.terminate()
        self.process.wait()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a program to the proxy."""
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "VIRTUAL_ENV")}
        return {**kept, **CREDENTIALS, "AWS_ENDPOINT_URL": f"http://{LOCALHOST}:{self.proxy.server_port}", "AWS_MAX_ATTEMPTS": "3"}

    @contextlib.contextmanager
    def made(self, fault: Fault) -> Iterator[None]:
        """Have a fault for a while; it must have made itself felt."""
        self.fault, self.faulty = fault, 0
        try:
            yield
        finally:
            self.fault = healthy
        assert self.faulty, "no answer was faulty"

    def _client(self, name: str) -> Any:
        return boto3.client(
            name, region_name="us-east-1", endpoint_url=f"http://{LOCALHOST}:{self.real}", aws_access_key_id="test", aws_secret_access_key="test"
        )

    def _answers(self) -> bool:
        assert self.process.poll() is None, "moto's server has ended"
        try:
            return self.relay(Request("GET", "/", {}, b"")).status < 500
        except OSError:
            return False

    def relay(self, request: Request) -> Answer:
        """Ask the service itself."""
        connection = http.client.HTTPConnection(LOCALHOST, self.real, timeout=60)
        with contextlib.closing(connection):
            connection.request(request.method, request.path, request.body, dict(request.headers))
            reply = connection.getresponse()
            body = reply.read()
            headers = {name: value for name, value in reply.getheaders() if name.lower() not in HOP}
            if request.method == "HEAD":
                headers["Content-Length"] = reply.getheader("Content-Length", "0")
            return Answer(reply.status, headers, body)

    def answer(self, request: Request) -> Answer:
        """Answer with the fault."""
        own: list[Answer] = []

        def relay(request: Request) -> Answer:
            own.append(self.relay(request))
            return own[-1]

        answer = self.fault(request, relay)
        self.faulty += not any(one is answer for one in own)
        return answer

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items() if name.lower() not in HOP}
                answer = service.answer(Request(self.command, self.path, headers, body))
                self.send_response(answer.status)
                for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body[: answer.cut])
                self.close_connection = answer.cut is not None

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing."""

        return Handler
