"""``siem/fileformat_winevtxml.py``: what hooks get of Windows events."""

from __future__ import annotations

import pytest

from plugins.parser_winevtxml import parse
from siem.fileformat_winevtxml import ACTIONS, OUTCOMES, initial_extract_action_outcome


def event(identifier: str, channel: str = "Security", keywords: str = "0x8020000000000000") -> dict:
    system = f"<EventID>{identifier}</EventID><Keywords>{keywords}</Keywords><Channel>{channel}</Channel>"
    return parse(f"<Event xmlns='http://example.com/event'><System>{system}</System></Event>")


@pytest.mark.parametrize(
    ("identifier", "keywords", "action", "outcome"),
    [
        ("4624", "0x8020000000000000", "logged-in", "success"),
        ("4625", "0x8010000000000000", "logon-failed", "failure"),
        ("4625", "0x0", "logon-failed", "failure"),
        ("4768", "0x8010000000000000", "kerberos-authentication-ticket-requested", "failure"),
        ("4776", "0x8020000000000000", "credential-validated", "success"),
        ("1102", "0x4020000000000000", "audit-log-cleared", "success"),
    ],
)
def test_action_and_outcome_come_from_the_id_and_the_keywords(identifier: str, keywords: str, action: str, outcome: str) -> None:
    assert initial_extract_action_outcome(event(identifier, keywords=keywords))["event"] == {"action": action, "outcome": outcome}


def test_an_id_of_another_log_means_nothing() -> None:
    assert "event" not in initial_extract_action_outcome(event("4624", "Application", "0x80000000000000"))


def test_the_record_is_changed_in_place_and_what_it_had_stays() -> None:
    record = event("4634") | {"event": {"kind": "event", "action": "old"}}
    assert initial_extract_action_outcome(record) is record
    assert record["event"] == {"kind": "event", "action": "logged-out", "outcome": "success"}


@pytest.mark.parametrize("record", [{}, {"Event": None}, {"Event": {"System": "text"}}, {"Event": {"System": {}}}])
def test_a_record_that_is_no_event_stays_as_it_is(record: dict) -> None:
    before = dict(record)
    assert initial_extract_action_outcome(record) == before


def test_every_outcome_is_that_of_an_action() -> None:
    assert set(OUTCOMES) <= set(ACTIONS)
