"""Memory does not grow with the object: a stream of a gigabyte, and a list of 300 MB on one line."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from isal import igzip

from loader.engine import HOME

MB = 1024**2
EVENT = (
    '{"eventVersion":"1.08","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::123456789012:user/alice","accountId":"123456789012",'
    '"userName":"alice"},"eventTime":"2024-05-24T08:00:00Z","eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"us-east-1",'
    '"sourceIPAddress":"192.0.2.10","requestParameters":{"bucketName":"example","key":"%s"},"responseElements":null,"eventID":"id-%09d"}'
)


def ndjson(size: int) -> Iterator[bytes]:
    line = b'{"time":"2024-05-24T08:00:00Z","user":"alice","address":"192.0.2.10","n":1%08d,"text":"' + b"x" * 900 + b'"}\n'
    for n in range(0, size // len(line % 0) + 1, 256):
        yield b"".join(line % k for k in range(n, n + 256))


def one_list(size: int) -> Iterator[bytes]:
    yield b'{"Records":['
    count = size // len(EVENT % ("k" * 400, 0))
    for n in range(0, count, 256):
        chunk = ",".join(EVENT % ("k" * 400, k) for k in range(n, min(n + 256, count)))
        yield ("," * (n > 0) + chunk).encode()
    yield b"]}"


def peak_of_workers(folder: Path, key: str, pieces: Iterator[bytes]) -> tuple[int, str]:
    """Load one gzipped object to out_null and return the largest resident size a worker had, and what the program said."""
    path = folder / "bucket" / key
    path.parent.mkdir(parents=True)
    with igzip.open(path, "wb", compresslevel=0) as file:
        for piece in pieces:
            file.write(piece)
    (folder / "list.txt").write_text(f"{key}\n")
    (folder / "my.ini").write_text("[out_null]\n[app]\ns3_key = app/\nfile_format = json\ntimestamp_key = time\n")
    command = [sys.executable, str(HOME / "index.py"), "-b", "bucket", "-l", "list.txt", "--config", "my.ini", "--workers", "1"]
    with open(folder / "said", "w+") as said, subprocess.Popen(command, cwd=folder, stdout=said, stderr=said) as program:
        peak = 0
        while program.poll() is None:
            for child in psutil.Process(program.pid).children(recursive=True):
                peak = max(peak, high_water(child.pid))
            time.sleep(0.05)
        said.seek(0)
        text = said.read()
    assert program.returncode == 0, text
    return peak, text


def high_water(pid: int) -> int:
    """Return the largest resident size a process has had, in bytes (Linux keeps it)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


@pytest.mark.large
def test_a_gigabyte_of_ndjson_takes_less_than_200_mb(tmp_path: Path) -> None:
    peak, said = peak_of_workers(tmp_path, "app/stream.gz", ndjson(1024 * MB))
    print(f"peak {peak / MB:.0f} MB")
    assert 0 < peak < 200 * MB
    assert "The account balances" in said and "1.1 GB" in said


@pytest.mark.large
def test_a_cloudtrail_list_of_300_mb_takes_less_than_300_mb(tmp_path: Path) -> None:
    key = "AWSLogs/123456789012/CloudTrail/us-east-1/2024/05/24/123456789012_CloudTrail_us-east-1_20240524T0800Z_a.json.gz"
    peak, said = peak_of_workers(tmp_path, key, one_list(300 * MB))
    print(f"peak {peak / MB:.0f} MB")
    assert 0 < peak < 300 * MB
    assert "The account balances" in said and "315.0 MB" in said
