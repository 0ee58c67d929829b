"""What has no effect: unknown keys of log types and of [DEFAULT]. Filters and outputs are shown with the assembly."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loader.test_assembly import TYPE, problems


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cloud_provder = aws", "cloud_provder: no such option (did you mean 'cloud_provider'?)"),
        ("timestmp_tz = +09:00", "timestmp_tz: no such option (did you mean 'timestamp_tz'?)"),
        ("CSV_Delimiter = ,", "CSV_Delimiter: no such option (did you mean 'csv_delimiter'?)"),
        ("workers = 2", "workers: is an option of [loader], and [DEFAULT] reaches log types only (move it to [loader])"),
        ("s3_key = x", "s3_key: goes to every log type without one of its own (write it into the section of a log type)"),
    ],
)
def test_a_slip_in_default_is_a_warning_at_its_line(tmp_path: Path, line: str, said: str) -> None:
    assert problems(tmp_path, f"[DEFAULT]\n{line}\n{TYPE}") == [f"2? [DEFAULT] {said}"]


@pytest.mark.parametrize(
    "lines",
    [
        "csv_delimiter = ,",
        "geoip =",
        "bump_version = 1",
        "s3_key = dummydummydummy",
        "mine = a",  # referred to below
        "static_ecs = event.kind\nevent.kind = event",
        "renamed_newfields = other\nother = ip",
    ],
)
def test_options_of_any_log_type_and_names_that_are_used_are_no_slip(tmp_path: Path, lines: str) -> None:
    assert problems(tmp_path, f"[DEFAULT]\n{lines}\n{TYPE}index_name = ${{mine}}\n".replace("${mine}", "${mine}" if "mine" in lines else "x")) == []


def test_an_option_in_capitals_is_told_with_its_name(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{TYPE}ECS = source.ip\n") == ["5? [demo] ECS: no such option (did you mean 'ecs'?)"]


def test_the_file_of_rules_is_named_in_default(tmp_path: Path) -> None:
    said = "has no effect here: there is one file of rules for all log types (move it to [DEFAULT])"
    assert problems(tmp_path, f"{TYPE}exclude_log_patterns_filename = x.csv\n") == [f"5? [demo] exclude_log_patterns_filename: {said}"]
