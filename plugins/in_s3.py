"""``in_s3``: objects of a bucket on S3 or anything that speaks its API."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING, Any

from loader.api import (
    Blocks,
    ConfigError,
    Input,
    Option,
    Problem,
    Source,
    SourceDenied,
    SourceError,
    SourceGone,
    SourceSkipped,
    choice,
    number,
    path,
    seconds,
    text,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3.client import S3Client

BLOCK = 1024 * 1024
GONE = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404"})
DENIED = frozenset({"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "AllAccessDisabled"})
ARCHIVED = frozenset({"InvalidObjectState"})


class S3Input(Input):
    """Read objects as streams; a transfer that breaks goes on where it broke, of the same version of the object."""

    endpoint_url = Option(text, "", doc="URL of an S3-compatible service; empty: AWS, or AWS_ENDPOINT_URL.")
    region = Option(text, "", doc="Region of the bucket; empty: what the environment says, else us-east-1.")
    addressing_style = Option(choice("auto", "path", "virtual"), "auto", doc="path for services without a host name per bucket.")
    ca_bundle = Option(path, "", doc="CA certificates of the service, as a PEM file.")
    tries = Option(number(1, 20), "5", doc="How often a request, or a broken transfer, is tried.")
    timeout = Option(seconds, "60s", doc="How long to wait for a connection or for data.")

    client: S3Client
    refused: type[ClientError]
    untrusted: type[Exception]
    broken: tuple[type[Exception], ...]

    def open(self) -> None:
        """Make the client; raises ConfigError when there are no credentials."""
        import boto3  # noqa: PLC0415  # slow to import, and of use only where a bucket is read
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions as refusals  # noqa: PLC0415
        import urllib3.exceptions  # noqa: PLC0415

        self.refused, self.untrusted = refusals.ClientError, refusals.SSLError
        self.broken = (refusals.BotoCoreError, urllib3.exceptions.HTTPError, OSError, ValueError)
        config = botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": self.tries},
            s3={"addressing_style": self.addressing_style},  # type: ignore[arg-type]  # one of the three, by its converter
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            user_agent_extra="sluice-siem-loader",  # loader/stages/own_logs.py knows it again
        )
        self._check_authority()
        try:
            session = boto3.session.Session(region_name=self.region or None)
            if session.get_credentials() is None:
                raise ConfigError(
                    "no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with a role"
                    " (a local folder is taken for a bucket only where it exists)"
                )
            region = session.region_name or "us-east-1"
            self.client = session.client("s3", region, endpoint_url=self.endpoint_url or None, verify=self.ca_bundle or None, config=config)
        except (refusals.BotoCoreError, ValueError) as why:
            raise ConfigError(Problem(f"cannot be set up: {why}", section=self.name)) from why

    def _check_authority(self) -> None:
        try:
            ssl.create_default_context(cafile=self.ca_bundle or None)
        except OSError as why:
            raise ConfigError(Problem(f"{self.ca_bundle!r} is no PEM file that can be read: {why}", section=self.name, key="ca_bundle")) from why

    def read(self, source: Source) -> Blocks:
        """Yield the object in blocks, whole or raising SourceError."""
        offset, failures = 0, 0
        while True:
            reply = self._resume(source, offset) if offset else self._find(source)
            with contextlib.closing(reply["Body"]) as body:
                try:
                    while block := body.read(BLOCK):
                        offset += len(block)
                        yield block
                    return
                except self.broken as why:
                    failures += 1
                    if failures >= self.tries or (offset and (not source.etag or 0 < source.size <= offset)):
                        raise SourceError(f"{source.uri} broke off after {offset} of {source.size} bytes, {failures} times: {why}") from why

    def _find(self, source: Source) -> Any:
        """Request the object under the first of its spellings that exists, and note what the service knows about it."""
        refused: list[SourceError] = []
        for key in (source.key, *source.alternates):
            try:
                reply = self._get(source, key)
            except (SourceGone, SourceDenied) as why:  # whoever may not list a bucket is denied what is not there
                refused.append(why)
                continue
            source.key, source.alternates = key, ()
            source.size, source.etag, source.modified = reply.get("ContentLength", 0), reply.get("ETag", ""), reply.get("LastModified")
            return reply
        raise next((why for why in refused if isinstance(why, SourceDenied)), refused[0])

    def _resume(self, source: Source, offset: int) -> Any:
        """Request the rest of the same object."""
        reply = self._get(source, source.key, Range=f"bytes={offset}-", IfMatch=source.etag)
        if reply.get("ETag") != source.etag:
            raise _replaced(source)
        if not str(reply.get("ContentRange", "")).startswith(f"bytes {offset}-"):
            raise SourceError(f"{source.uri} broke off after {offset} of {source.size} bytes, and the service cannot resume (it ignores Range)")
        return reply

    def _get(self, source: Source, key: str, **more: str) -> Any:
        try:
            return self.client.get_object(Bucket=source.bucket, Key=key, **more)  # type: ignore[arg-type]
        except self.refused as why:
            raise _refusal(source, why) from why
        except self.untrusted as why:
            hint = "; where the service has a CA of its own, give its certificate as ca_bundle" if "VERIFY_FAILED" in str(why) else ""
            raise SourceError(f"{source.uri} cannot be read: {why}{hint}") from why
        except self.broken as why:
            raise SourceError(f"{source.uri} cannot be read: {why}") from why


def _replaced(source: Source) -> SourceError:
    return SourceError(f"{source.uri} was replaced while it was read: load it again")


def _refusal(source: Source, why: ClientError) -> SourceError:
    """Return the error that says what the service's code means for the user."""
    code = str(why.response["Error"]["Code"])
    if code in GONE:
        what = "the bucket does not exist" if code == "NoSuchBucket" else "it does not exist (any more)"
        return SourceGone(f"{source.uri}: {what}")
    if code in DENIED:
        return SourceDenied(f"{source.uri}: {code}: these credentials need s3:GetObject on it, and kms:Decrypt where KMS encrypts it")
    if code in ARCHIVED:
        return SourceSkipped(f"archived: {source.uri} has to be restored before it can be read")
    if code == "PreconditionFailed":
        return _replaced(source)
    return SourceError(f"{source.uri}: {why}")
