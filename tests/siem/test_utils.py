"""What hooks import: every name is there, takes the arguments that hooks give it, and its examples are right."""

from __future__ import annotations

import datetime
import doctest
import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from siem import utils

HOME = Path(__file__).parents[2]
UTC = datetime.UTC
CALLS: dict[str, tuple[Any, ...]] = {  # as hooks of the es-loader call them
    "merge_dicts": ({"a": 1}, {"b": 2}),
    "dev_merge_dicts": ([{"a": 1}, {"b": 2}],),
    "value_from_nesteddict_by_dottedkey": ({"a": 1}, "a"),
    "value_from_nesteddict_by_dottedkeylist": ({"a": 1}, "b a"),
    "put_value_into_nesteddict": ("a.b", 1),
    "convert_keyname_to_safe_field": ({"a-b": 1},),
    "convert_underscore_field_into_dot_notation": ("audit", {"audit_a": 1}),
    "match_log_with_exclude_patterns": ({"a": "1"}, {"a": re.compile("1$")}, None),
    "extract_aws_account_from_text": ("AWSLogs/123456789012/",),
    "extract_aws_region_from_text": ("us-east-1",),
    "extract_aws_instanceid_from_text": ("i-0123456789abcdef0",),
    "cluster_instance_identifier": ({"@log_group": "/aws/rds/cluster/c/error", "@log_stream": "i"},),
    "validate_ip": ("192.0.2.1", "source.ip"),
    "parse_xff": ("192.0.2.1",),
    "extract_url_http_fields_from_http_request": ("GET / HTTP/1.1",),
    "get_mime_type": (b"text",),
    "convert_epoch_to_datetime": ("1716535925", UTC),
    "convrt_micro_epoch_to_seconds_epoch": ("1716535925123456",),
    "convert_syslog_to_datetime": ("Feb  5 17:32:18", UTC),
    "convert_iso8601_to_datetime": ("2024-05-24T07:32:05Z", UTC, "iso8601", None),
    "convert_custom_timeformat_to_datetime": ("2024", UTC, "%Y", None),
    "timestr_to_hours": ("+09:00",),
}


@pytest.mark.parametrize("name", CALLS)
def test_row_1_5_13_every_helper_is_there_and_takes_what_hooks_give_it(name: str) -> None:
    found = getattr(utils, name)(*CALLS[name])
    assert found
    assert name in utils.__all__


def test_row_1_5_13_the_pattern_of_instance_ids_is_there() -> None:
    match = utils.RE_INSTANCEID.search("role/i-0123456789abcdef0")
    assert match
    assert match.group(1) == match.group("instanceid") == "i-0123456789abcdef0"


def test_all_that_is_exported_is_documented_for_authors_of_hooks() -> None:
    page = (HOME / "docs" / "hooks.md").read_text(encoding="utf-8")
    assert [name for name in utils.__all__ if f"`{name}" not in page] == []


@pytest.mark.parametrize("module", ["_fields", "_aws", "_web", "_times", "deprecated"])
def test_each_function_has_an_example_and_it_is_right(module: str) -> None:
    tools = importlib.import_module(f"siem.{module}")
    own = [name for name, one in vars(tools).items() if inspect.isfunction(one) and one.__module__ == tools.__name__ and name[0] != "_"]
    assert [name for name in own if ">>>" not in (vars(tools)[name].__doc__ or "") and name != "lookup"] == []
    assert doctest.testmod(tools).failed == 0
