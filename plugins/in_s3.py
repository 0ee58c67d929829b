"""``in_s3``: objects of a bucket on S3 or anything that speaks its API."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from loader.api import (
    Blocks,
    ConfigError,
    Input,
    Option,
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
    broken: tuple[type[Exception], ...]

    def open(self) -> None:
        """Make the client; raises ConfigError when there are no credentials."""
        import boto3  # noqa: PLC0415  # slow to import, and of use only where a bucket is read
        import botocore.config  # noqa: PLC0415
        import botocore.exceptions as refusals  # noqa: PLC0415

        self.refused, self.broken = refusals.ClientError, (refusals.BotoCoreError, OSError, ValueError)
        config = botocore.config.Config(
            retries={"mode": "standard", "total_max_attempts": self.tries},
            s3={"addressing_style": self.addressing_style},  # type: ignore[arg-type]  # one of the three, by its converter
            connect_timeout=self.timeout,
            read_timeout=self.timeout,
            user_agent_extra="sluice",
        )
        session = boto3.session.Session(region_name=self.region or None)
        try:
            if session.get_credentials() is None:
                raise ConfigError("no AWS credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with a role")
            region = session.region_name or "us-east-1"
            self.client = session.client("s3", region, endpoint_url=self.endpoint_url or None, verify=self.ca_bundle or None, config=config)
        except (refusals.BotoCoreError, ValueError) as why:
            raise ConfigError(f"[{self.name}] cannot be set up: {why}") from why

    def read(self, source: Source) -> Blocks:
        """Yield the object in blocks, whole or raising SourceError."""
        offset, failures = 0, 0
        while True:
            reply = self._get(source, offset)
            with contextlib.closing(reply["Body"]) as body:
                try:
                    while block := body.read(BLOCK):
                        offset += len(block)
                        yield block
                    return
                except self.broken as why:
                    failures += 1
                    if failures >= self.tries:
                        raise SourceError(f"{source.uri} broke off after {offset} of {source.size} bytes, {failures} times: {why}") from why

    def _get(self, source: Source, offset: int) -> Any:
        """Request the object from ``offset`` on, under the first of its spellings that exists."""
        more: dict[str, str] = {"Range": f"bytes={offset}-", "IfMatch": source.etag} if offset else {}
        for key in (source.key, *source.alternates):
            try:
                reply = self.client.get_object(Bucket=source.bucket, Key=key, **more)  # type: ignore[arg-type]
            except self.refused as why:
                if why.response["Error"]["Code"] == "NoSuchKey" and key != (source.key, *source.alternates)[-1]:
                    continue
                raise _refusal(source, why) from why
            except self.broken as why:
                raise SourceError(f"{source.uri} cannot be read: {why}") from why
            if not offset:
                source.key, source.alternates = key, ()
                source.size, source.etag, source.modified = reply["ContentLength"], reply["ETag"], reply["LastModified"]
            return reply
        raise AssertionError("unreachable: the last spelling either exists or raises")


def _refusal(source: Source, why: ClientError) -> SourceError:
    """Return the error that says what the service's code means for the user."""
    code = str(why.response["Error"]["Code"])
    if code in GONE:
        what = "the bucket does not exist" if code == "NoSuchBucket" else "it does not exist (any more)"
        return SourceGone(f"{source.uri}: {what}")
    if code in DENIED:
        return SourceDenied(f"{source.uri}: {code}: these credentials need s3:GetObject on it, and kms:Decrypt where it is encrypted with KMS")
    if code in ARCHIVED:
        return SourceSkipped(f"archived: {source.uri} has to be restored before it can be read")
    if code == "PreconditionFailed":
        return SourceError(f"{source.uri} was replaced while it was read: load it again")
    return SourceError(f"{source.uri}: {why}")
