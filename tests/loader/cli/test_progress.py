"""``loader/cli/progress.py``: what is shown while a run goes on."""

from __future__ import annotations

import collections
import io
from pathlib import Path

import pytest
from rich.console import Console

from loader.cli import progress
from loader.cli.progress import Display, stderr, table
from loader.ledger import DONE, FAILED, Account, Ledger
from loader.metrics import Totals
from loader.results import Results


@pytest.mark.parametrize(("objects", "shown"), [(None, "1 objects, 5 records, "), (4, "1 of 4 objects, 5 records, ")])
def test_a_run_shows_how_far_it_is_whether_or_not_its_end_is_known(monkeypatch: pytest.MonkeyPatch, objects: int | None, shown: str) -> None:
    said = io.StringIO()
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with (display := Display(objects, console=Console(file=said, width=160))):
        display.ended(Account(1, "s3://b/k", "k"))
        display.moved(5, 100)
    last = said.getvalue().splitlines()[-1]
    assert last.startswith(shown)
    assert ("s left" in last) == (objects is not None)


def test_the_table_tells_outputs_apart_by_the_names_they_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And makes no pictures of :a: and :100:, as rich would."""
    totals = Totals()
    ledger = Ledger(("out_syslog:a", "out_syslog:b"), read=5, delivered=collections.Counter({"out_syslog:a": 5}))
    totals.add(Account(1, "s3://b/k", "k", "demo", FAILED, ledger=ledger))
    (display := Display(1, console=stderr())).ended(Account(2, "s3://b/k:100:", "k:100:", status=FAILED, reason="s3://b/k:100:: it is gone"))
    table(totals, Results(str(tmp_path / "list")), 1)
    said = capsys.readouterr().err
    assert "failed: s3://b/k:100:: it is gone" in said
    assert "out_syslog:a: 5 delivered" in said
    assert "out_syslog:b: 0 delivered, 5 not delivered" in said
    assert display.failed == 1


def test_what_a_stop_cuts_short_is_told_beside_the_sums(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = Totals()
    totals.put_down(Account(1, "s3://b/k", "k", "demo", FAILED, ledger=Ledger(("a",), read=7, delivered=collections.Counter(a=5))))
    totals.add(Account(2, "s3://b/l", "l", "demo", DONE, ledger=Ledger(("a",), read=1, delivered=collections.Counter(a=1))))
    table(totals, Results(str(tmp_path / "list")), 2)
    said = capsys.readouterr().err
    assert "cut short: 1 object, of which 5 records arrived, beside those above" in said
    assert "1 object not loaded: --resume goes on" in said
