"""``in_s3``: objects of a bucket on S3 or anything that speaks its API."""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loader.api import (
    Blocks,
    Input,
    Option,
    Source,
    SourceDenied,
    SourceError,
    SourceGone,
    SourceSkipped,
    choice,
    flag,
    number,
    size,
    text,
    words,
)
from plugins._aws import es_loader, ranges
from plugins._aws.backoff import Backoff
from plugins._aws.errors import code_of
from plugins._aws.session import AwsPlugin

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

BLOCK = 1024 * 1024  # a quarter of it costs a tenth more CPU, four times as much a third more
SPREAD = 4  # ranges that an object must have at least to be fetched as such
NEEDS = "s3:GetObject on it, and kms:Decrypt where KMS encrypts it"
NEEDS_VERSION = NEEDS.replace("GetObject", "GetObjectVersion")


def _range(value: str) -> int:
    """Bytes of a range: at least a block."""
    if size(value) < BLOCK:
        raise ValueError(f"{value!r} is less than 1m")
    return size(value)


class S3Input(AwsPlugin, Input):
    """Read objects as streams; a transfer that breaks goes on where it broke, of the same version of the object."""

    buckets = Option(words, "", doc="In a section [in_s3:NAME]: the buckets it is for, as shell globs; the first section in file order wins.")
    addressing_style = Option(choice("auto", "path", "virtual"), "auto", doc="path for services without a host name per bucket.")
    requester_pays = Option(flag, "no", doc="Agree to pay for requests and transfer, where the owner of the bucket does not.")
    expected_bucket_owner = Option(text, "", doc="Account that must own the bucket; a bucket of another is denied.")
    range_reads = Option(number(1, 8), "4", doc="Ranges of a large object fetched at once where one stream is too slow; 1: always one stream.")
    range_bytes = Option(_range, "8m", doc="Bytes of such a range, at least 1m; objects of fewer than four are always one stream.")

    ahead = True
    without_credentials = " (a local folder is taken for a bucket only where it exists)"

    def open(self) -> None:
        """Make the client; raises ConfigError when there are no credentials, or a role is refused."""
        super().open()
        self.s3: S3Client = self.client("s3", s3={"addressing_style": self.addressing_style})
        self.always = {"RequestPayer": "requester"} if self.requester_pays else {}
        if self.expected_bucket_owner:
            self.always["ExpectedBucketOwner"] = self.expected_bucket_owner
        self.backoff = Backoff()

    def serves(self, bucket: str) -> bool:
        """Tell whether ``buckets`` has it."""
        return any(fnmatch.fnmatchcase(bucket, glob) for glob in self.buckets)

    @classmethod
    def of_environment(cls) -> Mapping[str, Mapping[str, str]]:
        """Return the sections that the variables of the es-loader stand for."""
        return es_loader.sections(os.environ)

    def read(self, source: Source) -> Blocks:
        """Yield the object in blocks, whole or raising SourceError."""
        reply = self._find(source)
        blocks = self._bytes(source, reply=reply)
        if self._is_spread(source, reply):
            fetch = functools.partial(self._bytes, source)
            blocks = ranges.spread(blocks, fetch, source.size, self.range_bytes, self.range_reads)
            blocks = _checked(blocks, source, reply)
        yield from blocks

    def _is_spread(self, source: Source, reply: Any) -> bool:
        """Tell whether an object may be fetched as ranges."""
        large = self.range_reads > 1 and source.size >= SPREAD * self.range_bytes
        return large and bool(source.etag) and reply.get("AcceptRanges") != "none"

    def _bytes(self, source: Source, start: int = 0, stop: int | None = None, reply: Any = None) -> ranges.Bytes:
        """Yield an object from ``start`` to ``stop``, or to its end; ``reply`` is the answer to a request for that, if there is one."""
        offset, failures = start, 0
        while True:
            if reply is None:
                reply = self._resume(source, offset, stop) if offset else self._find(source)
            with contextlib.closing(reply["Body"]) as body:
                try:
                    while block := body.read(BLOCK):
                        offset += len(block)
                        self.backoff.worked()
                        yield block
                    self.backoff.worked()
                    return
                except self.failures as why:
                    failures += 1
                    self.backoff.failed()
                    if failures >= self.tries or (offset and (not source.etag or 0 < (stop or source.size) <= offset)):
                        raise SourceError(f"{source.uri} broke off after {offset} of {source.size} bytes, {failures} times: {why}") from why
            reply = None

    def _find(self, source: Source) -> Any:
        """Request the object under the first of its spellings that exists, and note what the service knows about it."""
        refused: list[SourceError] = []
        for key in (source.key, *source.alternates):
            try:
                reply = self._get(source, key, **_unless_done(source))
            except (SourceGone, SourceDenied) as why:  # whoever may not list a bucket is denied what is not there
                refused.append(why)
                continue
            source.key, source.alternates = key, ()
            source.size, source.etag, source.modified = reply.get("ContentLength", 0), reply.get("ETag", ""), reply.get("LastModified")
            if _bare(source.etag) in map(_bare, source.done):
                reply["Body"].close()
                raise _done()
            return reply
        raise next((why for why in refused if isinstance(why, SourceDenied)), refused[0])

    def _resume(self, source: Source, offset: int, stop: int | None = None) -> Any:
        """Request the rest of the same object, or of a range of it."""
        asked = f"{offset}-" if stop is None else f"{offset}-{stop - 1}"
        reply = self._get(source, source.key, Range=f"bytes={asked}", IfMatch=source.etag)
        given = str(reply.get("ContentRange", ""))
        if reply.get("ETag") == source.etag and given.startswith(f"bytes {asked}{'' if stop is None else '/'}"):
            return reply
        reply["Body"].close()
        if reply.get("ETag") != source.etag:
            raise _replaced(source)
        raise SourceError(f"{source.uri} broke off after {offset} of {source.size} bytes, and the service cannot resume (it ignores Range)")

    def _get(self, source: Source, key: str, **more: str) -> Any:
        if source.version:
            more["VersionId"] = source.version
        self.backoff.wait()
        try:
            return self.s3.get_object(Bucket=source.bucket, Key=key, **self.always, **more)  # type: ignore[arg-type]
        except self.failures as why:
            error = self._refusal(source, why)
            self._slow_down(error)
            raise error from why
        except SourceError as why:  # about the role as which the request was to be signed
            self._slow_down(why)
            raise

    def _slow_down(self, why: SourceError) -> None:
        """Let the next request wait when the service, or the way there, is in trouble."""
        if why.failure == SourceError.failure and not isinstance(why, SourceSkipped):
            self.backoff.failed()

    def _refusal(self, source: Source, why: Exception) -> SourceError:
        """Return the error that says what went wrong with a request."""
        code = code_of(why)
        if code == "InvalidObjectState":
            return SourceSkipped(f"archived{_storage_class(why)}: {source.uri} has to be restored before it can be read")
        if code in ("304", "NotModified"):
            return _done()
        if code in ("412", "PreconditionFailed"):
            return _replaced(source)
        return self.explained(why, source.uri, NEEDS_VERSION if source.version else NEEDS)


def _checked(blocks: ranges.Bytes, source: Source, reply: Any) -> ranges.Bytes:
    """Pass an object on; raises SourceError at its end where it has not the checksum that was told of it. Of ranges, botocore looks at none."""
    checksum = getattr(reply["Body"], "checksum", None)
    if checksum is None:
        yield from blocks
        return
    found = type(checksum)()
    for block in blocks:
        found.update(block)
        yield block
    if found.b64digest() not in {value for name, value in reply.items() if name.startswith("Checksum")}:
        raise SourceError(f"{source.uri} has not come as it is stored: its checksum is another; load it again")


def _bare(etag: str) -> str:
    """Return an etag without the quotes that services write around it, or do not."""
    return etag.strip('"')


def _unless_done(source: Source) -> dict[str, str]:
    """Return the condition of a request that makes the service answer 304 for a source that is done; it takes one etag."""
    return {"IfNoneMatch": f'"{_bare(next(iter(source.done)))}"'} if len(source.done) == 1 else {}


def _done() -> SourceSkipped:
    return SourceSkipped("done already: unchanged since (--force loads it again)")


def _replaced(source: Source) -> SourceError:
    return SourceError(f"{source.uri} was replaced while it was read: load it again")


def _storage_class(why: Exception) -> str:
    """Return the storage class that a refusal names, in parentheses."""
    response = getattr(why, "response", {})
    found = response.get("StorageClass") or response.get("Error", {}).get("StorageClass", "")
    return f" ({found})" if found else ""
