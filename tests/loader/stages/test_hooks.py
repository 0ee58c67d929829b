"""Hooks: found by file name, run on each record, and unable to lose one."""

from __future__ import annotations

import datetime
import logging
from pathlib import Path
from typing import Any

import pytest

from loader.batch import Batch, Source
from loader.section import Section
from loader.stages import hooks
from tests.drivers import log_type

ECHO = "def transform(logdata):\n    logdata['by'] = __file__\n    return logdata\n"


def batch(*records: dict[str, Any]) -> Batch:
    count = len(records)
    return Batch(Source("b", "k"), [f"r{n}" for n in range(count)], list(records), list(range(count)), datetime.datetime.now(datetime.UTC))


def ran(folder: Path, code: str, *records: dict[str, Any]) -> Batch:
    (folder / "sf_demo.py").write_text(code)
    run, *_ = hooks.prepare(log_type(script_ecs="x"), [folder])
    assert run is not None
    one = batch(*records)
    run(one)
    return one


def noted(section: Section) -> str:
    (problem,) = section.problems
    assert problem.key == "script_ecs"
    return f"{problem.message} ({problem.hint})"


def test_a_type_without_script_ecs_has_no_hook_even_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text("1 / 0\n")
    assert hooks.prepare(log_type(), [tmp_path]) == (None, True, ())


def test_a_sites_folder_is_searched_before_ours_and_dashes_are_underscores(tmp_path: Path) -> None:
    for name in ("site", "ours"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "sf_my_type.py").write_text(ECHO)
    run, *_ = hooks.prepare(log_type("my-type", script_ecs="x"), [tmp_path / "none", tmp_path / "site", tmp_path / "ours"])
    assert run is not None
    one = batch({})
    run(one)
    assert one.records == [{"by": f"{tmp_path}/site/sf_my_type.py"}]


@pytest.mark.parametrize(("code", "tidy"), [(ECHO, False), (f"TIDY = True\n{ECHO}", True), (f"TIDY = False\n{ECHO}", False)])
def test_records_stay_tidy_only_where_the_file_says_so(tmp_path: Path, code: str, tidy: bool) -> None:
    (tmp_path / "sf_demo.py").write_text(code)
    assert hooks.prepare(log_type(script_ecs="x"), [tmp_path])[1] is tidy


def test_a_missing_file_is_a_problem_that_names_the_places(tmp_path: Path) -> None:
    section = log_type(script_ecs="event.kind")
    assert hooks.prepare(section, [tmp_path, tmp_path / "x"]) == (None, True, ())
    assert noted(section) == f"the hook sf_demo.py does not exist in {tmp_path}, {tmp_path}/x (add the file, or leave script_ecs empty)"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "has no function transform(logdata)"),
        ("transform = 3\n", "has no function transform(logdata)"),
        ("def transform(\n", "cannot be imported: SyntaxError: '(' was never closed"),
        ("import package_that_nobody_has\n", "cannot be imported: ModuleNotFoundError"),
        ("raise KeyError('x')\n", "cannot be imported: KeyError: 'x'"),
    ],
)
def test_a_broken_file_is_a_problem_that_names_it(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "sf_demo.py").write_text(code)
    section = log_type(script_ecs="x")
    assert hooks.prepare(section, [tmp_path]) == (None, True, ())
    assert noted(section).startswith(f"the hook {tmp_path}/sf_demo.py {said}")


def test_what_the_hook_returns_takes_the_records_place(tmp_path: Path) -> None:
    one = ran(tmp_path, "def transform(logdata):\n    return {'new': logdata['n']}\n", {"n": 1}, {"n": 2})
    assert one.records == [{"new": 1}, {"new": 2}]
    assert not one.flags


FAILING = """
def transform(logdata):
    logdata["seen"] = True
    if logdata.get("n") == 1:
        raise ValueError("one is bad")
    return None if logdata.get("n") == 2 else logdata
"""


def test_a_record_whose_hook_fails_goes_on_as_it_was_left_and_the_others_are_not_touched(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        one = ran(tmp_path, FAILING, {"n": 0}, {"n": 1}, {"n": 2}, {"n": 3})
    failed = "sf_demo: ValueError: one is bad", "sf_demo: TypeError: transform returned None, not the record"
    expected: list[dict[str, Any]] = [{"n": 0}, {"n": 1, "error": {"message": failed[0]}}, {"n": 2, "error": {"message": failed[1]}}, {"n": 3}]
    assert one.records == [record | {"seen": True} for record in expected]
    assert one.flags == {"hook failed": 2}
    assert len(caplog.records) == 1
    assert caplog.records[0].getMessage() == "hook of demo failed on s3://b/k: ValueError: one is bad (sf_demo.py, line 5)"
    assert caplog.records[0].exc_info is False


def test_a_failure_names_the_hook_as_its_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "sf_my_type.py").write_text(FAILING)
    run, *_ = hooks.prepare(log_type("my-type", script_ecs="x"), [tmp_path])
    assert run is not None
    one = batch({"n": 1})
    run(one)
    assert one.records[0]["error"]["message"] == "sf_my_type: ValueError: one is bad"


def test_the_traceback_is_logged_where_somebody_debugs(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ran(tmp_path, FAILING, {"n": 1})
    assert caplog.records[0].exc_info


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ({"message": "earlier"}, "earlier; sf_demo: ValueError: one is bad"),
        ({"message": ""}, "sf_demo: ValueError: one is bad"),
        ({"code": "1"}, "sf_demo: ValueError: one is bad"),
        ("a text", "sf_demo: ValueError: one is bad"),
        (None, "sf_demo: ValueError: one is bad"),
    ],
)
def test_the_failure_is_noted_beside_what_error_says_already(tmp_path: Path, error: Any, message: str) -> None:
    one = ran(tmp_path, FAILING, {"n": 1, "error": error})
    assert one.records[0]["error"]["message"] == message
    if isinstance(error, dict):
        assert one.records[0]["error"].keys() >= error.keys()


def test_a_hook_that_fails_in_a_way_of_no_exception_passes_through(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        ran(tmp_path, "def transform(logdata):\n    raise KeyboardInterrupt\n", {})


def test_a_record_the_hook_marks_as_ignored_is_excluded_and_control_keys_leave_the_others(tmp_path: Path) -> None:
    control = "is_ignored=logdata['n'] == 1, ignored_reason='r', __index_name='i', __doc_id_suffix='s', __index_dt=0"
    code = f"def transform(logdata):\n    logdata.update({control})\n    return logdata\n"
    one = ran(tmp_path, code, {"n": 0}, {"n": 1}, {"n": 2})
    assert one.records == [{"n": 0}, {"n": 2}]
    assert (one.raws, one.numbers, one.excluded) == (["r0", "r2"], [0, 2], 1)


def test_control_keys_are_kept_aside_for_the_label(tmp_path: Path) -> None:
    code = "def transform(logdata):\n    logdata.update(__index_name='i', __doc_id_suffix=logdata['n'])\n    return logdata\n"
    one = ran(tmp_path, code, {"n": 1}, {"n": 2})
    assert [one.controls[id(record)] for record in one.records] == [{"__index_name": "i", "__doc_id_suffix": n} for n in (1, 2)]
    assert one.records == [{"n": 1}, {"n": 2}]


SPREADING = """
def transform(logdata):
    return [dict(logdata, part=part) for part in range(logdata["n"])]
"""


def test_a_list_makes_as_many_records_of_one_and_an_empty_one_drops_it(tmp_path: Path) -> None:
    one = ran(tmp_path, SPREADING, {"n": 1, "@id": "a"}, {"n": 0, "@id": "b"}, {"n": 3, "@id": "c"})
    assert [(record["n"], record["part"], record["@id"]) for record in one.records] == [(1, 0, "a"), (3, 0, "c"), (3, 1, "c_1"), (3, 2, "c_2")]
    assert (one.raws, one.numbers, one.excluded, one.made) == (["r0", "r2", "r2", "r2"], [0, 2, 2, 2], 1, 2)


def test_parts_that_are_new_records_are_stamped_as_the_one_they_were_made_of(tmp_path: Path) -> None:
    one = ran(tmp_path, "def transform(logdata):\n    return [{'a': 1}, {'a': 2, '@log_type': 'own'}]\n", {"@message": "m", "@log_type": "demo"})
    assert one.records == [{"a": 1, "@message": "m", "@log_type": "demo"}, {"a": 2, "@message": "m", "@log_type": "own"}]


@pytest.mark.parametrize(("made", "said"), [("[logdata, 5]", "a list with int in it"), ("[logdata, logdata]", "one record twice")])
def test_a_list_of_anything_but_different_records_is_a_failure(tmp_path: Path, made: str, said: str) -> None:
    one = ran(tmp_path, f"def transform(logdata):\n    return {made}\n", {"n": 1})
    assert said in one.records[0]["error"]["message"]
    assert one.flags == {"hook failed": 1}


def test_a_list_and_an_ignored_record_in_one_batch_are_told_apart(tmp_path: Path) -> None:
    code = "def transform(logdata):\n    if logdata['n'] == 2:\n        logdata['is_ignored'] = True\n        return logdata\n"
    one = ran(tmp_path, f"{code}    return [dict(logdata), dict(logdata)]\n", {"n": 1}, {"n": 2}, {"n": 3})
    assert [record["n"] for record in one.records] == [1, 1, 3, 3]
    assert (one.excluded, one.made) == (1, 2)


def test_prepare_is_called_once_with_the_log_type_and_may_give_the_function(tmp_path: Path) -> None:
    code = "calls = []\ndef prepare(log_type):\n    calls.append(log_type.name)\ndef transform(logdata):\n    return {'calls': list(calls)}\n"
    assert ran(tmp_path, code, {}, {}).records == [{"calls": ["demo"]}] * 2
    code = "def prepare(log_type):\n    name = log_type.name\n    return lambda logdata: {'name': name}\ndef transform(logdata):\n    return None\n"
    assert ran(tmp_path, code, {}).records == [{"name": "demo"}]


def test_a_prepare_that_raises_is_a_problem_of_the_type(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text(f"def prepare(log_type):\n    raise OSError('no table')\n{ECHO}")
    section = log_type(script_ecs="x")
    assert hooks.prepare(section, [tmp_path]) == (None, True, ())
    assert noted(section).startswith(f"prepare(log_type) of the hook {tmp_path}/sf_demo.py raises OSError: no table")


def test_the_es_loader_told_its_log_alone_of_a_failure(tmp_path: Path) -> None:
    (tmp_path / "sf_demo.py").write_text(FAILING)
    run, *_ = hooks.prepare(log_type(script_ecs="x", compat="es-loader"), [tmp_path])
    assert run is not None
    one = batch({"n": 1})
    run(one)
    assert one.records == [{"n": 1, "seen": True}]
    assert one.flags == {"hook failed": 1}


def test_a_hook_that_takes_too_long_is_stopped_and_its_record_goes_on(tmp_path: Path) -> None:
    code = "def transform(logdata):\n    logdata['seen'] = True\n    while logdata['n']:\n        pass\n    return logdata\n"
    (tmp_path / "sf_demo.py").write_text(code)
    run, *_ = hooks.prepare(log_type(script_ecs="x"), [tmp_path])
    assert run is not None
    one = batch({"n": 1}, {"n": 0})
    one.seconds = 0.05
    run(one)
    assert one.records[0]["error"]["message"] == "sf_demo: Overdue: not done within 0.05 seconds"
    assert one.records[1] == {"n": 0, "seen": True}


def test_a_hook_may_import_what_stands_beside_it_and_may_have_a_dash_in_its_name(tmp_path: Path) -> None:
    (tmp_path / "beside_the_hook.py").write_text("WORD = 'helped'\n")
    (tmp_path / "sf_my-type.py").write_text("import beside_the_hook\ndef transform(logdata):\n    return {'is': beside_the_hook.WORD}\n")
    run, *_ = hooks.prepare(log_type("my-type", script_ecs="x"), [tmp_path])
    assert run is not None
    one = batch({})
    run(one)
    assert one.records == [{"is": "helped"}]


def test_what_a_file_prints_while_it_is_read_is_no_document(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "sf_demo.py").write_text(f"print('imported')\ndef prepare(log_type):\n    print('prepared')\n{ECHO}")
    hooks.prepare(log_type(script_ecs="x"), [tmp_path])
    assert capsys.readouterr() == ("", "imported\nprepared\n")


def test_hooks_of_two_types_do_not_share_a_module(tmp_path: Path) -> None:
    (tmp_path / "sf_a.py").write_text("seen = []\ndef transform(logdata):\n    seen.append(1)\n    return {'seen': len(seen)}\n")
    runs = [hooks.prepare(log_type("a", script_ecs="x"), [tmp_path])[0] for _ in range(2)]
    for run in runs:
        assert run is not None
        one = batch({})
        run(one)
        assert one.records == [{"seen": 1}]


def test_the_file_of_a_hook_is_found_without_importing_it(tmp_path: Path) -> None:
    site, ours = tmp_path / "site", tmp_path / "ours"
    for folder, name in ((site, "sf_a-b.py"), (ours, "sf_a_b.py"), (ours, "sf_c.py")):
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("raise OSError")
    assert hooks.filenames("a-b") == ("sf_a_b.py", "sf_a-b.py")
    assert hooks.filenames("c") == ("sf_c.py",)
    assert hooks.find("a-b", [site, ours]) == site / "sf_a-b.py"
    assert hooks.find("a-b", [ours, site]) == ours / "sf_a_b.py"
    assert hooks.find("c", iter([site, ours])) == ours / "sf_c.py"
    assert hooks.find("d", [site, ours]) is None
