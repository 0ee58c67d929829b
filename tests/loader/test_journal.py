"""The ledger on disk: what is done is known again, marks only move on, and a file that cannot be written stops nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from loader.batch import Source
from loader.errors import STOPPED, ConfigError
from loader.journal import NAME, Entry, Journal
from loader.ledger import DONE, FAILED, WHOLE, Account, Ledger


def source(key: str = "app/1", etag: str = "e1", **more: int) -> Source:
    return Source("logs", key, etag=etag, **more)  # type: ignore[arg-type]


def ended(journal: Journal, one: Source, marks: dict[str, int], status: str = DONE) -> None:
    journal.end(one, Account(1, one.uri, one.key, "app", status, ledger=Ledger(("out",), read=7, delivered={"out": 7})), marks)  # type: ignore[arg-type]


def test_an_object_is_done_when_all_destinations_have_this_version_of_it_whole(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "state"))
    journal.begin(source(), "app", ["a", "b"])
    ended(journal, source(), {"a": WHOLE, "b": 3}, FAILED)
    assert journal.done(source(), ["a", "b"]) == frozenset()
    assert journal.done(source(), ["a"]) == {"e1"}
    ended(journal, source(), {"b": WHOLE})
    again = Journal(str(tmp_path / "state"))  # another process
    assert again.done(source(etag=""), ["b", "a"]) == {"e1"}
    assert again.done(source("app/2"), ["a", "b"]) == frozenset()
    assert again.done(source(), ["a", "b", "c"]) == frozenset()
    assert again.done(Source("other", "app/1"), ["a"]) == frozenset()
    assert again.done(source(first=5), ["a"]) == frozenset(), "a range is another piece of work"


def test_what_the_end_of_a_run_cut_short_has_not_failed_but_only_begun(tmp_path: Path) -> None:
    journal, one = Journal(str(tmp_path)), source()
    journal.begin(one, "app", ["out"])
    account = Account(1, one.uri, one.key, "app", FAILED, "stopped after 7 records", failure=STOPPED)
    journal.end(one, account, {"out": 7})
    with sqlite3.connect(tmp_path / NAME) as connection:
        assert connection.execute("SELECT status, reason FROM object").fetchall() == [("", "stopped after 7 records")]
    assert journal.begin(one, "app", ["out"]) == {"out": 7}


def test_a_key_is_known_under_each_of_its_spellings(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    ended(journal, source("a b"), {"out": WHOLE})
    assert journal.done(Source("logs", "a+b", alternates=("a b",)), ["out"]) == {"e1"}


def test_marks_move_on_and_never_back(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    assert journal.begin(source(), "app", ["a", "b"]) == {"a": 0, "b": 0}
    journal.note(source(), {"a": 10})
    journal.note(source(), {"a": 4, "b": 2})
    assert Journal(str(tmp_path)).begin(source(), "app", ["a", "b", "c"]) == {"a": 10, "b": 2, "c": 0}
    assert journal.begin(source(etag="e2"), "app", ["a"]) == {"a": 0}, "another version begins anew"
    assert journal.begin(source(), "app", ["a"], fresh=True) == {"a": 0}
    assert journal.begin(source(), "app", ["a"]) == {"a": 0}


def test_marks_within_an_object_mean_nothing_once_its_type_is_another(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    journal.begin(source(), "app", ["a", "b"], form="text")
    journal.note(source(), {"a": 10, "b": WHOLE}, form="text")
    assert journal.begin(source(), "app", ["a", "b"], form="text") == {"a": 10, "b": WHOLE}
    assert journal.begin(source(), "app", ["a", "b"], form="json") == {"a": 0, "b": WHOLE}
    journal.note(source(), {"a": 3}, form="json")
    assert journal.begin(source(), "app", ["a", "b"], form="json") == {"a": 3, "b": WHOLE}
    assert journal.begin(source(), "app", ["a", "b"], form="json", fresh=True) == {"a": 0, "b": 0}


def test_an_object_without_an_etag_is_never_known_again(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    ended(journal, source(etag=""), {"out": WHOLE})
    assert journal.begin(source(etag=""), "app", ["out"]) == {"out": 0}
    assert journal.begin(Source("logs", "k", version="v1"), "app", ["out"]) == {"out": 0}
    journal.note(Source("logs", "k", version="v1"), {"out": 5})
    assert journal.begin(Source("logs", "k", version="v1"), "app", ["out"]) == {"out": 5}


def test_the_ledger_forgets_what_was_not_touched_for_long(tmp_path: Path) -> None:
    now = 1_000_000.0
    journal = Journal(str(tmp_path), keep=100, clock=lambda: now)
    ended(journal, source("old"), {"out": WHOLE})
    now += 60
    ended(journal, source("new"), {"out": WHOLE})
    now += 60
    later = Journal(str(tmp_path), keep=100, clock=lambda: now)
    assert later.done(source("new"), ["out"]) == {"e1"}
    assert later.done(source("old"), ["out"]) == frozenset()
    assert sqlite3.connect(tmp_path / NAME).execute("SELECT count(*) FROM mark").fetchone() == (1,)


def test_a_ledger_that_cannot_be_made_is_told_before_the_first_record(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(ConfigError, match="name another folder as state"):
        Journal(str(tmp_path / "state")).check()
    (tmp_path / NAME).write_bytes(b"no database at all, but longer than a header of SQLite" * 20)
    with pytest.raises(ConfigError, match="cannot be used"):
        Journal(str(tmp_path)).check()


def test_a_ledger_that_breaks_later_stops_nothing_and_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(str(tmp_path / "state"))
    journal.begin(source(), "app", ["out"])
    journal.close()
    (tmp_path / "state" / NAME).write_bytes(b"garbage" * 1000)
    for name in ("-wal", "-shm"):
        (tmp_path / "state" / f"{NAME}{name}").unlink(missing_ok=True)
    journal.note(source(), {"out": 5})
    ended(journal, source(), {"out": WHOLE})
    assert journal.begin(source("x"), "app", ["out"]) == {"out": 0}
    assert [record.message.count("cannot be used") for record in caplog.records] == [1]


def test_without_a_folder_nothing_is_written_or_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    journal = Journal("")
    journal.check()
    ended(journal, source(), {"out": WHOLE})
    assert journal.begin(source(), "app", ["out"]) == {"out": 0}
    assert list(tmp_path.iterdir()) == []


def test_two_processes_write_one_ledger(tmp_path: Path) -> None:
    code = (
        "import sys; from loader.batch import Source; from loader.journal import Journal\n"
        "j = Journal(sys.argv[1])\n"
        "for n in range(200):\n"
        "    s = Source('b', f'{sys.argv[2]}/{n}', etag='e'); j.begin(s, 'app', ['out']); j.note(s, {'out': n})\n"
        "assert not j.failed, j.failed"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name], cwd=Path(__file__).parents[2], env=os.environ) for name in "ab"]
    assert [one.wait(60) for one in both] == [0, 0]
    assert sqlite3.connect(tmp_path / NAME).execute("SELECT count(*), sum(records) FROM mark").fetchone() == (400, 2 * 199 * 100)


def test_an_entry_speaks_of_outputs_and_only_of_those_that_last(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path))
    entry = Entry(journal, source(), "app", {"out_a": "tcp://siem:514"})
    assert entry.begin(source()) == {"out_a": 0}
    entry.note({"out_a": 5, "out_stdout": 9})
    assert entry.begin(source()) == {"out_a": 5}
    entry.end(Account(1, "s3://logs/app/1", "app/1"), {"out_a": WHOLE, "out_stdout": WHOLE})
    assert (entry.done(1), entry.done(2)) == ({"e1"}, frozenset())
    assert Entry(journal, source(), "app", {"out_a": "tcp://siem:514"}, fresh=True).done(1) == frozenset()
    assert Entry(journal, source(), "app", {"renamed": "tcp://siem:514"}).done(1) == {"e1"}, "the section's name does not matter"


def test_a_program_with_another_form_of_the_type_moves_no_mark_within_an_object(tmp_path: Path) -> None:
    old = Entry(Journal(str(tmp_path)), source(), "app", {"out": "siem"}, form="text")
    new = Entry(Journal(str(tmp_path)), source(), "app", {"out": "siem"}, form="json")
    old.begin(source())
    new.begin(source())  # both are at work
    old.note({"out": 500})
    old.end(Account(1, "s3://logs/app/1", "app/1", status=FAILED), {"out": 600})
    new.note({"out": 3})
    assert new.begin(source()) == {"out": 3}, "500 records of the one are not the first 500 of the other"
    old.end(Account(1, "s3://logs/app/1", "app/1"), {"out": WHOLE})
    assert new.begin(source()) == {"out": WHOLE}


def test_two_outputs_that_write_to_one_place_have_marks_of_their_own(tmp_path: Path) -> None:
    entry = Entry(Journal(str(tmp_path)), source(), "app", {"out_file:a": "file /x", "out_file:b": "file /x"})
    entry.begin(source())
    entry.note({"out_file:a": 100})
    entry.note({"out_file:b": 50})
    assert entry.begin(source()) == {"out_file:a": 100, "out_file:b": 50}
    entry.end(Account(1, "s3://logs/app/1", "app/1"), {"out_file:a": WHOLE, "out_file:b": WHOLE})
    assert entry.done(2) == {"e1"}


def test_names_that_are_no_utf_8_can_be_kept(tmp_path: Path) -> None:
    odd = Source("logs", "k\udcff", etag="\ud800")
    entry = Entry(Journal(str(tmp_path)), odd, "app", {"out": "file /\udcff"})
    assert entry.begin(odd) == {"out": 0}
    entry.note({"out": 5})
    assert entry.begin(odd) == {"out": 5}


def test_programs_that_make_the_ledger_at_once_do_not_refuse_each_other(tmp_path: Path) -> None:
    for turn in range(5):
        at, pids = time.monotonic() + 0.03, []
        for number in range(6):
            if not (pid := os.fork()):
                try:
                    while time.monotonic() < at:
                        pass
                    journal = Journal(str(tmp_path / str(turn)))
                    journal.begin(source(f"app/{number}"), "app", ["out"])
                    os._exit(bool(journal.failed))
                finally:
                    os._exit(2)
            pids.append(pid)
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0] * 6
