"""The real logs of ../shared through the whole program: S3, TLS syslog, a real rsyslogd. Every record once, and saying what it said."""

from __future__ import annotations

import collections
import gzip
import ipaddress
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import BUCKET, Bucket, index
from tests.rsyslog import Rsyslog

pytestmark = [pytest.mark.shared, pytest.mark.rsyslog]
Document = dict[str, Any]


def deliver(bucket: Bucket, folder: Path) -> list[Document]:
    """Load the whole bucket over TLS into rsyslogd and return the documents that it wrote."""
    with Rsyslog(folder / "rsyslog") as siem:
        certificate, key = siem.certificates.identity("loader.example.com")
        (folder / "s3-list.txt").write_text(bucket.listing())
        (folder / "my.ini").write_text(
            f"[out_syslog]\nhost = localhost\nport = {siem.ports['tls']}\nprotocol = tls\nca_file = {siem.ca_file}\n"
            f"cert_file = {certificate}\nkey_file = {key}\nfields = full\n"
        )
        arguments = ("-b", BUCKET, "-l", "s3-list.txt", "--config", "my.ini", "--endpoint-url", bucket.endpoint, "--path-style")
        done = index(folder, *arguments, env=bucket.env)
        assert (done.returncode, "The account balances" in done.stderr) == (0, True), done.stderr
        count = int(done.stderr.split("The account balances: ")[1].split(" read")[0].replace(",", ""))
        siem.wait("tls", count)
        bodies = siem.bodies("tls")
    assert len(bodies) == count
    return [json.loads(body) for body in bodies]


def arrived_once(documents: list[Document], raws: list[str]) -> None:
    assert collections.Counter(document["@message"] for document in documents) == collections.Counter(raws)


def moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def dig(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def address(text: Any) -> str | None:
    try:
        return str(ipaddress.ip_address(text)) and text
    except ValueError:
        return None


def cloudtrail_objects(samples: Path) -> dict[str, list[Document]]:
    """Return each sample as one object's Records: real objects as they are, single events and NDJSON wrapped as S3 has them."""
    objects: dict[str, list[Document]] = {}
    for file in sorted((samples / "cloudtrail").rglob("*.*")):
        text = gzip.decompress(file.read_bytes()).decode() if file.suffix == ".gz" else file.read_text(encoding="utf-8")
        events = [json.loads(line) for line in text.splitlines()] if file.suffix == ".ndjson" else [json.loads(text)]
        name = file.name if file.suffix == ".gz" else f"123456789012_CloudTrail_us-east-1_{file.stem}.json.gz"
        key = f"AWSLogs/{name.partition('_')[0]}/CloudTrail/us-east-1/2023/07/10/{name}"
        objects[key] = [event for top in events for event in top.get("Records", [top])]
    return objects


def expected_user(event: Document) -> str | None:
    """Say who acted, from the AWS page "CloudTrail userIdentity element"."""
    identity = event.get("userIdentity")
    if dig(identity, "type") == "Root":
        return "root"
    if dig(identity, "type") == "AWSService":
        return dig(identity, "invokedBy")
    if dig(identity, "userName"):
        return dig(identity, "userName")
    arn = dig(identity, "arn") or ""
    name = arn.split(":")[-1].split("/")
    if len(name) > 1:
        return name[1] if name[0] == "assumed-role" else name[-1]
    return dig(identity, "sessionContext", "sessionIssuer", "userName") or dig(event, "additionalEventData", "UserName")


def test_cloudtrail(bucket: Bucket, shared: Path, tmp_path: Path) -> None:
    objects = cloudtrail_objects(shared / "samples")
    for key, events in objects.items():
        bucket.put(key, gzip.compress(json.dumps({"Records": events}).encode()))
    documents = deliver(bucket, tmp_path)
    arrived_once(documents, [json.dumps(event) for events in objects.values() for event in events])
    assert len(documents) > 1000
    for document in documents:
        event = json.loads(document["@message"])
        when = moment(event.get("eventTime"))
        if when:
            # some rule-test events name no zone: CloudTrail's is UTC
            assert datetime.fromisoformat(document["@timestamp"]) == (when if when.tzinfo else when.replace(tzinfo=UTC))
        else:
            assert "timestamp" in document["event"]["reason"]
        assert dig(document, "event", "action") == (event.get("eventName") or None)
        assert dig(document, "source", "ip") == address(event.get("sourceIPAddress"))
        assert dig(document, "user", "name") == expected_user(event)
        account = event.get("recipientAccountId") or dig(event, "userIdentity", "accountId")
        assert dig(document, "cloud", "account", "id") == (account or document["@log_s3key"].split("/")[1])


def lines_of(shared: Path, kind: str) -> dict[str, list[str]]:
    return {file.name: file.read_text(encoding="utf-8").splitlines() for file in sorted((shared / "samples" / kind).iterdir())}


def load_lines(bucket: Bucket, tmp_path: Path, files: dict[str, list[str]], key: Callable[[int], str]) -> list[Document]:
    for number, lines in enumerate(files.values()):
        bucket.put(key(number), gzip.compress("\n".join(lines).encode()))
    return deliver(bucket, tmp_path)


def test_vpcflowlogs(bucket: Bucket, shared: Path, tmp_path: Path) -> None:
    files = {name: [line for line in lines if line] for name, lines in lines_of(shared, "vpcflowlogs").items()}
    place = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2023/07/10/123456789012_vpcflowlogs_us-east-1_fl-0a"
    documents = load_lines(bucket, tmp_path, files, lambda number: f"{place}_20230710T1200Z_{number}.log.gz")
    by_raw = {line: dict(zip(lines[0].split(), line.split(), strict=True)) for lines in files.values() for line in lines[1:]}
    arrived_once(documents, [line for lines in files.values() for line in lines[1:]])
    for document in documents:
        raw = by_raw[document["@message"]]
        if "end" in raw:
            assert datetime.fromisoformat(document["@timestamp"]) == datetime.fromtimestamp(int(raw["end"]), UTC)
        assert dig(document, "event", "action") == (raw["action"].lower() if "action" in raw else None)
        assert dig(document, "source", "ip") == address(raw["srcaddr"])
        assert dig(document, "destination", "port") == (int(raw["dstport"]) if "dstport" in raw else None)
        assert dig(document, "cloud", "account", "id") == raw.get("account-id", "123456789012")


def test_alb(bucket: Bucket, shared: Path, tmp_path: Path) -> None:
    files = lines_of(shared, "alb")
    place = "AWSLogs/123456789012/elasticloadbalancing/us-east-1/2024/01/15/123456789012_elasticloadbalancing_us-east-1_app.dummy.0123456789abcdef"
    documents = load_lines(bucket, tmp_path, files, lambda number: f"{place}_20240115T1210Z_192.0.2.1_{number:08x}.log.gz")
    arrived_once(documents, [line for lines in files.values() for line in lines])
    for document in documents:
        parts = document["@message"].split(" ")
        assert datetime.fromisoformat(document["@timestamp"]) == datetime.fromisoformat(parts[1])
        assert dig(document, "source", "ip") == address(parts[3].rpartition(":")[0].strip("[]"))
        assert dig(document, "http", "response", "status_code") == (int(parts[8]) if parts[8] != "-" else None)
        assert dig(document, "cloud", "account", "id") == "123456789012"


def test_s3accesslog(bucket: Bucket, shared: Path, tmp_path: Path) -> None:
    files = lines_of(shared, "s3accesslog")
    documents = load_lines(bucket, tmp_path, files, lambda number: f"access/2023-01-31-10-28-50-{number:016X}")
    arrived_once(documents, [line for lines in files.values() for line in lines])
    for document in documents:
        when, _, rest = document["@message"].partition("[")[2].partition("] ")
        remote, requester, _, operation = rest.split(" ")[:4]
        assert datetime.fromisoformat(document["@timestamp"]) == datetime.strptime(when, "%d/%b/%Y:%H:%M:%S %z")
        assert dig(document, "event", "action") == operation
        assert dig(document, "source", "ip") == address(remote)
        if requester.startswith("arn:aws:sts:"):
            assert dig(document, "user", "name") == requester.split("/")[1]
