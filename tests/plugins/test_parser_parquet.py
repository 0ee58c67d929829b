"""``plugins/parser_parquet.py``: rows as records, and what JSON has no word for."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import math
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loader.api import ConfigError, DecodeError, Limits
from plugins.parser_parquet import ParquetParser
from tests import drivers
from tests.drivers import blocks_of, parsed

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pq = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")


def written(columns: Any, **options: Any) -> bytes:
    """Return a Parquet object of a table, or of columns by name."""
    buffer = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), buffer, **options)
    return buffer.getvalue()


def read(body: bytes, size: int = 65536, limits: Limits | None = None) -> drivers.Parsed:
    parser = ParquetParser()
    parser.open()
    return parsed(parser, blocks_of(body, size), limits)


def value(array: Any) -> Any:
    """Return what the first of an array's values becomes."""
    found = read(written({"a": array}))
    assert (found.error, found.rejects) == (None, [])
    return found.records[0].get("a")


# --- rows


@pytest.mark.parametrize("size", [7, 65536])
def test_rows_are_records_and_their_raw_text_is_their_json(size: int) -> None:
    found = read(written({"name": ["Zoë", None], "port": [443, 80], "ok": [True, False], "rate": [0.5, None]}), size)
    assert found.records == [{"name": "Zoë", "port": 443, "ok": True, "rate": 0.5}, {"port": 80, "ok": False}]
    assert found.raws == ['{"name": "Zoë", "port": 443, "ok": true, "rate": 0.5}', '{"port": 80, "ok": false}']


def test_null_columns_and_members_are_left_out_and_nested_values_kept() -> None:
    found = read(written({"a": [{"b": None, "c": [1, None, 2], "d": {"e": None}}, None], "n": pa.nulls(2)}))
    assert found.records == [{"a": {"c": [1, None, 2], "d": {}}}, {}]


def test_every_row_of_every_row_group_is_read_in_chunks() -> None:
    found = read(written({"n": list(range(2500))}, row_group_size=700), limits=Limits(chunk_records=500))
    assert [record["n"] for record in found.records] == list(range(2500))
    assert max(found.sizes) <= 500


def test_large_rows_are_read_a_few_at_a_time() -> None:
    body = written({"text": [f"{n}" + "x" * 50_000 for n in range(100)]}, compression="zstd")
    assert max(read(body, limits=Limits(chunk_bytes=20_000)).sizes) <= 6


def test_a_row_that_is_too_long_is_rejected_alone_with_its_start() -> None:
    found = read(written({"text": ["a", "b" * 500, "c"]}), limits=Limits(record_bytes=100))
    assert [record["text"] for record in found.records] == ["a", "c"]
    ((text, reason),) = found.rejects
    assert text.startswith('{"text": "bbb')
    assert reason == "longer than the 100 bytes of [loader] max_record_bytes"


# --- values

UTC = datetime.UTC


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (lambda: pa.array([1716535925123456789], pa.timestamp("ns", "Asia/Tokyo")), "2024-05-24T07:32:05.123456789+00:00"),
        (lambda: pa.array([1716535925123], pa.timestamp("ms")), "2024-05-24T07:32:05.123+00:00"),
        (lambda: pa.array([1716535925000000], pa.timestamp("us", "UTC")), "2024-05-24T07:32:05+00:00"),
        (lambda: pa.array([-1], pa.timestamp("us")), "1969-12-31T23:59:59.999999+00:00"),
        (lambda: pa.array([2**60], pa.timestamp("ms")), str(2**60)),
        (lambda: pa.array([datetime.date(2024, 5, 24)]), "2024-05-24"),
        (lambda: pa.array([3661_000_000_001], pa.time64("ns")), "01:01:01.000000001"),
        (lambda: pa.array([datetime.time(8, 0)], pa.time32("ms")), "08:00:00"),
        (lambda: pa.array([1500], pa.duration("ms")), 1.5),
        (lambda: pa.array([2000], pa.duration("ms")), 2),
        (lambda: pa.array([decimal.Decimal("1.50")]), "1.50"),
        (lambda: pa.array([decimal.Decimal("17")]), 17),
        (lambda: pa.array([b"caf\xe9"]), r"caf\xe9"),
        (lambda: pa.array([b"plain"], pa.large_binary()), "plain"),
        (lambda: pa.array([b"abcd"], pa.binary(4)), "abcd"),
        (lambda: pa.array([uuid.UUID(int=5).bytes], pa.uuid()), "00000000-0000-0000-0000-000000000005"),
        (lambda: pa.array([math.nan]), "nan"),
        (lambda: pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
        (lambda: pa.array(["x"]).dictionary_encode(), "x"),
        (lambda: pa.array([[("k", 1), ("l", None)]], pa.map_(pa.string(), pa.timestamp("s"))), {"k": "1970-01-01T00:00:01+00:00", "l": None}),
        (lambda: pa.array([[1.5, math.inf]], pa.list_(pa.float64(), 2)), [1.5, "inf"]),
        (lambda: pa.array([[{"t": datetime.datetime(2024, 1, 1, tzinfo=UTC)}, None]]), [{"t": "2024-01-01T00:00:00+00:00"}, None]),
        (lambda: pa.array([[None, None]]), [None, None]),
        (lambda: pa.array([["a", "b"]], pa.large_list(pa.large_string())), ["a", "b"]),
    ],
)  # fmt: skip
def test_values_become_what_json_has(array: Any, expected: Any) -> None:
    found = value(array())
    assert found == expected
    assert type(found) is type(expected)


def test_text_that_is_not_utf_8_stays_visible() -> None:
    broken = pa.array([b"ok", b"caf\xe9", None]).view(pa.string())
    found = read(written({"a": broken, "b": pa.array([[b"x\xff"], None, [b"y"]], pa.list_(pa.binary())).cast(pa.list_(pa.large_binary()))}))
    assert found.records == [{"a": "ok", "b": [r"x\xff"]}, {"a": r"caf\xe9"}, {"b": ["y"]}]


# --- what is broken


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"plain text", "no Parquet, though file_format says so: it starts with b'plai', and not with b'PAR1'"),
        (b"PAR1", "broken Parquet: Parquet file size is 4 bytes"),
        (b"PAR1 some bytes", "broken Parquet: Parquet magic bytes not found in footer"),
        (b"PARE" + bytes(20), "no Parquet"),
    ],
)
def test_what_is_no_parquet_is_told(body: bytes, said: str) -> None:
    found = read(body)
    assert isinstance(found.error, DecodeError)
    assert str(found.error).startswith(said)
    assert "\n" not in str(found.error)


def test_an_empty_object_and_a_table_without_rows_have_no_records() -> None:
    assert (read(b"").read, read(b"").error) == (0, None)
    assert (read(written({"a": pa.array([], pa.int64())})).read, read(written({})).read) == (0, 0)


def test_rows_before_what_is_broken_are_read() -> None:
    texts = [f"{n:05d}" for n in range(4000)]
    body = bytearray(written({"text": texts}, row_group_size=1000, compression="none", use_dictionary=False, write_page_checksum=True))
    body[body.index(b"02500")] = ord("9")
    found = read(bytes(body))
    assert [record["text"] for record in found.records] == texts[:2000]
    assert str(found.error).startswith("broken Parquet: ")


SMALL = {"n": [1, 2, 3], "s": ["a", "b", None], "o": [{"a": 1, "l": [1, 2]}, None, {"a": 2, "l": None}], "t": [datetime.datetime(2024, 1, 1)] * 3}


@settings(deadline=2000, max_examples=300)
@given(
    st.lists(st.tuples(st.integers(4, 3000), st.binary(min_size=1, max_size=3)), min_size=1, max_size=3),
    st.sampled_from(["none", "snappy", "zstd"]),
)
def test_any_damage_is_records_or_one_clear_error(damages: list[tuple[int, bytes]], compression: str) -> None:
    body = bytearray(written(SMALL, compression=compression))
    for place, patch in damages:
        place = 4 + place % (len(body) - 4)  # noqa: PLW2901
        body[place : place + len(patch)] = patch
    found = read(bytes(body))
    assert found.error is None or isinstance(found.error, DecodeError)
    assert json.dumps(found.records)


@settings(deadline=2000)
@given(st.binary(max_size=100))
def test_any_bytes_behind_the_magic_are_one_clear_error(data: bytes) -> None:
    found = read(b"PAR1" + data)
    assert isinstance(found.error, DecodeError)
    assert found.read == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), below, min_size=1, max_size=3),
    max_leaves=6,
)


def bare(found: Any) -> Any:
    """Return a value without the members that are null."""
    if isinstance(found, dict):
        return {name: bare(below) for name, below in found.items() if below is not None}
    return [bare(below) for below in found] if isinstance(found, list) else found


@settings(deadline=None)
@given(st.lists(st.dictionaries(st.text("xyz", min_size=1, max_size=2), JSON, min_size=1, max_size=3), min_size=1, max_size=4))
def test_any_rows_come_out_as_they_were_written(rows: list[dict[str, Any]]) -> None:
    try:
        table = pa.Table.from_pylist(rows)
        body = written(table)
    except pa.ArrowException:  # values of one column that no one type holds, or that Parquet has none for
        return
    found = read(body)
    assert found.error is None
    assert found.records == [bare(row) for row in table.to_pylist()]
    assert [json.loads(text) for text in found.raws] == found.records


# --- in the program


def test_without_pyarrow_the_section_says_which_package_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="takes the package pyarrow: install it beside Sluice"):
        ParquetParser().open()
    with pytest.raises(ConfigError, match=r"\[lake\] file_format: Parquet takes the package pyarrow"):
        drivers.engine(tmp_path, "[lake]\ns3_key = lake/\nindex_name = lake\nfile_format = parquet\n")


def test_carriers_bring_no_parquet() -> None:
    with pytest.raises(ConfigError, match="has no records that a carrier could bring"):
        ParquetParser().item(drivers.log_type(file_format="parquet"))


LAKE = "[lake]\ns3_key = lake/\nindex_name = lake\nfile_format = {}\ntimestamp_key = time\nlog_pattern = (?P<time>.*)\n"


@pytest.mark.parametrize("file_format", ["parquet", "json", "text"])
def test_the_magic_bytes_override_file_format(tmp_path: Path, file_format: str) -> None:
    body = written({"time": pa.array([1716535925123456], pa.timestamp("us")), "n": [1]})
    loaded = drivers.load(tmp_path, LAKE.format(file_format), "lake/x.gz.parquet", body)
    (document,) = loaded.documents
    assert (document["n"], document["@timestamp"]) == (1, "2024-05-24T07:32:05.123456+00:00")
    assert document["@message"] == '{"time": "2024-05-24T07:32:05.123456+00:00", "n": 1}'
    assert loaded.account.status == "done"


def test_text_under_file_format_parquet_fails_its_object_and_says_so(tmp_path: Path) -> None:
    loaded = drivers.load(tmp_path, LAKE.format("parquet"), "lake/x", b"2024-05-24 a line\n")
    assert loaded.account.status == "failed"
    assert loaded.account.reason == "no Parquet, though file_format says so: it starts with b'2024', and not with b'PAR1'"


def test_a_parquet_object_of_another_type_fails_alone_without_pyarrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    body = written({"n": [1]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    loaded = drivers.load(tmp_path, LAKE.format("json"), "lake/x", body)
    assert loaded.account.status == "failed"
    assert loaded.account.reason.startswith("a Parquet object, which cannot be read here: Parquet takes the package pyarrow")


@pytest.mark.shared
def test_a_real_object_of_security_lake_is_read(shared: Path) -> None:
    (path,) = (shared / "samples" / "securitylake-ocsf").glob("*.parquet")
    found = read(path.read_bytes())
    assert (len(found.records), found.error) == (1, None)
    assert {"time", "class_uid", "metadata"} <= found.records[0].keys()
