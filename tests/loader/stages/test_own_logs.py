"""ignore_own_logs: a load does not write the logs of the next."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from loader.batch import Batch, Source
from loader.engine import HOME
from loader.stages import own_logs
from tests.drivers import log_type

OURS = "Boto3/1.44.5 md/Botocore#1.44.5 sluice-siem-loader"


def left(name: str, *agents: Any, **options: str) -> tuple[list[Any], Batch]:
    field = own_logs.FIELDS[name]
    run = own_logs.prepare(log_type(name, **options))
    records = [{field: agent} for agent in agents]
    batch = Batch(Source("b", "k"), [""] * len(records), records, list(range(len(records))), datetime.datetime.now(datetime.UTC))
    if run:
        run(batch)
    return [record[field] for record in batch.records], batch


@pytest.mark.parametrize("name", own_logs.FIELDS)
def test_row_1_5_3_ignore_own_logs_leaves_out_our_requests_and_the_es_loaders(name: str) -> None:
    found, batch = left(name, OURS, "curl/8.5", None, 5, "Boto3/1.34 siem-es-loader")
    assert found == ["curl/8.5", None, 5]
    assert batch.excluded == 2
    assert batch.flags == {"left out by ignore_own_logs": 2}


def test_row_1_5_3_custom_user_agent_names_another_es_loader() -> None:
    assert left("cloudtrail", "siem-es-loader", "night-shift", OURS, custom_user_agent="night-shift")[0] == ["siem-es-loader"]


def test_switched_off_and_for_other_types_there_is_no_step() -> None:
    assert left("cloudtrail", OURS, ignore_own_logs="False")[0] == [OURS]
    assert own_logs.prepare(log_type("alb")) is None


def test_what_is_left_out_is_what_our_input_says_it_is() -> None:
    assert f'user_agent_extra="{own_logs.OURS}"' in (HOME / "plugins" / "_aws" / "session.py").read_text(encoding="utf-8")
