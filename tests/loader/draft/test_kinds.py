"""Kinds of values: one for each, and what only looks like it."""

from __future__ import annotations

import pytest

from loader.draft.kinds import TESTS, kind

EXAMPLES = {
    "address": ["192.0.2.7", "2001:db8::1"],
    "endpoint": ["192.0.2.7:443", "[2001:db8::1]:80"],
    "code": ["200", "404"],
    "number": ["17", "-3"],
    "decimal": ["0.25", "-1.5"],
    "method": ["GET", "PUT"],
    "request": ["GET /a b HTTP/1.1"],
    "url": ["https://www.example.com/a"],
    "agent": ["curl/8.1", "Mozilla/5.0 (X11)"],
    "email": ["ann@example.com"],
    "mac": ["00:00:5e:00:53:01", "00-00-5E-00-53-02"],
    "md5": ["d41d8cd98f00b204e9800998ecf8427e"],
    "sha1": ["da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    "sha256": ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    "uuid": ["123e4567-e89b-12d3-a456-426614174000"],
    "arn": ["arn:aws:iam::123456789012:user/ann"],
    "level": ["INFO", "warning"],
    "verdict": ["ACCEPT", "denied"],
    "path": ["/index.html"],
    "host": ["www.example.com"],
}


@pytest.mark.parametrize("name", [name for name, _ in TESTS])
def test_each_kind_is_told_from_all_others(name: str) -> None:
    assert kind(EXAMPLES[name]) == name
    assert kind([*EXAMPLES[name], "-", None]) == name
    assert kind([*EXAMPLES[name], "two words"]) == "text"


def test_what_only_looks_like_it_is_text() -> None:
    for text in ("300.1.1.1", "index.html", "10:20", "12345678901234567890", "a@b", "port 443"):
        assert kind([text]) == "text", text
    assert kind([]) == kind(["-", None, ""]) == ""
    assert kind(["443"]) == "number"
