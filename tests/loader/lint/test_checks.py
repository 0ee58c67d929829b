"""What check finds beyond the mistakes that stop a start: each finding with its line, and nothing in what is right."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from loader import config
from loader.assembly import HOME, Assembly
from loader.lint.checks import findings
from loader.lint.finding import MISTAKE

BASE = "[out_stdout]\n[demo]\ns3_key = demo/\nfile_format = text\n"  # four lines
TYPE = BASE + "log_pattern = (?P<ip>\\S+) (?P<word>[a-z]+) (?P<n>\\d+)\n"  # five


def assembled(folder: Path, ini: str) -> Assembly:
    path = folder / "user.ini"
    path.write_text(ini, encoding="utf-8")
    return Assembly(config.load([HOME / "aws.ini"], [path]), "in_s3")


def found(folder: Path, ini: str) -> list[str]:
    """Return findings as ``line level [section] key: message (hint)``; the file is left out where it is the user's."""
    shown = []
    for one in findings(assembled(folder, ini)):
        problem = one.problem
        text = str(problem).removeprefix(f"{folder / 'user.ini'}:{problem.line}: ")
        shown.append(f"{problem.line} {one.level} {text}")
    return shown


USED = "ecs = source.ip event.action event.sequence\nsource.ip = ip\nevent.action = word\nevent.sequence = n\n"


def test_a_type_without_a_slip_has_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, TYPE + USED) == []


def test_the_shipped_types_have_no_finding(tmp_path: Path) -> None:
    assert found(tmp_path, "") == []


def test_no_key_of_the_example_and_the_shipped_types_is_taken_by_another_and_nothing_else_is_wrong() -> None:
    one = Assembly(config.load([HOME / "aws.ini"], [HOME / "user.ini.example"]), "in_s3")
    told = [finding for finding in findings(one) if finding.problem.key not in ("geoip", "log_pattern")]
    assert told == []
    assert not any(finding.level == MISTAKE for finding in findings(one))


def test_a_name_that_ecs_lacks_is_told_with_the_nearest_one_and_others_together(tmp_path: Path) -> None:
    ini = TYPE + "ecs = source.addres my.field our.field event.sequence\nsource.addres = ip\nmy.field = word\nour.field = ip\nevent.sequence = n\n"
    assert found(tmp_path, ini) == [
        "7 warning [demo] source.addres: 'source.addres' is no ECS field (did you mean 'source.address'?)",
        "8 note [demo] my.field: my.field, our.field are no ECS fields, and are sent as they are",
    ]


def test_an_object_of_ecs_is_no_target_for_a_text(tmp_path: Path) -> None:
    (told,) = found(tmp_path, TYPE + USED.replace("source.ip", "source"))
    assert told.startswith("7 warning [demo] source: 'source' is an ECS object, and no field (it has source.address, source.bytes, ")


def test_an_object_of_ecs_may_be_the_target_of_an_object(tmp_path: Path) -> None:
    ini = "[out_stdout]\n[demo]\ns3_key = demo/\nfile_format = json\necs = source\nsource = client\n"
    (told,) = found(tmp_path, ini)
    assert told.startswith("6 note [demo] source: 'source' is an ECS object: its source must be one too")


def test_brackets_on_a_field_that_is_no_array_are_told(tmp_path: Path) -> None:
    assert found(tmp_path, TYPE + USED.replace("source.ip = ip", "source.ip = [ip]")) == [
        "7 warning [demo] source.ip: is no array in ECS: the first source that has a value is taken (leave the brackets out)",
    ]


def test_a_group_that_cannot_be_a_number_is_told_where_ecs_wants_one(tmp_path: Path) -> None:
    ini = TYPE + "ecs = source.port source.ip event.sequence\nsource.port = word\nsource.ip = ip\nevent.sequence = n\n"
    assert found(tmp_path, ini) == [
        "7 warning [demo] source.port: the group 'word' cannot hold a digit, and ECS wants long there (map another group)",
    ]


def test_a_path_below_a_text_is_told(tmp_path: Path) -> None:
    assert found(tmp_path, TYPE + USED.replace("action = word", "action = word.first")) == [
        "8 warning [demo] event.action: 'word.first' is never there: the group 'word' is text, and has nothing below it (write word)",
    ]


def test_a_constant_that_ecs_does_not_allow_is_told_with_the_nearest(tmp_path: Path) -> None:
    ini = TYPE + USED + "static_ecs = event.kind event.category\nevent.kind = evnt\nevent.category = [network, wep]\n"
    assert found(tmp_path, ini) == [
        "11 warning [demo] event.kind: 'evnt' is no value that ECS allows there (did you mean 'event'?)",
        "12 warning [demo] event.category: 'wep' is no value that ECS allows there (did you mean 'web'?)",
    ]


def test_groups_that_nothing_uses_are_a_note(tmp_path: Path) -> None:
    assert found(tmp_path, TYPE + "ecs = source.ip\nsource.ip = ip\n") == [
        "5 note [demo] log_pattern: the groups word, n are used by nothing; only outputs with fields = full get them",
    ]


@pytest.mark.parametrize("use", ["timestamp_key = word", "renamed_newfields = w\nw = word", "doc_id = word", "index_name = ${x}\nx = word"])
def test_a_group_that_any_key_names_is_used(tmp_path: Path, use: str) -> None:
    told = found(tmp_path, f"{TYPE}ecs = source.ip event.sequence\nsource.ip = ip\nevent.sequence = n\n{use}\n")
    assert [line for line in told if "used by nothing" in line] == []


def test_a_group_that_the_hook_names_is_used(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text("def transform(logdata):\n    logdata['event']['action'] = logdata['word']\n    return logdata\n")
    ini = f"{TYPE}ecs = source.ip event.sequence\nsource.ip = ip\nevent.sequence = n\nscript_ecs = event.action\n[loader]\nhooks = {tmp_path}\n"
    assert found(tmp_path, ini) == []


def test_a_group_that_a_rule_names_is_used_and_a_field_nobody_has_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(
        "log_type,field,pattern,pattern_type,comment\n"
        "demo,word,x,text,fine\ndemo,source.ip,192.0.2.1,text,fine\ndemo,@message,.*x.*,regex,fine\n"
        "demo,wrod,x,text,a slip\ndemo,destination.ip,x,text,never\n"
    )
    mapping = "ecs = source.ip event.sequence\nsource.ip = ip\nevent.sequence = n\n"
    told = found(tmp_path, f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{TYPE}{mapping}")
    assert told[0].startswith(f"5 warning {tmp_path}/rules.csv:5: ")
    told = [line.partition("[demo] ")[2] for line in told]
    assert told == [
        "wrod: no such field is known of the log type: the rule excludes nothing (did you mean 'word'?)",
        "destination.ip: no such field is known of the log type: the rule excludes nothing",
    ]


def test_a_rule_may_ask_for_what_is_derived_and_firelens_that_is_switched_off_gives_no_field(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(
        "log_type,field,pattern,pattern_type\ndemo,tenant,x,text\ndemo,site,x,text\ndemo,container_name,x,text\ndemo,tennat,x,text\n"
    )
    derived = "via_firelens = no\ns3_key_fields = tenants/(?P<tenant>[^/]+)/\nderived_fields = site\nsite = s3_key | split / 0\n"
    told = found(tmp_path, f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{TYPE}{derived}{USED}")
    assert [line.partition("[demo] ")[2] for line in told] == [
        "container_name: no such field is known of the log type: the rule excludes nothing",
        "tennat: no such field is known of the log type: the rule excludes nothing (did you mean 'tenant'?)",
    ]


def test_of_json_only_a_slip_of_a_mapped_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type,comment\ndemo,anything.at.all,x,text,\ndemo,source.ipp,x,text,\n")
    ini = f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n{BASE.replace('text', 'json')}ecs = source.ip\nsource.ip = a.b\n"
    (told,) = found(tmp_path, ini)
    assert "source.ipp: no such field" in told
    assert "'source.ip'" in told


def test_a_key_that_an_earlier_type_takes_is_told(tmp_path: Path) -> None:
    ini = "[out_stdout]\n[trail]\ns3_key = archive/CloudTrail/\nfile_format = json\n[flow]\ns3_key = flow/.*\\.json\nfile_format = json\n"
    assert found(tmp_path, ini) == [
        "3 warning [trail] s3_key: key 'archive/CloudTrail/' is taken by cloudtrail before trail sees it (priority = 1 lets trail be asked first)",
    ]
    assert found(tmp_path, ini.replace("[flow]", "priority = 1\n[flow]")) == []


def test_two_types_of_one_pattern_are_told(tmp_path: Path) -> None:
    ini = "[out_stdout]\n[a]\ns3_key = x/\nfile_format = json\n[b]\ns3_key = x/\nfile_format = json\n"
    assert found(tmp_path, ini) == ["6 warning [b] s3_key: is the pattern of a too, which is asked first: no object is of this type"]


def test_a_branch_of_a_pattern_that_another_type_takes_is_told(tmp_path: Path) -> None:
    ini = "[out_stdout]\n[a]\ns3_key = edge/\\d+\nfile_format = json\n[b]\ns3_key = (?:core|edge)/\\d{4}/\nfile_format = json\n"
    assert found(tmp_path, ini) == [
        "6 warning [b] s3_key: key 'edge/1111/' is taken by a before b sees it (priority = 1 lets b be asked first)",
    ]


def test_a_hundred_and_fifty_types_are_compared_in_a_second_or_two(tmp_path: Path) -> None:
    from loader.lint import overlap

    pattern = "logs/(?:app|web|db)-{:03}/\\d{{4}}/(?:[^/]+/)?.*\\.(?:json|log)(?:\\.gz)?$$"
    ini = "".join(f"[t{n}]\ns3_key = {pattern.format(n)}\nfile_format = json\n" for n in range(150))
    one = assembled(tmp_path, ini)
    began = time.perf_counter()
    assert list(overlap.check(one)) == []
    assert time.perf_counter() - began < 4


def test_a_type_no_key_leads_to_and_one_that_is_skipped_by_its_name_are_told(tmp_path: Path) -> None:
    ini = "[out_stdout]\n[keyless]\nfile_format = json\n[unknown-things]\ns3_key = x/\nfile_format = json\n"
    told = found(tmp_path, ini)
    assert told[0] == "2 warning [keyless] has no s3_key: no object is of this type"
    assert told[1].startswith("4 warning [unknown-things] objects of a type whose name has 'unknown' in it are skipped")


SYSLOG, GEOIP = "out_syslog", "filter_geoip"


@pytest.mark.parametrize(
    ("section", "meant"),
    [("output_syslog", SYSLOG), ("out-syslog", SYSLOG), ("syslog", SYSLOG), ("geoip", GEOIP), ("fliter_geoip", GEOIP), ("OUT-SYSLOG", SYSLOG)],
)
def test_a_section_that_looks_like_a_plugin_is_told_with_the_plugin_it_may_mean(tmp_path: Path, section: str, meant: str) -> None:
    told = found(tmp_path, f"{TYPE}{USED}[{section}]\nhost = siem\n")
    assert f"10 warning [{section}] is taken for a log type (did you mean [{meant}]?)" in told


def test_a_log_type_of_its_own_may_have_the_name_of_a_plugin(tmp_path: Path) -> None:
    assert found(tmp_path, "[out_stdout]\n[syslog]\ns3_key = x/\nfile_format = json\n") == []


def test_a_comment_behind_a_value_is_told_and_a_number_sign_in_a_pattern_is_not(tmp_path: Path) -> None:
    ini = TYPE.replace("(?P<ip>", "(?P<ip>x # |") + USED + "index_name = a # the label\n"
    assert found(tmp_path, ini) == ["10 warning [demo] index_name: '# the label' is part of the value (a comment has a line of its own)"]


def test_a_hook_nobody_calls_is_a_note(tmp_path: Path) -> None:
    hook = "def transform(logdata):\n    return logdata\n"
    for name in ("sf_demo.py", "sf_dmeo.py", "sf_two-words.py"):
        (tmp_path / name).write_text(hook)
    ini = f"{TYPE}{USED}[two-words]\ns3_key = y/\nfile_format = json\n[loader]\nhooks = {tmp_path}\n"
    told = [line.replace(f"{tmp_path}/", "") for line in found(tmp_path, ini)]
    assert told == [
        "0 note sf_demo.py: is never called: its log type has no script_ecs (any text in script_ecs of [demo] switches it on)",
        "0 note sf_dmeo.py: belongs to no log type, and is never called (did you mean sf_demo.py?)",
        "0 note sf_two-words.py: is never called: its log type has no script_ecs (any text in script_ecs of [two-words] switches it on)",
    ]


def test_a_hook_with_a_dash_in_its_name_is_called_and_its_words_count(tmp_path: Path) -> None:
    (tmp_path / "sf_two-words.py").write_text("def transform(logdata):\n    return logdata | {'rest': logdata['word'], 'more': logdata['n']}\n")
    pattern = "log_pattern = (?P<ip>\\S+) (?P<word>[a-z]+) (?P<n>\\d+)\n"
    ini = f"[two-words]\ns3_key = y/\nfile_format = text\n{pattern}ecs = source.ip\nsource.ip = ip\nscript_ecs = rest\n[loader]\nhooks = {tmp_path}\n"
    assert [line for line in found(tmp_path, ini) if "sf_two-words" in line or "used by nothing" in line] == []


def test_files_that_anyone_may_change_are_told(tmp_path: Path) -> None:
    one = assembled(tmp_path, TYPE + USED)
    (tmp_path / "user.ini").chmod(0o666)
    (told,) = findings(one)
    assert str(told.problem) == f"{tmp_path}/user.ini: anyone on this machine may change it, and so what runs (chmod o-w {tmp_path}/user.ini)"


def test_a_database_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "bad.mmdb").write_bytes(b"no database")
    told = found(tmp_path, f"{TYPE}{USED}[filter_geoip]\ndatabase = {tmp_path}/bad.mmdb\n")
    assert any("mistake" in line and "no MaxMind database" in line for line in told)


def test_findings_come_in_the_order_of_files_and_lines_mistakes_and_hints_together(tmp_path: Path) -> None:
    ini = f"{TYPE}{USED}index_name = a # b\n[loader]\nworker = 1\n"
    one = assembled(tmp_path, ini)
    assert [(finding.problem.line, finding.level) for finding in findings(one)] == [(10, "warning"), (12, "mistake")]


@pytest.mark.parametrize("key", ["log_pattern", "s3_key", "s3_key_ignored", "file_timestamp_format"])
def test_a_pattern_that_can_run_away_is_told(tmp_path: Path, key: str) -> None:
    values = {"s3_key": "demo/", "log_pattern": r"(?P<ip>\S+)", "timestamp_key": "ip", key: r"x(?P<ip>(?:\w+\s?)*)$$"}
    ini = "[out_stdout]\n[demo]\nfile_format = text\n" + "".join(f"{name} = {value}\n" for name, value in values.items())
    told = [line for line in found(tmp_path, ini) if "for ever" in line]
    assert len(told) == 1
    assert f"[demo] {key}: may take for ever where it does not match: " in told[0]


def test_a_rule_that_can_run_away_is_told_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text("log_type,field,pattern,pattern_type\ncloudtrail,eventName,Get.*,regex\ncloudtrail,userAgent,(a+)+x,regex\n")
    (told,) = found(tmp_path, f"[DEFAULT]\nexclude_log_patterns_filename = {tmp_path}/rules.csv\n")
    assert told.startswith(f"3 warning {tmp_path}/rules.csv:3: [cloudtrail] userAgent: may take for ever where it does not match: ")


def test_patterns_that_are_good_are_looked_at_quickly(tmp_path: Path) -> None:
    from loader.lint import patterns

    shipped = config.load([HOME / "aws.ini"]).types
    bodies = [shipped[name].values["log_pattern"].replace("$", "$$") for name in ("alb", "s3accesslog")]
    ini = "".join(f"[t{n}]\ns3_key = logs/t{n}/.*\\.log\nfile_format = text\nlog_pattern = {bodies[n % 2]} {n}\n" for n in range(20))
    one = assembled(tmp_path, ini)
    began = time.perf_counter()
    assert list(patterns.check(one)) == []
    assert time.perf_counter() - began < 10
