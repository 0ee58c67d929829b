"""A real S3 over HTTP (moto's server) and the program as its users run it: index.py in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from loader.engine import HOME

BUCKET = "example-logs"


class Bucket:
    """A bucket on moto's server, and the environment that leads there."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.env = {
            "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            **{name: value for name, value in os.environ.items() if name.startswith(("COV", "COVERAGE"))},
        }  # fmt: skip
        self.client = boto3.client(
            "s3", region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.client.create_bucket(Bucket=BUCKET)

    def put(self, key: str, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def listing(self) -> str:
        """Return what ``aws s3 ls --recursive`` would print."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        found = [item for page in pages for item in page.get("Contents", [])]
        return "".join(f"{item['LastModified']:%Y-%m-%d %H:%M:%S} {item['Size']:10} {item['Key']}\n" for item in found)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        made = Bucket(f"http://{host}:{port}")
        made.client.list_buckets()
        yield made
        for item in made.client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            made.client.delete_object(Bucket=BUCKET, Key=item["Key"])
        made.client.delete_bucket(Bucket=BUCKET)
    finally:
        server.stop()


def index(folder: Path, *arguments: str, env: dict[str, str] | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run index.py in ``folder`` and return how it ended."""
    command = [sys.executable, str(HOME / "index.py"), *arguments]
    return subprocess.run(command, cwd=folder, env=env, input=stdin, capture_output=True, text=True, timeout=300, check=False)
