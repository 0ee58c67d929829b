"""Every row of the table that ``make faults`` prints: nothing is lost, and what comes twice is bounded."""

from __future__ import annotations

import pytest

from faults import bounds, scenarios, table

CASES = list(scenarios.cases())


@pytest.mark.faults
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_lost_by(case, service, tmp_path, rows):
    row = table.play(case, service, tmp_path / f"row-{CASES.index(case)}")
    rows.append(row)
    if row.skipped:
        pytest.skip(row.skipped)
    assert not row.wrong


def test_no_two_rows_have_one_name():
    assert len({case.name for case in CASES}) == len(CASES)


def test_only_udp_may_lose_or_has_no_bound():
    assert {case.protocol for case in CASES if case.bound is bounds.any_number} == {"udp"}
    assert all(case.bound is bounds.any_number for case in CASES if case.protocol == "udp")


@pytest.mark.parametrize("protocol", ["tcp", "tls", "relp"])
@pytest.mark.parametrize(
    "fault",
    [
        "worker killed", "program killed, started again", "receiver killed, back after 1 s",
        "connection cut in mid-frame", "connection reset in mid-frame",
    ],
)  # fmt: skip
def test_what_the_issue_names_is_there_for_every_protocol_of_each_receiver(fault, protocol):
    receivers = {case.receiver for case in CASES if (case.fault, case.protocol) == (fault, protocol)}
    assert receivers == ({"rsyslogd"} if protocol == "relp" else {"rsyslogd", "syslog-ng"})  # syslog-ng speaks no RELP
