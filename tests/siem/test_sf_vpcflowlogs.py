"""The hook of VPC flow logs at its edges; whole records are in tests/logtypes."""

import pytest

from loader.stages.table import applier
from siem.sf_vpcflowlogs import DERIVED


def flow(**fields):
    return applier(DERIVED)({"event": {"kind": "event"}, **fields})


@pytest.mark.parametrize(
    ("action", "flags", "types", "outcome"),
    [
        ("ACCEPT", None, ["allowed", "connection"], "success"),
        ("REJECT", "2", ["connection", "denied", "start"], "failure"),
        ("ACCEPT", "3", ["allowed", "connection", "end", "start"], "success"),
        ("ACCEPT", "1", ["allowed", "connection", "end"], "success"),
        ("ACCEPT", "4", ["allowed", "connection", "end"], "success"),
        ("ACCEPT", "-", ["allowed", "connection"], "success"),
        ("ACCEPT", "0", ["allowed", "connection"], "success"),
        (None, None, ["connection"], None),
    ],
)
def test_verdict_and_flags_make_the_type(action, flags, types, outcome):
    event = flow(action=action, tcp_flags=flags, log_status="OK")["event"]
    assert (event["type"], event.get("outcome")) == (types, outcome)
    assert event.get("action") == (action and action.lower())


@pytest.mark.parametrize("status", ["NODATA", "SKIPDATA"])
def test_without_data_there_is_no_connection(status):
    record = flow(action="-", log_status=status, srcaddr="-", dstaddr="-", protocol="-", pkt_srcaddr="-", pkt_dstaddr="-")
    assert record["event"]["type"] == ["info"]
    assert "outcome" not in record["event"]
    assert record.keys().isdisjoint({"network", "source", "destination"})


@pytest.mark.parametrize(
    ("start", "end", "duration"),
    [("1", "3", 2_000_000_000), ("3", "3", 0), ("3", "1", None), ("-", "3", None), (None, None, None), ("x", "9" * 30, None)],
)
def test_duration_is_known_when_both_ends_are_in_order(start, end, duration):
    assert flow(start=start, end=end)["event"].get("duration") == duration


def test_times_are_utc():
    event = flow(start="1716535865", end="1716535925")["event"]
    assert (event["start"], event["end"]) == ("2024-05-24T07:31:05+00:00", "2024-05-24T07:32:05+00:00")


@pytest.mark.parametrize(
    ("number", "name"), [("6", "tcp"), ("17", "udp"), ("1", "icmp"), ("58", "ipv6-icmp"), ("47", "gre"), ("50", "esp"), ("253", None), ("-", None)]
)
def test_protocol_numbers_have_names(number, name):
    assert flow(protocol=number).get("network", {}).get("transport") == name


def test_packet_addresses_that_differ_are_translations():
    record = flow(srcaddr="192.0.2.1", dstaddr="192.0.2.2", pkt_srcaddr="192.0.2.1", pkt_dstaddr="203.0.113.5")
    assert "source" not in record
    assert record["destination"] == {"nat": {"ip": "203.0.113.5"}}


def test_a_format_with_packet_addresses_only():
    record = flow(pkt_srcaddr="2001:db8::1", pkt_dstaddr="2001:db8::2")
    assert record["network"]["type"] == "ipv6"
    assert "source" not in record
    assert "destination" not in record


def test_records_do_not_share_lists():
    first, second = flow(action="ACCEPT"), flow(action="ACCEPT")
    first["event"]["type"].append("x")
    assert second["event"]["type"] == ["allowed", "connection"]


def test_a_site_may_map_less():
    record = applier(DERIVED)({"protocol": "6", "srcaddr": "192.0.2.1", "pkt_srcaddr": "192.0.2.2"})
    assert record["network"] == {"transport": "tcp", "type": "ipv4"}
    assert record["source"] == {"nat": {"ip": "192.0.2.2"}}
