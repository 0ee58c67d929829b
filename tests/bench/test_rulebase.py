"""``bench/rulebase.py``: rsyslogd is asked for every field of a record, by a name of its own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from bench import generate, rulebase


@pytest.mark.parametrize("log_type", rulebase.FIELDS)
def test_every_field_of_a_line_has_a_name_of_its_own(log_type: str, tmp_path: Path) -> None:
    line = [*generate.KEYS[log_type][0](random.Random(1), 3)][-1]
    names = rulebase.names(log_type)
    assert len(set(names)) == len(names) == len(rulebase.expected(log_type, line))
    assert all(f"%{name}:" in rulebase.rulebase(log_type) for name in names)
    text = rulebase.config(log_type, "list", tmp_path, 514)
    assert all(f'outname="{name}" name="$!{name}"' in text for name in names)


def test_members_of_cloudtrail_are_all_named_by_what_they_hold() -> None:
    event = generate.cloudtrail_event(random.Random(1), 0)
    heads = {path.partition("!")[0] for path in rulebase.MEMBERS}
    assert event.keys() - {"additionalEventData"} <= heads
    found = rulebase.expected("cloudtrail", json.dumps(event))
    assert len(found) == len(rulebase.MEMBERS)
    assert (found["cloud.region"], found["user.name"], found["tls.version"]) == ("us-east-1", "role-0", "TLSv1.3")
    assert found["aws.cloudtrail.read_only"] in ("true", "false")
