"""``loader/cli/progress.py``: what is shown while a run goes on."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from loader.cli import progress
from loader.cli.progress import Display
from loader.ledger import Account


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
