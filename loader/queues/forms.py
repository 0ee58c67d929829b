"""The forms of notices that are known: each takes what is of its form, and tells whether it was (leaf).

S3 form-encodes keys (S3 user guide, "Event message structure"); EventBridge, CloudTrail, Config and CrowdStrike write them as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from loader.queues.notice import LARGEST, Notice

Event = dict[str, Any]
Again = Callable[[Any], None]  # reads what is wrapped
Form = Callable[[Event, Notice, Again], bool]

SUBSCRIPTIONS = ("SubscriptionConfirmation", "UnsubscribeConfirmation")
READABLE = ("Object Created", "Object Restore Completed")  # the events on EventBridge after which there is an object to read


def trial(event: Event, found: Notice, again: Again) -> bool:
    """Take what S3 sends when notifications are switched on."""
    if event.get("Event") != "s3:TestEvent":
        return False
    found.skip(f"s3:TestEvent of the bucket {event.get('Bucket')}")
    return True


def records(event: Event, found: Notice, again: Again) -> bool:
    """Take events of S3; those of SNS and SQS, as a function is given them, have more in them."""
    rows = event.get("Records")
    if not isinstance(rows, list):
        return False
    for row in map(_object, rows):
        if "Sns" in row:
            again(_object(row["Sns"]).get("Message"))
        elif isinstance(row.get("body"), str):
            again(row["body"])
        elif not stored(row, found, again):
            found.doubt(f"a record of {row.get('eventSource')}")
    if not rows:
        found.skip("an event without records")
    return True


def stored(event: Event, found: Notice, again: Again) -> bool:
    """Take an event of S3, or a range of an object's records as the es-loader splits it off (from 1, both ends included)."""
    about = event.get("s3")
    if not isinstance(about, dict):
        return False
    name = str(event.get("eventName") or "")
    first, stop = _range(event.get("siem", {}))
    if name and "ObjectCreated" not in name and not name.endswith("ObjectRestore:Completed"):
        found.skip(f"an event {name}")
    elif first is None:
        found.doubt(f"a range that is none: {json.dumps(event['siem'])}")
    else:
        raw = "request-id" in about or "requester" in about  # split off an event of EventBridge
        _ask(found, about, form=not raw, first=first, stop=stop)
    return True


def topic(event: Event, found: Notice, again: Again) -> bool:
    """Take SNS in SQS (SNS developer guide, "HTTP/HTTPS notification JSON format")."""
    kind = event.get("Type")
    if kind in SUBSCRIPTIONS:
        found.skip(f"a {kind} of SNS")
    elif kind == "Notification" and "Message" in event:
        again(event["Message"])
    else:
        return False
    return True


def failed(event: Event, found: Notice, again: Again) -> bool:
    """Take what a function was given that failed, as a destination of Lambda gets it."""
    if "requestPayload" not in event:
        return False
    again(event["requestPayload"])
    return True


def bus(event: Event, found: Notice, again: Again) -> bool:
    """Take EventBridge (S3 user guide, "EventBridge event message structure"), and notices of Security Lake, which name no type."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        return False
    kind = str(event.get("detail-type") or "")
    if kind.startswith("Object ") and kind not in READABLE:
        found.skip(f"an event {kind}")
    elif "bucket" in detail and "object" in detail:
        _ask(found, detail, form=False)
    elif not failed(detail, found, again):
        found.doubt(f"an event {kind or 'without a type'} of {event.get('source')}")
    return True


def delivered(event: Event, found: Notice, again: Again) -> bool:
    """Take what CloudTrail and Config tell their topics (user guides, "Configuring Amazon SNS notifications", "Notifications that Config sends")."""
    kind = event.get("messageType")
    if isinstance(kind, str) and not kind.endswith("DeliveryCompleted"):
        found.skip(f"a {kind} of Config")
    elif "s3Bucket" in event and "s3ObjectKey" in event:
        keys = event["s3ObjectKey"]
        for key in keys if isinstance(keys, list) else [keys]:
            found.ask(event["s3Bucket"], key)
    else:
        return False
    return True


def falcon(event: Event, found: Notice, again: Again) -> bool:
    """Take a batch of CrowdStrike's Falcon Data Replicator."""
    files = event.get("files")
    if not isinstance(files, list) or "bucket" not in event:
        return False
    for file in map(_object, files):
        found.ask(event["bucket"], file.get("path"), size=file.get("size"))
    return True


FORMS: tuple[Form, ...] = (trial, records, stored, topic, failed, bus, delivered, falcon)


def _ask(found: Notice, about: Event, *, form: bool, first: int = 0, stop: int | None = None) -> None:
    """Ask for what S3 and EventBridge describe alike but for the spelling."""
    bucket, item = _object(about.get("bucket")), _object(about.get("object"))
    version = item.get("versionId") or item.get("version-id")
    etag = item.get("eTag") or item.get("etag")
    found.ask(
        bucket.get("name"), item.get("key"), form=form, size=item.get("size"), first=first, stop=stop,
        version=version if isinstance(version, str) else "",
        etag=f'"{etag}"' if isinstance(etag, str) else "",  # in quotes, as when the object is read
    )  # fmt: skip


def _range(parts: Any) -> tuple[int | None, int | None]:
    """Return the numbers of the first record, from 0, and of the one behind the last; no first one where the range is none."""
    if not isinstance(parts, dict):
        return None, None
    start, end = parts.get("start_number", 1), parts.get("end_number")
    if type(start) is not int or not 1 <= start < LARGEST or (end is not None and (type(end) is not int or not start <= end < LARGEST)):
        return None, None
    return start - 1, end


def _object(value: Any) -> Event:
    return value if isinstance(value, dict) else {}
