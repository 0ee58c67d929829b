"""Lines of pairs: in one order or in any, quoted or not."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from loader import schema
from loader.draft.pairs import are_pairs, group_names, pattern

FIXED = [
    'date=2024-05-24 time=08:00:01 devname="fw-1" srcip=192.0.2.7 action="accept" user="ann b"',
    'date=2024-05-24 time=08:00:02 devname="fw-1" srcip=192.0.2.8 action="deny" user=""',
]
FREE = ["src=192.0.2.7 dst=198.51.100.1 act=allow", 'act=deny src=192.0.2.8 reason="no rule" dst=198.51.100.2']
VALUE = st.one_of(st.text("ab.7/-", max_size=6), st.text("a b", max_size=6).map('"{}"'.format))
PAIRS = st.dictionaries(st.sampled_from(["src", "dst", "x-y", "a.b", "_c", "user", "dsrc"]), VALUE, min_size=3)


def read(lines: list[str], line: str) -> dict[str, str | None]:
    found = re.match(pattern(lines), line)
    assert found
    return found.groupdict()


def test_keys_in_one_order_stand_in_their_places() -> None:
    assert read(FIXED, FIXED[0]) == {
        "timestamp": "2024-05-24 time=08:00:01", "devname": "fw-1", "srcip": "192.0.2.7", "action": "accept", "user_": "ann b",
    }  # fmt: skip
    assert "?=" not in pattern(FIXED)


def test_keys_in_any_order_are_found_wherever_they_stand() -> None:
    assert read(FREE, FREE[0]) == {"src": "192.0.2.7", "dst": "198.51.100.1", "act": "allow", "reason": None}
    assert read(FREE, FREE[1]) == {"src": "192.0.2.8", "dst": "198.51.100.2", "act": "deny", "reason": "no rule"}


def test_a_header_of_syslog_before_the_pairs_tells_its_time() -> None:
    lines = [f"<134>May 24 08:00:0{number} fw {line}" for number, line in enumerate(FREE)]
    found = read(lines, lines[1])
    assert (found["priority"], found["header_time"], found["act"]) == ("134", "May 24 08:00:01", "deny")


@given(st.lists(PAIRS, min_size=1, max_size=4))
def test_every_value_is_read_whole(records: list[dict[str, str]]) -> None:
    lines = [" ".join(f"{key}={value}" for key, value in record.items()) for record in records]
    names = group_names([*dict.fromkeys(key for record in records for key in record)])
    for record, line in zip(records, lines, strict=True):
        found = read(lines, line)
        assert {key: found[names[key]] for key in record} == {key: value.strip('"') for key, value in record.items()}


def test_what_has_few_pairs_is_none() -> None:
    assert are_pairs(FIXED) and are_pairs(FREE)
    assert not are_pairs(["a long line of text that says x=1 y=2 z=3 and goes on for much longer than its pairs do"])
    assert not are_pairs(["GET /index.html?a=1&b=2&c=3 HTTP/1.1"])


def test_names_of_groups_are_their_own_and_none_is_an_object_of_ecs() -> None:
    names = group_names(["user", "cs(User-Agent)", "1st", "a-b", "a.b", "***"])
    assert names == {"user": "user_", "cs(User-Agent)": "cs_User_Agent", "1st": "f_1st", "a-b": "a_b", "a.b": "a_b_", "***": "field"}
    assert not schema.tops() & {*names.values()}
