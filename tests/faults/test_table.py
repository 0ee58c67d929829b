"""``faults/table.py``: what makes a row wrong."""

from __future__ import annotations

import io

from rich.console import Console

from faults.bounds import any_number, nothing_twice
from faults.load import Load, Tally
from faults.scenarios import Case
from faults.table import Row, _misses, play, show

TCP = Case("none", "rsyslogd", "tcp", lambda stage: None, nothing_twice)
UDP = Case("none", "rsyslogd", "udp", lambda stage: None, any_number)


def test_a_record_that_is_lost_is_wrong_but_over_udp():
    assert _misses(TCP, Tally(10, 9, 0, 0), 0) == "1 records are lost"
    assert _misses(UDP, Tally(10, 9, 0, 0), 10**9) == ""


def test_more_duplicates_than_were_in_flight_are_wrong():
    assert _misses(TCP, Tally(10, 10, 3, 0), 3) == ""
    assert _misses(TCP, Tally(10, 10, 4, 0), 3) == "4 records came twice, and 3 may"


def test_a_receiver_that_is_not_installed_makes_a_row_that_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("shutil.which", lambda *names, **options: None)
    row = play(TCP, None, tmp_path, Load(1, 1))
    assert (row.skipped, row.wrong) == ("rsyslogd is not installed", "")


def test_the_table_has_a_line_for_each_row():
    out = io.StringIO()
    rows = [Row(TCP, Tally(10, 9, 2, 1), 5, 1.0, "1 records are lost"), Row(UDP, Tally(1200, 1100, 0, 0), 10**9, 1.0)]
    show(rows, Console(file=out, width=180))
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.getvalue().splitlines() if "rsyslogd" in line]
    assert lines == [
        ["none", "rsyslogd", "tcp", "10", "9", "1", "2", "5", "1", "1.0", "1 records are lost"],
        ["none", "rsyslogd", "udp", "1,200", "1,100", "100", "0", "-", "0", "1.0", "ok: udp may lose what meets a full buffer, or nobody"],
    ]
