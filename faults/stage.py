"""One row's surroundings: a bucket with the load, a receiver, a folder for the program; and its result."""

from __future__ import annotations

import contextlib
import itertools
import random
import time
from collections.abc import Iterable
from pathlib import Path

from faults.load import TYPE, Load, Tally
from faults.program import Program
from faults.receivers import Receiver
from faults.service import Service
from tests.servers import until

OPTIONS = "timeout = 3s\nretry_wait = 1s\nretry_for = 30s\n"
QUEUE = "[in_sqs]\nwait = 1s\nvisibility = 4s\n"
SETTLED = 0.4  # seconds without a byte after which a receiver is thought to have written all


class Stage:
    """What a scenario acts on."""

    def __init__(self, load: Load, service: Service, receiver: Receiver, folder: Path) -> None:
        self.load, self.service, self.receiver, self.folder = load, service, receiver, folder
        self.had = load.records  # of what the receiver had when it went away, all may come again
        self.bucket = f"faults-{folder.name}"
        folder.mkdir(parents=True, exist_ok=True)
        service.s3.create_bucket(Bucket=self.bucket)
        for index in range(load.objects):
            self.put(load.key(index), load.body(index))
        self.list(load.key(index) for index in range(load.objects))
        self.through(receiver.port)

    def put(self, key: str, body: bytes) -> None:
        """Put an object, past the proxy."""
        self.service.s3.put_object(Bucket=self.bucket, Key=key, Body=body)

    def list(self, keys: Iterable[str]) -> None:
        """Write the list to load."""
        (self.folder / "list.txt").write_text("".join(f"{key}\n" for key in keys))

    def through(self, port: int, more: str = "") -> None:
        """Write the configuration: to the receiver by way of this port."""
        client = self.receiver.client().replace(f"port = {self.receiver.port}", f"port = {port}")
        (self.folder / "faults.ini").write_text(f"[loader]\nworkers = 2\n{client}\n{OPTIONS}{more}{QUEUE}{TYPE}")

    def start(self, *arguments: str) -> Program:
        """Start the program: on the list, unless other arguments are given."""
        what = arguments or ("-b", self.bucket, "-l", "list.txt")
        return Program(self.folder, self.service.environment, *what, "--config", "faults.ini")

    def run(self, *arguments: str, code: int = 0) -> None:
        """Run it to its end, which must be with this exit code."""
        self.ended(self.start(*arguments), code)

    def ended(self, program: Program, code: int = 0) -> None:
        """Wait for the end of a program, which must be with this exit code."""
        found = program.wait()
        assert found == code, f"exit code {found}, not {code}\n{self.said()}"

    def queue(self) -> str:
        """Make a queue with a notice of each object, in any order, and return its name."""
        name = f"{self.bucket}-notices"
        url = self.service.sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"})["QueueUrl"]
        indices = list(range(self.load.objects))
        random.Random(7).shuffle(indices)
        for index in indices:
            notice = (
                '{"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "awsRegion": "us-east-1", '
                f'"s3": {{"bucket": {{"name": "{self.bucket}"}}, "object": {{"key": "{self.load.key(index)}"}}}}}}]}}'
            )
            self.service.sqs.send_message(QueueUrl=url, MessageBody=notice)
        return name

    def left(self, queue: str) -> int:
        """Return how many messages a queue still has, in work or not."""
        return self._count(queue, "ApproximateNumberOfMessages") + self._count(queue, "ApproximateNumberOfMessagesNotVisible")

    def _count(self, queue: str, name: str) -> int:
        url = self.service.sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return int(self.service.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])

    def given_back(self, queue: str) -> None:
        """Wait until the messages that a killed program had in work can be seen again."""
        until(lambda: not self._count(queue, "ApproximateNumberOfMessagesNotVisible"), 30)

    def midway(self, program: Program, share: float = 0.2) -> None:
        """Wait until the receiver has that share of all, and make sure that the rest is still to come."""
        until(lambda: self.share() >= share or not program.running, 60)
        assert program.running, f"the load was over before the fault: {program.said.read_text()[-2000:]}"

    def share(self) -> float:
        """Return about which share of the records the receiver has."""
        return self.receiver.size() / (self.message_bytes() * self.load.records)

    def message_bytes(self) -> int:
        """Return the least size of a whole message, as far as the receiver has any: they differ by some digits."""
        with contextlib.suppress(OSError), open(self.receiver.file, "rb") as file:
            return max(map(len, itertools.islice(file, 1000)), default=1000) - 20
        return 1000

    def said(self) -> str:
        """Return what the program has said last."""
        return (self.folder / "said").read_text(errors="replace")[-2000:]

    def remove(self) -> None:
        """Remove the bucket."""
        for index in range(self.load.objects):
            self.service.s3.delete_object(Bucket=self.bucket, Key=self.load.key(index))
        self.service.s3.delete_bucket(Bucket=self.bucket)

    def tally(self) -> Tally:
        """Wait until the receiver has written all that it has, and count."""
        size, since = self.receiver.size(), time.monotonic()
        while time.monotonic() - since < SETTLED:
            time.sleep(0.05)
            if (now := self.receiver.size()) != size:
                size, since = now, time.monotonic()
        return self.load.tally(self.receiver.messages())
