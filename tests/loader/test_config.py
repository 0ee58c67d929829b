"""Configuration: files layered, [DEFAULT] for log types only, interpolation, and the address of every value."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import config
from loader.errors import ConfigError
from loader.options import Option, number
from loader.section import Origin


def written(folder: Path, *texts: str | bytes) -> list[Path]:
    paths = []
    for place, text in enumerate(texts):
        path = folder / f"{place}.ini"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    return paths


def mistakes(*paths: Path) -> list[str]:
    with pytest.raises(ConfigError) as why:
        config.load(paths)
    return [str(problem) for problem in why.value.problems]


def test_later_files_win_key_by_key_and_types_keep_the_order_in_which_they_first_appear(tmp_path: Path) -> None:
    first, second = written(tmp_path, "[b]\nx = 1\ny = 1\n[a]\nx = 1\n", "[c]\nx = 3\n[a]\nx = 2\n[b]\ny = 2\nz = 2\n")
    loaded = config.load([first, second])
    assert list(loaded.types) == ["b", "a", "c"]
    assert loaded.types["b"].values == {"x": "1", "y": "2", "z": "2"}
    assert loaded.types["a"].values == {"x": "2"}


def test_required_files_come_last(tmp_path: Path) -> None:
    first, second = written(tmp_path, "[a]\nx = 1\n", "[a]\nx = 2\n")
    assert config.load([first], [second]).types["a"].values["x"] == "2"
    assert config.load([second], [first]).types["a"].values["x"] == "1"


def test_files_that_do_not_exist_are_left_out_but_required_ones_are_all_named(tmp_path: Path) -> None:
    assert config.load([tmp_path / "no.ini"]).types == {}
    with pytest.raises(ConfigError) as why:
        config.load([], [tmp_path / "x.ini", tmp_path / "y.ini"])
    assert [str(problem) for problem in why.value.problems] == [f"{tmp_path}/x.ini: no such file", f"{tmp_path}/y.ini: no such file"]


def test_sections_are_told_apart_by_their_names(tmp_path: Path) -> None:
    plugins = ["in_s3", "out_syslog:soc", "filter_geoip", "formatter_json", "parser_csv"]
    types = ["outlook", "in-house", "apache"]
    (path,) = written(tmp_path, "".join(f"[{name}]\n" for name in (types[0], "loader", *plugins, *types[1:])))
    loaded = config.load([path])
    assert list(loaded.plugins) == plugins
    assert list(loaded.types) == types


def test_defaults_reach_log_types_and_nothing_else(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[DEFAULT]\nzone = +09:00\n[apache]\nx = 1\n[loader]\nx = 1\n[out_file]\nx = 1\n")
    loaded = config.load([path])
    assert loaded.types["apache"].values == {"x": "1", "zone": "+09:00"}
    assert loaded.types["apache"].own == {"x"}
    assert loaded.loader.values == {"x": "1"}
    assert loaded.plugins["out_file"].values == {"x": "1"}
    assert loaded.defaults.values == {"zone": "+09:00"}


def test_a_default_that_the_section_overrides_is_the_sections_own(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[DEFAULT]\nzone = +09:00\n[apache]\nzone = Z\n")
    apache = config.load([path]).types["apache"]
    assert apache.values["zone"] == "Z"
    assert apache.origins["zone"] == Origin(str(path), 4)


def test_a_default_keeps_the_address_of_where_it_was_written(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "\n[DEFAULT]\nzone = +09:00\n[apache]\n")
    assert config.load([path]).types["apache"].origins["zone"] == Origin(str(path), 3)


def test_references_reach_the_own_section_other_sections_and_defaults(tmp_path: Path) -> None:
    a = "[a]\nx = 1\nown = ${x}\nelse = ${other:y}\ncost = 5 $$ or $${x}\npercent = %d %% %(x)s\n"
    (path,) = written(tmp_path, "[DEFAULT]\nbase = b\n[other]\ny = ${base}2\n" + a)
    loaded = config.load([path])
    values = loaded.types["a"].values
    assert (values["own"], values["else"], values["cost"], values["percent"]) == ("1", "b2", "5 $ or ${x}", "%d %% %(x)s")
    assert loaded.referenced == {"base", "x", "y"}


def test_a_reference_in_a_plugins_section_sees_no_defaults_unless_it_names_them(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[DEFAULT]\nhost = h\n[out_file]\npath = ${DEFAULT:host}\nother = ${host}\n")
    loaded = config.load([path])
    assert loaded.plugins["out_file"].values["path"] == "h"
    assert [(problem.key, problem.line) for problem in loaded.problems] == [("other", 5)]


def test_a_reference_may_name_what_a_later_file_gives(tmp_path: Path) -> None:
    first, second = written(tmp_path, "[a]\nx = ${y}\ny = 1\n", "[a]\ny = 2\n")
    assert config.load([first, second]).types["a"].values["x"] == "2"


COLONS = "a reference has one colon at most, so the instances of plugins cannot be named"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${zone}", "${zone} leads nowhere: section [a] has no key 'zone' (did you mean ${zones}?)"),
        ("${b:zone}", "${b:zone} leads nowhere: section [b] has no key 'zone' (did you mean ${b:zones}?)"),
        ("${bb:y}", "${bb:y} leads nowhere: there is no section [bb] (did you mean ${b:y}?)"),
        ("${other}", "${other} leads nowhere: section [a] has no key 'other' (write $$ for a literal dollar)"),
        ("${out_x:soc:host}", f"${{out_x:soc:host}} leads nowhere: {COLONS} (write the value out)"),
        (r"\.log$", r'has a single $, in "\.log$" (write $$ for a literal dollar)'),
        ("$$ and $5", 'has a single $, in "$$ and $5" (write $$ for a literal dollar)'),
        ("${x", 'has a single $, in "${x" (a reference is ${key} or ${section:key}; write $$ for a literal dollar)'),
        ("${x}", "what it refers to cannot be read, or refers back to it"),
    ],
)  # fmt: skip
def test_a_dollar_that_leads_nowhere_is_a_problem_at_its_line_with_the_nearest_name(tmp_path: Path, value: str, said: str) -> None:
    (path,) = written(tmp_path, f"[a]\nzones = 1\nx = {value}\n[b]\nzones = 2\ny = ${{nothing}}\n[out_x:soc]\nhost = h\n")
    loaded = config.load([path])
    first, second = loaded.all_problems()
    assert str(first) == f"{path}:3: [a] x: {said}"
    assert first.fatal
    assert (second.section, second.line) == ("b", 6)
    assert loaded.types["a"].values == {"zones": "1", "x": ""}


def test_a_single_dollar_is_found_on_its_own_line_of_a_long_value(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[a]\nx =\n    one $$\n# $ in a comment\n\n    two\n    three $\n    four\n")
    (problem,) = config.load([path]).all_problems()
    assert (problem.line, problem.message) == (7, 'has a single $, in "three $"')


def test_keys_keep_their_case_and_may_hold_dots(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[a]\neventName = 1\neventname = 2\nsource.ip: src dst\n")
    assert config.load([path]).types["a"].values == {"eventName": "1", "eventname": "2", "source.ip": "src dst"}


def test_values_go_on_over_indented_lines_and_comments_are_whole_lines(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[a]\nx = 1\n    2 ; kept\n# gone\n  ; gone = too\n    3\ny = # kept\n")
    assert config.load([path]).types["a"].values == {"x": "1\n2 ; kept\n3", "y": "# kept"}


ODD = "; c\n\n[a]\n  x = 1\n    goes = on\n\n  y : 2\n# [b]\n[out_z]\n\tw=\n\n  v = 1\nlast = 9\n"


def test_every_key_has_its_file_and_line_however_it_is_indented(tmp_path: Path) -> None:
    (path,) = written(tmp_path, ODD)
    loaded = config.load([path])
    a, z = loaded.types["a"], loaded.plugins["out_z"]
    assert {key: origin.line for key, origin in a.origins.items()} == {"x": 4, "y": 7}
    assert a.own == {"x", "y"}
    assert z.values == {"w": "\n\nv = 1", "last": "9"}
    assert {key: origin.line for key, origin in z.origins.items()} == {"w": 10, "last": 13}
    assert (a.origin, z.origin) == (Origin(str(path), 3), Origin(str(path), 9))


ODDITIES = ["= 8", "[]", "  odd", "[x", "u = 4\f5=6", "w=\u20286=7", "\tv = $$", "e ="]
LINES = st.lists(
    st.sampled_from(["[out_b]", "[DEFAULT]", "x = 1", "  y: 2", "    z = 3", "", "# c = 1", " ; d", *ODDITIES]), unique=True
).map(lambda lines: ["[a]", *lines])  # fmt: skip


@given(LINES)
def test_the_own_keys_of_a_section_are_those_configparser_finds_in_it(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    (path,) = written(tmp_path_factory.mktemp("ini"), "\n".join(lines))
    loaded = config.load([path])
    for section in (*loaded.types.values(), *loaded.plugins.values(), loaded.defaults):
        assert section.own == set(section.values) - (set(loaded.defaults.values) - section.own if section.name in loaded.types else set())
        for key in section.own:
            line = lines[section.origins[key].line - 1]
            assert line.strip().startswith(key)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    (path,) = written(tmp_path, b"\xef\xbb\xbf[a]\r\nx = 1\r\ny = 2\r\n")
    a = config.load([path]).types["a"]
    assert a.values == {"x": "1", "y": "2"}
    assert a.origins["y"].line == 3


def test_what_is_no_ini_is_told_all_at_once_and_the_rest_is_read(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "x = 1\n[a]\nx = 1\nx = 2\nnonsense\n[b\n[a]\ny = 3\nz = ${q}\n")
    loaded = config.load([path])
    assert [str(problem).removeprefix(f"{path}:") for problem in loaded.all_problems()] == [
        "1: 'x = 1' stands before the first [section] (put a [section] above it)",
        "4: [a] x: the key is there already, in line 3 (keep one of the two)",
        "5: [a] 'nonsense' is neither a [section] nor key = value (indent it if the value above goes on; a comment begins with #)",
        "6: [a] '[b' is neither a [section] nor key = value (a section is written [name])",
        "7: [a] the section is there already, in line 2 (join the two)",
        "9: [a] z: ${q} leads nowhere: section [a] has no key 'q' (write $$ for a literal dollar)",
    ]
    assert loaded.types["a"].values == {"x": "2", "y": "3", "z": ""}


def test_every_place_of_a_key_is_known_and_the_last_one_counts(tmp_path: Path) -> None:
    first, second = written(tmp_path, "[a]\nx = 1\n", "[loader]\n[a]\n\nx = 2\n")
    loaded = config.load([first, tmp_path / "absent.ini", second])
    assert loaded.files == [str(first), str(second)]
    assert loaded.places["a"] == {"": [Origin(str(first), 1), Origin(str(second), 2)], "x": [Origin(str(first), 2), Origin(str(second), 4)]}
    assert loaded.types["a"].origins["x"] == Origin(str(second), 4)


def test_a_file_that_is_not_utf_8_is_named_with_the_advice_to_save_it_so(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[a]\nx = café\n".encode("latin-1"))
    (mistake,) = mistakes(path)
    assert mistake.startswith(f"{path}: not UTF-8 text: ")
    assert mistake.endswith("(save the file as UTF-8)")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Root may read all but this: the memory of a process, at an address that is not mapped."""
    path = Path("/proc/self/mem")
    (mistake,) = mistakes(path)
    assert mistake.startswith("/proc/self/mem: cannot be read: ")


def test_an_argument_wins_over_the_files_and_none_changes_nothing(tmp_path: Path) -> None:
    (path,) = written(tmp_path, "[loader]\nworkers = 3\n[in_file]\nroot = r\n")
    loaded = config.load([path])
    loaded.override("loader", "workers", "many")
    loaded.override("in_file", "root", None)
    loaded.override("in_s3", "region", "eu-west-1")
    assert loaded.plugins["in_file"].values["root"] == "r"
    assert loaded.plugin("in_s3").values == {"region": "eu-west-1"}
    loaded.loader.read(Option(number(), "0", doc="How many.", name="workers"))
    assert str(loaded.all_problems()[0]) == "command line: [loader] workers: 'many' is not a whole number"


def test_an_argument_that_no_option_reads_is_unknown_like_a_key(tmp_path: Path) -> None:
    loaded = config.load([])
    loaded.override("in_file", "rot", "x")
    loaded.plugin("in_file").unknown(["root"], fatal=True)
    assert str(loaded.all_problems()[0]) == "command line: [in_file] rot: no such option (did you mean 'root'?)"


def test_a_plugin_without_a_section_gets_an_empty_one_that_is_kept() -> None:
    loaded = config.load([])
    section = loaded.plugin("out_stdout")
    section.problem("", "bad")
    assert loaded.plugin("out_stdout") is section
    assert [str(problem) for problem in loaded.all_problems()] == ["[out_stdout] bad"]


def test_problems_come_in_the_order_of_file_and_line_each_once(tmp_path: Path) -> None:
    first, second = written(tmp_path, "[b]\nx = 1\n[a]\nx = 1\n", "[loader]\ny = 1\n")
    loaded = config.load([first, second])
    loaded.loader.problem("y", "wrong")
    loaded.types["a"].problem("x", "wrong")
    loaded.types["b"].problem("x", "wrong")
    loaded.problems += loaded.types["b"].problems
    assert [(Path(problem.file).name, problem.line) for problem in loaded.all_problems()] == [("0.ini", 2), ("0.ini", 4), ("1.ini", 2)]


def test_a_file_that_is_asked_for_may_be_a_device_or_a_pipe(tmp_path: Path) -> None:
    assert config.load([], [Path(os.devnull)]).files == [os.devnull]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("[loader]\nworkers = 3\n",))
    writer.start()
    assert config.load([], [pipe]).loader.values == {"workers": "3"}
    writer.join()


def test_a_folder_is_no_file_to_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load([], [tmp_path])


def test_fields_that_stand_before_a_list_which_a_later_file_replaces_are_left_over(tmp_path: Path) -> None:
    texts = ("[a]\necs = x.y z.y\nx.y = 1\nz.y = 2\nmessage = 3\nfile_format = json\n", "[a]\necs = x.y\n", "[a]\nn.y = 4\n")
    files = [tmp_path / f"{number}.ini" for number in range(3)]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    one = config.load([], files)
    assert one.replaced("a", "ecs") == Origin(str(files[0]), 2)
    assert one.replaced("a", "x.y") is None
    assert one.left_over(one.types["a"], ["ecs"]) == ["x.y", "z.y", "message"]
    assert one.left_over(one.types["a"], ["static_ecs"]) == []
