"""The ledger at one moment, as it is told to people and to machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from loader.cli.stats_page import Look
from loader.stats import DestinationStats, ObjectStats, Stats, TypeStats

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
APP = TypeStats("app", 1200, 3, 1, 9_000_000, 5, 7, 8_999_988, 10_000, 2_000_000, NOW - 90, 12.25, 1.5, 0.06)
DNS = TypeStats("dns", 1, 0, 0, 10, 0, 0, 10, 100, 2_000, NOW - 2 * 86400, 0.0, 0.0, 0.01)
FOUND = Stats(
    size=45_000_000,
    objects=1205,
    oldest=NOW - 7300,
    types=[APP, DNS],
    destinations=[DestinationStats("syslog tls://siem.example.com:6514", 1100, 4, 8_000_000, NOW)],
    newest=[
        ObjectStats("logs", "a/\x1b[2Jb", "app", "failed", "syslog: [down]", 300, NOW - 5, {"out_syslog": 250, "out_file": None}),
        ObjectStats("logs", "c", "app", "", "", 0, NOW - 3600, {}),
    ],
)


def look(found: Stats | None = FOUND) -> Look:
    return Look(Path("/var/lib/sluice/ledger.db"), 90 * 86400.0, NOW, found)


def page(found: Stats | None = FOUND, width: int = 160) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(look(found).page())
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_page_has_the_file_the_types_their_rates_the_destinations_and_the_newest_objects() -> None:
    assert page() == [
        "/var/lib/sluice/ledger.db: 45.0 MB, 1,205 objects, the first of them touched 2 h ago; an object is forgotten 90 d after it was last touched",
        "",
        "log type   done  begun  failed    records  rejected  bytes out",
        "app       1,200      3       1  9,000,000         7     2.0 MB",
        "dns           1      0       0         10         0     2.0 kB",
        "(all)     1,201      3       1  9,000,010         7     2.0 MB",
        "",
        "records a second  last minute  last hour  last day  last touched",
        "app                      12.2        1.5       0.1     1 min ago",
        "dns                       0.0        0.0       0.0       2 d ago",
        "(all)                    12.2        1.5       0.1     1 min ago",
        "",
        "destination                         whole  in part    records  last touched",
        "syslog tls://siem.example.com:6514  1,100        4  8,000,000       0 s ago",
        "",
        "failed     5 s ago  app  s3://logs/a/\\x1b[2Jb  300 records",
        "        out_syslog: records before number 250",
        "        out_file: whole",
        "        syslog: [down]",
        "begun      1 h ago  app  s3://logs/c  0 records",
    ]


def test_numbers_are_whole_on_a_narrow_terminal() -> None:
    text = "\n".join(page(width=80))
    for number in ("9,000,010", "2.0 MB", "1 min ago", "8,000,000"):
        assert number in text
    assert "…" not in text


def test_one_type_needs_no_sum() -> None:
    one = Stats(1, 1, NOW, [DNS], [], [])
    assert not any("(all)" in line for line in page(one))
    said = "/var/lib/sluice/ledger.db: 1 byte, 0 objects; an object is forgotten 90 d after it was last touched"
    assert page(Stats(1, 0, None, [], [], [])) == [said]


def test_a_line_has_the_sums() -> None:
    said = "2027-01-15T08:00:00Z 1,201 objects done, 3 begun, 1 failed, 9,000,010 records, 12.2/s in the last minute"
    assert look().line() == said


def test_where_there_is_none_it_says_where_it_looked() -> None:
    said = "there is no ledger yet: /var/lib/sluice/ledger.db is not there (a load makes it, in the folder that state in [loader] names)"
    assert page(None) == [said]
    assert look(None).line() == f"2027-01-15T08:00:00Z {said}"


@pytest.mark.parametrize("found", [FOUND, None])
def test_the_keys_of_the_json_are_there_with_a_ledger_and_without(found: Stats | None) -> None:
    told = json.loads(json.dumps(look(found).as_json()))
    assert list(told) == ["ledger", "there", "now", "remember", "size", "objects", "oldest", "types", "destinations", "newest"]
    assert told["there"] == (found is not None)
    assert len(told["types"]) == (2 if found else 0)
    if found:
        assert told["newest"][0]["marks"] == {"out_syslog": 250, "out_file": None}
        assert told["types"][0]["minute"] == 12.25
