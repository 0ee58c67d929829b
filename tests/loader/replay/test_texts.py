"""``loader/replay/texts.py``: which rows are enough by themselves, and objects read once for all the others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from loader.api import Blocks
from loader.batch import Carried, Meta, Source
from loader.engine import Engine
from loader.errors import ConfigError
from loader.rejects import Row
from loader.replay.texts import Entry, Group, Texts
from tests import drivers

INI = r"""
[text]
s3_key = text/
file_format = text
log_pattern = (?P<n>\d+)
[cwl]
s3_key = cwl/
file_format = text
log_pattern = (?P<n>\d+)
via_cwl = yes
[json]
s3_key = json/
file_format = json
[csv]
s3_key = csv/
file_format = csv
csv_header = a b
[carried]
s3_key = carried/
file_format = csv
csv_header = a b
via_cwl = yes
[parquet]
s3_key = parquet/
file_format = parquet
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return drivers.engine(tmp_path_factory.mktemp("texts"), INI, files=())


def row(raw: str = "1", number: int = 0, **more: Any) -> Row:
    return Row("parse", raw=raw, record=number, bucket="b", key="k", **more)


@pytest.mark.parametrize(
    ("name", "given", "enough"),
    [
        ("text", row(), True),
        ("text", row(cut=True), False),
        ("text", row(carrier=Meta()), False),
        ("cwl", row(), False),
        ("cwl", row(carrier=Meta()), True),
        ("json", row('{"a": 1}'), True),
        ("json", row('{"a": 1}', carrier=Meta()), True),
        ("json", row('{"detail-type": "x", "resources": [], "detail": {}}'), False),
        ("csv", row("1 2"), False),
        ("carried", row("1 2", carrier=Meta()), True),
        ("parquet", row("{}"), False),
    ],
)
def test_a_text_is_enough_where_nothing_around_it_matters(engine: Engine, name: str, given: Row, enough: bool) -> None:
    problems = engine.config.all_problems()
    assert Texts(engine).are_enough(engine.plans[name], given) is enough
    assert engine.config.all_problems() == problems


def chunks(engine: Engine, *rows: Row, name: str = "text") -> tuple[list[tuple[list[int], list[str]]], list[str]]:
    kept: list[str] = []
    group = Group(engine.plans[name], Source("b", "k"), False, {one.record: Entry("", b"", one) for one in rows})
    found = Texts(engine).chunks(group, lambda entry, why: kept.append(f"{entry.row.record}: {why}"))
    return [([first + place for place in raws.places or []], raws.texts) for first, raws in found], kept


class Counting(drivers.MemoryInput):
    reads = 0
    blocks = 0

    def read(self, source: Source) -> Iterator[bytes]:
        self.reads += 1
        for block in super().read(source):
            self.blocks += 1
            yield block


def test_an_object_is_read_once_for_all_its_rows_and_no_further_than_the_last(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "open_input", lambda: None)
    engine.input = Counting({"k": b"".join(b"%d\n" % n for n in range(10_000))}, 100)
    found, kept = chunks(engine, *(row(str(n), n) for n in (7, 3, 900, 8)))
    assert ([number for numbers, _ in found for number in numbers], [text for _, texts in found for text in texts]) == (
        [3, 7, 8, 900], ["3", "7", "8", "900"],
    )  # fmt: skip
    assert (kept, engine.input.reads) == ([], 1)
    assert engine.input.blocks < 50


def test_only_the_record_that_the_row_tells_is_taken(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "open_input", lambda: None)
    engine.input = drivers.MemoryInput({"k": b"0\n1\n22\n3\n"})
    found, kept = chunks(engine, row("0", 0), row("9", 1), row("2", 2, cut=True), row("4", 4))
    assert [texts for _, texts in found] == [["0", "22"]]
    assert kept == ["1: the object has only 4 records now", "4: the object has only 4 records now"]


def test_whatever_a_reader_does_the_rows_are_kept(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(drivers.MemoryInput):
        def read(self, source: Source) -> Blocks:
            yield b"0\n"
            raise ZeroDivisionError("oops")

    monkeypatch.setattr(engine, "open_input", lambda: None)
    engine.input = Broken({})
    assert chunks(engine, row("5", 5)) == ([], ["5: the object cannot be read again: unexpected ZeroDivisionError: oops"])
    assert chunks(engine, row("5", 5, direct=True)) == ([], ["5: it was a message of a queue, which cannot be read again"])
    assert isinstance(row(direct=True).source(), Carried)


def test_an_input_that_cannot_be_opened_is_tried_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def refuse() -> None:
        tries.append(1)
        raise ConfigError("no credentials")

    monkeypatch.setattr(engine, "open_input", refuse)
    texts = Texts(engine)
    for _ in range(3):
        with pytest.raises(ConfigError, match="no credentials"):
            texts.open_input()
    assert len(tries) == 1
    assert chunks(engine, row("5", 5)) == ([], ["5: the object cannot be read again: no credentials"])
