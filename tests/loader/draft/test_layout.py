"""Formats: each is told, and whatever a file has in it, some format reads all of it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loader.draft import sample
from loader.draft.layout import layout
from tests.loader.draft.samples import SAMPLES

PIECES = [
    '"',
    "[",
    "]",
    "a",
    "-",
    " ",
    "\t",
    "=",
    ",",
    "|",
    ";",
    "<13>",
    "2024-05-24 08:00:00",
    "192.0.2.7",
    "the quick",
    "k=v ",
    "CEF:0|",
    "<a>",
    "{",
]
LINE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join).filter(str.strip)


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_is_told_and_read_whole(tmp_path: Path, name: str) -> None:
    one = SAMPLES[name]
    (tmp_path / "x").write_bytes(one.body)
    found = layout(sample.load(tmp_path / "x"))
    assert found.trial.rejects == []
    assert found.trial.count == one.records
    assert one.options.items() <= found.options.items(), found


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(LINE, min_size=1, max_size=6))
def test_lines_of_anything_are_read_by_some_format_without_a_reject(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x"
        file.write_text("\n".join(lines), encoding="utf-8")
        assert layout(sample.load(file)).trial.rejects == []


def test_broken_json_is_lines_of_text(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"a": 1\n{"b": \n', encoding="utf-8")
    assert layout(sample.load(tmp_path / "x")).options["file_format"] == "text"
