"""``loader/fast/excluded.py``: rules drop the same records, and are counted the same, as in stages/exclude.py."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.rules.rule import Condition, Rule
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time",
    "ecs": "source.ip source.port user.name related.ip event.action event.outcome",
       "source.ip": "ip", "source.port": "port", "user.name": "who", "related.ip": "[ip]", "event.action": "who",
       "event.outcome": "flag"}  # fmt: skip
TABLE = HOOK + '\nDERIVED = (derive("event.action", size, "who"), derive("user.id", echo, "flag", varied=True))\n'
ROWS = [
    f"{T},{ip},{port},{who},{flag}"
    for ip in ("192.0.2.1", "2001:db8::1", "-")
    for port in ("443", "7", "-")
    for who in ("alice", "b")
    for flag in ("yes", "")
]
FIELDS = [
    "ip",
    "port",
    "who",
    "flag",
    "source.ip",
    "source.port",
    "user.name",
    "user.id",
    "related.ip",
    "event.action",
    "event.outcome",
    "event.module",
    "nowhere",
]
QUESTIONS = [("text", "alice"), ("text", "443"), ("text", "yes"), ("text", "192.0.2.1"), ("text", "demo"), ("regex", "a.*|b"), ("regex",
    r"[0-9]+"), ("regex", ".*"),
             ("cidr", "192.0.2.0/24 2001:db8::/32"), ("number", ">= 7"), ("number", "5")]  # fmt: skip


def rule(name: str, field: str, kind: str, pattern: str) -> Rule:
    return Rule(name, "demo", alternatives=((Condition(field, kind, pattern),),))


RULES = st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(QUESTIONS)), min_size=1, max_size=4)


@pytest.mark.parametrize("form", ["csv", "json"])
@settings(deadline=None, max_examples=20)
@given(RULES, st.sampled_from(["", TABLE]), st.sampled_from([("full",), ("ecs", "full"), ("lean",)]), st.booleans())
def test_whatever_the_rules_ask(form: str, asked: list[tuple[str, tuple[str, str]]], hook: str, outs: tuple[str, ...], varied: bool) -> None:
    rules = [rule(f"r{place}", field, *question) for place, (field, question) in enumerate(asked)]
    plan = compiled({**CSV, "file_format": form}, outs, hook, chunk=11 if varied else 1000, rules=rules)
    if form == "csv":
        body = "\n".join(["time,ip,port,who,flag", *ROWS])
    else:
        names = ("time", "ip", "port", "who", "flag")
        body = "\n".join(json.dumps(dict(zip(names, [int(one) if one.isdecimal() else one for one in row.split(",")], strict=True))) for row in ROWS)
    quick, plain, through = both_ways(plan, "k", body.encode(), varied=varied)
    assert quick == plain
    assert through == len(ROWS) or (plan.fast and "an exclusion rule asks for more than values" in plan.fast.functions.values())


def test_rules_are_met_in_their_order_and_counted_by_name() -> None:
    plan = compiled(
        CSV, rules=[rule("second", "who", "regex", "al.*"), rule("first", "ip", "text", "192.0.2.1"), rule("last", "user.name", "text", "b")]
    )
    quick, plain, through = both_ways(plan, "k", "\n".join(["time,ip,port,who,flag", *ROWS]).encode())
    assert quick == plain
    assert through == len(ROWS)
    assert (plain.counts["second"], plain.counts["first"], plain.counts["last"], plain.counts["excluded"]) == (18, 6, 12, 36)
    assert quick.packed == {"out_file:0": []}


def test_a_thousand_texts_are_one_question() -> None:
    rules = [rule(f"r{number}", "who", "text", f"user{number}") for number in range(999)] + [rule("hit", "who", "text", "alice")]
    quick, plain, through = both_ways(compiled(CSV, rules=rules), "k", "\n".join(["time,ip,port,who,flag", *ROWS]).encode())
    assert (quick == plain, through, plain.counts["hit"]) == (True, len(ROWS), 18)


def test_rules_know_renamed_fields_by_their_new_names() -> None:
    values = {**CSV, "renamed_newfields": "person", "person": "who", "user.name": "person", "event.action": "person"}
    for field in ("who", "person"):
        quick, plain, _ = both_ways(
            compiled(values, rules=[rule("r", field, "text", "alice")]), "k", "\n".join(["time,ip,port,who,flag", *ROWS]).encode()
        )
        assert quick == plain, field
