"""The mapping to ECS: the generated function does what ten plain lines would."""

from __future__ import annotations

import collections
import copy
import datetime
import ipaddress
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader import schema
from loader.batch import Batch, Source
from loader.paths import merge, put, reader
from loader.section import Section
from loader.stages import ecs, tidy
from tests.drivers import log_type

INGESTED = datetime.datetime(2024, 7, 1, 12, 0, tzinfo=datetime.UTC)
EMPTY = (None, "", "-", "null", "[]")
FIXED = {"event": {"module": "demo", "ingested": INGESTED.isoformat()}, "ecs": {"version": "9.4.0"}}


def mapped(section: Section, *records: Any, names: frozenset[str] | None = None, parents: bool = False, key: str = "k", alone: bool = False) -> Batch:
    batch = Batch(Source("b", key), [""] * len(records), copy.deepcopy(list(records)), list(range(len(records))), INGESTED, names)
    ecs.prepare(section, parents=parents, alone=alone)(batch)
    return batch


def one(section: Section, record: Any, key: str = "k", **options: Any) -> Any:
    """Return the mapped record without what every record gets."""
    (found,) = mapped(section, record, key=key, **options).records
    for name in ("module", "ingested"):
        assert found["event"].pop(name) == FIXED["event"][name]
    assert found.pop("ecs") == FIXED["ecs"]
    if not found["event"]:
        del found["event"]
    return found


def section_of(mapping: dict[str, str], **more: str) -> Section:
    return log_type(ecs=" ".join(mapping), cloud_provider="", **mapping, **more)


# --- the reference: what the docstring of the stage says, one record and one target at a time ---


def typed(kind: str, value: Any) -> Any:
    if kind in ("", "object"):
        return value
    if isinstance(value, list):
        found = [kept for item in value if (kept := typed(kind, item)) is not None]
        return found or None
    if value is None or (value in EMPTY and kind in ("long", "float", "boolean", "ip")):
        return None
    try:
        if kind == "long":
            number = int(value) if isinstance(value, str) and value.isdecimal() else float(value)
            return int(number) if number == int(number) and not isinstance(value, bool) else None
        if kind == "float":
            return None if isinstance(value, bool) else float(value)
        if kind == "boolean":
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}.get(str(value).lower())
        if kind == "ip":
            return str(ipaddress.ip_address(value)) and value if isinstance(value, str) else None
    except (ValueError, TypeError):
        return None
    return as_text(value)


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def first(record: Any, paths: list[str]) -> Any:
    values = [reader(path)(record) for path in paths]
    return next((value for value in values if value not in (None, "")), None)


def flat(values: Any) -> list[Any]:
    return [item for value in values for item in (flat(value) if isinstance(value, list) else [value])]


def reference(record: Any, mapping: dict[str, str]) -> Any:
    made: dict[str, Any] = {}
    for target, sources in mapping.items():
        field = schema.field(target)
        kind, array = (field.type, field.array) if field else ("", False)
        groups = [group.split() for group in sources.strip("[]").split(",")]
        if array or (len(groups) > 1 and field is None):
            groups = groups if sources.startswith("[") else [[path] for path in groups[0]]
            items = [typed(kind, item) for item in flat(first(record, group) for group in groups) if item not in EMPTY]
            once = {as_text(item) if isinstance(item, dict) else item for item in items if item is not None}
            value: Any = sorted(once, key=lambda item: (isinstance(item, str), item))
        else:
            value = typed(kind, first(record, [path for group in groups for path in group]))
        if value not in EMPTY:
            put(made, target, value)
    return merge(copy.deepcopy(record), merge(made, copy.deepcopy(FIXED)))


LEAVES = st.sampled_from([None, "", "-", "null", "0", "443", "4.0", "4.5", "x", "192.0.2.1", "::1", "true", "no", 0, 7, -1, 2.5, 3.0, True, False])
RAW_NAMES = ["a", "b", "c"]
VALUES: Any = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from([*RAW_NAMES, "0"]), below, min_size=1, max_size=3)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from(["own", "other"]), st.integers(), min_size=1)
OWN = st.dictionaries(st.sampled_from(["source", "event", "tls", "mine"]), OBJECTS)
RECORDS: Any = st.builds(lambda raw, own: raw | own, st.dictionaries(st.sampled_from(RAW_NAMES), VALUES), OWN)
STEPS = st.lists(st.sampled_from([*RAW_NAMES, "0", "1"]), max_size=2)
PATHS = st.builds(lambda head, steps: ".".join([head, *steps]), st.sampled_from(RAW_NAMES), STEPS)
TARGETS = [
    "source.port", "source.ip", "source.nat.port", "event.action", "event.risk_score", "event.start", "event.category", "tls.established",
    "related.ip", "destination.ip", "process.args", "message", "labels", "mine.raw", "host.name", "mine.deep.er",
]  # fmt: skip
GROUPS = st.lists(st.lists(PATHS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3).map(lambda groups: f"[{', '.join(groups)}]")
SOURCES = st.one_of(st.lists(PATHS, min_size=1, max_size=3).map(" ".join), GROUPS)
HOLLOW = st.sampled_from([[""], ["", None], [[""]], ["-"], {"a": ""}, [{"a": ""}]])
TOPS = ["source", "event", "tls", "related", "host", "labels"]
MAPPINGS = st.dictionaries(st.sampled_from(TARGETS), SOURCES, max_size=6)


def tidied(records: list[Any]) -> list[Any]:
    batch = Batch(Source("b", "k"), [], records, [], INGESTED)
    tidy.prepare(mapped_tidy=False)(batch)
    return batch.records


@settings(deadline=None, max_examples=300)
@given(st.lists(RECORDS, min_size=1, max_size=2), MAPPINGS, st.booleans())
def test_the_generated_function_does_what_the_reference_does(records: list[Any], mapping: dict[str, str], parents: bool) -> None:
    section = section_of(mapping)
    found = tidied(mapped(section, *records, parents=parents).records)
    assert section.problems == []
    assert found == tidied([reference(record, mapping) for record in records])


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.dictionaries(st.sampled_from([*RAW_NAMES, *TOPS]), HOLLOW | VALUES, min_size=1), min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(TARGETS), st.sampled_from([*RAW_NAMES, "a b", "[a, b]", "c.a"]), min_size=1),
)
def test_objects_of_which_it_is_said_that_nothing_empty_is_in_them_need_no_tidying(records: list[Any], mapping: dict[str, str]) -> None:
    batch = mapped(section_of(mapping, static_ecs="event.kind tags", event__kind="", tags=""), *records, alone=True)
    whole = tidied(copy.deepcopy(batch.records))
    tidy.prepare(mapped_tidy=True)(batch)
    assert batch.records == whole


def test_it_is_not_said_of_objects_that_a_record_has_had_or_that_are_not_typed_to_the_last_field() -> None:
    mapping = {"source.ip": "a", "host.name": "b", "process.args": "[b, c]", "mine.raw": "c", "user.name": "a"}
    assert mapped(section_of(mapping), {"a": "192.0.2.1"}, alone=True).finished == {"ecs", "event", "source", "host", "process", "user"}
    assert mapped(section_of(mapping), {"user": {"id": ""}}, {"host": "x"}, alone=True).finished == {"ecs", "event", "source", "host", "process"}
    assert mapped(section_of(mapping), {}).finished == set()
    assert mapped(section_of(mapping), {}, {"b": ["", None]}, {}, alone=True).finished == set()
    assert mapped(section_of(mapping, static_ecs="source.domain", source__domain=""), {}, alone=True).finished >= {"host"}
    assert "source" not in mapped(section_of(mapping, static_ecs="source.domain", source__domain=""), {}, alone=True).finished


TEXTS = st.sampled_from([None, "", "-", "0", "443", "4.5", "x", "192.0.2.1", "::1", "true"])
FLAT = st.dictionaries(st.sampled_from(RAW_NAMES), TEXTS)


@settings(deadline=None, max_examples=300)
@given(st.lists(FLAT, min_size=1, max_size=3), MAPPINGS, st.booleans(), st.sets(st.sampled_from([*RAW_NAMES, "source", "d"])))
def test_what_is_known_of_the_fields_changes_nothing_of_the_result(
    records: list[Any], mapping: dict[str, str], parents: bool, more: set[str]
) -> None:
    names = frozenset(name for record in records for name in record) | more
    special = mapped(section_of(mapping), *records, names=names, parents=parents)
    general = mapped(section_of(mapping), *records, parents=parents)
    assert tidied(special.records) == tidied(general.records) == tidied([reference(record, mapping) for record in records])
    assert special.flags == general.flags


@settings(deadline=None)
@given(st.lists(FLAT, min_size=1, max_size=3), st.permutations(RAW_NAMES))
def test_a_list_of_two_addresses_that_are_mapped_already_is_gathered_as_any_other(records: list[Any], names: list[str]) -> None:
    """The usual mapping, and a way of its own in the generated function."""
    mapping = {"source.ip": names[0], "destination.ip": names[1], "related.ip": f"[{names[0]}, {names[1]}]"}
    special = mapped(section_of(mapping), *records, names=frozenset(RAW_NAMES))
    assert tidied(special.records) == tidied([reference(record, mapping) for record in records])


@settings(deadline=None)
@given(st.lists(FLAT, min_size=1, max_size=3), MAPPINGS)
def test_without_parents_nothing_empty_is_made_of_flat_records(records: list[Any], mapping: dict[str, str]) -> None:
    def check(value: Any) -> None:
        assert value not in (*EMPTY, {}, [])
        for below in value.values() if isinstance(value, dict) else ():
            check(below)

    for record in mapped(section_of(mapping), *records).records:
        for top in record.keys() - set(RAW_NAMES):
            check(record[top])


def test_zero_and_false_are_values_and_empty_things_are_not() -> None:
    section = section_of({"source.port": "a b", "tls.established": "a b"})
    assert one(section, {"a": 0, "b": 9}) == {"a": 0, "b": 9, "source": {"port": 0}, "tls": {"established": False}}
    assert one(section, {"a": "", "b": 9})["source"] == {"port": 9}
    assert "source" not in one(section, {"a": [], "b": 9})  # an empty list ends the search, as it did in the es-loader, and says nothing
    assert one(section_of({"tls.established": "a b"}), {"a": False, "b": True})["tls"] == {"established": False}


def test_what_does_not_fit_is_left_out_counted_and_still_in_the_raw_record() -> None:
    section = section_of({"source.port": "a", "source.ip": "b", "event.risk_score": "c"})
    batch = mapped(section, {"a": "http", "b": "host.example", "c": "-"}, {"a": 1})
    assert batch.records[0]["a"] == "http"
    assert "source" not in batch.records[0]
    assert batch.flags == collections.Counter({"source.port left out: no long": 1, "source.ip left out: no ip": 1})


def test_a_mapped_object_joins_what_the_record_has_under_its_name_and_replaces_a_text() -> None:
    section = section_of({"user.name": "n"})
    assert one(section, {"n": "bob", "user": {"id": 5, "name": "raw"}})["user"] == {"id": 5, "name": "bob"}
    assert one(section, {"n": "bob", "user": "raw"})["user"] == {"name": "bob"}
    assert one(section, {"user": "raw"})["user"] == "raw"


def test_with_parents_a_hook_finds_the_objects_around_mapped_fields() -> None:
    section = section_of({"source.nat.ip": "a", "user.name": "n"})
    found = one(section, {}, parents=True)
    assert found == {"source": {"nat": {}}, "user": {}}
    assert one(section, {}) == {}


def test_paths_index_lists_with_digits() -> None:
    section = section_of({"event.action": "a.1.b", "related.ip": "[a.0.ip, b.0]"})
    assert one(section, {"a": [{"ip": "::1"}, {"b": "x"}], "b": ["192.0.2.1"]})["event"] == {"action": "x"}
    assert one(section, {"a": [{"ip": "::1"}], "b": ["192.0.2.1"]})["related"] == {"ip": ["192.0.2.1", "::1"]}


def test_constants_are_typed_and_win_over_mapped_values() -> None:
    section = section_of({"event.kind": "a"}, static_ecs="event.kind event.category event.severity cloud.provider")
    section.values |= {"event.kind": "alert", "event.category": "[web, network]", "event.severity": "3", "cloud.provider": "gcp"}
    found = one(section, {"a": "x"})
    assert found["event"] == {"kind": "alert", "category": ["network", "web"], "severity": 3}
    assert found["cloud"] == {"provider": "gcp"}


def test_a_reason_that_a_stage_noted_is_told_in_the_event() -> None:
    records: list[Any] = [{}, {"event": "text"}]
    batch = Batch(Source("b", "k"), ["", ""], records, [0, 1], INGESTED)
    batch.reasons.append((records[0], "no usable timestamp"))
    ecs.prepare(section_of({}))(batch)
    assert records[0]["event"]["reason"] == "no usable timestamp"
    assert "reason" not in records[1]["event"]


@pytest.mark.parametrize(
    ("key", "account", "region"),
    [
        ("AWSLogs/111122223333/CloudTrail/eu-west-1/2024/x.gz", "111122223333", "eu-west-1"),
        ("111122223333/x", "111122223333", None),
        ("aws-account-id=111122223333/aws-region=us-gov-west-1/x", "111122223333", "us-gov-west-1"),
        ("AWSLogs/1111222233334/x", None, None),
        ("AWSLogs/global/x", None, "global"),
        ("my-global-logs/x", None, "global"),
        ("globally/x", None, None),
        ("logs/cn-northwest-1/x", None, "cn-northwest-1"),
    ],
)
def test_the_key_tells_account_and_region(key: str, account: str | None, region: str | None) -> None:
    assert ecs.origin(key) == (account, region)


KEY = "AWSLogs/111122223333/x/eu-west-1/y"


@pytest.mark.parametrize(
    ("record", "cloud"),
    [
        ({}, {"account": {"id": "111122223333"}, "region": "eu-west-1"}),
        ({"acc": "999900001111", "reg": "ap-south-1"}, {"account": {"id": "999900001111"}, "region": "ap-south-1"}),
        ({"acc": "unknown", "reg": "-"}, {"account": {"id": "111122223333"}}),  # a dash is a value, if one that says nothing
        ({"acc": "", "reg": None}, {"account": {"id": "111122223333"}, "region": "eu-west-1"}),
    ],
)
def test_a_mapped_account_and_region_win_over_those_of_the_key_unless_unknown(record: Any, cloud: Any) -> None:
    mapping = {"cloud.account.id": "acc", "cloud.region": "reg"}
    section = log_type(ecs=" ".join(mapping), **mapping)
    assert one(section, record, KEY)["cloud"] == {"provider": "aws", **cloud}
    assert one(section, record, KEY, names=frozenset(record))["cloud"] == {"provider": "aws", **cloud}


def test_what_no_key_and_no_field_tells_is_left_out() -> None:
    assert one(log_type(), {}, "logs/x")["cloud"] == {"provider": "aws"}


def test_without_a_cloud_provider_nothing_is_derived_from_the_key() -> None:
    assert one(log_type(cloud_provider=""), {}, KEY) == {}


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        ({"ecs": "source.ip"}, "ecs", "'source.ip' is listed, but there is no key 'source.ip' with its source"),
        ({"static_ecs": "event.kind"}, "static_ecs", "'event.kind' is listed, but there is no key 'event.kind' with its value"),
        ({"static_ecs": "event.severity", "event.severity": "high"}, "event.severity", "'high' is not what ECS wants there: long"),
        ({"ecs": "source source.ip", "source": "a", "source.ip": "b"}, "source.ip", "lies below 'source', which is a target too"),
        ({"ecs": "event.module.x", "event.module.x": "a"}, "event.module.x", "lies below 'event.module', which is a target too"),
    ],
)
def test_a_mistake_in_the_mapping_is_a_problem_at_its_key(options: dict[str, str], key: str, said: str) -> None:
    section = log_type(**options)
    ecs.prepare(section)
    assert [problem.key for problem in section.problems] == [key]
    assert section.problems[0].message.startswith(said)


def test_a_target_without_a_source_is_no_mistake_and_maps_nothing() -> None:
    """A section may switch a mapping of aws.ini off by an empty value."""
    section = section_of({"source.ip": "", "related.ip": "[]"})
    assert one(section, {"a": 1}) == {"a": 1}
    assert section.problems == []


@given(st.text(st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters=",[]."), min_size=1, max_size=6))
@settings(deadline=None)
def test_names_of_fields_are_never_read_as_code(name: str) -> None:
    section = section_of({"event.action": name, f"mine.x{name}": name})
    found = one(section, {name: "x"})
    assert found["event"] == {"action": "x"}
    assert found["mine"] == {f"x{name}": "x"}
