"""Fields to ECS: by name, by value, and only where the values go with it."""

from __future__ import annotations

from typing import Any

import pytest

from loader.draft.fields import fields
from loader.draft.mapping import BY_NEAR, BY_VALUE, fits, mapped, time_of


def found(**record: Any) -> dict[str, str]:
    known = fields([record])
    return {one.target: one.source for one in mapped(known, time_of(known, 1))}


def test_names_of_vendors_are_known_whatever_their_spelling() -> None:
    assert found(srcIP="192.0.2.7", dst_ip="198.51.100.1", spt="52114", **{"cs(User-Agent)": "curl/8.1", "sc-status": 404}) == {
        "source.ip": "srcIP",
        "destination.ip": "dst_ip",
        "source.port": "spt",
        "http.response.status_code": "sc-status",
        "related.ip": "[srcIP, dst_ip]",
    }  # a name with brackets cannot be said in a section
    assert found(actor={"user": {"email": "ann@example.com"}}, client={"ipAddress": "192.0.2.7"})["source.ip"] == "client.ipAddress"


def test_a_value_that_cannot_be_it_is_not_mapped() -> None:
    assert "source.ip" not in found(src="fw-inside")
    assert "source.port" not in found(spt="http")
    assert "http.response.status_code" not in found(status="active", method="GET")
    assert "user.email" not in found(email="ann")
    assert fits("source.ip", ["192.0.2.7", "-", None])
    assert not fits("source.ip", ["192.0.2.7", "x", "y"])
    assert not fits("source.ip", [])
    assert not fits("source.port", [True])


def test_what_only_values_tell_goes_into_related() -> None:
    known = fields([{"weird": "192.0.2.7", "sum": "da39a3ee5e6b4b0d3255bfef95601890afd80709"}])
    assert [(one.target, one.source, one.by) for one in mapped(known, None)] == [
        ("related.ip", "[weird]", BY_VALUE),
        ("related.hash", "[sum]", BY_VALUE),
    ]


def test_a_name_that_means_several_things_is_told_as_unsure() -> None:
    (one, *_) = mapped(fields([{"ip": "192.0.2.7"}]), None)
    assert (one.target, one.by) == ("source.ip", BY_NEAR)


def test_bytes_are_those_of_a_response_where_there_is_one() -> None:
    assert found(bytes=17, srcaddr="192.0.2.7")["network.bytes"] == "bytes"
    assert found(bytes=17, status=200, method="GET")["http.response.bytes"] == "bytes"


def test_a_protocol_by_its_number_and_by_its_name() -> None:
    assert found(protocol="6")["network.iana_number"] == "protocol"
    assert found(protocol="tcp")["network.transport"] == "protocol"


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"created": "2024-05-24T08:00:00Z", "eventTime": "2024-05-24T08:00:00Z"}, "eventTime"),
        ({"when": "2024-05-24T08:00:00Z"}, "when"),
        ({"timestamp": 1716537600123}, "timestamp"),
        ({"field_1": "1716537600123"}, "field_1"),
        ({"day": "2024-05-24", "at": "24/May/2024:08:00:00 +0000"}, "at"),
        ({"session": 1716537600}, None),
        ({"a": "x"}, None),
    ],
)
def test_the_time_of_the_event_is_found(record: dict[str, Any], field: str | None) -> None:
    time = time_of(fields([record]), 1)
    assert (time.field if time else None) == field


def test_a_time_that_few_records_have_goes_behind_one_that_all_have() -> None:
    records = [{"when": "2024-05-24T08:00:00Z"}] * 9 + [{"when": "2024-05-24T08:00:00Z", "timestamp": "2024-05-24T08:00:00Z"}]
    time = time_of(fields(records), 10)
    assert time and time.field == "when"
