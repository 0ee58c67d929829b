"""``loader/fast/columnar.py``: a function that asks columns gives the bytes of the steps, and asks nothing of a record that is known."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import generate
from loader.fast import columnar
from tests import drivers
from tests.drivers import both_ways
from tests.loader.fast.cases import HOOK, ODD, T, compiled

VALUES = {"file_format": "csv", "csv_delimiter": ",", "timestamp_key": "time",
          "ecs": "source.ip destination.ip source.port source.bytes user.name related.ip related.user", "source.ip": "ip", "destination.ip": "other",
          "source.port": "port", "source.bytes": "port", "user.name": "who", "related.ip": "[ip, other]", "related.user": "who"}  # fmt: skip
TABLE = HOOK + '\nDERIVED = (derive("user.id event.type", both, "who port", varied=True), derive("event.action", echo, "other", varied=True),)\n'
ADDRESSES = st.sampled_from(["192.0.2.1", "192.0.2.2", "198.51.100.7", "2001:db8::1"] * 5 + ["-", "nowhere", "192.0.2.01"])
PORTS = st.sampled_from(["0", "443", "65535", "9" * 18] * 5 + ["9" * 19, "-", "", "07", "x", "1.0"])
TEXTS = st.sampled_from(["a", "b"] * len(ODD) + [text for text in ODD if "," not in text and "\n" not in text])
OUTS = [("full",), ("full", "ecs"), ("lean protocol=tcp framing=octet", "full protocol=tcp")]


@pytest.fixture
def regular(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list to which each chunk adds how many of its rows were regular."""
    found: list[int] = []
    ask: Callable[..., Any] = columnar.columns

    def counted(*given: Any) -> Any:
        told = ask(*given)
        found.append(len(told[0]))
        return told

    monkeypatch.setattr(columnar, "columns", counted)
    return found


@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("outs", OUTS, ids=len)
@pytest.mark.parametrize("hook", ["", TABLE], ids=["mapping", "table"])
def test_regular_and_other_rows(hook: str, outs: tuple[str, ...], complete: bool, regular: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    plan = compiled(VALUES, outs, hook, chunk=4)

    @settings(deadline=None, max_examples=12)
    @given(st.lists(st.tuples(ADDRESSES, ADDRESSES, PORTS, TEXTS), min_size=5, max_size=16))
    def holds(rows: list[tuple[str, ...]]) -> None:
        lines = ["time,ip,other,port,who", *(f"{T},{','.join(row)}" for row in rows)]
        quick, plain, _ = both_ways(plan, "k", "\n".join(lines).encode("utf-8", "surrogatepass"), varied=True, complete=complete)
        assert quick == plain

    holds()
    assert sum(regular) > 20, "or nothing would be shown"


NODATA = "2 123456789012 eni-1 - - - - - - - 1716537600 1716537660 - NODATA"
OTHERS = {
    "no data": NODATA, "IPv6": "2 123456789012 eni-1 2001:db8::1 2001:db8::2 443 0 6 5 800 1716537600 1716537660 ACCEPT OK",
    "one address": "2 123456789012 eni-1 192.0.2.1 192.0.2.1 443 0 6 5 800 1716537600 1716537660 ACCEPT OK",
    "a quote": '2 123456789012 "eni 192.0.2.1 192.0.2.2 443 0 6 5 800 1716537600 1716537660 ACCEPT OK', "cut off": "2 123456789012 eni-1",
    "no ASCII": "2 123456789012 é 192.0.2.1 192.0.2.2 443 0 6 5 800 1716537600 1716537660 ACCEPT OK",
    "DEL": "2 123456789012 eni\x7f 192.0.2.1 192.0.2.2 443 0 6 5 800 1716537600 1716537660 ACCEPT OK",
    "no time": "2 123456789012 eni-1 192.0.2.1 192.0.2.2 443 0 6 5 800 1716537600 soon ACCEPT OK",
}  # fmt: skip


@pytest.mark.parametrize("what", OTHERS)
@pytest.mark.parametrize("fields", ["full", "ecs"])
def test_flow_logs_go_by_columns(what: str, fields: str, tmp_path: Path, regular: list[int]) -> None:
    ini = f"[loader]\nchunk_records = 50\n[out_syslog]\nhost = h.example.com\nprotocol = tcp\nfields = {fields}\n"
    plan = drivers.engine(tmp_path, ini).plans["vpcflowlogs"]
    header, *rows = generate.vpcflowlogs(random.Random(1), 150)
    for at in range(5, 150, 10):
        rows[at] = OTHERS[what]
    body = "\n".join([header, *rows]).encode()
    quick, plain, _ = both_ways(plan, "AWSLogs/123456789012/vpcflowlogs/us-east-1/x.log", body, varied=True, complete=True)
    assert quick == plain
    assert sum(regular) >= 90, "two chunks of three, but for the others"


def test_of_a_regular_record_nothing_is_asked_that_its_columns_have_told(tmp_path: Path, regular: list[int]) -> None:
    plan = drivers.engine(tmp_path, "[out_syslog]\nhost = h.example.com\nprotocol = tcp\nfields = full\n").plans["vpcflowlogs"]
    body = "\n".join(generate.vpcflowlogs(random.Random(1), 50)).encode()
    both_ways(plan, "AWSLogs/123456789012/vpcflowlogs/us-east-1/x.log", body * 2, varied=True, complete=True)
    assert plan.fast is not None
    (function,) = plan.fast.functions.values()
    source = function.run.source  # type: ignore[union-attr]
    assert "columns(rows, texts)" in source
    assert not [asked for asked in ("isdecimal", "NOTHING", "address[", "around", "split") if asked in source]


@pytest.mark.parametrize("more", [{"renamed_newfields": "host", "host": "who"}, {"ecs": "user.name"}], ids=["a new name", "nothing to ask"])
def test_types_that_gain_nothing_have_the_function_for_any_row(more: dict[str, str], regular: list[int]) -> None:
    plan = compiled({**VALUES, **more}, ("full",), chunk=2)
    body = "\n".join(["time,ip,other,port,who", *[f"{T},-,-,-,a"] * 6]).encode()
    quick, plain, through = both_ways(plan, "k", body, varied=True)
    assert (quick == plain, through, regular) == (True, 6, [])
