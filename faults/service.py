"""S3 and SQS by moto's server in a process of its own, and an HTTP proxy in front of it that answers as a service on a bad day."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import boto3

from faults.answers import Answer, Fault, Request, healthy
from tests.rsyslog import free_port
from tests.servers import LOCALHOST, until

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}  # headers that are the proxy's own


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
