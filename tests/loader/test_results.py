"""Result files: rows as objects end, and a resume that skips exactly what was done."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loader import listing
from loader.batch import Carried, Source
from loader.ledger import DONE, FAILED, SKIPPED, Account
from loader.results import Results, finished, key_of

KEYS = st.one_of(st.text(min_size=1, max_size=8), st.text(st.sampled_from("a\t\n\r\x01%0925\udc80\u2028 "), min_size=1, max_size=8))


def account(source: Source, position: int = 1, status: str = DONE, reason: str = "", detail: str = "") -> Account:
    return Account(position, source.uri, source.key, "demo", status, reason, detail)


def written(stem: Path, *ended: tuple[Source, str, str], resume: bool = False, bucket: str = "") -> Results:
    results = Results(str(stem), resume=resume, bucket=bucket)
    for position, (source, status, reason) in enumerate(ended, 1):
        results.write(account(source, position, status, reason, "Traceback ...\n" if reason == "boom" else ""), source)
    results.close()
    return results


def test_each_object_has_a_row_where_it_belongs(tmp_path: Path) -> None:
    ended = [
        (Source("b", "k 1"), DONE, ""),
        (Source("b", "k2"), SKIPPED, "a folder"),
        (Source("b", "k3"), FAILED, "boom"),
        (Source("b", "k4"), DONE, "2 of 9\trecords\nrejected"),
    ]
    written(tmp_path / "list.txt", *ended)
    assert (tmp_path / "list.txt.finish.log").read_text() == "1\ts3://b/k 1\n2\ts3://b/k2\ta folder\n4\ts3://b/k4\t2 of 9 records rejected\n"
    when = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(rf"{when}\t3\tk3\n", (tmp_path / "list.txt.error.log").read_text())
    debug = (tmp_path / "list.txt.error_debug.log").read_text()
    assert re.fullmatch(rf"{when}\t3\ts3://b/k3\tdemo\tboom\nTraceback \.\.\.\n", debug)


def test_error_files_without_a_row_are_removed_also_those_of_an_earlier_run(tmp_path: Path) -> None:
    written(tmp_path / "l", (Source("b", "k"), FAILED, "boom"))
    assert {path.name for path in tmp_path.iterdir()} == {"l.finish.log", "l.error.log", "l.error_debug.log"}
    written(tmp_path / "l", (Source("b", "k"), DONE, ""))
    assert {path.name for path in tmp_path.iterdir()} == {"l.finish.log"}


def test_rows_are_in_the_file_as_soon_as_an_object_ends(tmp_path: Path) -> None:
    """So a killed run has what it did."""
    results = Results(str(tmp_path / "l"))
    results.write(account(Source("b", "k")), Source("b", "k"))
    assert (tmp_path / "l.finish.log").read_text() == "1\ts3://b/k\n"
    results.close()


def test_without_resume_a_run_begins_anew(tmp_path: Path) -> None:
    written(tmp_path / "l", (Source("b", "old"), DONE, ""))
    assert written(tmp_path / "l", (Source("b", "new"), DONE, "")).done == set()
    assert (tmp_path / "l.finish.log").read_text() == "1\ts3://b/new\n"


@settings(deadline=None)
@given(st.lists(KEYS, unique=True, max_size=6), st.sets(st.integers(0, 5)))
@example(["a\t", "a%09", "a%2509"], {0})
@example(["a\t", "a%09", "a%2509"], {1})
def test_resume_skips_exactly_what_was_done(tmp_path_factory: pytest.TempPathFactory, keys: list[str], failed: set[int]) -> None:
    stem = tmp_path_factory.mktemp("r") / "l"
    sources = [Source("b", key) for key in keys]
    written(stem, *[(source, FAILED if n in failed else DONE, "") for n, source in enumerate(sources)])
    again = Results(str(stem), resume=True)
    again.close()
    assert [n for n, source in enumerate(sources) if key_of(source) not in again.done] == [n for n in range(len(keys)) if n in failed]


@settings(deadline=None)
@given(st.lists(KEYS, unique=True, min_size=1, max_size=4))
def test_the_error_file_is_a_list_of_what_failed(tmp_path_factory: pytest.TempPathFactory, keys: list[str]) -> None:
    stem = tmp_path_factory.mktemp("r") / "l"
    sources = [Source("main" if len(key) % 2 else "other", key) for key in keys]
    written(stem, *[(source, FAILED, "boom\nboom") for source in sources], bucket="main")
    found = listing.parse(listing.open_list(f"{stem}.error.log"), "main")
    assert [(source.bucket, source.key) for _, source in found] == [(source.bucket, source.key) for source in sources]


def test_a_last_row_cut_short_by_a_kill_does_not_count_and_is_not_glued_to_the_next(tmp_path: Path) -> None:
    """Glued, `s3://b/1` and the position 2 would make `s3://b/12`: another object, never loaded."""
    path = tmp_path / "l.finish.log"
    path.write_text("1\ts3://b/whole\n1\ts3://b/1", newline="")
    assert finished(path) == {"s3://b/whole"}
    resumed = written(tmp_path / "l", (Source("b", "x"), DONE, ""), (Source("b", "y"), DONE, ""), resume=True)
    assert resumed.done == {"s3://b/whole"}
    assert path.read_text() == "1\ts3://b/whole\n1\ts3://b/x\n2\ts3://b/y\n"


@pytest.mark.parametrize("content", ["", "garbage\n\n", "12"])
def test_rows_that_name_nothing_are_passed_over(tmp_path: Path, content: str) -> None:
    path = tmp_path / "l.finish.log"
    path.write_text(content)
    assert finished(path) == set()


def test_resuming_what_never_ran_starts_it(tmp_path: Path) -> None:
    assert finished(tmp_path / "l.finish.log") == set()
    assert written(tmp_path / "l", (Source("b", "k"), DONE, ""), resume=True).done == set()
    assert (tmp_path / "l.finish.log").read_text() == "1\ts3://b/k\n"


def test_rows_of_many_buckets_are_a_list_for_any_bucket_and_messages_are_in_no_list(tmp_path: Path) -> None:
    sources = [Source("one", "a b"), Source("two", "c+d%", alternates=("c%2Bd%",)), Carried("queue", "id", body=b"x")]
    results = written(tmp_path / "queue", *((source, FAILED, "boom") for source in sources), bucket="*")
    rows = results.error_path.read_text().splitlines(keepends=True)
    found = [source for _, source in listing.parse(rows, "another")]
    assert [(source.bucket, source.key) for source in found] == [("one", "a b"), ("two", "c+d%")]
    assert "sqs://queue/id" in results.debug_path.read_text()


def test_a_full_disk_is_told_once_and_ends_no_load(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    results, source = Results(str(tmp_path / "list")), Source("b", "k" * 100)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, before[1]))  # writing fails as on a disk that is full
    try:
        for position in range(20):
            results.write(account(source, position), source)
        results.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert results.failed == "File too large"
    assert [record.message.count("cannot be written any more: File too large") for record in caplog.records] == [1]
    assert len(finished(results.finish_path)) == 1, "what was written before is there"


def test_a_reason_that_quotes_what_is_no_text_is_shown(tmp_path: Path) -> None:
    results = written(tmp_path / "list", (Source("b", "k"), FAILED, "of \ud800"), (Source("b", "l"), SKIPPED, "of \udcff"))
    assert results.debug_path.read_text().endswith("\tdemo\tof \\ud800\n")
    assert results.finish_path.read_text().endswith("\tof \\udcff\n")
