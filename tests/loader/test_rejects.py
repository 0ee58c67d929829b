"""``loader/rejects.py``: what is written of a reject is read again, whole; what is no row says why."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import rejects
from loader.batch import Carried, Meta, Parts, Reject, Source
from loader.charset import encodable
from loader.rejects import Row

NOW = 1716537600.5
WORD = st.text(max_size=20)
ANY = st.text(st.characters(exclude_categories=[]), max_size=20)  # surrogates too: file names that are not UTF-8
JSON = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORD, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
TIMES = st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2050, 1, 1), timezones=st.just(datetime.UTC))  # noqa: DTZ001
SOURCES = st.builds(Source, WORD, ANY, etag=WORD, version=WORD, modified=st.none() | TIMES)
METAS = st.builds(
    Meta, st.none() | WORD, st.none() | WORD, st.none() | WORD | st.integers(0, 2**50), WORD, st.dictionaries(WORD, JSON, max_size=3),
    st.dictionaries(WORD, JSON, max_size=3), st.booleans(),
)  # fmt: skip
REJECTS = st.builds(Reject, st.integers(0, 2**40), ANY, WORD, st.sampled_from(["frame", "parse", "map"]), st.booleans(), st.none() | METAS)


def only(found: object) -> dict[str, object]:
    (line,) = found  # type: ignore[misc]
    return json.loads(line)


@given(SOURCES, WORD, REJECTS)
def test_a_record_is_read_as_it_was_written(source: Source, log_type: str, reject: Reject) -> None:
    (line,) = rejects.of_records(source, log_type, [reject], NOW)
    assert b"\n" not in line
    row = Row.of(line)
    assert (row.stage, row.reason, row.record, row.log_type) == (reject.stage, reject.reason, reject.number, log_type)
    assert (row.bucket, row.key, row.etag, row.version, row.modified) == (source.bucket, source.key, source.etag, source.version, source.modified)
    exact = encodable(reject.raw) == reject.raw
    assert row.raw == (reject.raw if exact else encodable(reject.raw))
    assert row.cut == (reject.cut or not exact), "a text that is not there as it was has to be read again"
    assert row.carrier == reject.meta
    assert row.source().modified == (source.modified or datetime.datetime.fromtimestamp(NOW, datetime.UTC))


@given(WORD, st.binary(max_size=40) | st.lists(st.binary(max_size=20), min_size=1, max_size=4).map(Parts), st.tuples(WORD, WORD, WORD))
def test_a_message_is_read_as_it_was_written_in_its_pieces(output: str, message: bytes, place: tuple[str, str, str]) -> None:
    row = Row.of(rejects.of_message(output, message, "why", place, NOW))
    assert (row.stage, row.output, row.message) == ("deliver", output, message)
    assert (row.log_type, row.bucket, row.key) == place
    assert getattr(row.message, "pieces", None) == getattr(message, "pieces", None)


@given(SOURCES, st.integers(0, 2**40), st.none() | st.integers(0, 2**40), st.lists(ANY, max_size=2).map(tuple))
def test_an_object_is_read_as_it_was_written(source: Source, first: int, stop: int | None, alternates: tuple[str, ...]) -> None:
    source.first, source.stop, source.alternates = first, stop, alternates
    wanted = Row.of(rejects.of_source(source, "why", "demo", NOW)).wanted()
    assert wanted == Source(source.bucket, source.key, version=source.version, first=first, stop=stop, alternates=alternates)


def test_a_message_of_a_queue_that_is_a_log_itself_brings_its_text_along() -> None:
    source = Carried("queue", "id-1", etag="e", body=b'{"a": 1}', log_type="demo")
    row = Row.of(rejects.of_source(source, "why", "demo", NOW))
    assert row.wanted() == Carried("queue", "id-1", body=b'{"a": 1}', log_type="demo")
    (record,) = rejects.of_records(source, "demo", [Reject(0, "x", "why", "parse")], NOW)
    assert isinstance(Row.of(record).source(), Carried)


def test_what_json_cannot_hold_is_shown_and_the_record_counts_as_cut() -> None:
    meta = Meta(fields={"a\udc80": ["\udcff", 2**70, True, 1.5, None]}, salt="s")
    told = only(rejects.of_records(Source("b", "k"), "demo", [Reject(0, "text", "why", "map", meta=meta)], NOW))
    assert (told["cut"], told["carrier"]) == (True, {"salt": "s", "fields": {"a\\udc80": ["\\udcff", str(2**70), True, 1.5, None]}})


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_no_row_and_never_an_error_of_another_kind(line: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Row.of(line)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('{"stage": "parse", "bucket": "b", "key": "k", "raw": "x"}', "a row of stage parse without record"),
        ('{"stage": "deliver", "output": "o"}', "a row of stage deliver without message"),
        ('{"stage": "source", "key": "k"}', "a row of stage source without bucket"),
        ('{"stage": "parse", "bucket": "b", "key": "k", "raw": "x", "record": -1}', "record is no number: -1"),
        ('{"stage": "parse", "bucket": "b", "key": "k", "raw": "x", "record": true}', "record is no number: True"),
        ('{"stage": "deliver", "output": "o", "message": 7}', "a row of stage deliver whose message is no text"),
        ('{"stage": "deliver", "output": "o", "message": "%", "encoding": "base64"}', "whose message is not base64"),
        ('{"stage": "source", "bucket": "b", "key": "k", "alternates": 7}', "alternates"),
    ],
)
def test_a_row_that_lacks_something_says_what(row: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Row.of(row.encode())


def test_values_that_make_no_sense_are_as_if_they_were_not_there() -> None:
    told = b'"etag":7,"modified":"noon","cut":"yes","carrier":{"account":7,"fields":[]}'
    row = Row.of(b'{"stage":"map","bucket":"b","key":"k","record":1,"raw":"x",%s}' % told)
    assert (row.etag, row.modified, row.cut, row.carrier) == ("", None, False, Meta())
    naive = Row.of(b'{"stage":"map","bucket":"b","key":"k","record":1,"raw":"x","modified":"2024-05-24T08:00:00"}')
    assert naive.modified == datetime.datetime(2024, 5, 24, 8, tzinfo=datetime.UTC)


def test_a_number_that_nothing_can_hold_makes_no_row() -> None:
    with pytest.raises(ValueError, match="first is no number"):
        Row.of(b'{"stage": "source", "bucket": "b", "key": "k", "first": 4611686018427387904}')
