"""``in_sqs``: a queue of SQS, whose messages name objects of S3 or are logs themselves. Standard and FIFO queues, of any account."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from loader.api import (
    DELETE,
    LEAVE,
    Blocks,
    ConfigError,
    Message,
    Option,
    Places,
    Policy,
    Problem,
    Queue,
    Source,
    SourceDenied,
    SourceError,
    SourceGone,
    choice,
    expression,
    flag,
    number,
    seconds,
    text,
)
from plugins._aws.session import AwsPlugin

ARN = re.compile(r"arn:aws[\w-]*:sqs:(?P<region>[\w-]+):(?P<account>\d{12}):(?P<name>[\w-]{1,80}(?:\.fifo)?)", re.ASCII)
NAME = re.compile(r"[\w-]{1,80}(?:\.fifo)?", re.ASCII)
URL_REGION = re.compile(r"https?://(?:[\w.-]*\.)?(?:sqs|queue)(?:-fips)?\.(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+)\.")
OLD_URL_REGION = re.compile(r"https?://(?P<region>[a-z]{2}(?:-[a-z]+)+-\d+)\.queue\.")
ENDED = frozenset({  # of a receipt; SQS API reference, errors of DeleteMessage and ChangeMessageVisibility
    "ReceiptHandleIsInvalid", "InvalidParameterValue", "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight",
})  # fmt: skip
ERROR_CODE = ("ErrorCode", "ErrorMessage")  # what Lambda writes beside an event that it gives up


def time_between(lowest: int, highest: int) -> Callable[[str], int]:
    """A time in whole seconds within bounds."""

    def convert(value: str) -> int:
        found = int(seconds(value))
        if not lowest <= found <= highest:
            raise ValueError(f"{value!r} is not between {lowest}s and {highest}s")
        return found

    return convert


class SqsQueue(AwsPlugin, Queue):
    """Receive, hide and delete messages, in batches as large as SQS allows."""

    queue = Option(text, "", doc="Name, URL or ARN of the queue; -q goes before it.")
    receive = Option(number(0, 10), "0", doc="Most messages in one request; 0: as many as there is work for, up to 10.")
    wait = Option(time_between(0, 20), "2s", doc="How long a request waits for a first message.")
    visibility = Option(time_between(2, 43200), "5m", doc="How long a message is hidden from others at a time; it is extended at a third of it.")
    max_receives = Option(number(1, 1000), "6", doc="How often a message is tried whose failure may pass, as SQS counts its receives.")
    poison = Option(choice(LEAVE, DELETE), LEAVE, doc="What becomes of a message whose object cannot be loaded for good, once it is quarantined.")
    not_understood = Option(choice(LEAVE, DELETE), LEAVE, doc="What becomes of a message of no known form, once it is quarantined.")
    filtered = Option(choice(DELETE, LEAVE), DELETE, doc="What becomes of a message all of whose keys are ignored, or for no log type or output.")
    ack = Option(flag, "yes", doc="no: delete no message, as for a trial run; what was delivered stays delivered.")
    envelope_path = Option(expression, "", doc="JMESPath of the list of items in a message of a form of its own; empty: the whole message is one.")
    bucket_path = Option(expression, "", doc="JMESPath of the bucket in an item; a fixed name is written in quotes: 'logs'.")
    key_path = Option(expression, "", doc="JMESPath of the key, or the keys, in an item; where it finds none, the known forms are tried.")
    direct = Option(flag, "no", doc="yes: a message is a log itself, of the type that log_type names.")
    log_type = Option(text, "", doc="Log type of the messages, with direct = yes.")
    retry_for = Option(seconds, "15m", doc="How long a queue that does not answer is asked again before the run ends.")

    def open(self) -> None:
        """Find the queue; raises ConfigError when there are no credentials, or no such queue for them."""
        super().open()
        arn = ARN.fullmatch(self.queue)
        url = self.queue if self.queue.startswith(("http://", "https://")) else ""
        self.title = arn["name"] if arn else self.queue.rstrip("/").rpartition("/")[2]
        self.policy = Policy(self.visibility, self.max_receives, self.poison, self.not_understood, self.filtered, self.ack)
        self.places = Places(self.envelope_path, self.bucket_path, self.key_path)
        self.most = self.receive or Queue.most
        said = URL_REGION.match(url) or OLD_URL_REGION.match(url)
        self.sqs = self.client("sqs", arn["region"] if arn else said["region"] if said else "")
        self.about = f"queue {self.title} in {self.sqs.meta.region_name}"
        try:
            self.url = url or self._url_of({"QueueName": self.title, **({"QueueOwnerAWSAccountId": arn["account"]} if arn else {})})
            self.redrive = self._has_redrive()
        except SourceError as why:
            raise ConfigError(Problem(str(why), section=self.name, key="queue")) from why

    def _check(self) -> None:
        super()._check()
        found = []
        if not (ARN.fullmatch(self.queue) or NAME.fullmatch(self.queue) or self.queue.startswith(("http://", "https://"))):
            found.append(("queue", f"{self.queue!r} is no queue: give a name, a URL or an ARN" if self.queue else "must be given"))
        if self.wait >= self.timeout:
            found.append(("wait", f"is not shorter than timeout = {self.timeout:g} s"))
        if self.direct and not self.log_type:
            found.append(("log_type", "must be given with direct = yes: it is the log type of the messages"))
        if self.key_path and not self.bucket_path:
            found.append(("bucket_path", "must be given with key_path; a fixed name is written in quotes: 'logs'"))
        if not self.key_path and (self.bucket_path or self.envelope_path):
            found.append(("key_path", "must be given with bucket_path or envelope_path"))
        if found:
            raise ConfigError(*(Problem(message, section=self.name, key=key) for key, message in found))

    def _url_of(self, queue: dict[str, str]) -> str:
        return str(self._asked("sqs:GetQueueUrl", self.sqs.get_queue_url, **queue)["QueueUrl"])

    def _has_redrive(self) -> bool | None:
        """Tell whether the queue has a dead-letter queue; None where these credentials may not ask."""
        try:
            found = self._asked("sqs:GetQueueAttributes", self.sqs.get_queue_attributes, QueueUrl=self.url, AttributeNames=["RedrivePolicy"])
        except SourceDenied:
            return None
        return "RedrivePolicy" in found.get("Attributes", {})

    def _asked(self, action: str, call: Callable[..., Any], **arguments: Any) -> Any:
        """Return the answer to a request; raises SourceError that names the action."""
        try:
            return call(**arguments)
        except self.failures as why:
            raise self.explained(why, self.about, needs=f"{action} on it", failed="cannot be reached") from why

    def read(self, source: Source) -> Blocks:
        """Raise SourceError: what messages name is read by another input."""
        raise SourceError(f"{source.uri} is not in a queue")

    def fetch(self, most: int) -> list[Message]:
        """Return up to so many messages, after waiting ``wait`` seconds for a first one."""
        found = self._asked(
            "sqs:ReceiveMessage", self.sqs.receive_message, QueueUrl=self.url, MaxNumberOfMessages=max(1, min(most, self.most)),
            WaitTimeSeconds=self.wait, VisibilityTimeout=self.visibility,
            MessageSystemAttributeNames=["ApproximateReceiveCount"], MessageAttributeNames=[*ERROR_CODE],
        )  # fmt: skip
        return [_message(one) for one in found.get("Messages", ())]

    def delete(self, receipts: Sequence[str]) -> Mapping[str, SourceError]:
        """Delete up to ten messages."""
        return self._batch("sqs:DeleteMessage", self.sqs.delete_message_batch, ((receipt, {}) for receipt in receipts))

    def hide(self, seconds: Mapping[str, int]) -> Mapping[str, SourceError]:
        """Set the visibility timeouts of up to ten messages."""
        entries = ((receipt, {"VisibilityTimeout": timeout}) for receipt, timeout in seconds.items())
        return self._batch("sqs:ChangeMessageVisibility", self.sqs.change_message_visibility_batch, entries)

    def _batch(self, action: str, call: Callable[..., Any], receipts: Iterable[tuple[str, dict[str, int]]]) -> Mapping[str, SourceError]:
        entries = [{"Id": str(number), "ReceiptHandle": receipt, **more} for number, (receipt, more) in enumerate(receipts)]
        failed = self._asked(action, call, QueueUrl=self.url, Entries=entries).get("Failed", ())
        return {str(entries[int(one["Id"])]["ReceiptHandle"]): _refusal(one) for one in failed}


def _message(found: dict[str, Any]) -> Message:
    told = {name: value.get("StringValue", "") for name, value in found.get("MessageAttributes", {}).items()}
    receives = int(found.get("Attributes", {}).get("ApproximateReceiveCount", 1))
    return Message(found["MessageId"], found["ReceiptHandle"], found["Body"], receives, told)


def _refusal(entry: dict[str, Any]) -> SourceError:
    code = str(entry.get("Code", ""))
    return (SourceGone if code in ENDED else SourceError)(f"{code}: {entry.get('Message', '')}")
