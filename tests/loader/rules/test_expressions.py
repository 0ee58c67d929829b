"""Expressions: JMESPath with its own truth, checked for what would fail on every record, and asked which fields it looks at."""

from __future__ import annotations

import builtins
import re
import subprocess
import sys
from typing import Any

import pytest

from loader.rules import expressions


@pytest.mark.parametrize(
    ("document", "expression", "holds"),
    [
        ({"a": 0}, "a", True),
        ({"a": 0.0}, "a", True),
        ({"a": False}, "a", False),
        ({"a": True}, "a", True),
        ({"a": ""}, "a", False),
        ({"a": []}, "a", False),
        ({"a": {}}, "a", False),
        ({"a": [0]}, "a", True),
        ({}, "a", False),
        ({"a": {"b": 443}}, "a.b == `443` && !c", True),
        ({"a": [{"k": "x", "v": 1}]}, "a[?k == 'x'].v", True),
        ({"a": [{"k": "y", "v": 1}]}, "a[?k == 'x'].v", False),
        ({"a": "denied"}, "starts_with(a, 'den')", True),
    ],
)
def test_an_expression_holds_as_jmespath_defines_truth(document: dict[str, Any], expression: str, holds: bool) -> None:
    assert expressions.compiled(expression)(document) is holds


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("", "is not JMESPath: Invalid JMESPath expression: cannot be empty."),
        ("a ==", "is not JMESPath: column 5, where it ends too early"),
        ("a b", "is not JMESPath: column 3, at 'b'"),
        ("a == 'x", "is not JMESPath: column 6, at \"'x\""),
        ("a#", "is not JMESPath: column 2, at '#'"),
        ("a && contain(b, 'x')", "calls contain(), which JMESPath does not have: did you mean contains()?"),
        ("a[?zzz(@)]", "calls zzz(), which JMESPath does not have"),
        ("contains(a)", "gives contains() 1 arguments instead of 2"),
        ("not_null()", "gives not_null() 0 arguments instead of 1"),
    ],
)
def test_an_expression_that_could_never_hold_is_told_with_the_place(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(said)}$"):
        expressions.compiled(expression)


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("a", ["a"]),
        ("a.b.c == 'x' || a.b.c == 'y'", ["a.b.c"]),
        ("!a && length(b.c) > `3`", ["a", "b.c"]),
        ("a[0].b", ["a"]),
        ("a[*].b.c", ["a"]),
        ("a[?b == 'x'].c | [0]", ["a"]),
        ("a.*.b", ["a"]),
        ("a[].b", ["a"]),
        ("max_by(a, &b)", ["a"]),
        ("[a, b.c]", ["a", "b.c"]),
        ("{x: a}", ["a"]),
        ("a.b | c", ["a.b"]),
        ("a.[b, c]", ["a"]),
        ("`true`", []),
        ("@", []),
    ],
)
def test_the_fields_of_an_expression_are_those_of_the_document_itself(expression: str, fields: list[str]) -> None:
    assert expressions.fields(expression) == fields


def test_more_arguments_are_fine_where_a_function_takes_them() -> None:
    assert expressions.compiled("not_null(a, b, c)")({"c": 1})


def test_a_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name == "jmespath":
            raise ImportError(name)
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match="pip install jmespath"):
        expressions.compiled("a")


def test_the_package_is_not_imported_before_the_first_expression() -> None:
    program = "import sys, loader.assembly; assert 'jmespath' not in sys.modules; import loader.rules.expressions as e; e.compiled('a')"
    subprocess.run([sys.executable, "-c", f"{program}; assert 'jmespath' in sys.modules"], check=True, timeout=60)
