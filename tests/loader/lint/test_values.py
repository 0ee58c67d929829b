"""Values that mean something else than they say are told; those that mean what they say are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.loader.lint.test_checks import BASE, found

JSON = BASE.replace("text", "json")  # four lines
NO_TIME = "is a format without a directive: no time matches it"
MAPPED = f"{JSON}ecs = source.ip related.ip\nrelated.ip = [a b, c.0]\n"  # six


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("index_rotation = Daily", "'Daily' is taken for yearly, as any word that is none of its own (did you mean 'daily'?)"),
        ("index_rotation = x", "'x' is taken for yearly, as any word that is none of its own (write one of auto, daily, weekly, monthly, yearly)"),
        ("index_time = now", "'now' is taken for @timestamp, as any word that is none of its own (write @timestamp or event_ingested)"),
        ("via_cwl = yes\nvia_firelens = yes", "has no effect beside via_firelens: records come by one carrier (switch one of the two off)"),
        ("doc_id = a.b", "'a.b' is taken for the name of one top-level field: no path is walked"),
        ("doc_id_suffix = a..b", "'a..b' has an empty step: no record has such a field (write one dot between two names)"),
        ("timestamp_key = .a", "'.a' has an empty step"),
        ("user_agent_enrichment_field = user_agent.original", "'user_agent.original' is a text (name its object: user_agent)"),
        ("file_timestamp_format = \\d+", "has none of the groups year, month, day, hour, minute, second, microsecond: no time is found in a key"),
        ("timestamp_format = yyyy-MM-dd", f"'yyyy-MM-dd' {NO_TIME} (write epoch, iso8601, syslog or a strptime format such as %Y-%m-%d %H:%M:%S)"),
        ("timestamp_format = ISO8601", f"'ISO8601' {NO_TIME} (did you mean 'iso8601'?)"),
        ('timestamp_format_list = ["epoch", "Syslog"]\ntimestamp_key = t', f"'Syslog' {NO_TIME} (did you mean 'syslog'?)"),
        ('index_name = "demo"', 'the quotes of "demo" are part of the value (leave them out)'),
        ("s3_key_ignored = 'x/'", "the quotes of 'x/' are part of the value (leave them out)"),
    ],
)
def test_a_value_that_means_something_else_is_told(tmp_path: Path, line: str, said: str) -> None:
    (told,) = found(tmp_path, f"{JSON}{line}\n")
    assert told.startswith(f"5 warning [demo] {line.partition(' ')[0]}: {said}")


@pytest.mark.parametrize(
    "line",
    [
        "index_rotation = weekly",
        "index_time = event_ingested",
        "via_cwl = yes\nvia_firelens = no",
        "doc_id = a",
        'timestamp_format = "epoch"',  # as the es-loader's own file has it: the word counts
        'timestamp_format_list = ["iso8601", "%Y"]\ntimestamp_key = t',
        "file_timestamp_format = (?P<year>\\d{4})",
        "json_to_text = a, b",
        "csv_header = ''",
    ],
)
def test_a_value_that_means_what_it_says_is_not_told(tmp_path: Path, line: str) -> None:
    assert [one for one in found(tmp_path, f"{JSON}{line}\n") if "csv_header: has no effect" not in one] == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("[a", "'[a' has a bracket without its other half: it is taken for part of a field's name (write [a, b])"),
        ("a]", "'a]' has a bracket without its other half"),
        ("a, b", "a comma is taken for part of a field's name (write a b for the first that has a value, [a, b] for both)"),
        ("a..b", "'a..b' has an empty step: no record has such a field (write one dot between two names)"),
        ("x a.", "'a.' has an empty step"),
    ],
)
def test_a_source_that_no_record_can_have_is_told(tmp_path: Path, source: str, said: str) -> None:
    (told,) = found(tmp_path, f"{MAPPED}source.ip = {source}\n")
    assert told.startswith(f"7 warning [demo] source.ip: {said}")


def test_what_is_a_text_before_it_is_mapped_is_told_at_its_members(tmp_path: Path) -> None:
    ini = f"{MAPPED}source.ip = a.client.ip x\njson_to_text = a.client other\n"
    (told,) = found(tmp_path, ini)
    assert told.startswith("7 warning [demo] source.ip: 'a.client' is a text by then (json_to_text): what is below it is never there")
    assert found(tmp_path, ini.replace("a.client other", "a.cli other")) == []


def test_a_blank_where_a_comma_belongs_is_told_and_one_within_a_text_is_not(tmp_path: Path) -> None:
    ini = f"{JSON}static_ecs = event.category tags\nevent.category = [web network]\ntags = [one text]\n"
    assert found(tmp_path, ini) == ["6 warning [demo] event.category: 'web network' is one value (a comma stands between two: [web, network])"]


def test_a_comment_behind_a_key_pattern_is_told(tmp_path: Path) -> None:
    ini = JSON.replace("demo/", "demo/ # ours")
    assert "3 warning [demo] s3_key: '# ours' is part of the value (a comment has a line of its own)" in found(tmp_path, ini)


def test_quotes_in_jmespath_make_a_text(tmp_path: Path) -> None:
    assert found(tmp_path, f"[in_sqs]\nbucket_path = 'logs'\nkey_path = 'k'\n{JSON}") == []


def test_quotes_and_values_are_looked_at_where_they_are_written(tmp_path: Path) -> None:
    ini = f"[DEFAULT]\nindex_rotation = hourly\n[out_file]\npath = '{tmp_path}/x'\n{JSON}"
    assert [line.partition(":")[0] for line in found(tmp_path, ini)] == ["2 warning [DEFAULT] index_rotation", "4 warning [out_file] path"]
