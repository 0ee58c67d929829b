"""Bodies of messages in every form that a queue may bring, written from the services' documentation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

BUCKET = "example-logs"


def s3_record(key: str, bucket: str = BUCKET, name: str = "ObjectCreated:Put", **facts: Any) -> dict[str, Any]:
    """Return one record of an S3 event, its key form-encoded as S3 does it."""
    return {
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "us-east-1", "eventTime": "2024-05-24T08:00:00.000Z", "eventName": name,
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "to-queue", "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": quote_plus(key, safe="/"), **facts},
        },
    }  # fmt: skip


def s3(*keys: str, **more: Any) -> str:
    return json.dumps({"Records": [s3_record(key, **more) for key in keys]})


def sns(body: str) -> str:
    return json.dumps({
        "Type": "Notification", "MessageId": "0a", "TopicArn": "arn:aws:sns:us-east-1:123456789012:logs", "Subject": "Amazon S3 Notification",
        "Message": body, "Timestamp": "2024-05-24T08:00:00.000Z",
    })  # fmt: skip


def detail(key: str, bucket: str = BUCKET, **facts: Any) -> dict[str, Any]:
    return {
        "version": "0", "bucket": {"name": bucket}, "object": {"key": key, **facts}, "request-id": "0B", "requester": "123456789012",
        "reason": "PutObject",
    }  # fmt: skip


def bus(key: str, kind: str = "Object Created", **more: Any) -> str:
    return json.dumps({
        "version": "0", "id": "0c", "detail-type": kind, "source": "aws.s3", "account": "123456789012", "time": "2024-05-24T08:00:00Z",
        "region": "us-east-1", "resources": [f"arn:aws:s3:::{BUCKET}"], "detail": detail(key, **more),
    })  # fmt: skip


def security_lake(key: str) -> str:
    about = {**detail(key), "requester": "securitylake.amazonaws.com"}
    return json.dumps({"source": "aws.s3", "time": "2024-05-24T08:00:00Z", "account": "123456789012", "region": "us-east-1", "detail": about})


def cloudtrail(*keys: str) -> str:
    return json.dumps({"s3Bucket": BUCKET, "s3ObjectKey": [*keys]})


def config(key: str, kind: str = "ConfigurationHistoryDeliveryCompleted") -> str:
    return json.dumps({"s3ObjectKey": key, "s3Bucket": BUCKET, "messageType": kind, "recordVersion": "1.1"})


def destination(body: str) -> str:
    payload = {"Records": [{"messageId": "0d", "body": body, "eventSource": "aws:sqs"}]}
    return json.dumps({"version": "1.0", "requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload})


def split(key: str, start: int, end: int | None, *, raw: bool = False) -> str:
    about = detail(key) if raw else s3_record(key)["s3"]
    return json.dumps({"siem": {"start_number": start, "end_number": end}, "s3": about})


def falcon(*keys: str) -> str:
    files = [{"path": key, "size": 17, "checksum": "0e"} for key in keys]
    return json.dumps({"cid": "0f", "fileCount": len(files), "bucket": BUCKET, "pathPrefix": "data", "files": files})


def split_whole(key: str) -> str:
    return split(key, 1, None)


FORMS: dict[str, Callable[[str], str]] = {
    "S3 event": s3,
    "SNS of an S3 event": lambda key: sns(s3(key)),
    "SNS of SNS": lambda key: sns(sns(s3(key))),
    "EventBridge": bus,
    "SNS of EventBridge": lambda key: sns(bus(key)),
    "Security Lake": security_lake,
    "CloudTrail's topic": lambda key: sns(cloudtrail(key)),
    "CloudTrail, raw": cloudtrail,
    "Config": lambda key: sns(config(key)),
    "a range of an S3 event": split_whole,
    "a range of EventBridge": lambda key: split(key, 1, None, raw=True),
    "CrowdStrike": falcon,
    "Lambda's destination": lambda key: destination(s3(key)),
    "an SNS event of Lambda": lambda key: json.dumps({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": s3(key)}}]}),
    "JSON in JSON": lambda key: json.dumps(s3(key)),
    "with a byte order mark": lambda key: "\ufeff" + s3(key),
}
