"""Drafted hooks are Python that gives what it says."""

from __future__ import annotations

from typing import Any

from loader.draft import hook
from loader.draft.fields import fields
from loader.draft.mapping import mapped


def derived(*records: dict[str, Any]) -> dict[str, Any]:
    known = fields(records)
    rows = hook.rows(known, mapped(known, None))
    space: dict[str, Any] = {}
    exec(hook.text("demo", "demo logs", rows), space)
    return {row.targets[0]: row for row in space["DERIVED"]}


def test_the_outcome_follows_from_a_status_of_http() -> None:
    row = derived({"method": "GET", "status": "404"})["event.outcome"]
    assert row.sources == ("status",)
    assert list(map(row.function, ["204", "302", 404, "500", None, "-", "x"])) == ["success", "success", "failure", "failure", None, None, None]


def test_the_outcome_follows_from_words_that_the_sample_has() -> None:
    row = derived({"action": "ACCEPT", "src": "192.0.2.7"}, {"action": "drop"})["event.outcome"]
    assert list(map(row.function, ["ACCEPT", "drop", "other", None])) == ["success", "failure", None, None]
    assert "event.outcome" not in derived({"action": "login"})


def test_the_rest_follows_from_addresses_numbers_and_urls() -> None:
    rows = derived({"src": "192.0.2.7", "protocol": 6, "url": "https://www.example.com/a?b=c", "request_url": "https://www.example.com:8443/a?b=c"})
    assert list(map(rows["network.type"].function, ["192.0.2.7", "2001:db8::1", "-", None])) == ["ipv4", "ipv6", None, None]
    assert list(map(rows["network.transport"].function, [6, "17", "255", None])) == ["tcp", "udp", None, None]


def test_a_url_is_cut_where_nothing_else_is_mapped_to_it() -> None:
    row = derived({"link": "https://www.example.com/a?b=c"})["url.original"]
    assert (row.varied, row.sources) == (True, ("link",))
    assert row.function("https://www.example.com/a?b=c")[2] == "www.example.com"
    assert "url.original" not in derived({"link": "https://www.example.com/a", "uri_path": "/a", "method": "GET"})


def test_no_row_reads_what_the_mapping_sets() -> None:
    assert "url.original" not in derived({"url": "https://www.example.com/a"})
    assert "network.type" not in derived({"source": {"ip": "192.0.2.7"}})


def test_where_nothing_follows_there_are_no_rows() -> None:
    assert hook.rows(fields([{"a": "b"}]), []) == []
