"""A draft: the name that a rule gets, and words of which the nearest is told. Most of it is shown by the files that use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from loader.rules.draft import Draft, nearest


def test_a_rule_without_a_name_is_called_after_its_file_and_line() -> None:
    draft = Draft(Path("/etc/x/rules.csv"))
    draft.line, draft.log_type = 7, "demo"
    draft.add({"action": "Count"}, ())
    (rule,) = draft.rules
    assert (rule.name, rule.log_type, rule.action, rule.file, rule.line) == ("rules.csv:7", "demo", "count", "/etc/x/rules.csv", 7)


@pytest.mark.parametrize(
    ("kind", "found"),
    [("TEXT", ("text", False)), ("not  Regex", ("regex", True)), (" not cidr ", ("cidr", True)), ("number", ("number", False))],
)
def test_a_pattern_type_may_be_written_in_any_case_and_with_not_before_it(kind: str, found: tuple[str, bool]) -> None:
    draft = Draft(Path("rules.csv"))
    pattern = {"cidr": "192.0.2.0/24", "number": "5"}.get(found[0], "x")
    condition = draft.condition("a", "a", kind, pattern)
    assert draft.problems == []
    assert condition is not None
    assert (condition.kind, condition.negated) == found


def test_the_nearest_word_is_told_and_nothing_where_none_is_near() -> None:
    assert nearest("exlude", ("exclude", "count")) == "did you mean 'exclude'?"
    assert nearest("zzz", ("exclude", "count")) == ""
