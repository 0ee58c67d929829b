"""The first records of a sample: fewer, and read alike."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader.draft import sample
from loader.draft.excerpt import RECORDS, ending, excerpt
from loader.draft.layout import layout
from loader.draft.trial import read
from tests.loader.draft.samples import ACCESS, CWL, FLOW, SAMPLES

MANY = 400
LARGE = {
    "text": ACCESS.encode() * MANY,
    "json": "\n".join([json.dumps(FLOW)] * MANY).encode(),
    "list": json.dumps({"meta": {"Records": [FLOW] * MANY}}).encode(),
    "csv": b"time,src,dst\n" + b"2024-05-24T08:00:00Z,192.0.2.7,198.51.100.1\n" * MANY,
    "w3c": SAMPLES["w3c"].body + b"2024-05-24 08:00:00 192.0.2.7 GET /a 200\n" * MANY,
    "xml": b"<log>" + b"<entry><time>2024-05-24T08:00:00Z</time><src>192.0.2.7</src></entry>\n" * MANY + b"</log>",
    "traces": SAMPLES["traces"].body * MANY,
}


@pytest.mark.parametrize("name", LARGE)
def test_of_a_large_sample_the_first_records_are_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(LARGE[name])
    one = sample.load(tmp_path / "x")
    found = layout(one)
    kept = read(found.options, excerpt(one, found))
    assert 0 < kept.count <= RECORDS < found.trial.count
    assert (kept.rejects, kept.records) == ([], found.trial.records[: kept.count])


@pytest.mark.parametrize("name", SAMPLES)
def test_a_small_sample_is_kept_as_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_bytes(SAMPLES[name].body)
    one = sample.load(tmp_path / "x")
    assert excerpt(one, layout(one)) == one.body


def test_a_sample_that_cannot_be_cut_is_kept_whole(tmp_path: Path) -> None:
    (tmp_path / "x").write_text(json.dumps(CWL | {"logEvents": CWL["logEvents"] * 200}), encoding="utf-8")
    one = sample.load(tmp_path / "x")
    found = layout(one)
    assert excerpt(one, found) == one.body
    assert ending(found) == "json"
