"""``plugins/formatter_template.py``: a line as a template says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from loader.errors import ConfigError
from plugins.formatter_template import TemplateFormatter
from tests import drivers
from tests.plugins.bodies import FLOW, VALUE, encode, is_one_line, shown


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("{event.action} {user.name|-} from {source.ip}:{source.port}", "reject - from 192.0.2.10:49152"),
        ("{{{event.action}}} {{}} {@timestamp}", "{reject} {} 2024-05-24T07:32:05+00:00"),
        ("<{nothing.here}>{also|a b}", "<>a b"),
        ("{related.ip.1} {related.ip}", "2001:db8::20 192.0.2.10,2001:db8::20"),
        ("{destination.port|none}", "0"),
        ("just text", "just text"),
    ],
)
def test_fields_stand_in_their_places(template: str, line: str) -> None:
    assert encode(TemplateFormatter(), FLOW, template=template).decode() == line


def test_a_name_with_dots_is_found_too() -> None:
    assert encode(TemplateFormatter(), {"a.b": 1, "c": {"d": {"e": True}}}, template="{a.b} {c.d} {c}") == b'1 {"e":true} {"d":{"e":true}}'


@given(value=VALUE)
def test_no_value_ends_the_line(value: str) -> None:
    body = encode(TemplateFormatter(), {"a": {"b": value}, "c": [value]}, template="<{a.b|x}> {c}")
    assert is_one_line(body)
    assert body.decode() == f"<{shown(value) or 'x'}> {shown(value)}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a {b", "column 3: '{' is not closed"),
        ("a } b", "column 3: '}' closes nothing"),
        ("{a} {}", "column 5: '{}' does not name a field"),
        ("{ a }", "column 1: '{ a }' does not name a field"),
        ("{a..b}", "column 1: '{a..b}' does not name a field"),
        ("{a{b}}", "column 1: '{' is not closed, or holds another"),
        ("{a}\n  {b}", "is more than one line"),
    ],
)
def test_a_mistake_is_told_with_its_column(tmp_path: Any, template: str, said: str) -> None:
    with pytest.raises(ConfigError) as told:
        drivers.engine(tmp_path, f"[out_null]\nformat = template\n[formatter_template]\ntemplate = {template}\n", files=())
    assert f"[formatter_template] template: {said}" in str(told.value)


def test_a_template_has_to_be_given(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"\[out_null\] format: template: must be given"):
        drivers.engine(tmp_path, "[out_null]\nformat = template\n", files=())


def test_a_section_that_is_not_there_is_told_with_the_nearest(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match=r"\[out_null\] format: there is no section \[formatter_template:sok\] \(did you mean 'template:soc'\?\)"):
        drivers.engine(tmp_path, "[out_null]\nformat = template:sok\n[formatter_template:soc]\ntemplate = {a}\n", files=())
