"""Any bytes, as any format, by any carrier: records, or one clear rejection each, or one clear reason for the object; no crash, no hang."""

from __future__ import annotations

import bz2
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.batch import Source
from loader.engine import Engine, Task
from loader.ledger import DONE, FAILED
from loader.watchdog import within
from tests import drivers

BOUND = 20  # seconds for one object of a few hundred bytes: generous, for machines are shared
LINE = "2024-05-01T00:00:00Z 192.0.2.1 start"
EVENT = '<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><EventID>4624</EventID></System></Event>'
CWL = {"messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "g", "logStream": "s"}
PATTERN = r"log_pattern = (?P<time>\S+) (?P<ip>\S+) (?P<rest>[\s\S]*)" + "\n"
FORMATS = {
    "text": (PATTERN, LINE),
    "multiline": (rf"multiline_firstline = \d+-{chr(10)}{PATTERN}", f"{LINE}\nmore\n{LINE}"),
    "json": ("", '{"time": "2024-05-01T00:00:00Z", "a": {"b": [1, "é"]}}\n[{"c": 1e9}, {"d": null}]'),
    "json list": ("json_delimiter = a.b\njson_include = x\n", '{"a": {"b": [{"c": 1}, {"c": 2}]}, "x": 5}'),
    "csv": ("csv_delimiter = ,\n", 'time,ip,note\n2024-05-01,192.0.2.1,"a ""b""\nc"\n1,2,3\n'),
    "csv table": ("", "time ip note\n2024-05-01 192.0.2.1 x\n"),
    "cef": ("", r"CEF:0|V|P|1|5|a\|b|3|src=192.0.2.1 msg=a\=b cs1=x cs1Label=note"),
    "xml": ("", '<?xml version="1.0"?><r><e a="1"><b>x</b></e><e/></r>'),
    "winevtxml": ("", f"{EVENT}\n{EVENT}"),
    "text by cwl": (f"via_cwl = yes\n{PATTERN}", json.dumps(CWL | {"logEvents": [{"id": "1", "timestamp": 1, "message": LINE}]})),
    "json by firelens": ("via_firelens = yes\n", json.dumps({"log": '{"a": 1}', "source": "stdout"})),
    "parquet": ("", "PAR1 and nothing behind it PAR1"),
}
Pack = Callable[[bytes], bytes]
PACKED: list[Pack] = [bytes, gzip.compress, bz2.compress, zstd.compress, lambda body: gzip.compress(gzip.compress(body))]
CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Engine]:
    found = {}
    for name, (more, _) in FORMATS.items():
        folder = tmp_path_factory.mktemp("any")
        ini = f"[app]\ns3_key = app/\nfile_format = {name.split(' ')[0]}\ntimestamp_key = time\necs = source.ip\nsource.ip = ip\n{more}"
        found[name] = drivers.engine(folder, f"[loader]\nmax_record_bytes = 4k\nchunk_records = 3\n{ini}", files=())
    return found


def mutated(body: bytes, at: list[tuple[int, bytes]]) -> bytes:
    """Put pieces over a body at places."""
    for place, piece in at:
        cut = place % (len(body) + 1)
        body = body[:cut] + piece + body[cut + len(piece) // 2 :]
    return body


ODD = [b"\n", b'"', b"{", b"[", b"<", b"\x00", b"\xff\xfe", b"PAR1", b"]]>", b"\\u12", b"\x1f\x8b"]
BYTES = st.one_of(st.binary(max_size=6), st.sampled_from(ODD))
PLACES = st.lists(st.tuples(st.integers(0, 500), BYTES), max_size=3)


@pytest.mark.parametrize("name", FORMATS)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.none(), st.binary(max_size=200)), PLACES, st.sampled_from(PACKED), st.integers(0, 9), st.sampled_from(CODECS))
def test_any_bytes_are_records_or_told(
    name: str, engines: dict[str, Engine], given_bytes: bytes | None, places: list[tuple[int, bytes]], pack: Pack, cut: int, codec: str
) -> None:
    engine = engines[name]
    body = given_bytes if given_bytes is not None else FORMATS[name][1].encode(codec, "replace")
    body = pack(mutated(body, places))
    body = body[: len(body) - cut] if cut > 6 else body
    engine.input = drivers.MemoryInput({"app/x": body}, 1 + zlib.crc32(body) % 50)
    with within(BOUND):
        account = engine.run(Task(1, Source("b", "app/x")))
    assert account.status in (DONE, FAILED)
    assert not account.reason.startswith("unexpected"), account.detail
    if account.status == DONE:
        assert account.ledger.balances()
    else:
        assert account.reason


def test_the_samples_themselves_are_read(engines: dict[str, Engine], tmp_path: Path) -> None:
    """Or the test above would look at nothing but refusals."""
    for name, (_, sample) in FORMATS.items():
        engines[name].input = drivers.MemoryInput({"app/x": sample.encode()})
        account = engines[name].run(Task(1, Source("b", "app/x")))
        assert (account.status, account.ledger.turned_away, account.ledger.read > 0) == (DONE, 0, True) or name == "parquet", (name, account.reason)
