"""For tests of the plugins that speak to AWS: an environment of nobody, and loopback services that answer by a script."""

from __future__ import annotations

import contextlib
import datetime
import http.server
import logging
import ssl
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer

from tests.servers import LOCALHOST

Handler = http.server.BaseHTTPRequestHandler
Step = Callable[[Any], None]


def of_nobody(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Set credentials of nobody, and leave no way to a real endpoint or to the configuration of whoever runs the tests."""
    for name in (
        "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE",
        "AWS_SESSION_TOKEN", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
        "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(folder / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "no-credentials"),
        "NO_PROXY": "*",
    }.items():
        monkeypatch.setenv(name, value)


@contextlib.contextmanager
def moto() -> Iterator[str]:
    """Run moto's S3, SQS and STS on loopback, and give their URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(LOCALHOST, 0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


class Service:
    """Answers requests by a script, one step a request, the last repeated; notes what was asked: path, headers and form."""

    def __init__(self, *steps: Step, tls: ssl.SSLContext | None = None) -> None:
        service = self
        self.steps, self.lock = steps, threading.Lock()
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.forms: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

        class Answering(Handler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with service.lock:
                    service.requests.append((self.path, dict(self.headers)))
                    service.bodies.append(body)
                    service.forms.append(dict(urllib.parse.parse_qsl(body.decode())))
                    step = service.steps[min(len(service.requests), len(service.steps)) - 1]
                with contextlib.suppress(OSError):
                    step(self)

            do_GET = do_POST = do_CONNECT = answer  # noqa: N815  # as the library looks for them

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((LOCALHOST, 0), Answering)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if tls else 'http'}://{LOCALHOST}:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Service:
        self.thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)

    def header(self, name: str) -> list[str | None]:
        """Return a header of every request."""
        return [headers.get(name) for _, headers in self.requests]

    def signers(self) -> list[str]:
        """Return the access key that each request was signed with; an empty text where it was not."""
        return [(value or "").partition("Credential=")[2].partition("/")[0] for value in self.header("Authorization")]


def answer(handler: Handler, status: int, body: bytes = b"", length: int | None = None, **headers: str | None) -> None:
    """Send a reply. An underscore in the name of a header stands for a dash; a header of None is left out."""
    handler.send_response(status)
    for name, value in headers.items():
        if value is not None:
            handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def refuse(status: int, code: str | None = None, message: str = "because", more: str = "", **headers: str | None) -> Step:
    """Refuse as S3 does: the error is the root of its XML."""
    error = f"<Code>{code}</Code><Message>{message}</Message>{more}"
    body = f"<?xml version='1.0'?><Error>{error}</Error>".encode() if code else b""
    return lambda handler: answer(handler, status, body, Content_Type="application/xml", **headers)


def refuse_role(status: int, code: str, message: str = "because") -> Step:
    """Refuse as STS does."""
    body = f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>".encode()
    return lambda handler: answer(handler, status, body, Content_Type="text/xml")


class Sts(Service):
    """Gives credentials KEY1, KEY2, ... to whoever asks as ``check`` wants, each for as long as is asked, or ``lasting`` seconds."""

    def __init__(self, check: Callable[[dict[str, str], str], str | None] = lambda form, signer: None, lasting: float | None = None) -> None:
        super().__init__(self._give)
        self.check, self.lasting = check, lasting

    def _give(self, handler: Handler) -> None:
        form = self.forms[-1]
        if refusal := self.check(form, self.signers()[-1]):
            return refuse_role(403, "AccessDenied", refusal)(handler)
        seconds = float(form.get("DurationSeconds", 3600)) if self.lasting is None else self.lasting
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        number, action = len(self.requests), form["Action"]
        body = (
            f"<{action}Response><{action}Result><Credentials><AccessKeyId>KEY{number}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
            f"<SessionToken>token{number}</SessionToken><Expiration>{end:%Y-%m-%dT%H:%M:%SZ}</Expiration></Credentials></{action}Result></{action}Response>"
        )
        return answer(handler, 200, body.encode(), Content_Type="text/xml")


@contextlib.contextmanager
def services(*made: Service) -> Iterator[None]:
    """Run several services."""
    with contextlib.ExitStack() as stack:
        for one in made:
            stack.enter_context(one)
        yield
