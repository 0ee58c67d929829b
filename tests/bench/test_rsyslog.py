"""``bench/rsyslog.py``: rsyslogd really normalises every record, in both ways, or the measurement fails."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bench import generate, rsyslog, rulebase

COUNT = 300


def lines_of(log_type: str, folder: Path) -> bytes:
    (key,) = generate.write(folder, log_type, 1, COUNT)
    return rsyslog.lines_of(log_type, folder, key)


@pytest.mark.parametrize("log_type", [*rulebase.FIELDS, "cloudtrail"])
def test_daemons_get_one_record_a_line_and_no_header(log_type: str, tmp_path: Path) -> None:
    lines = lines_of(log_type, tmp_path)
    assert lines.count(b"\n") == COUNT
    assert rulebase.expected(log_type, lines.partition(b"\n")[0].decode())


def test_the_clock_of_a_process_is_its_cpu_time() -> None:
    before = time.process_time()
    assert before <= rsyslog.cpu(os.getpid()) <= time.process_time()


@pytest.mark.rsyslog
@pytest.mark.parametrize("way", rulebase.WAYS)
@pytest.mark.parametrize("log_type", [*rulebase.FIELDS, "cloudtrail"])
def test_every_record_arrives_with_its_fields(log_type: str, way: str, tmp_path: Path) -> None:
    found = rsyslog.measure(log_type, way, lines_of(log_type, tmp_path))
    assert found["records"] == COUNT
    assert found["bytes"] > COUNT * 300
    assert found["cpu"] > 0


def test_a_document_that_lacks_a_field_is_no_measurement() -> None:
    line = "2 123456789012 eni-1 192.0.2.1 192.0.2.2 1 2 6 1 40 1716537600 1716537660 ACCEPT OK"
    whole = rulebase.expected("vpcflowlogs", line)
    rsyslog.check("vpcflowlogs", line, whole)
    with pytest.raises(rsyslog.Failed, match="source.ip"):
        rsyslog.check("vpcflowlogs", line, whole | {"source.ip": ""})
