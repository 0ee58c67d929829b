"""Options that name a field which no record has: told where log_pattern says which there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loader.lint.test_checks import TYPE, USED, found

DATABASES = "has no effect: [filter_"  # of enrichment, which has no data here


def told(folder: Path, lines: str) -> list[str]:
    return [line for line in found(folder, f"{TYPE}{USED}{lines}\n") if DATABASES not in line]


@pytest.mark.parametrize(
    ("lines", "key", "name", "near"),
    [
        ("doc_id = wrd", "doc_id", "wrd", "word"),
        ("renamed_newfields = fresh\nfresh = wrd", "fresh", "wrd", "word"),
        ("json_to_text = word, wrod", "json_to_text", "wrod", "word"),
        ("clientip_xff = source.ip xff", "clientip_xff", "xff", ""),
        ("doc_id_suffix = sorce.ip", "doc_id_suffix", "sorce.ip", "source.ip"),
        ("ioc_ip = sorce.ip", "ioc_ip", "sorce.ip", "source.ip"),
        ("geoip = sorce", "geoip", "sorce", "source"),
        ("user_agent_enrichment_field = user_agent", "user_agent_enrichment_field", "user_agent", ""),
    ],
)
def test_a_field_that_no_record_has_is_told_with_the_nearest(tmp_path: Path, lines: str, key: str, name: str, near: str) -> None:
    (line,) = told(tmp_path, lines)
    assert line.endswith(f"warning [demo] {key}: no record has a field {name!r}" + (f" (did you mean {near!r}?)" if near else ""))


@pytest.mark.parametrize(
    "lines",
    [
        "doc_id = word",
        "doc_id = @timestamp",
        "doc_id_suffix = event.action",
        "doc_id_suffix = cloud.region",
        "renamed_newfields = fresh\nfresh = word\ndoc_id = fresh",
        "s3_key_fields = (?P<tenant>x)\nderived_fields = site\nsite = word\ndoc_id_suffix = site\njson_to_text = tenant",
        "clientip_xff = source.ip word",
        "ioc_ip = source.ip",
        "geoip = source",
    ],
)
def test_a_field_that_records_have_is_not_told(tmp_path: Path, lines: str) -> None:
    assert told(tmp_path, lines) == []


def test_what_a_hook_may_set_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text("def transform(logdata):\n    logdata['server'] = {'ip': logdata['ip']}\n    return logdata\n")
    assert told(tmp_path, f"script_ecs = x\ngeoip = server\n[loader]\nhooks = {tmp_path}") == []


def test_of_types_whose_fields_are_not_known_nothing_is_told(tmp_path: Path) -> None:
    assert found(tmp_path, "[out_stdout]\n[demo]\ns3_key = demo/\nfile_format = json\ndoc_id = any\njson_to_text = thing\n") == []
