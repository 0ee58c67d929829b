"""The JSON file: rules as the es-loader had them in parameters, conditions on fields and key, and every mistake with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.rules import json_file
from loader.rules.draft import Draft
from loader.rules.rule import Condition, Rule


def read(folder: Path, content: Any) -> Draft:
    file = folder / "rules.json"
    file.write_bytes(content if isinstance(content, bytes) else (content if isinstance(content, str) else json.dumps(content)).encode())
    return json_file.read(file)


def mistakes(folder: Path, content: Any) -> list[str]:
    return [str(problem).removeprefix(f"{folder}/") for problem in read(folder, content).problems]


def test_a_rule_of_the_es_loader_is_read_as_it_is_with_the_path_of_its_parameter_as_keys(tmp_path: Path) -> None:
    rule = {"log_type": "alb", "name": "health", "action": "COUNT", "expression": "url.path == '/health'", "comment": "dry run"}
    draft = read(tmp_path, [rule])
    assert (draft.rules, draft.problems) == (
        [Rule("health", "alb", "count", expression="url.path == '/health'", file=str(tmp_path / "rules.json"), line=1)], [],
    )  # fmt: skip


def test_any_is_a_list_of_lists_of_conditions_on_fields_and_the_key(tmp_path: Path) -> None:
    conditions = [
        [{"source": "key", "value": "test/.*"}, {"field": "a.b", "type": "doesnotmatch", "value": "x|y"}],
        [{"source": "record", "field": "port", "type": "match", "value": "< 1024", "pattern_type": "number"}],
        [{"field": "ip", "type": "doesnotmatch", "value": "192.0.2.0/24", "pattern_type": "not cidr"}, {"field": "n", "value": 5}],
        [{"field": "f", "value": True, "pattern_type": "text"}],
    ]
    draft = read(tmp_path, [{"log_type": "*", "any": conditions}])
    assert draft.problems == []
    (rule,) = draft.rules
    assert (rule.name, rule.action) == ("rules.json:1", "exclude")
    assert rule.alternatives == (
        (Condition("", "regex", "test/.*"), Condition("a.b", "regex", "x|y", negated=True)),
        (Condition("port", "number", "< 1024"),),
        (Condition("ip", "cidr", "192.0.2.0/24"), Condition("n", "regex", "5")),
        (Condition("f", "text", "True"),),
    )


def test_rules_and_their_mistakes_have_the_line_on_which_they_begin(tmp_path: Path) -> None:
    content = '\ufeff[\n  {"log_type": "a", "expression": "x"},\n\n  {"log_type": "b",\n   "expression": "y =="}\n'
    content += ' , 7, {"log_type": "c", "expression": "z"}\n]\n'
    assert [(rule.line, rule.name) for rule in read(tmp_path, content).rules] == [(2, "rules.json:2"), (6, "rules.json:6")]
    assert mistakes(tmp_path, content) == [
        "rules.json:4: [b] expression: 'y ==' is not JMESPath: column 5, where it ends too early",
        'rules.json:6: 7 is not a rule (a rule is {"log_type": ..., "expression": ...})',
    ]


ONE_OF = "a rule has an expression or any, and not both"
LISTS = 'is not a list of lists of conditions ([[{"field": ..., "value": ...}], ...])'


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"expression": "a"}, ["a rule needs a log_type"]),
        ({"log_type": "d"}, [f"[d] {ONE_OF}"]),
        ({"log_type": "d", "expression": "a", "any": []}, [f"[d] {ONE_OF}"]),
        ({"log_type": "d", "any": []}, [f"[d] any: {LISTS}"]),
        ({"log_type": "d", "any": [[]]}, [f"[d] any: {LISTS}"]),
        ({"log_type": "d", "any": [{"field": "a", "value": "x"}]}, [f"[d] any: {LISTS}"]),
        ({"log_type": 5, "expression": ["a"]}, ["log_type: 5 is not a text", "expression: ['a'] is not a text", "a rule needs a log_type"]),
        ({"log_type": "d", "expresion": "a"}, ["[d] 'expresion' means nothing here (did you mean 'expression'?)", f"[d] {ONE_OF}"]),
        ({"log_type": "d", "expression": "a", "action": "DROP"}, ["[d] action: 'DROP' is not one of exclude, count, include, disable"]),
        ({"log_type": "d", "expression": "a", "expires": "soon"}, ["[d] expires: 'soon' is not a date"]),
        ({"log_type": "d", "any": [["x"]]}, ["[d] any 1.1: 'x' is not a condition"]),
        ({"log_type": "d", "any": [[{"value": "x"}]]}, ["[d] any 1.1: a condition on the record needs a field"]),
        ({"log_type": "d", "any": [[{"field": "a"}]]}, ["[d] any 1.1: a condition needs a value"]),
        ({"log_type": "d", "any": [[{"source": "key", "field": "a", "value": "x"}]]}, ["[d] any 1.1: a condition on the key has no field"]),
        (
            {"log_type": "d", "any": [[{"field": "a", "value": "x"}], [{"field": "a", "value": "x"}, {"field": "a", "value": "("}]]},
            ["[d] any 2.2: pattern '(' is not a regular expression"],
        ),
        (
            {"log_type": "d", "any": [[{"field": "a", "value": "x", "type": "matches", "source": "file", "key": "k"}]]},
            ["any 1.1: 'key' means nothing here", "any 1.1: 'file' is not one of record, key", "doesnotmatch (did you mean 'match'?)"],
        ),
    ],
)  # fmt: skip
def test_a_rule_that_is_wrong_is_told_with_everything_that_is_wrong(tmp_path: Path, rule: dict[str, Any], said: list[str]) -> None:
    draft = read(tmp_path, [rule, {"log_type": "good", "expression": "a"}])
    found = [str(problem) for problem in draft.problems]
    assert len(found) == len(said), found
    assert all(part in line for part, line in zip(said, found, strict=True)), found
    assert [one.log_type for one in draft.rules] == ["good"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[\n{"log_type": "d",}]', "rules.json:2: cannot be read: "),
        ('{"log_type": "d", "expression": "a"}', "rules.json: cannot be read: is not a list"),
        ("", "rules.json:1: cannot be read: "),
        (b"[\xff]", "rules.json: cannot be read: "),
        ("[" * 100_000, "rules.json: cannot be read: "),
    ],
)
def test_a_file_that_is_no_list_of_rules_is_one_mistake(tmp_path: Path, content: str | bytes, said: str) -> None:
    (mistake,) = mistakes(tmp_path, content)
    assert mistake.startswith(said)
    assert "it is a list of rules in JSON" in mistake


def test_a_file_that_is_not_there_is_a_mistake_and_an_empty_list_is_none(tmp_path: Path) -> None:
    assert "cannot be read" in json_file.read(tmp_path / "no.json").problems[0].message
    assert mistakes(tmp_path, "[]") == []


NAMES = st.sampled_from([*json_file.KEYS, *json_file.CONDITION_KEYS, "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(items=st.lists(JSON, max_size=3))
def test_any_list_gives_a_rule_or_a_mistake_for_each_item(tmp_path_factory: pytest.TempPathFactory, items: list[Any]) -> None:
    content = "[" + ",\n".join(json.dumps(item) for item in items) + "]"
    draft = read(tmp_path_factory.getbasetemp(), content)
    assert {rule.line for rule in draft.rules} | {problem.line for problem in draft.problems} == set(range(1, len(items) + 1))
