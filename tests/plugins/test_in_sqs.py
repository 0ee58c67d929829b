"""``plugins/in_sqs.py`` over real HTTP: moto as SQS, and loopback services that refuse."""

from __future__ import annotations

import json
import time

import boto3
import pytest

from loader.api import ConfigError, Policy, Source, SourceDenied, SourceError, SourceGone
from plugins.in_sqs import SqsQueue
from tests import aws
from tests.aws import Service, answer, of_nobody
from tests.drivers import configured
from tests.servers import LOCALHOST, closed_port

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    of_nobody(monkeypatch, tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL_SQS", raising=False)


@pytest.fixture(scope="module")
def moto():
    with aws.moto() as url:
        yield url


@pytest.fixture(scope="module")
def sqs(moto):
    return boto3.client("sqs", REGION, endpoint_url=moto, aws_access_key_id="testing", aws_secret_access_key="testing")


def opened(queue, endpoint="", **options):
    options = {"timeout": "5s", "tries": "1", "wait": "1s", "region": REGION, **options}
    plugin = configured(SqsQueue(), "in_sqs", queue=queue, endpoint_url=endpoint, **options)
    plugin.open()
    return plugin


def refuse(status, code):
    """Refuse as SQS does (AWS JSON 1.0)."""
    body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "because"}).encode()
    return lambda handler: answer(handler, status, body, Content_Type="application/x-amz-json-1.0")


def give(**content):
    return lambda handler: answer(handler, 200, json.dumps(content).encode(), Content_Type="application/x-amz-json-1.0")


def made(sqs, name, *bodies, **attributes):
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body, **({"MessageGroupId": "g", "MessageDeduplicationId": body} if ".fifo" in name else {}))
    return url


def in_queue(sqs, url):
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]), int(found["ApproximateNumberOfMessagesNotVisible"])


# --- finding the queue


def test_a_queue_is_found_by_its_name_its_url_and_its_arn(moto, sqs):
    url = made(sqs, "three-ways", "a", "b", "c")
    for name in ("three-ways", url, f"arn:aws:sqs:{REGION}:123456789012:three-ways"):
        plugin = opened(name, moto)
        assert (plugin.title, plugin.url) == ("three-ways", url)
        assert len(plugin.fetch(1)) == 1


def test_an_arn_of_another_account_is_asked_for_with_its_account_and_region():
    arn = "arn:aws:sqs:us-west-2:210987654321:theirs"
    with Service(give(QueueUrl="http://example.com/q")) as service:
        plugin = opened(arn, service.url, region="")
        assert plugin.sqs.meta.region_name == "us-west-2"
    assert json.loads(service.bodies[0]) == {"QueueName": "theirs", "QueueOwnerAWSAccountId": "210987654321"}


@pytest.mark.parametrize(
    ("queue", "region", "used"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "", "eu-west-1"),
        ("https://sqs-fips.us-gov-west-1.amazonaws.com/123456789012/q", "", "us-gov-west-1"),
        ("https://eu-west-1.queue.amazonaws.com/123456789012/q", "", "eu-west-1"),
        ("https://vpce-0a.sqs.eu-west-1.vpce.amazonaws.com/123456789012/q", "", "eu-west-1"),
        ("https://sqs.eu-west-1.amazonaws.com/123456789012/q", "ap-south-1", "ap-south-1"),
        ("http://queues.example.com/q", "", "us-east-1"),
    ],
)
def test_the_region_is_that_of_the_url_unless_the_option_says_another(queue, region, used):
    with Service(give()) as service:
        plugin = opened(queue, service.url, region=region)
    assert (plugin.sqs.meta.region_name, plugin.title) == (used, "q")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("QueueDoesNotExist", "queue logs in eu-central-1: the queue does not exist"),
        ("AccessDenied", "queue logs in eu-central-1: AccessDenied: these credentials need sqs:GetQueueUrl on it"),
    ],
)
def test_a_queue_that_is_not_there_for_us_is_told_at_the_start_with_region_and_action(code, said):
    with Service(refuse(400, code)) as service, pytest.raises(ConfigError) as why:
        opened("logs", service.url)
    assert str(why.value) == f"[in_sqs] queue: {said}"


def test_a_queue_that_cannot_be_reached_is_told_at_the_start():
    with pytest.raises(ConfigError, match="queue logs in eu-central-1 cannot be reached: "):
        opened("logs", f"http://{LOCALHOST}:{closed_port()}")


def test_without_leave_to_read_attributes_the_queue_works_all_the_same():
    with Service(refuse(403, "AccessDenied")) as service:
        assert opened(f"{service.url}/123456789012/logs", service.url).redrive is None


def test_whether_it_has_a_dead_letter_queue_is_known(moto, sqs):
    dead = made(sqs, "dead")
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    made(sqs, "alive", RedrivePolicy=json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3}))
    assert (opened("alive", moto).redrive, opened("dead", moto).redrive) == (True, False)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"queue": ""}, "[in_sqs] queue: must be given"),
        ({"queue": "a b"}, "[in_sqs] queue: 'a b' is no queue: give a name, a URL or an ARN"),
        ({"direct": "yes"}, "[in_sqs] log_type: must be given with direct = yes: it is the log type of the messages"),
        ({"key_path": "k"}, "[in_sqs] bucket_path: must be given with key_path; a fixed name is written in quotes: 'logs'"),
        ({"envelope_path": "k"}, "[in_sqs] key_path: must be given with bucket_path or envelope_path"),
        ({"wait": "20s", "timeout": "5s"}, "[in_sqs] wait: is not shorter than timeout = 5 s"),
    ],
)
def test_options_that_cannot_go_together_are_told(options, said):
    with pytest.raises(ConfigError) as why:
        opened(**{"queue": "q", **options})
    assert str(why.value) == said


def test_what_becomes_of_messages_is_as_the_options_say(moto, sqs):
    made(sqs, "policy")
    assert opened("policy", moto).policy == Policy()
    options = {"visibility": "1m", "max_receives": "3", "poison": "delete", "not_understood": "delete", "filtered": "leave", "ack": "no"}
    assert opened("policy", moto, **options).policy == Policy(60, 3, "delete", "delete", "leave", ack=False)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("key_path", "a..b", "is not JMESPath: column 3"), ("visibility", "1s", "not between 2s and 43200s"), ("receive", "11", "not between 0 and 10")],
)
def test_a_value_that_cannot_be_is_told(option, value, said):
    with pytest.raises(ValueError, match=said):
        configured(SqsQueue(), **{option: value})


# --- messages


def test_messages_come_with_receipt_count_and_what_lambda_has_written_beside_them(moto, sqs):
    url = made(sqs, "messages")
    attributes = {"ErrorCode": {"DataType": "Number", "StringValue": "200"}, "Other": {"DataType": "String", "StringValue": "x"}}
    sqs.send_message(QueueUrl=url, MessageBody="body", MessageAttributes=attributes)
    plugin = opened("messages", moto, visibility="2s")
    (first,) = plugin.fetch(10)
    assert (first.body, first.receives, first.attributes) == ("body", 1, {"ErrorCode": "200"})
    plugin.hide({first.receipt: 0})
    (second,) = plugin.fetch(10)
    assert (second.id, second.receives) == (first.id, 2)


@pytest.mark.parametrize(("receive", "got"), [("3", 3), ("0", 7)])
def test_no_more_is_received_at_once_than_the_option_says(moto, sqs, receive, got):
    made(sqs, f"many-{receive}", *map(str, range(7)))
    assert len(opened(f"many-{receive}", moto, receive=receive).fetch(10)) == got


@pytest.mark.parametrize("name", ["answers", "answers.fifo"])
def test_messages_are_deleted_and_hidden_in_batches_and_each_refusal_is_told_apart(moto, sqs, name):
    url = made(sqs, name, *map(str, range(4)), **({"FifoQueue": "true"} if ".fifo" in name else {}))
    plugin = opened(name, moto)
    messages = plugin.fetch(10)
    receipts = [message.receipt for message in messages]
    refused = plugin.delete([receipts[0], "no receipt", receipts[1]])
    assert list(refused) == ["no receipt"]
    assert isinstance(refused["no receipt"], SourceGone)
    assert in_queue(sqs, url) == (0, 2)
    refused = plugin.hide({receipts[2]: 0, "no receipt": 60})
    assert list(refused) == ["no receipt"]
    assert in_queue(sqs, url) == (1, 1)


def test_a_message_stays_hidden_as_long_as_it_is_extended(moto, sqs):
    made(sqs, "extended", "body")
    plugin = opened("extended", moto, wait="0s")
    plugin.visibility = 1
    (message,) = plugin.fetch(1)
    time.sleep(0.6)
    assert plugin.hide({message.receipt: 1}) == {}
    time.sleep(0.6)
    assert plugin.fetch(1) == []
    time.sleep(0.5)
    assert [again.id for again in plugin.fetch(1)] == [message.id]


def test_a_refusal_that_may_pass_is_no_end_of_a_receipt():
    failed = [{"Id": "0", "SenderFault": False, "Code": "InternalError", "Message": "later"}]
    with Service(give(), give(Failed=failed, Successful=[])) as service:
        refused = opened(f"{service.url}/123456789012/logs", service.url).delete(["r"])
    assert str(refused["r"]) == "InternalError: later"
    assert not isinstance(refused["r"], SourceGone)


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (400, "RequestThrottled", SourceError, "the service asks for fewer requests"),
        (503, "ServiceUnavailable", SourceError, "queue logs in eu-central-1"),
        (403, "AccessDenied", SourceDenied, "these credentials need sqs:ReceiveMessage on it"),
        (400, "QueueDoesNotExist", SourceGone, "the queue does not exist"),
        (403, "ExpiredToken", SourceError, "the credentials have expired"),
        (400, "OverLimit", SourceError, "queue logs in eu-central-1"),
    ],
)
def test_a_refusal_in_mid_run_has_its_class_and_names_the_action(status, code, kind, said):
    with Service(give(), refuse(status, code)) as service:
        plugin = opened(f"{service.url}/123456789012/logs", service.url)
        with pytest.raises(SourceError, match=said) as why:
            plugin.fetch(1)
    assert type(why.value) is kind


def test_objects_are_not_read_from_a_queue():
    with pytest.raises(SourceError, match="s3://b/k is not in a queue"):
        SqsQueue().read(Source("b", "k"))
