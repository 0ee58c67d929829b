"""Exclusion: what the rules of a type drop, count and let through alone, by raw names and again by final ones."""

from __future__ import annotations

import dataclasses
import datetime
import ipaddress
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.batch import Batch, Source
from loader.errors import ConfigError, Overdue
from loader.rules.rule import Condition, Rule
from loader.stages import exclude
from loader.stages.exclude import NOT_INCLUDED
from tests.drivers import engine, load, log_type

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)
Record = dict[str, Any]
Final = Callable[[Record], Record]


def rule(name: str, *conditions: tuple[str, str, str], action: str = "exclude", negated: bool = False, **more: Any) -> Rule:
    """Return a rule of one list of conditions (field, kind, pattern)."""
    asked = (tuple(Condition(*one, negated=negated) for one in conditions),) if conditions else ()
    return Rule(name, more.pop("log_type", "demo"), action, asked, **more)


def asked(rules: list[Rule], records: list[Record], final: Final = lambda record: record, key: str = "k") -> Batch:
    """Take records through both passes, ``final`` standing for what lies between them."""
    steps = exclude.prepare(log_type(), rules, lambda: NOW)
    texts = [f"raw {number}" for number in range(len(records))]
    batch = Batch(Source("b", key), texts, list(records), list(range(10, 10 + len(records))), NOW)
    if steps:
        steps.raw(batch)
        batch.records = [final(record) for record in batch.records]
        steps.final(batch)
    return batch


def kept(batch: Batch) -> list[int]:
    """Return the places of the records that went on."""
    return [number - 10 for number in batch.numbers]


@pytest.mark.parametrize(
    ("record", "one", "dropped"),
    [
        ({"a": "abc"}, ("a", "text", "abc"), True),
        ({"a": "abcd"}, ("a", "text", "abc"), False),
        ({"a": "ABC"}, ("a", "text", "abc"), False),
        ({"a": "abc"}, ("a", "regex", "a.*"), True),
        ({"a": "xabc"}, ("a", "regex", "abc"), False),
        ({"a": "xb"}, ("a", "regex", "a|b"), False),
        ({"a": {"b": {"c": "x"}}}, ("a.b.c", "text", "x"), True),
        ({"a.b": "x"}, ("a.b", "text", "x"), False),
        ({"a": True}, ("a", "text", "True"), True),
        ({"a": True}, ("a", "text", "true"), False),
        ({"a": 443}, ("a", "text", "443"), True),
        ({"a": ["x", "y"]}, ("a", "text", "x"), True),
        ({"a": ["x", "y"]}, ("a", "text", "y"), False),
        ({"a": ["x", "y"]}, ("a.1", "text", "y"), True),
        ({"a": [{"b": "x"}]}, ("a.b", "text", "x"), True),
        ({"a": []}, ("a", "regex", ".*"), False),
        ({"a": None}, ("a", "text", "None"), False),
        ({}, ("a", "regex", ".*"), False),
        ({"a": "192.0.2.7"}, ("a", "cidr", "192.0.2.0/24"), True),
        ({"a": 8080}, ("a", "number", ">= 1024"), True),
    ],
)
def test_a_rule_matches_the_whole_value_as_python_writes_it(record: Record, one: tuple[str, str, str], dropped: bool) -> None:
    before = json.dumps(record)
    batch = asked([rule("r", one)], [record])
    assert (batch.excluded, batch.rules["r"]) == (int(dropped), int(dropped))
    assert json.dumps(record) == before


def test_rules_are_alternatives_and_each_record_is_counted_under_one_of_them() -> None:
    rules = [rule("x", ("a", "text", "x")), rule("y", ("b", "regex", "y+")), rule("z", ("a", "regex", "[xz]"))]
    batch = asked(rules, [{"a": "x"}, {"b": "yy"}, {"a": "z"}, {"a": "q", "b": "q"}, {"a": "x", "b": "y"}])
    assert (kept(batch), batch.raws) == ([3], ["raw 3"])
    assert (batch.excluded, batch.rules) == (4, {"x": 2, "y": 1, "z": 1})


def test_rules_see_raw_names_first_and_final_names_behind_and_count_a_record_once() -> None:
    def final(record: Record) -> Record:
        return {**record, "source": {"ip": record["addr"]}}

    rules = [rule("raw", ("addr", "text", "192.0.2.1")), rule("ecs", ("source.ip", "cidr", "198.51.100.0/24")), rule("no", ("nowhere", "text", "x"))]
    batch = asked(rules, [{"addr": "192.0.2.1"}, {"addr": "198.51.100.9"}, {"addr": "203.0.113.1"}], final)
    assert (kept(batch), batch.rules) == ([2], {"raw": 1, "ecs": 1})


def test_a_type_that_no_live_rule_serves_has_no_step() -> None:
    for one in (
        rule("other", ("a", "text", "x"), log_type="other"),
        rule("off", ("a", "text", "x"), action="disable"),
        rule("old", ("a", "text", "x"), expires=NOW),
    ):
        assert exclude.prepare(log_type(), [one], lambda: NOW) is None


def test_a_log_type_may_be_a_glob_and_a_literal_name_stays_exact() -> None:
    assert kept(asked([rule("r", ("a", "text", "x"), log_type="d*")], [{"a": "x"}])) == []
    assert kept(asked([rule("r", ("a", "text", "x"), log_type="dem")], [{"a": "x"}])) == [0]


def test_a_count_rule_drops_nothing_and_counts_each_record_once_though_it_meets_it_twice() -> None:
    batch = asked([rule("dry", ("a", "regex", "x+"), action="count")], [{"a": "x"}, {"a": "xx"}, {"a": "y"}])
    assert (kept(batch), batch.excluded, batch.rules) == ([0, 1, 2], 0, {"dry": 2})


def test_a_count_rule_counts_also_what_it_meets_by_final_names_alone() -> None:
    batch = asked([rule("dry", ("b", "text", "x"), action="count")], [{"a": "x"}, {"b": "x"}], lambda record: {**record, "b": "x"})
    assert batch.rules == {"dry": 2}


def test_every_count_rule_counts_for_itself_what_would_go_on_without_it() -> None:
    rules = [
        rule("one", ("a", "text", "x"), action="count"),
        rule("two", ("a", "regex", "[xy]"), action="count"),
        rule("drop", ("a", "text", "y")),
        Rule("late", "demo", expression="a == 'xx'"),
        rule("three", ("a", "text", "xx"), action="count"),
    ]
    batch = asked(rules, [{"a": "x"}, {"a": "y"}, {"a": "xx"}])
    assert (kept(batch), batch.rules) == ([0], {"one": 1, "two": 1, "drop": 1, "late": 1})


def test_a_count_rule_counts_the_documents_that_a_hook_has_made_of_a_raw_record_it_met() -> None:
    steps = exclude.prepare(log_type(), [rule("dry", ("a", "text", "x"), action="count")], lambda: NOW)
    assert steps is not None
    batch = Batch(Source("b", "k"), ["raw"], [{"a": "x"}], [7], NOW)
    steps.raw(batch)
    batch.spread({0: [{"b": 1}, {"b": 2}]}, [])
    steps.final(batch)
    assert batch.rules == {"dry": 2}


def test_an_allow_list_lets_through_what_an_include_rule_meets_by_either_names_and_an_exclude_rule_wins() -> None:
    rules = [
        rule("raw", ("a", "text", "x"), action="include"),
        rule("ecs", ("b", "text", "y"), action="include"),
        rule("drop", ("c", "text", "z")),
    ]
    records: list[Record] = [{"a": "x"}, {"a": "y"}, {"a": "q"}, {"a": "x", "c": "z"}, {}]
    batch = asked(rules, records, lambda record: {"b": record.get("a")})
    assert (kept(batch), batch.excluded) == ([0, 1], 3)
    assert batch.rules == {"raw": 1, "ecs": 1, "drop": 1, NOT_INCLUDED: 2}


def test_an_include_rule_that_is_disabled_or_expired_is_no_allow_list() -> None:
    rules = [rule("off", ("a", "text", "x"), action="disable"), rule("old", ("a", "text", "x"), action="include", expires=NOW)]
    assert kept(asked([*rules, rule("other", ("a", "text", "z"))], [{"a": "q"}])) == [0]


def test_a_negated_rule_drops_only_records_that_have_a_value() -> None:
    batch = asked([rule("r", ("user", "text", "bob"), negated=True)], [{"user": "bob"}, {"user": "eve"}, {}, {"user": {"name": "bob"}}])
    assert kept(batch) == [0, 2, 3]


def test_a_rule_on_the_key_alone_drops_an_object_record_by_record() -> None:
    one = rule("test", ("", "regex", ".*/test/.*"))
    assert asked([one], [{}, {"a": 1}], key="logs/test/1").rules == {"test": 2}
    assert kept(asked([one], [{}, {"a": 1}], key="logs/prod/1")) == [0, 1]


def test_an_expression_is_asked_of_the_finished_document() -> None:
    one = Rule("path", "demo", expression="b.c == 'x'")
    assert kept(asked([one], [{"b": {"c": "x"}}], lambda _: {"b": 1})) == [0]
    batch = asked([one], [{"a": 1}], lambda _: {"b": {"c": "x"}})
    assert (kept(batch), batch.rules) == ([], {"path": 1})


@pytest.mark.parametrize("action", ["exclude", "count", "include"])
def test_a_record_on_which_an_expression_fails_goes_on_and_is_counted_and_the_first_is_logged(action: str, caplog: pytest.LogCaptureFixture) -> None:
    one = Rule("sick", "demo", action, expression="starts_with(a, 'x')")
    with caplog.at_level(logging.WARNING):
        batch = asked([one], [{"a": 5}, {"a": "x1"}, {}])
    assert batch.flags == {"rule sick failed: JMESPathTypeError": 2}
    assert kept(batch) == {"exclude": [0, 2], "count": [0, 1, 2], "include": [1]}[action]
    assert batch.rules["sick"] == 1
    assert len(caplog.records) == 1
    assert "rule sick of demo failed on a record of s3://b/k" in caplog.text


def test_the_time_limit_of_a_chunk_is_not_taken_for_a_failure_of_the_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(document: Record) -> bool:
        raise Overdue(1.0)

    monkeypatch.setattr("loader.rules.expressions.compiled", lambda text: slow)
    with pytest.raises(Overdue):
        asked([Rule("slow", "demo", expression="a")], [{}])


# --- any rules and any records: what scanning the rules one by one gives ---

FIELDS = st.sampled_from(["a", "b", "c.d", ""])
PATTERNS = {"text": ["x", "k1", "5"], "regex": ["x|y", "k.*", ".*"], "cidr": ["192.0.2.0/24", "::/0"], "number": ["< 5", "5", "1..9"]}
KINDS = st.sampled_from([(kind, pattern) for kind, some in PATTERNS.items() for pattern in some])
CONDITIONS = st.builds(lambda field, kind, negated: Condition(field, *kind, negated), FIELDS, KINDS, st.booleans())
LISTS = st.lists(st.lists(CONDITIONS, min_size=1, max_size=2).map(tuple), min_size=1, max_size=2).map(tuple)
ACTIONS = st.sampled_from(["exclude", "exclude", "count", "include", "disable"])
EXPIRES = st.sampled_from([None, None, NOW, NOW + datetime.timedelta(days=1)])
TYPES = st.sampled_from(["demo", "demo", "d*", "other"])
DRAWN = st.builds(Rule, st.just(""), TYPES, ACTIONS, LISTS, expires=EXPIRES) | st.builds(
    Rule, st.just(""), TYPES, ACTIONS, expression=st.sampled_from(["a == 'x'", "c.d", "b > `4`", "length(a) > `0`"]), expires=EXPIRES
)
VALUES = st.sampled_from(["x", "y", "5", 5, 7.5, "192.0.2.1", "2001:db8::1", None, True, ["x", "z"], [], ""])
RECORDS = st.fixed_dictionaries({}, optional={"a": VALUES, "b": VALUES, "c": st.fixed_dictionaries({}, optional={"d": VALUES})})


def reference(one: Rule, record: Record, key: str, *, final: bool) -> bool:
    """Ask one rule the plain way."""
    values = {"": key, "a": record.get("a"), "b": record.get("b"), "c.d": record.get("c", {}).get("d")}
    if one.expression:
        a, b, d = values["a"], values["b"], values["c.d"]
        more = {"b > `4`": type(b) in (int, float) and b > 4, "length(a) > `0`": isinstance(a, str | list) and len(a) > 0}
        return final and {"a == 'x'": a == "x", "c.d": bool(d), **more}[one.expression]
    return any(all(holds(condition, values[condition.field]) for condition in some) for some in one.alternatives)


def holds(condition: Condition, value: Any) -> bool:
    value = (value[0] if value else None) if isinstance(value, list) else value
    if value is None:
        return False
    text = str(value)
    if condition.kind == "cidr":
        version = 4 if condition.pattern.startswith("192") else 6
        met = text in ("192.0.2.1", "2001:db8::1") and ipaddress.ip_address(text).version == version
    elif condition.kind == "number":
        met = text in ("5", "7.5") and {"< 5": False, "5": text == "5", "1..9": True}[condition.pattern]
    else:
        met = re.fullmatch(condition.pattern, text) is not None  # the texts above have no special characters
    return met != condition.negated


@given(st.lists(DRAWN, max_size=6), st.lists(RECORDS, max_size=4), st.sampled_from(["k1", "other"]))
def test_any_rules_do_with_any_records_what_scanning_them_one_by_one_does(drawn: list[Rule], records: list[Record], key: str) -> None:
    rules = [dataclasses.replace(one, name=str(number)) for number, one in enumerate(drawn)]
    batch = asked(rules, records, key=key)
    live = [one for one in rules if one.log_type != "other" and one.action != "disable" and one.expires != NOW]

    def met(action: str, record: Record) -> set[str]:
        return {one.name for one in live if one.action == action and any(reference(one, record, key, final=final) for final in (False, True))}

    allow = any(one.action == "include" for one in live)
    expected = [place for place, record in enumerate(records) if not met("exclude", record) and (met("include", record) or not allow)]
    assert kept(batch) == expected
    assert batch.excluded == len(records) - len(expected)
    dropping = {one.name for one in live if one.action == "exclude"} | {NOT_INCLUDED}
    assert sum(count for name, count in batch.rules.items() if name in dropping) == batch.excluded
    for one in live:
        going = expected if one.action == "count" else [place for place, record in enumerate(records) if not met("exclude", record)]
        if one.action != "exclude":
            assert batch.rules[one.name] == sum(one.name in met(one.action, records[place]) for place in going)


# --- through the whole program ---

HEADER = "log_type,field,pattern,pattern_type,comment,name,action\n"
INI = """
[demo]
s3_key = demo
file_format = json
ecs = source.ip
source.ip = addr
[DEFAULT]
exclude_log_patterns_filename = {folder}/rules.csv
exclude_rules_filename = {folder}/rules.json
"""


def test_a_load_counts_records_by_rule_and_the_account_balances(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(f"{HEADER}demo,source.ip,192.0.2.0/24,cidr,,inner,\n*,n,>= 3,number,,high,count\n")
    (tmp_path / "rules.json").write_text('[{"log_type": "demo", "name": "path", "action": "EXCLUDE", "expression": "n == `4`"}]')
    lines = [{"addr": f"{'192.0.2' if n < 2 else '198.51.100'}.{n}", "n": n} for n in range(6)]
    loaded = load(tmp_path, INI.format(folder=tmp_path), "demo/1", "\n".join(map(json.dumps, lines)).encode())
    ledger = loaded.account.ledger
    assert ledger.rules == {"inner": 2, "path": 1, "high": 2}
    assert (ledger.read, ledger.excluded, ledger.delivered["out_file"]) == (6, 3, 3)
    assert [document["n"] for document in loaded.documents] == [2, 3, 5]


def test_a_record_that_fails_costs_the_counts_of_the_others_nothing(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(f"{HEADER}demo,n,.*,regex,,all,count\n")
    (tmp_path / "rules.json").write_text("[]")
    hook = "class Wordless:\n    def __str__(self):\n        raise TypeError\n\ndef transform(logdata):\n"
    hook += "    if logdata['n'] == 1:\n        logdata['bad'] = Wordless()\n    return logdata\n"
    (tmp_path / "sf_demo.py").write_text(hook)
    ini = INI.format(folder=tmp_path).replace("ecs = ", "script_ecs = x\necs = ") + f"[loader]\nhooks = {tmp_path}\n"
    loaded = load(tmp_path, ini, "demo/1", b'{"n": 0}\n{"n": 1}\n{"n": 2}\n')
    assert (loaded.account.ledger.rejected, loaded.account.ledger.rules) == (1, {"all": 2})


def test_every_mistake_of_both_files_stops_the_start_at_once(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(f"{HEADER}demo,n,(,regex,,,\ndemo,n,x,cidr,,,\n")
    (tmp_path / "rules.json").write_text('[{"log_type": "demo", "expression": "n ="}]')
    with pytest.raises(ConfigError) as why:
        engine(tmp_path, INI.format(folder=tmp_path))
    places = [str(problem).removeprefix(f"{tmp_path}/").split(": ")[:2] for problem in why.value.problems]
    assert places == [["rules.csv:2", "[demo] n"], ["rules.csv:3", "[demo] n"], ["rules.json:1", "[demo] expression"]]


def test_a_named_file_that_is_missing_is_a_mistake_and_one_of_the_default_name_is_not(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as why:
        engine(tmp_path, INI.format(folder=tmp_path))
    assert [(problem.key, problem.message) for problem in why.value.problems] == [
        ("exclude_log_patterns_filename", f"no such file: '{tmp_path}/rules.csv'"),
        ("exclude_rules_filename", f"no such file: '{tmp_path}/rules.json'"),
    ]
    assert engine(tmp_path, "").assembly.rules == []


def test_an_expired_rule_is_a_warning_and_has_no_effect(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,expires\ndemo,n,1,text,2020-01-31\n")
    (tmp_path / "rules.json").write_text("[]")
    one = engine(tmp_path, INI.format(folder=tmp_path))
    (warning,) = one.config.all_problems()
    assert (warning.line, warning.message, warning.fatal) == (2, "expired at the end of 2020-01-31: the rule has no effect", False)
    assert "exclude" not in [step.name for step in one.plans["demo"].steps]
