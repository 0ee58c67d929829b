"""The assembly: everything a configuration gives, and every mistake in it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loader import assembly as assemblies
from loader import config as configuration
from loader.assembly import HOME, Assembly
from loader.errors import ConfigError
from loader.plan import Plan
from loader.section import Section

TYPE = "[demo]\ns3_key = demo\nfile_format = text\nlog_pattern = (?P<ip>\\S+) (?P<n>\\d+)\n"


def assembly(folder: Path, ini: str, *files: Path) -> Assembly:
    """Assemble ``files`` and ``ini``, whose first line is the fifth of test.ini."""
    path = folder / "test.ini"
    path.write_text(f"[out_file]\npath = {folder}/out.jsonl\n[out_file:dead_letter]\npath = {folder}/rejects.ndjson\n{ini}", encoding="utf-8")
    return Assembly(configuration.load([*files, path]), "in_file")


def problems(folder: Path, ini: str) -> list[str]:
    """Return every problem as ``line: text``, the line counted in ``ini``, fatal ones with an exclamation mark."""
    shown = []
    for problem in assembly(folder, ini).config.all_problems():
        assert Path(problem.file).name in ("", "test.ini")
        line = problem.line and problem.line - 4
        text = str(problem).removeprefix(f"{problem.file}:{problem.line}: ")
        shown.append(f"{line}{'!' if problem.fatal else '?'} {text}")
    return shown


def test_every_mistake_is_told_at_once_with_line_section_key_and_the_nearest_right_name(tmp_path: Path) -> None:
    ini = """[loader]
worker = 3
chunk_records = many
[out_sylog]
host = x
[out_syslog]
hots = x
host = siem
fields = all
[out_null]
format = jsn
[filter_geiop]
[in_s3]
regoin = x
[badregex]
s3_key = (
file_format = text
log_pattern = (?P<a>\\S+
timestamp_tz = Mars/Olympus
[nogroup]
file_format = text
log_pattern = abc
script_ecs = yes
ecs = source.ip
[nopattern]
file_format = text
[hookless]
file_format = json
timestamp_kye = x
csv_delimiter = ,
priority = high
[formless]
ecs = source.port
source.port = p
[misformed]
file_format = jsno
event.action = ${nothing}
"""
    hooks = f"/opt/siem, {Path(__file__).parents[2]}/siem"
    assert problems(tmp_path, ini) == [
        "2! [loader] worker: no such option (did you mean 'workers'?)",
        "3! [loader] chunk_records: 'many' is not a whole number",
        "4! [out_sylog] there is no plugin out_sylog (did you mean 'out_syslog'?)",
        "7! [out_syslog] hots: no such option (did you mean 'host'?)",
        "9! [out_syslog] fields: 'all' is not one of full, ecs, lean",
        "11! [out_null] format: there is no plugin formatter_jsn (did you mean 'json'?)",
        "12! [filter_geiop] there is no plugin filter_geiop (did you mean 'filter_geoip'?)",
        "14! [in_s3] regoin: no such option (did you mean 'region'?)",
        "16! [badregex] s3_key: not a regular expression: missing ), unterminated subpattern at position 0",
        "18! [badregex] log_pattern: not a regular expression: missing ), unterminated subpattern at position 0",
        "19! [badregex] timestamp_tz: 'Mars/Olympus' is no time zone: write an offset such as +09:00 or a name such as Europe/Berlin",
        "22! [nogroup] log_pattern: has no named group such as (?P<name>...)",
        f"23! [nogroup] script_ecs: the hook sf_nogroup.py does not exist in {hooks} (add the file, or leave script_ecs empty)",
        "24! [nogroup] ecs: 'source.ip' is listed, but there is no key 'source.ip' with its source (add it, or take it off the list)",
        "25! [nopattern] log_pattern: is missing: file_format = text needs one",
        "29? [hookless] timestamp_kye: no such option (did you mean 'timestamp_key'?)",
        "30? [hookless] csv_delimiter: has no effect here (remove it)",
        "31! [hookless] priority: 'high' is not a whole number",
        "32! [formless] file_format: must be given",
        "36! [misformed] file_format: there is no plugin parser_jsno (did you mean 'json'?)",
        "37! [misformed] event.action: ${nothing} leads nowhere: section [misformed] has no key 'nothing' (write $$ for a literal dollar)",
    ]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def transfrom(logdata):\n    return logdata\n", "has no function transform(logdata), and no table DERIVED"),
        ("transform = 1\n", "has no function transform(logdata), and no table DERIVED"),
        ("import package_that_nobody_has\n", "cannot be imported: ModuleNotFoundError: No module named 'package_that_nobody_has'"),
    ],
)
def test_a_hook_without_transform_or_that_fails_to_import_is_a_mistake_at_script_ecs(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "sf_demo.py").write_text(code)
    ini = f"{TYPE}script_ecs = x\n[loader]\nhooks = {tmp_path}\n"
    assert problems(tmp_path, ini) == [f"5! [demo] script_ecs: the hook {tmp_path}/sf_demo.py {said}"]


def test_unknown_keys_of_log_types_are_warnings_and_do_not_stop_the_program(tmp_path: Path) -> None:
    one = assembly(tmp_path, f"{TYPE}index = x\ntimestamp_kye = n\nloggroup = dead but known\nused = 1\nindex_name = ${{used}}\n")
    assert [(problem.key, problem.fatal) for problem in one.config.all_problems()] == [("index", False), ("timestamp_kye", False)]
    one.require()


def test_a_plugin_that_cannot_be_imported_hurts_only_those_who_use_it(tmp_path: Path) -> None:
    (tmp_path / "filter_sick.py").write_text("import package_that_nobody_has\n")
    ini = f"{TYPE}[loader]\nplugins = {tmp_path}\n"
    assert problems(tmp_path, ini) == []
    (mistake,) = problems(tmp_path, f"{ini}[filter_sick]\n")
    assert "filter_sick.py: cannot be imported: ModuleNotFoundError" in mistake


def test_a_wrong_exclusion_file_is_a_mistake_and_the_default_one_may_be_missing(tmp_path: Path) -> None:
    name = "[DEFAULT]\nexclude_log_patterns_filename = "
    assert problems(tmp_path, f"{name}{tmp_path}/no.csv\n{TYPE}") == [
        f"2! [DEFAULT] exclude_log_patterns_filename: no such file: '{tmp_path}/no.csv'",
    ]
    (tmp_path / "bad.csv").write_text("log_type,field,pattern,pattern_type\ndemo,ip,(,regex\n")
    with pytest.raises(ConfigError, match=r"bad.csv:2: \[demo\] ip: pattern '\(' is not a regular expression"):
        assembly(tmp_path, f"{name}{tmp_path}/bad.csv\n{TYPE}").require()


def test_a_mistake_found_while_opening_an_output_names_its_section(tmp_path: Path) -> None:
    (mistake,) = problems(tmp_path, f"{TYPE}[out_file:folder]\npath = {tmp_path}\n")
    assert f"'{tmp_path}' is a folder, not a file" in mistake


def test_the_shipped_log_types_compile_without_a_word(tmp_path: Path) -> None:
    one = assembly(tmp_path, "", HOME / "aws.ini")
    assert one.config.all_problems() == []
    assert list(one.plans) == list(one.config.types)
    one.require()


def test_what_has_no_mistake_is_built_beside_what_has_one(tmp_path: Path) -> None:
    one = assembly(tmp_path, f"{TYPE}[broken]\nfile_format = text\n")
    assert list(one.plans) == ["demo"]
    assert [output.name for output in one.outputs] == ["out_file"]
    with pytest.raises(ConfigError, match="log_pattern: is missing"):
        one.require()


def test_an_output_no_log_type_matches_is_a_warning(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{TYPE}[out_null]\nmatch = audit*\n") == ["6? [out_null] match: matches no log type: nothing will arrive here"]


def test_a_mistake_in_one_stage_hides_none_of_another(tmp_path: Path) -> None:
    ini = "[q]\ns3_key = q\nfile_format = json\ntimestamp_key = t\ntimestamp_format = %Q\n[z]\ns3_key = (\nfile_format = txt\n"
    said = "\n".join(map(str, problems(tmp_path, ini)))
    assert "'%Q' is no strptime format" in said
    assert "[z] s3_key: not a regular expression" in said
    assert "there is no plugin parser_txt" in said
    assert "has no effect here" not in said


def test_a_parser_of_carriers_that_cannot_be_made_is_told_and_raises_nothing(tmp_path: Path) -> None:
    ini = "[parser_json]\njson_delimiter = Records\n[q]\ns3_key = q\nfile_format = json\nvia_cwl = yes\n"
    assert "2! [parser_json] json_delimiter: is an option of log types (write it into the section of the log type)" in problems(tmp_path, ini)


def test_a_folder_of_hooks_or_plugins_that_is_not_there_is_a_mistake_at_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, f"[loader]\nhooks = {tmp_path}/no\nplugins = {tmp_path}/nor\n{TYPE}") == [
        f"2! [loader] hooks: there is no folder '{tmp_path}/no'",
        f"3! [loader] plugins: there is no folder '{tmp_path}/nor'",
    ]


@pytest.mark.parametrize(
    ("section", "key"),
    [("filter_geoip", "databases"), ("filter_geoip", "database"), ("filter_ioc", "database"), ("filter_xff", "trusted_proxies_file")],
)
def test_a_mistake_that_a_plugin_finds_while_it_opens_is_told_at_the_key(tmp_path: Path, section: str, key: str) -> None:
    (told,) = problems(tmp_path, f"{TYPE}[{section}]\n{key} = {tmp_path}/absent\n")
    assert told.startswith(f"6! [{section}] {key}: ")
    assert told.count(section) == 1


def test_a_database_in_the_usual_folder_that_cannot_be_read_is_told_at_the_folder(tmp_path: Path) -> None:
    (tmp_path / "GeoLite2-ASN.mmdb").write_bytes(b"no database")
    (told,) = problems(tmp_path, f"{TYPE}[filter_geoip]\ndatabases = {tmp_path}\n")
    assert told.startswith("6! [filter_geoip] databases: ")


@pytest.mark.parametrize(("more", "key"), [("protocol = tls\nca_file = no.pem\n", "ca_file"), ("protocol = udp\nframing = lf\n", "framing")])
def test_a_mistake_of_a_second_instance_is_told_at_its_own_key(tmp_path: Path, more: str, key: str) -> None:
    (told,) = problems(tmp_path, f"{TYPE}[out_syslog:b]\nhost = siem.example.com\n{more}")
    assert told.startswith(f"8! [out_syslog:b] {key}: ")


def test_a_wrong_line_in_the_file_of_a_plugin_keeps_the_place_it_has(tmp_path: Path) -> None:
    (tmp_path / "proxies.txt").write_text("192.0.2.0/24\nproxy\n")
    one = assembly(tmp_path, f"{TYPE}[filter_xff]\ntrusted_proxies_file = {tmp_path}/proxies.txt\n")
    (problem,) = one.config.all_problems()
    assert (problem.file, problem.line, problem.section) == (f"{tmp_path}/proxies.txt", 2, "filter_xff")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("out_nope", "there is no plugin out_nope (there are: file, null, stdout, syslog)"),
        ("in_s3", "'in_s3' is no output (write the name of its section, such as out_file:dead_letter)"),
        ("out_file:other", "path: must be given"),
    ],
)
def test_a_dead_letter_that_is_no_output_is_told_at_its_key(tmp_path: Path, name: str, said: str) -> None:
    assert problems(tmp_path, f"[loader]\ndead_letter = {name}\n{TYPE}") == [f"2! [loader] dead_letter: {said}"]


def test_a_wrong_format_of_an_output_that_no_type_matches_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, f"{TYPE}[out_null]\nmatch = audit*\nformat = jsn\n") == [
        "6? [out_null] match: matches no log type: nothing will arrive here",
        "7! [out_null] format: there is no plugin formatter_jsn (did you mean 'json'?)",
    ]


def test_a_single_dollar_gives_one_mistake_and_not_another_for_the_value_that_is_missing_then(tmp_path: Path) -> None:
    (one,) = problems(tmp_path, TYPE.replace("\\d+)", "\\d+)$"))
    assert "log_pattern: has a single $" in one
    (two,) = problems(tmp_path, f"{TYPE}[out_syslog]\nhost = $x\n")
    assert "host: has a single $" in two


def test_a_missing_key_is_told_with_the_misspelt_one(tmp_path: Path) -> None:
    assert problems(tmp_path, "[demo]\ns3_key = d\nfile_fromat = json\n") == [
        "1! [demo] file_format: must be given (is it meant by 'file_fromat' in line 7?)",
        "3? [demo] file_fromat: no such option (did you mean 'file_format'?)",
    ]


@pytest.mark.parametrize("prefix", ["in", "out", "parser", "filter", "formatter"])
def test_a_log_type_with_the_prefix_of_a_plugin_is_to_be_renamed(tmp_path: Path, prefix: str) -> None:
    (told,) = problems(tmp_path, f"{TYPE}[{prefix}_house]\ns3_key = x\nfile_format = json\n")
    assert told == f"5! [{prefix}_house] a section named {prefix}_... is a plugin's, and this one looks like a log type (give it another name)"


def test_fields_of_a_list_that_a_later_file_replaces_are_no_warning_and_a_slip_beside_the_new_list_is(tmp_path: Path) -> None:
    first = tmp_path / "first.ini"
    first.write_text(f"{TYPE}ecs = source.ip source.port my.own\nsource.ip = ip\nsource.port = n\nmy.own = n\nindex = x\n")
    one = assembly(tmp_path, "[demo]\necs = source.address\nsource.address = ip\nsource.domain = ip\n", first)
    told = [(Path(problem.file).name, problem.key) for problem in one.config.all_problems()]
    assert told == [("first.ini", "index"), ("test.ini", "source.domain")]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("rate = 250\nrate_min = 5", []),
        ("rate_min = 5", ["rate_min: is the lowest rate, and there is no highest (write rate too)"]),
        ("rate_bytes = 1m\nrate_min = 5", ["rate_min: is the lowest rate, and there is no highest (write rate too)"]),
        ("rate = 5\nrate_min = 5.5", ["rate_min: 5.5 is more than rate, which is 5 (write less than rate)"]),
        ("rate = fast", ["rate: 'fast' is no number a second: write for example 250 or 0.5"]),
    ],
)
@pytest.mark.parametrize("dead_letter", ["out_null:x", "out_file:dead_letter"])
def test_a_lowest_rate_without_a_higher_one_is_a_mistake(tmp_path: Path, lines: str, said: list[str], dead_letter: str) -> None:
    found = problems(tmp_path, f"{TYPE}[loader]\ndead_letter = {dead_letter}\n[out_null:x]\n{lines}\n")
    assert [problem.partition("] ")[2] for problem in found] == said
    assert all("! [" in problem for problem in found)


def test_what_goes_at_a_rate_is_worked_on_a_second_at_a_time_so_that_the_ledger_moves_on(tmp_path: Path) -> None:
    blocks = [b"a b\n" * 5000]
    for rate, most in (("0", 1000), ("2000", 1000), ("30", 30), ("0.1", 1)):
        plan = assembly(tmp_path, f"{TYPE}[out_null]\nrate = {rate}\n").plans["demo"]
        assert max(raws.count for raws in plan.read(iter(blocks))) == most


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the log types that are compiled, as they are."""
    names: list[str] = []
    compile_plan = assemblies.compile_plan

    def note(section: Section, *rest: Any) -> Plan:
        names.append(section.name)
        return compile_plan(section, *rest)

    monkeypatch.setattr(assemblies, "compile_plan", note)
    return names


def test_behind_a_check_a_log_type_is_compiled_when_it_is_first_asked_for(tmp_path: Path, compiled: list[str]) -> None:
    one = assembly(tmp_path, f"{TYPE}[other]\ns3_key = other\nfile_format = json\n")
    assert compiled == ["demo", "other"]
    again = Assembly(one.config, "in_file", checked=True)
    assert again.plans["demo"] is again.plans["demo"]
    assert compiled == ["demo", "other", "demo"]
    assert [step.name for step in again.plans["demo"].steps] == [step.name for step in one.plans["demo"].steps]
    assert again.plans["demo"].outputs == one.plans["demo"].outputs == ["out_file"]
    assert again.router.route("other").log_type == "other"


def test_a_log_type_that_can_no_longer_be_compiled_is_a_mistake_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text("def transform(logdata):\n    return logdata\n")
    one = assembly(tmp_path, f"{TYPE}script_ecs = x\n[loader]\nhooks = {tmp_path}\n")
    one.require()
    (tmp_path / "sf_demo.py").unlink()
    again = Assembly(one.config, "in_file", checked=True)
    with pytest.raises(ConfigError, match="does not exist"):
        again.plans["demo"]
