"""Names that old hooks import from the package itself: there, working, and each with one warning that names its successor."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import siem
from siem import deprecated, utils

HOME = Path(__file__).parents[2]


def python(code: str, *options: str) -> str:
    done = subprocess.run([sys.executable, *options, "-c", code], cwd=HOME, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout + done.stderr


def test_row_1_5_13_old_names_are_imported_from_the_package() -> None:
    with warnings.catch_warnings(record=True):
        from siem import conv_key, get_value_from_dict, match_log_with_exclude_patterns, merge, put_value_into_dict
    assert merge({"a": {"b": 1}}, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}}
    assert put_value_into_dict("a.b", 1) == {"a": {"b": "1"}}
    assert get_value_from_dict({"a": {"b": "c"}}, "a.x a.b") == "c"
    assert conv_key({"a-b": 1}) == {"a_b": 1}
    assert match_log_with_exclude_patterns is utils.match_log_with_exclude_patterns


def test_row_1_5_13_quotes_do_not_cost_the_value() -> None:
    assert deprecated.put_value_into_dict("a", 'it\'s "quoted" \\ so') == {"a": 'it\'s "quoted" \\ so'}
    assert deprecated.put_value_into_dict("a", ["x"]) == {"a": ["x"]}


def test_merge_updates_in_place_unless_told_not_to() -> None:
    left = {"a": {"b": 1}}
    assert deprecated.merge(left, {"a": {"b": 2}}, None, True) is left
    assert left == {"a": {"b": 2}}
    assert deprecated.merge(left, {"a": {"b": 2, "c": 3}}, update=False) == {"a": {"b": 2, "c": 3}}
    with pytest.raises(ValueError, match=r"conflict at a\.b: 2 and 4"):
        deprecated.merge(left, {"a": {"b": 4}, "d": 5}, update=False)
    assert "d" not in left


def test_one_warning_names_the_successor_and_the_hook_however_often_it_is_called(tmp_path: Path) -> None:
    hook = tmp_path / "hook.py"
    hook.write_text("from siem import merge\nimport siem\nfor _ in range(9):\n    siem.merge({}, {})\n    from siem import merge\n")
    said = python(f"import runpy; runpy.run_path({str(hook)!r})", "-W", "always")
    assert said.count("DeprecationWarning") == 1
    assert f"{hook}:1: DeprecationWarning: siem.merge is deprecated: use siem.utils.merge_dicts" in said


def test_a_run_of_old_hooks_is_quiet_by_default() -> None:
    assert python("import runpy; exec(compile('from siem import merge, conv_key', 'hook', 'exec'), {'__name__': 'hook'})") == ""


def test_what_was_never_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'siem' has no attribute 'nothing'"):
        _ = siem.nothing
    with pytest.raises(ImportError):
        from siem import nothing  # noqa: F401
