"""What the ledger on disk tells, as the loads themselves wrote it; reading it changes nothing and disturbs nobody."""

from __future__ import annotations

import collections
import dataclasses
import itertools
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader import stats
from loader.batch import Source
from loader.journal import NAME, Journal
from loader.ledger import DONE, FAILED, WHOLE, Account, Ledger
from loader.stats import DestinationStats, ObjectStats, Stats, read

NOW = 1_800_000_000.0


@dataclasses.dataclass
class Loads:
    """Writes a ledger, at the times that a test says."""

    folder: Path
    now: float = NOW

    def __post_init__(self) -> None:
        self.journal = Journal(str(self.folder), clock=lambda: self.now)
        self.path = self.folder / NAME

    def begin(self, key: str, log_type: str = "app", *, ago: float, destinations: tuple[str, ...] = ("syslog",), **source: int) -> Source:
        self.now = NOW - ago
        made = Source("logs", key, etag="e", **source)  # type: ignore[arg-type]
        self.journal.begin(made, log_type, destinations)
        return made

    def note(self, source: Source, ago: float, **marks: int) -> None:
        self.now = NOW - ago
        self.journal.note(source, marks)

    def end(
        self, source: Source, log_type: str = "app", *, ago: float, records: int, took: float, status: str = DONE, reason: str = "", **marks: int
    ) -> None:
        self.now, source.size = NOW - ago, 1000
        ledger = Ledger(("syslog",), read=records, rejected=1, excluded=2, bytes_out=5000)
        ledger.delivered = collections.Counter(syslog=records - 3)
        account = Account(1, source.uri, source.key, log_type, status, reason, ledger=ledger, seconds=took)
        self.journal.end(source, account, marks or {"syslog": WHOLE})

    def close(self) -> None:
        self.journal.close()


@pytest.fixture
def loads(tmp_path: Path) -> Loads:
    return Loads(tmp_path / "state")


def read_stats(loads: Loads, **asked: object) -> Stats:
    return read(loads.path, now=NOW, **asked)  # type: ignore[arg-type]


def test_objects_are_counted_by_log_type_and_how_they_ended(loads: Loads) -> None:
    loads.end(loads.begin("a/1", ago=50), ago=40, records=600, took=10)
    loads.end(loads.begin("a/2", ago=50), ago=20, records=100, took=10, status=FAILED, reason="down", syslog=40)
    loads.begin("a/3", ago=10)
    loads.end(loads.begin("b/1", "other", ago=9000), "other", ago=8000, records=7200, took=10)
    app, other = read_stats(loads).types
    assert (app.log_type, app.done, app.begun, app.failed, app.records) == ("app", 1, 1, 1, 700)
    assert (app.excluded, app.rejected, app.delivered, app.bytes_in, app.bytes_out, app.last) == (4, 2, 694, 2000, 10000, NOW - 10)
    assert (app.minute, app.hour, app.day) == pytest.approx((700 / 60, 700 / 3600, 700 / 86400))
    assert (other.minute, other.hour, other.day) == pytest.approx((0, 0, 7200 / 86400))
    found = read_stats(loads)
    assert (found.objects, found.oldest) == (4, NOW - 8000)
    assert found.size >= loads.path.stat().st_size > 0


def test_a_rate_has_the_part_of_an_object_that_fell_into_its_span(loads: Loads) -> None:
    loads.end(loads.begin("a/1", ago=200), ago=30, records=1000, took=100)  # 30 of its 100 seconds were in the last minute
    (app,) = read_stats(loads).types
    assert (app.minute, app.hour) == pytest.approx((300 / 60, 1000 / 3600))


def test_what_is_in_work_counts_as_far_as_it_has_come(loads: Loads) -> None:
    source = loads.begin("a/1", ago=90, destinations=("syslog", "file"), first=100)
    loads.note(source, 0, syslog=1000, file=400)
    (app,) = read_stats(loads, newest=5).types
    assert (app.begun, app.records, app.last) == (1, 900, NOW)
    assert app.minute == pytest.approx(900 / 90)
    assert read_stats(loads).destinations == [DestinationStats("file", 0, 1, 300, NOW), DestinationStats("syslog", 0, 1, 900, NOW)]


def test_destinations_are_told_apart(loads: Loads) -> None:
    loads.end(loads.begin("a/1", ago=50), ago=40, records=600, took=1, syslog=WHOLE, file=WHOLE)
    loads.end(loads.begin("a/2", ago=50), ago=30, records=600, took=1, status=FAILED, syslog=200, file=WHOLE)
    assert read_stats(loads).destinations == [DestinationStats("file", 2, 0, 1200, NOW - 30), DestinationStats("syslog", 1, 1, 800, NOW - 30)]


def test_the_newest_objects_come_first_with_their_marks_and_reasons(loads: Loads) -> None:
    loads.end(loads.begin("a/1", ago=50), ago=40, records=600, took=1)
    loads.end(loads.begin("a/2", ago=50), ago=30, records=600, took=1, status=FAILED, reason="syslog is down", syslog=200)
    loads.begin("a/3", ago=35)
    assert read_stats(loads, newest=2).newest == [
        ObjectStats("logs", "a/2", "app", FAILED, "syslog is down", 600, NOW - 30, {"syslog": 200}),
        ObjectStats("logs", "a/3", "app", "", "", 0, NOW - 35, {}),
    ]
    assert [one.marks for one in read_stats(loads, newest=9).newest][2] == {"syslog": None}
    assert read_stats(loads).newest == []


def test_only_the_log_types_and_the_time_that_were_asked_for(loads: Loads) -> None:
    for name, ago in (("vpc-flow", 10), ("vpc-dns", 5000), ("app", 20)):
        loads.end(loads.begin(name, name, ago=ago), name, ago=ago, records=10, took=1)
    long = loads.begin("long", "long", ago=9000)
    loads.note(long, 5, syslog=3)
    assert [one.log_type for one in read_stats(loads, log_type="vpc-*").types] == ["vpc-dns", "vpc-flow"]
    recent = read_stats(loads, since=NOW - 3600, newest=9)
    assert [one.log_type for one in recent.types] == ["app", "long", "vpc-flow"]
    assert [one.key for one in recent.newest] == ["long", "vpc-flow", "app"]
    assert recent.destinations[0].whole == 2
    assert recent.objects == 4, "of the file, whatever is asked"


def test_an_empty_ledger_has_nothing(loads: Loads) -> None:
    loads.journal.check()
    found = read_stats(loads, newest=3)
    assert (found.objects, found.oldest, found.types, found.destinations, found.newest) == (0, None, [], [], [])


def test_one_that_is_being_made_has_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / NAME).touch()
    assert read(tmp_path / NAME, now=NOW).objects == 0
    with sqlite3.connect(tmp_path / NAME) as begun:
        begun.execute("CREATE TABLE object (id)")
    begun.close()
    assert read(tmp_path / NAME, now=NOW).objects == 0


def test_what_fails_for_a_moment_is_looked_at_again_and_what_lasts_is_told(loads: Loads, monkeypatch: pytest.MonkeyPatch) -> None:
    loads.begin("a", ago=1)
    loads.close()
    tries = itertools.count(1)
    connect = sqlite3.connect

    def hesitant(*arguments: object, **options: object) -> sqlite3.Connection:
        if next(tries) < 3:
            raise sqlite3.OperationalError("unable to open database file")
        return connect(*arguments, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(stats, "PAUSE", 0)
    monkeypatch.setattr(sqlite3, "connect", hesitant)
    assert read_stats(loads).objects == 1
    tries = itertools.count(-100)
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        read_stats(loads)


def test_where_there_is_none_or_another_file_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "PAUSE", 0)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / NAME, now=NOW)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / NAME).write_bytes(b"no ledger at all" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        read(tmp_path / NAME, now=NOW)


def test_reading_while_a_load_writes_neither_waits_nor_makes_it_wait(loads: Loads) -> None:
    loads.end(loads.begin("a/1", ago=50), ago=40, records=600, took=1)
    writer = sqlite3.connect(loads.path, timeout=0, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM object")
    assert read_stats(loads).objects == 1
    writer.execute("COMMIT")
    assert read_stats(loads).objects == 0
    writer.close()


@pytest.mark.parametrize("running", [True, False])
def test_nothing_is_written_and_nothing_is_left_beside_the_file(loads: Loads, running: bool) -> None:
    loads.end(loads.begin("a/1", ago=50), ago=40, records=600, took=1)
    if not running:
        loads.close()
    before = {file.name: file.read_bytes() for file in loads.folder.iterdir() if not file.name.endswith("-shm")}
    assert len(before) == 1 + running
    loads.folder.chmod(0o500)
    try:
        assert read_stats(loads).objects == 1
    finally:
        loads.folder.chmod(0o700)
    assert {file.name: file.read_bytes() for file in loads.folder.iterdir() if not file.name.endswith("-shm")} == before


def test_awkward_names_of_folders_are_no_part_of_an_address(tmp_path: Path) -> None:
    loads = Loads(tmp_path / "a b?mode=rw#x%41")
    loads.begin("a", ago=1)
    assert read_stats(loads).objects == 1
    loads.close()
    assert read_stats(loads).objects == 1
    assert [file.name for file in loads.folder.iterdir()] == [NAME]


STATES = st.lists(st.tuples(st.sampled_from(["app", "dns"]), st.sampled_from([DONE, FAILED, ""]), st.integers(0, 99), st.integers(0, 99)), max_size=8)


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES)
def test_sums_are_those_of_what_was_written(tmp_path_factory: pytest.TempPathFactory, states: list[tuple[str, str, int, int]]) -> None:
    loads = Loads(tmp_path_factory.mktemp("state"))
    loads.journal.check()
    for number, (log_type, status, records, mark) in enumerate(states):
        source = loads.begin(f"k{number}", log_type, ago=100 + number)
        loads.note(source, 50, syslog=mark)
        if status:
            loads.end(source, log_type, ago=10, records=records, took=1, status=status, syslog=WHOLE if status == DONE else mark)
    loads.close()
    found = read_stats(loads, newest=99)
    for kind in {log_type for log_type, *_ in states}:
        (one,) = (one for one in found.types if one.log_type == kind)
        mine = [state for state in states if state[0] == kind]
        assert [one.done, one.begun, one.failed] == [sum(state[1] == status for state in mine) for status in (DONE, "", FAILED)]
        assert one.records == sum(records if status else mark for _, status, records, mark in mine)
        assert 0 <= one.minute * 60 <= one.hour * 3600 + 1e-6 <= one.day * 86400 + 2e-6
    assert len(found.newest) == len(states) == found.objects
    assert sum(one.whole + one.partly for one in found.destinations) == len(states)
