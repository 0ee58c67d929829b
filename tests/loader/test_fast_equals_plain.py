"""One meaning: the bytes of a generated function are those of the steps, whatever the log type, the records and the outputs.

``SLUICE_EXAMPLES=20000 pytest tests/loader/test_fast_equals_plain.py`` looks for a night.
"""

from __future__ import annotations

import collections
import os
import sys

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from loader.errors import ConfigError
from tests.drivers import both_ways
from tests.loader.fast.cases import Case, compiled, csv_cases, json_cases, text_cases

EXAMPLES = int(os.environ.get("SLUICE_EXAMPLES", "60"))
SLOW = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=[*HealthCheck])


def compare(case: Case, met: collections.Counter[str]) -> None:
    """Run a case both ways: at once, then record by record with nothing remembered."""
    for chunk, varied in ((1000, False), (1, True)):
        try:
            plan = compiled(case.values, case.outs, case.hook, chunk)
        except ConfigError:
            assume(False)
        if plan.fast is None:
            met["unfit"] += 1
            return
        quick, plain, through = both_ways(plan, case.key, case.body, bucket=case.bucket, varied=varied)
        assert quick == plain
        met.update({"read": plain.counts["read"], "through": through})


@pytest.mark.parametrize(("name", "cases"), [("csv", csv_cases()), ("text", text_cases()), ("json", json_cases())])
def test_whatever_the_type_and_its_records(name: str, cases: st.SearchStrategy[Case], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    met: collections.Counter[str] = collections.Counter()

    @SLOW
    @given(cases)
    def holds(case: Case) -> None:
        compare(case, met)

    holds()
    assert met["through"] > met["read"] / 8, met  # or nothing would be shown
