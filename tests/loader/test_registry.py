"""The registry: a plugin is its file, a site's before ours, and what is wrong with one names the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from loader import api
from loader import config as configuration
from loader.config import Config
from loader.errors import ConfigError
from loader.registry import OURS, Registry

CLASS = "from loader.api import Output, Option, text\nclass Mine(Output):\n    colour = Option(text, 'red', doc='Of it.')\n"


def site(folder: Path, name: str = "out_mine", code: str = CLASS) -> Registry:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(code)
    return Registry([folder, OURS])


def configured(folder: Path, ini: str) -> Config:
    path = folder / "test.ini"
    path.write_text(ini)
    return configuration.load([path])


def mistake(registry: Registry, kind: str, name: str) -> str:
    with pytest.raises(ConfigError) as why:
        registry.find(kind, name)
    return str(why.value)


def test_every_shipped_plugin_is_found_by_its_file_and_imports() -> None:
    registry = Registry([OURS])
    names = {(kind, name) for kind in ("in", "parser", "filter", "formatter", "out") for name in registry.names(kind)}
    assert len(names) == len(list(OURS.glob("[a-z]*_*.py"))) > 8
    for kind, name in names:
        found = registry.find(kind, name)
        assert found.__module__ == f"plugins.{kind}_{name}"
        assert found.__doc__


def test_a_sites_plugin_is_found_and_shadows_ours(tmp_path: Path) -> None:
    registry = site(tmp_path, "out_null")
    assert registry.find("out", "null").__name__ == "Mine"
    assert registry.find("out", "file").__module__ == "plugins.out_file"
    assert registry.names("out").count("null") == 1


@pytest.mark.parametrize("name", ["plugins", "site"])
def test_a_sites_folder_may_be_a_package_even_of_our_own_name(tmp_path: Path, name: str) -> None:
    registry = site(tmp_path / name, "out_null")
    (tmp_path / name / "__init__.py").touch()
    assert registry.find("out", "null").__name__ == "Mine"


def test_a_class_is_imported_once(tmp_path: Path) -> None:
    registry = site(tmp_path)
    first = registry.find("out", "mine")
    (tmp_path / "out_mine.py").unlink()
    assert registry.find("out", "mine") is first


def test_a_plugin_that_is_not_there_is_told_with_the_nearest_name_or_all_names() -> None:
    registry = Registry([OURS])
    assert mistake(registry, "out", "sylog") == "there is no plugin out_sylog (did you mean 'out_syslog'?)"
    assert mistake(registry, "parser", "qqqqqqq") == f"there is no plugin parser_qqqqqqq (there are: {', '.join(registry.names('parser'))})"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "must define exactly one subclass of Output, and has 0"),
        ("from loader.api import Output\n", "must define exactly one subclass of Output, and has 0"),
        (CLASS + "class Other(Output):\n    pass\n", "must define exactly one subclass of Output, and has 2"),
        (CLASS.replace("(Output)", "(Filter)").replace("Output", "Filter"), "must define exactly one subclass of Output, and has 0"),
        ("import package_that_nobody_has\n", "cannot be imported: ModuleNotFoundError: No module named 'package_that_nobody_has'"),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero"),
        ("class Mine(\n", "cannot be imported: SyntaxError: "),
    ],
)
def test_a_file_that_is_no_plugin_is_named_with_what_is_wrong(tmp_path: Path, code: str, said: str) -> None:
    registry = site(tmp_path, code=code)
    assert mistake(registry, "out", "mine").startswith(f"{tmp_path}/out_mine.py: {said}")


def test_a_plugin_is_made_with_its_options_set_and_not_opened(tmp_path: Path) -> None:
    registry = site(tmp_path, code=CLASS + "    def open(self):\n        1 / 0\n")
    plugin = registry.create(configured(tmp_path, "[out_mine:second]\ncolour = blue\nretry_for = 1m\n"), "out_mine:second")
    assert isinstance(plugin, api.Output)
    assert (plugin.name, plugin.colour, plugin.retry_for, plugin.match) == ("out_mine:second", "blue", 60.0, ["*"])  # type: ignore[attr-defined]


def test_two_instances_have_options_of_their_own(tmp_path: Path) -> None:
    registry = site(tmp_path)
    config = configured(tmp_path, "[out_mine]\ncolour = blue\n[out_mine:b]\n")
    first, second = registry.create(config, "out_mine"), registry.create(config, "out_mine:b")
    assert (first.colour, second.colour) == ("blue", "red")  # type: ignore[attr-defined]


def test_every_mistake_in_a_plugins_section_is_told_at_once(tmp_path: Path) -> None:
    registry = site(tmp_path)
    config = configured(tmp_path, "[out_mine]\ncolor = blue\nretry_for = soon\nchunk_bytes = big\n")
    with pytest.raises(ConfigError) as why:
        registry.create(config, "out_mine")
    assert sorted(str(problem).removeprefix(f"{tmp_path}/") for problem in why.value.problems) == [
        "test.ini:2: [out_mine] color: no such option (did you mean 'colour'?)",
        "test.ini:3: [out_mine] retry_for: 'soon' is not a time: write for example 30s, 5m or 1h",
        "test.ini:4: [out_mine] chunk_bytes: 'big' is not a size: write for example 512k, 16m or 2g",
    ]


def test_a_section_of_a_plugin_that_is_not_there_is_told_at_its_line(tmp_path: Path) -> None:
    config = configured(tmp_path, "\n[out_sylog]\nhost = h\n")
    with pytest.raises(ConfigError) as why:
        Registry([OURS]).create(config, "out_sylog")
    assert str(why.value) == f"{tmp_path}/test.ini:2: [out_sylog] there is no plugin out_sylog (did you mean 'out_syslog'?)"


def test_an_option_that_must_be_given_is_told_beside_the_other_mistakes(tmp_path: Path) -> None:
    config = configured(tmp_path, "[out_file]\npaht = x\n")
    with pytest.raises(ConfigError) as why:
        Registry([OURS]).create(config, "out_file")
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in why.value.problems] == [
        "test.ini:1: [out_file] path: must be given",
        "test.ini:2: [out_file] paht: no such option (did you mean 'path'?)",
    ]
