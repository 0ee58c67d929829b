"""Records to measure with: invented, in the documented formats, with documentation addresses, and as varied as real ones."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

WARM = "warm"  # folder of objects to begin with
START = datetime(2024, 5, 24, 8, 0, tzinfo=UTC)
AGENTS = [f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0" for n in range(90, 130)]
ACCOUNT = "123456789012"
ARN = f"arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:targetgroup/web/0123456789abcdef"


def address(rng: random.Random) -> str:
    """Return an address of the documentation networks, or a private one."""
    return rng.choice(("192.0.2.", "198.51.100.", "203.0.113.", f"10.{rng.randrange(4)}.{rng.randrange(256)}.")) + str(rng.randrange(256))


def vpcflowlogs(rng: random.Random, count: int) -> Iterator[str]:
    """VPC flow, version 2, the default fields."""
    yield "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
    for n in range(count):
        start = int(START.timestamp()) + n // 50
        ports = f"{rng.randrange(1024, 65535)} {rng.choice((22, 53, 80, 443, 3389))}"
        yield (
            f"2 {ACCOUNT} eni-{rng.randrange(64):017x} {address(rng)} {address(rng)} {ports} {rng.choice((6, 6, 6, 17, 1))} "
            f"{rng.randrange(1, 500)} {rng.randrange(40, 900000)} {start} {start + 60} {rng.choice(('ACCEPT', 'ACCEPT', 'REJECT'))} OK"
        )


def alb(rng: random.Random, count: int) -> Iterator[str]:
    """Application load balancer access log."""
    for n in range(count):
        when = START + timedelta(milliseconds=37 * n, microseconds=rng.randrange(1000))
        status = rng.choice((200, 200, 200, 301, 404, 502))
        target = f"10.0.{rng.randrange(4)}.{rng.randrange(256)}:8080"
        url = f"https://www.example.com:443/shop/item/{rng.randrange(100000)}?ref=mail&session={rng.randrange(10**9):x}"
        yield (
            f"https {when:%Y-%m-%dT%H:%M:%S.%fZ} app/web/0123456789abcdef {address(rng)}:{rng.randrange(1024, 65535)} {target} "
            f"0.00{rng.randrange(10)} 0.{rng.randrange(1000):03} 0.000 {status} {status} {rng.randrange(100, 3000)} {rng.randrange(200, 90000)} "
            f'"GET {url} HTTP/2.0" "{rng.choice(AGENTS)}" TLS_AES_128_GCM_SHA256 TLSv1.3 {ARN} "Root=1-66504b00-{n:024x}" '
            f'"www.example.com" "arn:aws:acm:us-east-1:{ACCOUNT}:certificate/0f0e0d0c-0000-1111-2222-333344445555" 1 '
            f'{when:%Y-%m-%dT%H:%M:%S.%fZ} "forward" "-" "-" "{target}" "{status}" "-" "-" TID_{rng.randrange(2**63):016x}'
        )


def s3accesslog(rng: random.Random, count: int) -> Iterator[str]:
    """S3 server access log."""
    for n in range(count):
        when = START + timedelta(milliseconds=90 * n)
        key = f"reports/2024/05/{rng.randrange(31) + 1:02}/part-{rng.randrange(10**6):06}.csv"
        yield (
            f"{'79a59df900b949e55d96a1e698fbaced' * 2} example-data [{when:%d/%b/%Y:%H:%M:%S} +0000] {address(rng)} "
            f"arn:aws:sts::{ACCOUNT}:assumed-role/etl/worker-{rng.randrange(20)} {rng.randrange(16**16):016X} REST.GET.OBJECT {key} "
            f'"GET /{key} HTTP/1.1" {rng.choice((200, 200, 206, 403, 404))} - {rng.randrange(10**6)} {rng.randrange(10**7)} {rng.randrange(300)} '
            f'{rng.randrange(200)} "-" "aws-sdk-java/1.12.{rng.randrange(20)} Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.8" - '
            f"{rng.randrange(2**200):050x}= SigV4 ECDHE-RSA-AES128-GCM-SHA256 AuthHeader example-data.s3.us-east-1.amazonaws.com TLSv1.2 - -"
        )


CALLS = {  # of services: (what is asked, the members of the request), then what changes things
    "ec2": ("Describe", ("Instances", "Volumes", "Subnets", "Images", "Addresses"), ("RunInstances", "CreateTags", "StopInstances")),
    "s3": ("Get", ("BucketAcl", "BucketPolicy", "BucketLocation", "BucketLogging"), ("PutBucketPolicy", "CreateBucket")),
    "iam": ("List", ("Roles", "Users", "Policies", "AccessKeys"), ("CreateUser", "AttachRolePolicy")),
    "kms": ("Describe", ("Key", "CustomKeyStores"), ("Decrypt", "GenerateDataKey", "Encrypt")),
    "sts": ("Get", ("CallerIdentity", "SessionToken"), ("AssumeRole", "AssumeRoleWithSAML")),
    "rds": ("Describe", ("DBInstances", "DBSnapshots", "Events"), ("ModifyDBInstance",)),
    "lambda": ("List", ("Functions20150331", "Tags20170331"), ("UpdateFunctionCode20150331v2",)),
    "logs": ("Describe", ("LogGroups", "LogStreams"), ("CreateLogStream", "PutRetentionPolicy")),
}
SDKS = ("aws-cli/2.{} Python/3.11.6 Linux/6.1 exe/x86_64", "Boto3/1.34.{} md/Botocore#1.34 os/linux", "aws-sdk-go-v2/1.{} os/linux lang/go#1.22")


def identity(number: int) -> dict[str, object]:
    """Who acts: a role's session most often, a user, a service, or root."""
    kind = "AssumedRole" if number % 20 < 14 else "IAMUser" if number % 20 < 17 else "AWSService" if number % 20 < 19 else "Root"
    role, access = f"role-{number % 40}", f"ASIAEXAMPLE{number:05}"
    if kind == "AWSService":
        return {"type": kind, "invokedBy": f"{list(CALLS)[number % len(CALLS)]}.amazonaws.com"}
    if kind == "Root":
        return {"type": kind, "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT, "accessKeyId": access}
    if kind == "IAMUser":
        arn = f"arn:aws:iam::{ACCOUNT}:user/user{number}"
        name = f"user{number}"
        return {"type": kind, "principalId": f"AIDAEXAMPLE{number}", "arn": arn, "accountId": ACCOUNT, "accessKeyId": access, "userName": name}
    principal = f"AROAEXAMPLE{number % 40:05}"
    issuer = {"type": "Role", "principalId": principal, "arn": f"arn:aws:iam::{ACCOUNT}:role/{role}", "accountId": ACCOUNT, "userName": role}
    attributes = {
        "creationDate": f"{START - timedelta(seconds=17 * number):%Y-%m-%dT%H:%M:%SZ}",
        "mfaAuthenticated": ("false", "true")[number % 3 == 0],
    }
    return {
        "type": kind, "principalId": f"{principal}:user{number}", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/user{number}",
        "accountId": ACCOUNT, "accessKeyId": access,
        "sessionContext": {"sessionIssuer": issuer, "webIdFederationData": {}, "attributes": attributes},
    }  # fmt: skip


def cloudtrail_event(rng: random.Random, n: int) -> dict[str, object]:
    """One management event of about 1.3 kB."""
    service = rng.choice(list(CALLS))
    verb, asked, changes = CALLS[service]
    reads = rng.random() < 0.7
    name = verb + rng.choice(asked) if reads else rng.choice(changes)
    when = f"{START + timedelta(milliseconds=20 * n):%Y-%m-%dT%H:%M:%SZ}"
    cipher = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": f"{service}.us-east-1.amazonaws.com"}
    parameters: dict[str, object] = {f"{service}Name": f"example-{rng.randrange(999)}", "maxResults": rng.choice((50, 100, 1000))}
    if rng.random() < 0.4:
        parameters["filterSet"] = {"items": [{"name": "state", "valueSet": {"items": [{"value": rng.choice(("running", "stopped"))}]}}]}
    return {
        "eventVersion": rng.choice(("1.08", "1.09", "1.10")), "userIdentity": identity(rng.randrange(200) if n else 0),
        "eventTime": when, "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": "us-east-1",
        "sourceIPAddress": address(rng) if rng.random() < 0.9 else "config.amazonaws.com",
        "userAgent": rng.choice(AGENTS) if rng.random() < 0.5 else rng.choice(SDKS).format(rng.randrange(60)),
        **({"errorCode": "AccessDenied", "errorMessage": f"not authorized to perform: {service}:{name}"} if n % 17 == 0 else {}),
        "requestParameters": parameters, "responseElements": None if reads else {"requestId": f"{rng.randrange(2**63):016x}", "_return": True},
        "requestID": f"{rng.randrange(2**63):016x}", "eventID": f"{rng.randrange(2**127):032x}", "readOnly": reads,
        "resources": [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::example-{rng.randrange(999)}"}],
        **({"additionalEventData": {"bytesTransferredIn": 0, "x-amz-id-2": f"{rng.randrange(2**300):075x}="}} if service in ("s3", "kms") else {}),
        "eventType": "AwsApiCall", "managementEvent": True, "recipientAccountId": ACCOUNT, "eventCategory": "Management",
        "tlsDetails": cipher,
    }  # fmt: skip


def cloudtrail(rng: random.Random, count: int) -> Iterator[str]:
    """One CloudTrail object: a single line with all Records."""
    yield json.dumps({"Records": [cloudtrail_event(rng, n) for n in range(count)]}, separators=(",", ":"))


def key(kind: str, name: str) -> str:
    """Return the key pattern of a service that logs by account, region and day."""
    return f"AWSLogs/{ACCOUNT}/{kind}/us-east-1/2024/05/24/{ACCOUNT}_{kind}_us-east-1_{name}"


KEYS: dict[str, tuple[Callable[[random.Random, int], Iterator[str]], str]] = {
    "vpcflowlogs": (vpcflowlogs, key("vpcflowlogs", "fl-0a_20240524T0800Z_%04d.log.gz")),
    "alb": (alb, key("elasticloadbalancing", "app.web.0123456789abcdef_20240524T0800Z_192.0.2.1_%04d.log.gz")),
    "cloudtrail": (cloudtrail, key("CloudTrail", "20240524T0800Z_%04d.json.gz")),
    "s3accesslog": (s3accesslog, "access/2024-05-24-08-00-00-%016X"),
}


def write(folder: Path, log_type: str, objects: int, records: int) -> list[str]:
    """Write gzipped objects of a type below ``folder`` and return their keys."""
    make, pattern = KEYS[log_type]
    keys = []
    for n in range(objects):
        path = folder / (pattern % n)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("\n".join(make(random.Random(n), records)).encode() + b"\n", 6, mtime=0))  # noqa: S311
        keys.append(pattern % n)
    return keys
