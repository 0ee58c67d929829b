"""An engine that is told what comes next: it is opened while the source before it is worked on, and ends as if it had not been."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from loader.ahead import Ahead
from loader.api import Blocks, Source, SourceGone, SourceSkipped
from loader.engine import Engine, Task
from loader.ledger import DONE, FAILED, SKIPPED, Account, Ledger
from tests import drivers
from tests.servers import until

INI = """[demo]
s3_key = demo
s3_key_ignored = tmp
file_format = text
log_pattern = (?P<ip>\\S+) (?P<n>\\d+)
"""
BODY = b"192.0.2.1 1\n192.0.2.2 2\n"


class Bucket(drivers.MemoryInput):
    """Notes what is opened; knows etags, and what they are of is not read where it is done."""

    ahead = True

    def __init__(self, objects: dict[str, bytes]) -> None:
        super().__init__(objects, 12)
        self.opened: list[str] = []

    def read(self, source: Source) -> Blocks:
        self.opened.append(source.key)
        if source.key not in self.objects:
            raise SourceGone("gone")
        source.modified = datetime.datetime(2024, 5, 24, 8, tzinfo=datetime.UTC)
        source.etag = f"e{len(self.objects[source.key])}"
        if source.etag in source.done:
            raise SourceSkipped("done already")
        yield from super().read(source)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    one = drivers.engine(tmp_path, f"{INI}[loader]\nstate = {tmp_path}/state\n", files=())
    one.use_ledger()
    yield one
    one.close()


def given(engine: Engine, **objects: bytes) -> Bucket:
    bucket = Bucket({key.replace("_", "/"): body for key, body in objects.items()})
    engine.input, engine.ahead = bucket, Ahead(bucket.read)
    return bucket


def of(key: str) -> Source:
    return Source("b", key)


def run(engine: Engine, *keys: str) -> list[Account]:
    """Run tasks, each with the next one as what comes next."""
    following = [*keys[1:], None]
    return [engine.run(Task(n, of(key), upcoming=of(later) if later else None)) for n, (key, later) in enumerate(zip(keys, following, strict=True))]


def test_the_next_object_is_opened_while_one_is_worked_on(engine: Engine) -> None:
    bucket = given(engine, demo_a=BODY, demo_b=BODY)

    def amid(ledger: Ledger) -> None:
        until(lambda: bucket.opened == ["demo/a", "demo/b"])

    assert engine.run(Task(0, of("demo/a"), upcoming=of("demo/b")), amid).status == DONE
    assert engine.run(Task(1, of("demo/b"))).status == DONE
    assert bucket.opened == ["demo/a", "demo/b"]


def test_the_accounts_and_what_arrives_are_the_same_as_without(tmp_path: Path) -> None:
    """With objects that are gone, broken, not ours, twice in the list, empty."""
    keys = ["demo/a", "demo/gone", "other/x", "demo/tmp", "demo/a", "demo/broken", "demo/empty", "demo/b", "demo/b"]
    objects = {"demo_a": BODY, "demo_b": BODY * 30, "demo_broken": b"\x1f\x8b broken", "demo_empty": b""}
    found = []
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
        one = drivers.engine(tmp_path / name, f"{INI}[loader]\nstate = {tmp_path}/{name}/state\n", files=())
        one.use_ledger()
        given(one, **objects)
        if name == "without":
            one.ahead = None
        accounts = [(account.key, account.status, account.reason, account.failure, account.ledger.read) for account in run(one, *keys)]
        one.close()
        documents = drivers.rows(tmp_path / name / "out.jsonl")
        for document in documents:
            assert document["@timestamp"] == "2024-05-24T08:00:00+00:00"
            del document["event"]["ingested"]
        found.append((accounts, documents))
    assert found[0] == found[1]
    assert [status for _, status, *_ in found[0][0]] == [DONE, FAILED, SKIPPED, SKIPPED, SKIPPED, FAILED, DONE, DONE, SKIPPED]


def test_what_is_not_for_us_is_not_opened(engine: Engine) -> None:
    bucket = given(engine, demo_a=BODY)
    run(engine, "demo/a", "other/x", "demo/a", "demo/tmp")
    assert set(bucket.opened) == {"demo/a"}


def test_what_is_done_is_asked_for_as_such_ahead_too(engine: Engine) -> None:
    bucket = given(engine, demo_a=BODY, demo_b=BODY)
    run(engine, "demo/b")
    asked: list[tuple[str, frozenset[str]]] = []
    read = bucket.read

    def noted(source: Source) -> Blocks:
        asked.append((source.key, source.done))
        return read(source)

    engine.ahead = Ahead(noted)
    assert [account.status for account in run(engine, "demo/a", "demo/b")] == [DONE, SKIPPED]
    assert asked == [("demo/a", frozenset()), ("demo/b", frozenset({"e24"}))]


def test_an_object_that_somebody_else_does_meanwhile_is_asked_for_again(engine: Engine, tmp_path: Path) -> None:
    bucket = given(engine, demo_a=BODY, demo_b=BODY)
    assert engine.run(Task(0, of("demo/a"), upcoming=of("demo/b"))).status == DONE
    until(lambda: bucket.opened == ["demo/a", "demo/b"])
    other = drivers.engine(tmp_path, f"{INI}[loader]\nstate = {tmp_path}/state\n", files=())
    other.use_ledger()
    other.input = Bucket({"demo/b": BODY})
    assert other.run(Task(0, of("demo/b"))).status == DONE
    other.close()
    assert engine.run(Task(1, of("demo/b"))).status == SKIPPED
    assert len(drivers.rows(tmp_path / "out.jsonl")) == 4


def test_closing_an_engine_ends_the_thread_and_what_it_has_opened(engine: Engine) -> None:
    before = threading.active_count()
    bucket = given(engine, demo_a=BODY, demo_b=BODY)
    engine.run(Task(0, of("demo/a"), upcoming=of("demo/b")))
    until(lambda: bucket.opened == ["demo/a", "demo/b"])
    engine.close()
    until(lambda: threading.active_count() <= before)


def test_an_input_that_does_not_say_that_it_may_be_read_ahead_is_not(tmp_path: Path) -> None:
    (tmp_path / "demo.log").write_bytes(BODY)
    one = drivers.engine(tmp_path, f"{INI}[in_file]\nroot = {tmp_path}\n", files=())
    one.open_input()
    assert one.ahead is None
    assert one.run(Task(0, of("demo.log"), upcoming=of("demo.log"))).status == DONE
