"""``log_pattern`` from lines: whatever the lines are, it matches all of them; and it finds what people would."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import schema
from loader.backtracking import suspect
from loader.draft.lines import UNPARSED, pattern

PIECES = ['"', "[", "]", "a", "-", " ", "  ", "\t", "=", ":", ",", "<13>", "2024-05-24 08:00:00", "Feb  5 17:32:18", "192.0.2.7:80",
          '"GET / HTTP/1.1"', "the quick brown", "\\", "{", "(", "*", "é", "sshd[17]:"]  # fmt: skip
LINE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join).filter(str.strip)
ACCESS = '192.0.2.7 - ann [24/May/2024:08:00:00 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "curl/8.1"'


@given(st.lists(LINE, min_size=1, max_size=5), st.booleans())
def test_a_pattern_matches_every_line_it_was_made_from(lines: list[str], several: bool) -> None:
    found = pattern(lines, several=several)
    for line in lines:
        assert re.match(found.text, line.strip()), found.text
    assert found.names == [*re.compile(found.text).groupindex]


def test_the_common_log_format_gets_its_names() -> None:
    found = pattern([ACCESS, ACCESS.replace("GET /a?b=c HTTP/1.1", r"\x16\x03")])
    match = re.match(found.text, ACCESS)
    assert match and match.groupdict() == {
        "ip": "192.0.2.7", "ident": "-", "authuser": "ann", "timestamp": "24/May/2024:08:00:00 +0000", "method": "GET", "request_url": "/a?b=c",
        "http_version": "1.1", "request": None, "status": "200", "bytes": "512", "referrer": "-", "useragent": "curl/8.1",
    }  # fmt: skip
    odd = re.match(found.text, ACCESS.replace("GET /a?b=c HTTP/1.1", r"\x16\x03"))
    assert odd and (odd["request"], odd["method"]) == (r"\x16\x03", None)


def test_syslog_is_time_host_process_and_a_rest() -> None:
    lines = ["<34>Feb  5 17:32:18 fw sshd[17]: Accepted password for ann", "<34>Feb 15 17:32:18 fw cron: job done at last"]
    found = pattern(lines)
    match = re.match(found.text, lines[0])
    assert match and match.groupdict() == {
        "priority": "34", "timestamp": "Feb  5 17:32:18", "hostname": "fw", "process_name": "sshd", "pid": "17", "msg": "Accepted password for ann",
    }  # fmt: skip
    assert found.rest


def test_fields_that_some_lines_lack_at_their_end_are_optional() -> None:
    found = pattern(["2024-05-24T08:00:00Z 192.0.2.7 17", "2024-05-24T08:00:00Z 192.0.2.7 17 443 [x]"])
    short, long = (re.match(found.text, f"2024-05-24T08:00:00Z 192.0.2.7 17{rest}") for rest in ("", " 443 [x]"))
    assert short and long
    assert (short.groups()[-1], long.groups()[-1], found.rest) == (None, "x", False)


def test_lines_of_another_form_go_whole_into_a_field_of_their_own() -> None:
    lines = [f"2024-05-24T08:00:0{number}Z 192.0.2.7 GET /x" for number in range(9)] + ["--- log turned over ---"]
    found = pattern(lines)
    odd, first = re.match(found.text, lines[-1]), re.match(found.text, lines[0])
    assert odd and first
    assert (odd[UNPARSED], odd["timestamp"]) == ("--- log turned over ---", None)
    assert (first[UNPARSED], first["ip"]) == (None, "192.0.2.7")
    assert found.share == 0.9


def test_a_quoted_text_may_have_quotes_behind_backslashes() -> None:
    line = r'192.0.2.7 "a \" b" "c"'
    match = re.match(pattern([line]).text + "$", line)
    assert match and match.groups()[1:] == (r"a \" b", "c")


def test_an_address_and_its_port_are_two_fields() -> None:
    match = re.match(pattern(["192.0.2.7:52114 198.51.100.1:443 GET", "192.0.2.8:52115 - GET"]).text, "192.0.2.7:52114 198.51.100.1:443 GET")
    assert match and match.groupdict() == {"ip": "192.0.2.7", "port": "52114", "ip_2": "198.51.100.1", "port_2": "443", "method": "GET"}


@pytest.mark.parametrize(
    "line", [ACCESS, '[Wed Oct 20 19:20:59.1 2021] [core:error] [pid 17] x: "a" 0.5', "2024-05-24 08:00:00 www.example.com INFO /a"]
)
def test_patterns_never_run_away_and_no_group_is_named_as_an_object_of_ecs(line: str) -> None:
    found = pattern([line])
    assert suspect(found.text) is None
    assert not schema.tops() & {*found.names}
