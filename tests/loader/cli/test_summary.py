"""``loader/cli/summary.py``: what is told at the end of a run."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest

from loader.cli.summary import table
from loader.ledger import DONE, FAILED, Account, Ledger
from loader.metrics import Totals
from loader.results import Results


def test_the_table_tells_outputs_apart_by_the_names_they_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And makes no pictures of :a:, as rich would."""
    totals = Totals()
    ledger = Ledger(("out_syslog:a", "out_syslog:b"), read=5, delivered=collections.Counter({"out_syslog:a": 5}))
    totals.add(Account(1, "s3://b/k", "k", "demo", FAILED, ledger=ledger))
    table(totals, Results(str(tmp_path / "list")), 1)
    said = capsys.readouterr().err
    assert "out_syslog:a: 5 delivered" in said
    assert "out_syslog:b: 0 delivered, 5 not delivered" in said


def test_what_a_stop_cuts_short_is_told_beside_the_sums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = Totals()
    totals.put_down(Account(1, "s3://b/k", "k", "demo", FAILED, ledger=Ledger(("a",), read=7, delivered=collections.Counter(a=5))))
    totals.add(Account(2, "s3://b/l", "l", "demo", DONE, ledger=Ledger(("a",), read=1, delivered=collections.Counter(a=1))))
    table(totals, Results(str(tmp_path / "list")), 2)
    said = capsys.readouterr().err
    assert "cut short: 1 object, of which 5 records arrived, beside those above" in said
    assert "1 object not loaded: --resume goes on" in said
