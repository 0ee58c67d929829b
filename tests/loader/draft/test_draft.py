"""Drafts: the parts put together, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from loader.draft import sample
from loader.draft.draft import Draft, draft, key_of
from loader.draft.layout import GUESS, OPEN, SURE
from tests.loader.draft.samples import SAMPLES


def drafted(tmp_path: Path, name: str, key: str = "", body: bytes = b"") -> Draft:
    (tmp_path / "x.log").write_bytes(body or SAMPLES[name].body)
    return draft("demo", sample.load(tmp_path / "x.log"), key)


def said(one: Draft, level: str) -> str:
    return "\n".join(text for known, text in one.notes if known == level)


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/home/ann/x.log", "demo/x.log"),
        ("/data/AWSLogs/123456789012/x/y.gz", "AWSLogs/123456789012/x/y.gz"),
        ("/data/firewall/2024/05/24/x.log", "firewall/2024/05/24/x.log"),
        ("x.log", "demo/x.log"),
    ],
)
def test_a_key_is_made_of_the_path(path: str, key: str) -> None:
    assert key_of("demo", Path(path)) == key


def test_a_given_key_is_what_s3_key_is_made_of(tmp_path: Path) -> None:
    one = drafted(tmp_path, "lines", "edge/123456789012/2024/05/24/x.gz")
    assert "\ns3_key = edge/\\d{12}/\n" in one.section
    assert "s3_key" in said(one, SURE)
    assert "made up" in said(drafted(tmp_path, "lines"), OPEN)


def test_logs_of_others_than_aws_say_so(tmp_path: Path) -> None:
    assert "\ncloud_provider =\n" in drafted(tmp_path, "lines").section
    assert "cloud_provider" not in drafted(tmp_path, "lines", "AWSLogs/123456789012/x/y.gz").section
    assert "cloud_provider" not in drafted(tmp_path, "", body=b'{"time": "2024-05-24T08:00:00Z", "resource": "arn:aws:s3:::x"}').section


def test_without_a_time_the_day_in_the_key_stands_in(tmp_path: Path) -> None:
    assert "file_timestamp_format = " in drafted(tmp_path, "prose", "x/2024/05/24/y.log").section
    one = drafted(tmp_path, "prose")
    assert "file_timestamp_format" not in one.section
    assert "no field has a time" in said(one, OPEN)


def test_zones_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    one = drafted(tmp_path, "", body=b"2024-05-24 08:00:00 CEST [17] LOG: it is up and running\n")
    assert "The sample says CEST" in one.section


def test_what_is_a_guess_and_what_is_open_is_said(tmp_path: Path) -> None:
    assert "source.ip = ip" in said(drafted(tmp_path, "access"), GUESS)
    assert "in the record: ident" in said(drafted(tmp_path, "access"), OPEN)
    assert "event.category" in said(drafted(tmp_path, "lines"), OPEN)
    assert "day and month" in said(drafted(tmp_path, "", body=b"05/06/2024 08:00:00 192.0.2.7 x\n"), GUESS)
    assert "it has no year" in said(drafted(tmp_path, "", body=b"Feb  5 17:32:18 fw cron: x\nFeb  5 17:32:19 fw cron: y\n"), SURE)
    assert "packed as gzip" in said(drafted(tmp_path, "packed"), SURE)


def test_there_is_a_hook_where_something_follows_and_none_else(tmp_path: Path) -> None:
    assert "script_ecs" in drafted(tmp_path, "lines").section
    one = drafted(tmp_path, "prose")
    assert (one.hook, "script_ecs" in one.section) == ("", False)
