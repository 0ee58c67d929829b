"""``loader/fast/build.py``: which log types can be a generated function, and why the others cannot. They give the same in any case."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from loader.api import Source
from loader.rules.rule import Condition, Rule
from plugins.filter_xff import XffFilter
from tests import drivers
from tests.drivers import both_ways, planned
from tests.loader.fast.cases import HOOK, T, compiled

CSV = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time", "ecs": "source.ip user.name", "source.ip": "ip", "user.name": "who"}
BODY = f"time,ip,who,more\n{T},192.0.2.1,a,x\n{T},-,,\n{T},198.51.100.7,b,y\n".encode()
KEY = "k/123456789012/us-east-1/x"


@pytest.fixture(autouse=True)
def no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_a_usual_type_is_one_and_says_no_reason() -> None:
    plan = compiled(CSV, ("full", "ecs", "lean", "ecs protocol=tcp", "full protocol=udp"))
    assert (plan.fast is not None, plan.why_not) == (True, "")
    quick, plain, through = both_ways(plan, KEY, BODY)
    assert (quick == plain, through) == (True, 3)


def test_fast_can_be_switched_off() -> None:
    plan = compiled(CSV, fast=False)
    assert (plan.fast, plan.why_not) == (None, "[loader] fast is off")


def rule(**more: Any) -> Rule:
    return Rule("r", "demo", **{"alternatives": ((Condition("who", "text", "a"),),), **more})


TRANSFORM = "def transform(logdata):\n    logdata['event']['action'] = 'x'\n    return logdata\n"
WHOLE = [
    ({}, ("full",), TRANSFORM, "its hook is a function, not a table"),
    ({}, ("full",), f"{HOOK}\nDERIVED = (derive('event.action', echo, 'who'),)\n{TRANSFORM}", "its hook is a function, not a table"),
    ({"compat": "es-loader"}, ("full",), "", "compat is on"),
    ({"derived_fields": "part", "part": r"who /^(?P<part>.)/"}, ("full",), "", "it has the step 'derive'"),
    ({"field_prefix": "raw"}, ("full",), "", "it has the step 'remember'"),
    (
        {"cloud_provider": "", "ecs": "cloud.instance.id", "cloud.instance.id": "who"},
        ("full",),
        "",
        "its account and Region depend on what is mapped to cloud",
    ),
    ({"timestamp_key": ""}, ("full",), "", "its time may depend on more than the record"),
    ({"timestamp_key": "file_timestamp"}, ("full",), "", "its time may depend on more than the record"),
    ({}, (), "", "no output takes it"),
    ({}, ("full keep=user.name",), "", "out_file:0 keeps or drops single fields"),
    ({}, ("full drop=who",), "", "out_file:0 keeps or drops single fields"),
    ({}, ("full nested=no",), "", "out_file:0 wants more than JSON behind a constant header"),
    ({}, ("ecs protocol=tcp header=rfc3164",), "", "out_syslog:0 wants more than JSON behind a constant header"),
    ({}, ("ecs protocol=tcp app_name=field:user.name",), "", "out_syslog:0 wants more than JSON behind a constant header"),
    (
        {},
        ("ecs protocol=tcp structured_data=a@32473 structured_fields=n=user.name",),
        "",
        "out_syslog:0 wants more than JSON behind a constant header",
    ),
]


@pytest.mark.parametrize(("values", "outs", "hook", "why"), WHOLE)
def test_a_type_that_cannot_be_one_says_why(values: dict[str, str], outs: tuple[str, ...], hook: str, why: str) -> None:
    plan = compiled({**CSV, **values}, outs, hook)
    assert (plan.fast, plan.why_not) == (None, why)
    assert planned(plan, Source("b", KEY), BODY).counts["read"] == 3


def test_a_filter_that_the_type_uses_is_a_step_of_its_own() -> None:
    xff = drivers.configured(XffFilter(), "filter_xff")
    xff.open()
    values = {"source.ip": "ip", "xff_field": "more"}
    if any(option.name == "xff_field" for option in XffFilter.options):
        assert compiled({**CSV, **values}, filters=[xff]).fast is None
    assert compiled(CSV, filters=[xff]).fast is not None


@pytest.mark.parametrize(("rules", "why"), [
    (rule(action="count"), "a rule counts or includes"),
    (rule(action="include"), "a rule counts or includes"),
    (rule(alternatives=((Condition("who", "text", "a", True),),)), "an exclusion rule asks several things at once"),
    (rule(alternatives=((Condition("who", "text", "a"), Condition("ip", "text", "b")),)), "an exclusion rule asks several things at once"),
    (rule(alternatives=(), expression="who == 'a'"), "an exclusion rule asks several things at once"),
])  # fmt: skip
def test_rules_that_are_more_than_questions_on_fields(rules: Rule, why: str) -> None:
    plan = compiled(CSV, rules=[rules])
    assert (plan.fast, plan.why_not) == (None, why)


def function(values: dict[str, str], header: str, outs: tuple[str, ...] = ("full",), hook: str = "", rules: tuple[Rule, ...] = ()) -> str:
    """Load an object with these columns both ways, and return why no function was made for them."""
    count = header.count(",") + 1
    body = f"{header}\n{','.join([T, '192.0.2.1', 'a', 'b', 'c'][:count])}\n".encode()
    plan = compiled({**CSV, **values}, outs, hook, rules=rules)
    assert plan.fast is not None, plan.why_not
    quick, plain, through = both_ways(plan, KEY, body)
    assert quick == plain
    (found,) = plan.fast.functions.values()
    assert isinstance(found, str) == (through == 0)
    return found if isinstance(found, str) else ""


COLUMNS = [
    ({}, "time,ip,who,", ("full",), "its field '' has a name of something else"),
    ({}, "time,ip,who,@message", ("full",), "its field '@message' has a name of something else"),
    ({}, "time,ip,who,%CPU", ("full",), "its field '%CPU' has a name of something else"),
    ({}, "time,ip,who,event", ("full",), "its field 'event' has a name of something else"),
    ({}, "time,ip,who,a\x7f", ("full",), "its field 'a\\x7f' has a name of something else"),
    ({"timestamp_key": "a.b"}, "a.b,ip,who", ("full",), "its time is none of the columns"),
    ({"source.ip": "a.b"}, "time,a.b,who", ("full",), ""),
    ({"renamed_newfields": "user2", "user2": "who", "user.name": "user2"}, "time,ip,who", ("full", "ecs"), ""),
    ({"renamed_newfields": "when", "when": "time"}, "time,ip,who", ("full",), "its time is none of the columns"),
    ({"renamed_newfields": "ip", "ip": "who"}, "time,ip,who", ("full",), "a renamed field bears the name of another"),
    ({"renamed_newfields": "b c", "b": "who", "c": "b"}, "time,ip,who", ("full",), "a renamed field bears the name of another"),
    ({"renamed_newfields": "source", "source": "who"}, "time,ip,who", ("full",), "a renamed field bears the name of an object"),
    ({"doc_id": "who", "renamed_newfields": "b", "b": "who"}, "time,ip,who", ("full",), ""),
    ({"renamed_newfields": "b", "b": "source"}, "time,ip,who,source", ("full",), "a renamed field bears the name of an object"),
    (
        {"ecs": "log.file.path", "log.file.path": "who"},
        "time,ip,who",
        ("ecs",),
        "it maps to log.file, where outputs of ECS alone say which object a record is from",
    ),
    ({"ecs": "log.file.path", "log.file.path": "who"}, "time,ip,who", ("lean", "full"), ""),
    ({"ecs": "log.level", "log.level": "who"}, "time,ip,who", ("ecs", "full", "lean"), ""),
    ({"ecs": "log.level", "log.level": "who"}, "time,ip,who,log", ("full",), ""),
    ({"ecs": "log.level", "log.level": "who"}, "time,ip,who,log", ("ecs",), "its field 'log' has a name of ECS"),
    ({"ecs": "custom.x", "custom.x": "who"}, "time,ip,who", ("lean",), "ECS has no field 'custom.x'"),
    ({"ecs": "custom.x", "custom.x": "who"}, "time,ip,who", ("full",), ""),
    ({}, "time,ip,who,host", ("ecs",), "its field 'host' has a name of ECS"),
    ({}, "time,ip,who,host", ("full",), ""),
    ({"ecs": "message", "message": "ip"}, "time,ip,who,message", ("ecs",), "its field 'message' has a name of ECS"),
    ({"ecs": "more user.name", "more": "nowhere"}, "time,ip,who,more", ("ecs",), "its field 'more' has a name of ECS"),
    ({}, "time,ip,who,source", ("full", "ecs"), ""),
    ({"ecs": "@x", "@x": "who"}, "time,ip,who", ("full",), "it sets what records are stamped with"),
    ({"ecs": "user.name", "user.name": "@log_s3key"}, "time,ip,who", ("full",), "@log_s3key is mapped"),
    ({"ecs": "source.ip foo foo.bar", "foo": "who", "foo.bar": "who"}, "time,ip,who", ("full",), "refused"),
]


@pytest.mark.parametrize(("values", "header", "outs", "why"), COLUMNS)
def test_columns_that_cannot_be_told_apart_go_step_by_step(values: dict[str, str], header: str, outs: tuple[str, ...], why: str) -> None:
    if why == "refused":
        from loader.errors import ConfigError

        with pytest.raises(ConfigError):
            function(values, header, outs)
    else:
        assert function(values, header, outs) == why


@pytest.mark.parametrize(("row", "why"), [
    ("'event.action', echo, 'source.ip'", "its table reads source.ip, which is set by then"),
    ("'event.action', echo, 'event.module'", "its table reads event.module, which is set by then"),
    ("'event.action', echo, 'source'", "its table reads source, which is set by then"),
    ("'event.action', echo, 'source.0'", "its table reads source.0, which is set by then"),
    ("'event.action', echo, 'source.zone'", ""),
    ("'@id', echo, 'who'", "it sets what records are stamped with"),
    ("'event.action', echo, '@log_s3bucket'", ""),
    ("'event.action', echo, '@log_group'", "@log_group is a source of its table"),
    ("'event.action', size, 'nowhere'", ""),
    ("'event.action', fails, 'nowhere'", "its table fails where there is nothing: KeyError"),
])  # fmt: skip
def test_tables_that_see_more_than_the_record(row: str, why: str) -> None:
    assert function({}, "time,ip,who", ("full", "ecs"), f"{HOOK}\nDERIVED = (derive({row}),)\n") == why


def test_a_target_that_two_rows_set_has_the_place_of_the_first_that_says_something() -> None:
    hook = f"{HOOK}\nDERIVED = (derive('event.action', echo, 'more'), derive('event.outcome', echo, 'who'), derive('event.action', echo, 'ip'))\n"
    why = "two rows of its table set event.action: its place is that of the first that says something"
    assert function({}, "time,ip,who,more", hook=hook) == why
    assert function({"ecs": "event.action", "event.action": "more"}, "time,ip,who,more", hook=hook) == ""
    why = "event.action is set by its table, and mapped to what is within a text"
    assert function({"ecs": "event.action", "event.action": "ip.x"}, "time,ip,who", hook=hook) == why


def test_a_field_named_as_a_control_key_is_set_aside_where_there_is_a_hook() -> None:
    hook = f"{HOOK}\nDERIVED = (derive('event.action', echo, 'who'),)\n"
    assert function({}, "time,ip,who,is_ignored", hook=hook) == "its field 'is_ignored' has a name of something else"
    assert function({}, "time,ip,who,is_ignored") == ""


def test_rules_that_ask_for_an_object_or_for_what_is_chosen_later() -> None:
    for field in ("source", "event.ingested", "event.id", "@message"):
        found = function({}, "time,ip,who", rules=(rule(alternatives=((Condition(field, "text", "a"),),)),))
        assert found == "an exclusion rule asks for more than values", field
