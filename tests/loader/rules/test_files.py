"""All rules together: a name is taken once, log types that do not exist and rules that have expired are told."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

from loader.rules import files
from loader.rules.rule import Rule

HEADER = "log_type,field,pattern,pattern_type,comment,name,action,expires\n"
NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


def both(folder: Path, rows: str, items: list[dict[str, str]]) -> tuple[list[Rule], list[str]]:
    (folder / "rules.csv").write_text(HEADER + rows)
    (folder / "rules.json").write_text(json.dumps(items))
    rules, problems = files.load(folder / "rules.csv", folder / "rules.json")
    return rules, [str(problem).replace(f"{folder}/", "") for problem in problems]


def test_the_rules_of_both_files_come_in_their_order_and_all_mistakes_of_both(tmp_path: Path) -> None:
    rules, problems = both(tmp_path, "demo,a,x,text,,,,\ndemo,a,(,regex,,,,\n", [{"log_type": "demo", "expression": "a"}, {"log_type": "demo"}])
    assert [rule.name for rule in rules] == ["rules.csv:2", "rules.json:1"]
    assert [problem.partition(" ")[0] for problem in problems] == ["rules.csv:3:", "rules.json:1:"]


def test_a_name_that_is_taken_is_told_with_the_rule_that_has_it(tmp_path: Path) -> None:
    _, problems = both(tmp_path, "demo,a,x,text,,one,,\nother,a,x,text,,one,,\n", [{"log_type": "demo", "name": "one", "expression": "a"}])
    assert problems == [
        "rules.csv:3: [other] name: the name 'one' is taken by the rule in line 2 (choose another)",
        "rules.json:1: [demo] name: the name 'one' is taken by the rule in rules.csv:2 (choose another)",
    ]


def test_the_examples_of_the_guide_are_rules(tmp_path: Path) -> None:
    chapter = (Path(__file__).parents[3] / "docs" / "guide.md").read_text(encoding="utf-8").partition("## Excluding records")[2]
    _, rows, _, items, _ = chapter.split("```", 4)
    (tmp_path / "rules.csv").write_text(rows.lstrip("\n"))
    (tmp_path / "rules.json").write_text(items.removeprefix("json"))
    rules, problems = files.load(tmp_path / "rules.csv", tmp_path / "rules.json")
    assert (len(rules), problems) == (7, [])


def test_no_file_no_rules() -> None:
    assert files.load(None, None) == ([], [])


def test_a_log_type_that_does_not_exist_is_told_once_with_the_nearest_and_stops_nothing() -> None:
    rules = [Rule("1", "appp", line=2), Rule("2", "appp", line=3), Rule("3", "a*", line=4), Rule("4", "z*", line=5), Rule("5", "app", line=6)]
    found = list(files.notes(rules, ["app", "other"], NOW))
    assert [(note.line, note.section, note.hint, note.fatal) for note in found] == [(2, "appp", "did you mean 'app'?", False), (5, "z*", "", False)]


def test_an_expired_rule_is_told_with_its_end_and_stops_nothing() -> None:
    rules = [Rule("1", "app", expires=NOW, line=2), Rule("2", "app", expires=NOW + datetime.timedelta(seconds=1))]
    (note,) = files.notes(rules, ["app"], NOW)
    assert (note.line, note.message, note.fatal) == (2, "expired at 2026-06-01 12:00:00 UTC: the rule has no effect", False)
