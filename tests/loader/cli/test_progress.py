"""``loader/cli/progress.py``: what is shown while a run goes on."""

from __future__ import annotations

import io
import sys

import pytest

from loader.cli import progress
from loader.cli.progress import Display
from loader.ledger import FAILED, Account

GONE = Account(2, "s3://b/k:100:", "k:100:", status=FAILED, reason="s3://b/k:100:: it is gone")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def stands_for_stderr(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> io.StringIO:
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    return stream


@pytest.mark.parametrize(("objects", "shown"), [(None, "1 objects, 5 records, "), (4, "1 of 4 objects, 5 records, ")])
def test_a_run_in_a_pipe_tells_how_far_it_is_whether_or_not_its_end_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], objects: int | None, shown: str
) -> None:
    monkeypatch.setattr(progress, "EVERY", 0.0)
    with Display(objects) as display:
        display.ended(Account(1, "s3://b/k", "k"))
        display.moved(5, 100)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(shown)
    assert ("s left" in line) == (objects is not None)


def test_a_pipe_gets_a_line_every_ten_seconds_however_often_something_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with Display(1000) as display:
        for step in range(1000):
            now = 100 + step / 40
            display.moved(step, step)
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_terminal_has_a_bar_whose_last_look_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    said = stands_for_stderr(monkeypatch, Terminal())
    with Display(3) as display:
        for step in range(3):
            display.ended(Account(step, "s3://b/k", "k"))
            display.moved(step * 1000, 1)
    last = said.getvalue().splitlines()[-2]
    assert "3/3" in last
    assert "2,000 records" in last


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_failures_are_told_as_they_happen_the_first_few_of_them(monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO]) -> None:
    """And rich makes no pictures of :100:."""
    said = stands_for_stderr(monkeypatch, stream())
    with Display(20, skipped=7) as display:
        for _ in range(progress.SHOWN + 5):
            display.ended(GONE)
    text = said.getvalue()
    assert text.count("failed: s3://b/k:100:: it is gone") == progress.SHOWN
    assert text.count("more objects fail: error_debug.log has the reasons") == 1
    assert "7 objects of the list are in finish.log and are skipped" in text
    assert display.failed == progress.SHOWN + 5
