"""``plugins/formatter_raw.py``: the raw record, on one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from loader.errors import ConfigError, ParseError
from plugins.formatter_raw import RawFormatter
from tests import drivers
from tests.plugins.bodies import TEXT, encode, is_one_line, shown

TYPE = "[app]\ns3_key = app/\nfile_format = json\n"


@pytest.mark.parametrize("record", [{"@message": "a\tb c"}, {"event": {"original": "a\tb c"}}, {"event.original": "a\tb c"}])
def test_it_is_the_raw_text_wherever_the_output_has_it(record: dict[str, Any]) -> None:
    assert encode(RawFormatter(), record) == b"a\tb c"


@given(raw=TEXT)
def test_it_is_one_line_whatever_it_holds(raw: str) -> None:
    body = encode(RawFormatter(), {"@message": raw})
    assert body.decode() == shown(raw, keep="\t")
    assert is_one_line(body, allowed="\t")


@pytest.mark.parametrize("record", [{}, {"event": {"action": "x"}}, {"event": "odd"}])
def test_a_record_without_its_raw_text_is_an_error_and_no_empty_message(record: dict[str, Any]) -> None:
    with pytest.raises(ParseError, match="needs the raw text"):
        encode(RawFormatter(), record)


def test_an_output_that_leaves_the_raw_text_out_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[out_null\] format: raw is the raw text, which fields = lean leaves out"):
        drivers.engine(tmp_path, f"{TYPE}[out_null]\nformat = raw\nfields = lean\n", files=())


def test_one_that_drops_it_has_its_records_rejected_with_the_reason(tmp_path: Path) -> None:
    found = drivers.load(tmp_path, f"{TYPE}[out_file:raw]\npath = {tmp_path}/raw\nformat = raw\nfields = ecs\n", "app/1", b'{"a": 1}\n', files=())
    assert (tmp_path / "raw").read_bytes() == b'{"a": 1}\n'
    lost = drivers.load(
        tmp_path, f"{TYPE}[out_file:x]\npath = {tmp_path}/x\nformat = raw\nfields = ecs\ndrop = event.original\n", "app/1", b'{"a": 1}\n', files=()
    )
    assert (found.account.ledger.rejected, lost.account.ledger.rejected) == (0, 1)
    assert "needs the raw text" in lost.rejects[0]["reason"]
