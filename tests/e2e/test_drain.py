"""A queue drained as users do it: index.py -q against SQS and S3 over HTTP, with every form of notice and everything that goes wrong."""

from __future__ import annotations

import collections
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from loader.engine import HOME
from loader.queues import drain
from plugins.in_sqs import SqsQueue
from tests import messages
from tests.aws import Service, answer, of_nobody
from tests.drivers import configured, rows
from tests.e2e.conftest import BUCKET, Bucket, index
from tests.messages import FORMS
from tests.servers import closed_port, until

INI = """[out_file]
path = out.jsonl
[in_sqs]
wait = 0s
{}
[app]
s3_key = app/
file_format = json
timestamp_key = time
"""


def app(*numbers: int) -> bytes:
    return b"".join(b'{"time":"2024-05-24T08:00:00Z","n":%d}\n' % n for n in numbers)


class Queue:
    """A queue beside the bucket."""

    def __init__(self, bucket: Bucket, name: str = "siem-dlq") -> None:
        self.bucket, self.name = bucket, name
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        self.client = boto3.client("sqs", region_name="us-east-1", endpoint_url=bucket.endpoint, **keys)  # type: ignore[call-overload]
        self.url = self.client.create_queue(QueueName=name)["QueueUrl"]

    def send(self, *bodies: str, **attributes: Any) -> None:
        for body in bodies:
            self.client.send_message(QueueUrl=self.url, MessageBody=body, MessageAttributes=attributes)

    def count(self) -> tuple[int, int]:
        """Return how many messages can be received, and how many are hidden."""
        found = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])

    def arguments(self) -> list[str]:
        return ["-q", self.name, "--config", "my.ini", "--endpoint-url", self.bucket.endpoint, "--path-style", "--workers", "2"]

    def drain(self, folder: Path, *more: str, options: str = "") -> subprocess.CompletedProcess[str]:
        (folder / "my.ini").write_text(INI.format(options))
        return index(folder, *self.arguments(), *more, env=self.bucket.env)


@pytest.fixture
def queue(bucket: Bucket) -> Iterator[Queue]:
    made = Queue(bucket)
    yield made
    made.client.delete_queue(QueueUrl=made.url)  # moto keeps it from one server to the next


def numbers(folder: Path) -> list[int]:
    return sorted(row["n"] for row in rows(folder / "out.jsonl"))


def result(folder: Path, name: str) -> list[list[str]]:
    """Return the rows of the result files of a name, without the queue's date."""
    return [row.split("\t") for file in sorted(folder.glob(f"siem-dlq-????????_??????*.{name}.log")) for row in file.read_text().splitlines()]


def test_every_form_of_notice_is_loaded_once_and_its_message_deleted(queue: Queue, tmp_path: Path) -> None:
    keys = {name: f"app/ü {number}+%20=.json" for number, name in enumerate(FORMS)}
    for number, (name, key) in enumerate(keys.items()):
        queue.bucket.put(key, app(number))
        queue.send(FORMS[name](key))
    queue.bucket.put("app/range", app(*range(100, 110)))
    queue.send(messages.split("app/range", 1, 4), messages.split("app/range", 5, 10))
    queue.bucket.put("app/twice", app(200))
    queue.send(messages.s3("app/twice", eTag="0a"), messages.bus("app/twice", etag="0a"))
    queue.send(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}), messages.s3("app/x", name="ObjectRemoved:Delete"))
    queue.send(messages.s3("other/unknown.txt"))
    queue.bucket.put("other/unknown.txt", b"x")

    done = queue.drain(tmp_path, "-v")

    assert done.returncode == 0, done.stderr
    assert numbers(tmp_path) == [*range(len(FORMS)), *range(100, 110), 200]
    assert {row["@log_s3key"] for row in rows(tmp_path / "out.jsonl")} == {*keys.values(), "app/range", "app/twice"}
    assert queue.count() == (0, 0)
    assert "asks for nothing: s3:TestEvent of the bucket example-logs" in done.stderr
    assert "The account balances: " in done.stderr
    finished = {row[1]: row[2:] for row in result(tmp_path, "finish")}
    assert finished["s3://example-logs/other/unknown.txt"] == ["unknown log type: no s3_key pattern is found in this key"]
    assert len(result(tmp_path, "finish")) == len(FORMS) + 4
    assert not result(tmp_path, "error")


def test_what_cannot_be_loaded_is_quarantined_listed_left_and_loads_from_that_list_after_repair(queue: Queue, tmp_path: Path) -> None:
    queue.bucket.put("app/good", app(1))
    queue.bucket.put("app/cold", app(2))
    queue.bucket.client.put_object(Bucket=BUCKET, Key="app/cold", Body=app(2), StorageClass="GLACIER")
    queue.send(messages.s3("app/good", "app/g+o ne"), "no json", messages.s3("app/cold"))

    first = queue.drain(tmp_path)

    assert first.returncode == 1, first.stderr
    assert numbers(tmp_path) == [1]
    assert queue.count() == (2, 0)  # one bad record of two has kept its message, and both can be received at once
    assert "3 messages, 1 cannot be loaded, 1 deleted, 1 not understood" in first.stderr
    assert "has no RedrivePolicy" in first.stderr
    assert sorted(row[2] for row in result(tmp_path, "error")) == ['"example-logs","app/g+o ne"']
    reasons = [row[4] for row in result(tmp_path, "error_debug")]
    assert sorted(reason.partition(": ")[0] for reason in reasons) == ["s3://example-logs/app/g+o ne", "the message is not understood"]
    assert "archived (GLACIER): s3://example-logs/app/cold" in "".join(row[-1] for row in result(tmp_path, "finish"))
    quarantined = {row["key"]: row for path in (tmp_path / "rejects").iterdir() for row in rows(path)}
    assert {row["stage"] for row in quarantined.values()} == {"source"}
    assert "does not exist" in quarantined["app/g+o ne"]["reason"]
    assert [row["raw"] for row in quarantined.values() if "raw" in row] == ["no json"]

    queue.bucket.put("app/g+o ne", app(3))
    (tmp_path / "again.txt").write_text("".join("\t".join(row) + "\n" for row in result(tmp_path, "error")))
    assert "2 objects failed: " in first.stderr
    assert "error.log lists those that are no messages (load it with -l)" in first.stderr
    arguments = ("-l", "again.txt", "--config", "my.ini", "--endpoint-url", queue.bucket.endpoint, "--path-style")
    assert index(tmp_path, *arguments, env=queue.bucket.env).returncode == 0
    assert numbers(tmp_path) == [1, 3]


def test_while_the_destination_is_down_no_message_is_handed_out_again_and_a_stop_gives_all_back(queue: Queue, tmp_path: Path) -> None:
    for number in range(3):
        queue.bucket.put(f"app/{number}", app(number))
        queue.send(messages.s3(f"app/{number}"))
    ini = INI.format("visibility = 2s").replace("[out_file]\npath = out.jsonl", f"[out_syslog]\nhost = 127.0.0.1\nport = {closed_port()}")
    (tmp_path / "my.ini").write_text(ini)
    command = [sys.executable, str(HOME / "index.py"), *queue.arguments()]
    running = subprocess.Popen(command, cwd=tmp_path, env=queue.bucket.env, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: queue.count() == (0, 3) or running.poll() is not None, 30)
        assert running.poll() is None, running.communicate()[1]
        end = time.monotonic() + 2.5
        counts = collections.Counter(queue.count() for _ in iter(lambda: time.monotonic() < end, False) if not time.sleep(0.1))
        assert set(counts) == {(0, 3)}
        running.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        _, said = running.communicate(timeout=20)
        assert time.monotonic() - stopped < 6
    finally:
        running.kill()
    assert running.returncode == 130, said
    assert queue.count() == (3, 0)
    assert not result(tmp_path, "error")
    found = queue.client.receive_message(QueueUrl=queue.url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["ApproximateReceiveCount"])
    assert {one["Attributes"]["ApproximateReceiveCount"] for one in found["Messages"]} == {"2"}


def test_a_queue_that_is_not_there_is_told_before_anything_starts(queue: Queue, tmp_path: Path) -> None:
    queue.name = "another"
    done = queue.drain(tmp_path)
    assert done.returncode == 2
    assert "[in_sqs] queue: queue another in us-east-1: the queue does not exist" in done.stderr
    assert not list(tmp_path.glob("*.log"))
    lacking = queue.drain(tmp_path, options="direct = yes")
    assert lacking.returncode == 2
    assert re.search(r"my\.ini:\d+: \[in_sqs\] log_type: must be given with direct = yes", lacking.stderr)


def test_a_service_that_throttles_is_not_flooded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    of_nobody(monkeypatch, tmp_path)
    body = json.dumps({"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow down"}).encode()
    steps = (lambda handler: answer(handler, 200, b"{}"), lambda handler: answer(handler, 400, body, Content_Type="application/x-amz-json-1.0"))
    with Service(*steps) as service:
        options = {"endpoint_url": service.url, "region": "us-east-1", "tries": "1", "retry_for": "600ms", "wait": "0s"}
        queue = configured(SqsQueue(), "in_sqs", queue=f"{service.url}/123456789012/q", **options)
        queue.open()
        with (one := drain.Drain(queue, 2)):
            assert [task for task in one.tasks() if task or time.sleep(0.02)] == []
        assert "RequestThrottled: the service asks for fewer requests" in one.failure
        assert len(service.requests) <= 6
