"""``index.py check --migrate``: what a user.ini of the es-loader means here, key by key, and nothing that the file does not have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loader import config, former
from loader.assembly import HOME, Assembly
from loader.lint import es_loader
from loader.lint.advice import CHANGE, IGNORED, OTHERWISE, SAME
from loader.lint.migrate import Migration
from siem.deprecated import SUCCESSORS
from tests.loader.cli.test_check import index

TYPE = "[app]\ns3_key = app/\nfile_format = json\n"  # three lines


def advice(folder: Path, ini: str) -> list[tuple[str, str, str]]:
    """Return (status, keys, text) of all that is said of the sections of a file."""
    path = folder / "old.ini"
    path.write_text(ini, encoding="utf-8")
    found = Migration(Assembly(config.load([HOME / "aws.ini"], [path]), "in_s3"), str(path)).report()
    return [(one.status, " ".join(one.keys), one.text) for one in found if one.section]


def said(folder: Path, ini: str, key: str) -> tuple[str, str]:
    """Return what is said of one key, that the keys beside it are not said to be otherwise."""
    ((status, text),) = [(status, text) for status, keys, text in advice(folder, ini) if key in keys.split()]
    return status, text


def test_keys_that_mean_the_same_are_listed_together(tmp_path: Path) -> None:
    ini = "[app]\ns3_key = app/\ntimestamp_key = t\ntimestamp_format = epoch\n[cloudtrail]\ns3_key_ignored = Insight\n"
    assert (SAME, "s3_key timestamp_key timestamp_format", "") in advice(tmp_path, ini)
    assert (SAME, "s3_key_ignored", "") in advice(tmp_path, ini)


def test_what_is_not_in_the_file_is_not_spoken_of(tmp_path: Path) -> None:
    assert advice(tmp_path, "[cloudtrail]\ns3_key_ignored = Insight\n") == [(SAME, "s3_key_ignored", "")]


@pytest.mark.parametrize("key", ["loggroup", "ignore_header_line_number", "bump_version", "index", "format"])
def test_dead_keys_are_ignored_and_it_is_said_why(tmp_path: Path, key: str) -> None:
    assert said(tmp_path, f"{TYPE}{key} = 1\n", key) == (IGNORED, es_loader.DEAD[key])


def test_an_unknown_key_is_ignored_with_the_nearest_name(tmp_path: Path) -> None:
    assert said(tmp_path, f"{TYPE}timestamp_kye = 1\n", "timestamp_kye") == (IGNORED, "no such option (did you mean 'timestamp_key'?)")


def test_timestamp_is_an_alias_unless_it_is_a_renamed_field(tmp_path: Path) -> None:
    status, text = said(tmp_path, f"{TYPE}timestamp = t\n", "timestamp")
    assert status == OTHERWISE
    assert text.startswith("is read as timestamp_key")
    assert said(tmp_path, f"{TYPE}timestamp = t\ntimestamp_key = u\n", "timestamp") == (IGNORED, "timestamp_key is there too, and counts")
    assert said(tmp_path, f"{TYPE}renamed_newfields = timestamp\ntimestamp = t\n", "timestamp")[0] == SAME


@pytest.mark.parametrize(("zone", "status"), [("-04:30", OTHERWISE), ("+05:30", SAME), ("-04:00", SAME)])
def test_negative_half_hours_are_told(tmp_path: Path, zone: str, status: str) -> None:
    assert said(tmp_path, f"{TYPE}timestamp_tz = {zone}\n", "timestamp_tz")[0] == status


def test_brackets_where_the_es_loader_took_them_literally_are_told(tmp_path: Path) -> None:
    targets = ("related.host", "related.ip", "host.id", "process.parent.args")
    ini = f"{TYPE}ecs = {' '.join(targets)}\n" + "".join(f"{target} = [a]\n" for target in targets)
    status, text = said(tmp_path, ini, "related.host")
    assert status == CHANGE
    assert text.endswith("never set it; ECS has 'related.hosts'")
    assert said(tmp_path, ini, "related.ip")[0] == SAME
    assert said(tmp_path, ini, "host.id")[1].endswith("the first that has a value: leave the brackets out")
    assert said(tmp_path, ini, "process.parent.args")[1].endswith("it gets a list")


def test_typed_values_and_lists_are_told_with_what_keeps_the_old_ones(tmp_path: Path) -> None:
    ini = f"{TYPE}ecs = source.port tls.established source.ip process.parent.args\n" + "".join(
        f"{name} = a\n" for name in ("source.port", "tls.established", "source.ip", "process.parent.args")
    )
    told = advice(tmp_path, ini)
    assert any(status == OTHERWISE and keys == "source.port tls.established" and "compat = es-loader" in text for status, keys, text in told)
    assert any(status == OTHERWISE and keys == "process.parent.args" and text.startswith("lists") for status, keys, text in told)
    assert all("source.port" not in keys for status, keys, _ in advice(tmp_path, f"{ini}compat = es-loader\n") if status == OTHERWISE)


@pytest.mark.parametrize("key", ["max_log_count", "json_to_text", "renamed_newfields", "file_timestamp_format", "doc_id"])
def test_keys_that_are_read_to_another_end_are_told(tmp_path: Path, key: str) -> None:
    value = {"max_log_count": "10", "renamed_newfields": "b\nb = a"}.get(key, "a")
    assert said(tmp_path, f"{TYPE}{key} = {value}\n", key) == (OTHERWISE, es_loader.OTHERWISE[key])


def everywhere(folder: Path, ini: str) -> list[str]:
    """Return what is said of a file as a whole, as ``status keys: text``."""
    path = folder / "old.ini"
    path.write_text(ini, encoding="utf-8")
    found = Migration(Assembly(config.load([HOME / "aws.ini"], [path]), "in_s3"), str(path)).report()
    return [f"{one.status} {' '.join(one.keys)}: {one.text}" for one in found if not one.section]


@pytest.mark.parametrize("compat", ["", "compat = es-loader\n"])
def test_the_label_of_the_stream_is_told_once_for_the_file(tmp_path: Path, compat: str) -> None:
    ini = f"{TYPE}{compat}index_name = a\nindex_rotation = weekly\n[other]\ns3_key = o/\nfile_format = json\nindex_name = b\nindex_suffix = c\n"
    told = [line for line in everywhere(tmp_path, ini) if line.endswith(es_loader.LABEL)]
    assert told == [f"{OTHERWISE} index_name index_rotation index_suffix: {es_loader.LABEL}"]
    assert all("index_" not in keys for _, keys, _ in advice(tmp_path, ini))


def test_types_without_index_name_are_told_for_the_es_loader_skipped_them(tmp_path: Path) -> None:
    ini = f"{TYPE}index_name = a\n[bare]\ns3_key = o/\nfile_format = text\nlog_pattern = (?P<a>x)\n"
    (told,) = [line for line in everywhere(tmp_path, ini) if "without index_name" in line]
    assert "(here bare)" in told
    assert not any("without index_name" in line for line in everywhere(tmp_path, f"{TYPE}index_name = a\n"))


def test_the_version_of_ecs_is_told_unless_the_file_says_it(tmp_path: Path) -> None:
    (told,) = [line for line in everywhere(tmp_path, TYPE) if "ecs.version" in line]
    assert "the es-loader wrote 1.10.0, and ecs_version = 1.10.0 in [DEFAULT] keeps that" in told
    for ini in (f"[DEFAULT]\necs_version = 1.10.0\n{TYPE}", f"{TYPE}ecs_version = 8.0.0\n"):
        assert not any("ecs.version" in line for line in everywhere(tmp_path, ini))


def test_the_ids_of_json_records_are_told_unless_they_are_the_old_ones(tmp_path: Path) -> None:
    (told,) = [line for line in everywhere(tmp_path, TYPE) if "@id of JSON" in line]
    assert "(app) is a hash of the text as it was read" in told
    for more in ("doc_id = id\n", "compat = es-loader\n"):
        assert not any("@id of JSON" in line for line in everywhere(tmp_path, f"{TYPE}{more}"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("code", "old"),
    [
        ("from siem import merge, utils\n", "siem.merge (now siem.utils.merge_dicts)"),
        ("import siem\nx = siem.conv_key\n", "siem.conv_key (now siem.utils.convert_keyname_to_safe_field)"),
        ("from siem import utils\nfrom siem.utils import merge_dicts\n", ""),
    ],
)
def test_a_hook_that_takes_deprecated_names_from_the_package_is_told_their_successors(tmp_path: Path, code: str, old: str) -> None:
    (tmp_path / "sf_app.py").write_text(f"{code}def transform(logdata):\n    return logdata\n")
    status, text = said(tmp_path, f"{TYPE}script_ecs = event.action\n[loader]\nhooks = {tmp_path}\n", "script_ecs")
    assert status == (OTHERWISE if old else SAME)
    assert old in text


def test_the_deprecated_names_are_those_that_the_toolbox_still_has() -> None:
    assert {name: successor for name, (_, successor) in SUCCESSORS.items()} == es_loader.DEPRECATED


def test_a_new_database_of_indicators_is_to_be_made(tmp_path: Path) -> None:
    status, text = said(tmp_path, f"{TYPE}ioc_ip = source.ip\n", "ioc_ip")
    assert status == CHANGE
    assert "`./index.py ioc build`" in text and "copy" not in text


@pytest.mark.parametrize(("key", "section", "option"), [("geoip", "filter_geoip", "database"), ("ioc_ip", "filter_ioc", "database")])
def test_enrichment_needs_its_data_and_nothing_is_said_once_it_has_them(tmp_path: Path, key: str, section: str, option: str) -> None:
    status, text = said(tmp_path, f"{TYPE}{key} = source\n", key)
    assert status == CHANGE
    assert f"{option}" in text and text.endswith(f"= in a section [{section}]")
    assert said(tmp_path, f"{TYPE}{key} = source\n[{section}]\n{option} = x\n", key)[0] == SAME


def test_the_list_of_trusted_proxies_is_another(tmp_path: Path) -> None:
    status, text = said(tmp_path, f"{TYPE}clientip_xff = source.ip xff\n", "clientip_xff")
    assert status == OTHERWISE
    assert "[filter_xff]" in text


def test_the_rule_file_was_in_a_bucket_and_its_lone_alternatives_are_told(tmp_path: Path) -> None:
    ini = f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n"
    assert said(tmp_path, ini, "exclude_log_patterns_filename")[0] == CHANGE
    (tmp_path / "rules.csv").write_text(
        "log_type,field,pattern,pattern_type\ncloudtrail,eventName,Get.*|List.*,regex\ncloudtrail,awsRegion,(?:eu|us)-[|]1\\|,regex\n"
    )
    assert said(tmp_path, ini, "exclude_log_patterns_filename")[0] == OTHERWISE
    ((keys, text),) = [(keys, text) for _, keys, text in advice(tmp_path, ini) if text.startswith("exclusion rule")]
    assert keys == "eventName"
    assert "'Get.*|List.*' must match a whole value with each branch" in text


def test_a_missing_hook_is_to_be_copied_and_one_that_is_there_is_not_spoken_of(tmp_path: Path) -> None:
    ini = f"{TYPE}script_ecs = event.action\n"
    status, text = said(tmp_path, ini, "script_ecs")
    assert status == CHANGE
    assert "sf_app.py" in text
    (tmp_path / "sf_app.py").write_text("def transform(logdata):\n    return logdata\n")
    assert said(tmp_path, f"{ini}[loader]\nhooks = {tmp_path}\n", "script_ecs")[0] == SAME


def test_a_log_type_of_the_es_loader_that_does_not_come_along_is_told_unless_the_file_has_it_whole(tmp_path: Path) -> None:
    assert not former.BUILT_IN.isdisjoint(config.load([HOME / "aws.ini"]).types)
    name = min(former.BUILT_IN - set(config.load([HOME / "aws.ini"]).types) - {"ocsf-json"}, default="")
    if name:  # until all of them come along
        told = advice(tmp_path, f"[{name}]\nindex_rotation = daily\n")
        assert told[0][0] == CHANGE
        assert "does not come with this program" in told[0][2]
        assert all("does not come" not in text for *_, text in advice(tmp_path, TYPE.replace("app", name)))


def test_the_formats_that_lost_records_are_told(tmp_path: Path) -> None:
    assert said(tmp_path, "[app]\ns3_key = app/\nfile_format = csv\n", "file_format") == (OTHERWISE, es_loader.FORMATS["csv"])


def test_what_is_written_for_this_program_is_not_spoken_of(tmp_path: Path) -> None:
    assert advice(tmp_path, "[loader]\nworkers = 2\n[out_null]\n") == []


def test_the_report_of_a_file_that_loads_ends_with_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text(f"{TYPE}index_name = app\nloggroup = x\n[out_null]\n")
    done = index(tmp_path, "check", "--migrate", "old.ini")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert f"old.ini:5: ignored: [app] loggroup: {es_loader.DEAD['loggroup']}" in lines
    assert "old.ini:1: as it is: [app] s3_key" in lines
    assert lines[-2] == "old.ini: 5 with a difference, 1 ignored, 1 as it is"
    assert lines[-1].startswith("next: ./index.py explain KEY FILE --config old.ini")


def test_what_a_load_refuses_is_said_and_the_exit_code_is_2(tmp_path: Path) -> None:
    (tmp_path / "old.ini").write_text(f"{TYPE}log_pattern = a$\n")
    done = index(tmp_path, "check", "--migrate", "old.ini")
    assert done.returncode == 2
    assert 'old.ini:4: to change: [app] log_pattern: has a single $, in "a$" (write $$ for a literal dollar)' in done.stdout
    assert "a load refuses this: old.ini:4: [app] log_pattern" in done.stdout
    assert "no section [out_...] says where documents go" in done.stdout
    assert index(tmp_path, "check", "--migrate", "no.ini").returncode == 2


def test_environment_variables_that_mean_nothing_here_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.ini").write_text(TYPE)
    monkeypatch.setenv("SQS_SPLITTED_LOGS_URL", "https://sqs.example.com/1/split")
    done = index(tmp_path, "check", "--migrate", "old.ini", "--json")
    told = json.loads(done.stdout)
    assert told["refused"] == []
    (row,) = [row for row in told["advice"] if row["keys"] == ["SQS_SPLITTED_LOGS_URL"]]
    assert (row["status"], row["section"], row["line"]) == (IGNORED, "", 0)
    assert "GEOIP_BUCKET" not in done.stdout
