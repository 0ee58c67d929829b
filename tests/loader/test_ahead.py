"""Reading ahead: each source as if it had been read when its turn came, in bounded memory, and nobody kept from ending."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.ahead import Ahead
from loader.api import Blocks, DecodeError, Source, SourceDenied, SourceError, SourceGone, SourceSkipped
from loader.errors import Stopped
from tests.servers import until

PATIENCE = 10


class Bucket:
    """Objects by key: their blocks, an error among them being raised there. Notes who was opened and who was closed."""

    def __init__(self, **objects: list[bytes | BaseException]) -> None:
        self.objects = objects
        self.opened: list[str] = []
        self.closed: list[str] = []
        self.given = 0
        self.gates: dict[str, threading.Event] = {}

    def read(self, source: Source) -> Blocks:
        """Yield the blocks of a key; one that has a gate waits for it."""
        self.opened.append(source.key)
        source.etag, source.size = f"etag of {source.key}", len(self.objects[source.key])
        try:
            if gate := self.gates.get(source.key):
                assert gate.wait(PATIENCE)
            for block in self.objects[source.key]:
                if isinstance(block, BaseException):
                    raise block
                self.given += 1
                yield block
        finally:
            self.closed.append(source.key)


def of(key: str, **more: Any) -> Source:
    return Source("b", key, **more)


@pytest.fixture
def reader() -> Iterator[Callable[..., Ahead]]:
    made: list[Ahead] = []

    def make(bucket: Bucket, *arguments: Any) -> Ahead:
        made.append(Ahead(bucket.read, *arguments))
        return made[-1]

    before = threading.active_count()
    yield make
    for one in made:
        one.close()
    until(lambda: threading.active_count() <= before)


Make = Callable[..., Ahead]


def test_a_source_that_nobody_announced_is_read_with_what_the_input_fills_in(reader: Make) -> None:
    source = of("a")
    assert list(reader(Bucket(a=[b"1", b"2"])).read(source)) == [b"1", b"2"]
    assert (source.etag, source.size) == ("etag of a", 2)


def test_the_next_source_is_opened_while_one_is_worked_on_and_once(reader: Make) -> None:
    bucket = Bucket(a=[b"1"], b=[b"2"])
    ahead = reader(bucket)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    assert next(blocks) == b"1"
    until(lambda: bucket.closed == ["a", "b"])  # while a is not at its end here
    assert list(blocks) == []
    source = of("b")
    assert list(ahead.read(source)) == [b"2"]
    assert source.etag == "etag of b"
    assert bucket.opened == ["a", "b"]


def test_the_next_source_is_opened_only_when_the_one_before_it_is_read_to_its_end(reader: Make) -> None:
    bucket = Bucket(a=[b"1", b"2"], b=[b"3"])
    bucket.gates["a"] = threading.Event()
    ahead = reader(bucket)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    until(lambda: bucket.opened == ["a"])
    bucket.gates["a"].set()
    until(lambda: bucket.opened == ["a", "b"])
    assert bucket.closed[0] == "a"
    assert list(blocks) == [b"1", b"2"]


def test_no_more_is_held_than_allowed_of_the_source_and_the_next_together(reader: Make) -> None:
    bucket = Bucket(a=[b"x" * 10] * 9, b=[b"y" * 10] * 9)
    ahead = reader(bucket, lambda: None, 100)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    until(lambda: bucket.given == 11)  # 90 and 10 bytes are held, and one block in the thread's hand
    time.sleep(0.05)
    assert bucket.given == 11
    next(blocks)
    until(lambda: bucket.given == 12)
    assert b"".join(blocks) == b"x" * 80
    assert b"".join(ahead.read(of("b"))) == b"y" * 90


def test_a_block_larger_than_all_that_may_be_held_passes_alone(reader: Make) -> None:
    assert list(reader(Bucket(a=[b"x" * 50, b"y", b"z" * 50]), lambda: None, 10).read(of("a"))) == [b"x" * 50, b"y", b"z" * 50]


ASKED_OTHERWISE = [
    of("c"),
    of("b", done=frozenset({"e"})),
    of("b", version="2"),
    of("b", first=1),
    of("b", alternates=("x",)),
]


@pytest.mark.parametrize("source", ASKED_OTHERWISE)
def test_what_was_opened_for_another_question_is_closed_and_asked_anew(reader: Make, source: Source) -> None:
    """Among them: what another process has meanwhile done with the object."""
    bucket = Bucket(a=[b"1"], b=[b"2"] * 3, c=[b"3"])
    ahead = reader(bucket, lambda: None, 2)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    assert list(blocks) == [b"1"]
    until(lambda: bucket.opened == ["a", "b"])
    assert list(ahead.read(source)) == bucket.objects[source.key]
    assert bucket.opened == ["a", "b", source.key]
    until(lambda: bucket.closed.count("b") == bucket.opened.count("b"))


@pytest.mark.parametrize("error", [SourceGone("gone"), SourceDenied("denied"), SourceSkipped("archived"), DecodeError("broken")])
def test_what_opening_has_raised_comes_out_at_the_turn_of_the_source(reader: Make, error: Exception) -> None:
    bucket = Bucket(a=[b"1"], b=[error])
    ahead = reader(bucket)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    until(lambda: bucket.closed == ["a", "b"])
    assert list(blocks) == [b"1"]
    with pytest.raises(type(error), match=str(error)):
        list(ahead.read(of("b")))
    assert bucket.opened == ["a", "b"]


@pytest.mark.parametrize("error", [SourceError("throttled"), ConnectionResetError("cut"), SystemExit(3)])
@pytest.mark.parametrize("before", [[], [b"half"]])
def test_what_has_failed_ahead_and_may_pass_is_tried_again_at_its_turn(reader: Make, error: BaseException, before: list[bytes]) -> None:
    bucket = Bucket(a=[b"1"], b=[*before, error])
    ahead = reader(bucket)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    until(lambda: bucket.closed == ["a", "b"])
    assert list(blocks) == [b"1"]
    time.sleep(0.02)
    bucket.objects["b"] = [b"whole"]
    assert list(ahead.read(of("b"))) == [b"whole"]


def test_an_error_in_the_middle_comes_behind_the_blocks_before_it(reader: Make) -> None:
    blocks = reader(Bucket(a=[b"1", b"2", SourceError("broke off")])).read(of("a"))
    assert [next(blocks), next(blocks)] == [b"1", b"2"]
    with pytest.raises(SourceError, match="broke off"):
        next(blocks)


def test_a_source_that_is_left_early_is_closed_and_the_next_one_comes_whole(reader: Make) -> None:
    bucket = Bucket(a=[b"x" * 10] * 99, b=[b"y" * 10] * 5)
    ahead = reader(bucket, lambda: None, 20)
    blocks = ahead.read(of("a"))
    ahead.expect(of("b"))
    next(blocks)
    assert list(ahead.read(of("b"))) == bucket.objects["b"]
    until(lambda: bucket.closed == ["a", "b"])
    assert bucket.given < 20
    with pytest.raises(SourceError, match="s3://b/a was let go before its end"):
        next(blocks)


def test_a_source_that_hangs_and_is_not_wanted_any_more_does_not_hold_up_the_next(reader: Make) -> None:
    bucket = Bucket(a=[b"1"], b=[b"2"])
    hanging = bucket.gates["a"] = threading.Event()
    ahead = reader(bucket)
    ahead.read(of("a"))
    until(lambda: bucket.opened == ["a"])
    began = time.monotonic()
    assert list(ahead.read(of("b"))) == [b"2"]
    assert time.monotonic() - began < PATIENCE / 2
    hanging.set()
    until(lambda: "a" in bucket.closed)


def test_who_waits_for_bytes_looks_now_and_then_whether_the_run_is_to_end(reader: Make) -> None:
    bucket, stopping = Bucket(a=[b"1"]), threading.Event()
    bucket.gates["a"] = threading.Event()

    def check() -> None:
        if stopping.is_set():
            raise Stopped("stopped")

    blocks = reader(bucket, check).read(of("a"))
    began = time.monotonic()
    threading.Timer(0.1, stopping.set).start()
    with pytest.raises(Stopped):
        next(blocks)
    assert time.monotonic() - began < 2
    bucket.gates["a"].set()


def test_closing_lets_go_of_what_was_opened_and_never_wanted(reader: Make) -> None:
    bucket = Bucket(a=[b"1"], b=[b"2"] * 9)
    ahead = reader(bucket, lambda: None, 3)
    assert list(ahead.read(of("a"))) == [b"1"]
    ahead.expect(of("b"))
    until(lambda: bucket.opened == ["a", "b"])
    ahead.close()
    until(lambda: bucket.closed == ["a", "b"])


def test_many_sources_take_one_thread(reader: Make) -> None:
    bucket = Bucket(**{f"k{n}": [b"%d" % n] for n in range(200)})
    read, threads = bucket.read, set()

    def noted(source: Source) -> Blocks:
        threads.add(threading.get_ident())
        yield from read(source)

    bucket.read = noted  # type: ignore[method-assign]
    ahead = reader(bucket)
    for n in range(200):
        blocks = ahead.read(of(f"k{n}"))
        ahead.expect(of(f"k{n + 1}") if n < 199 and n % 3 else None)
        assert list(blocks) == [b"%d" % n]
    assert len(threads) == 1


SIZES = st.lists(st.integers(1, 40), max_size=6)


@settings(deadline=None)
@given(objects=st.lists(SIZES, min_size=1, max_size=6), announced=st.lists(st.integers(0, 5), min_size=6, max_size=6), most=st.integers(1, 60))
def test_whatever_is_announced_every_source_comes_whole_and_in_order(objects: list[list[int]], announced: list[int], most: int) -> None:
    bucket = Bucket(**{f"k{n}": [bytes([n]) * size for size in sizes] for n, sizes in enumerate(objects)})
    ahead = Ahead(bucket.read, most=most)
    for n in range(len(objects)):
        blocks = ahead.read(of(f"k{n}"))
        ahead.expect(of(f"k{announced[n] % len(objects)}"))
        assert list(blocks) == bucket.objects[f"k{n}"]
    ahead.close()
