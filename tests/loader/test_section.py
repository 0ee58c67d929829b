"""Sections: options are read, mistakes collected, unknown keys told with the nearest name."""

from __future__ import annotations

import pytest

from loader.errors import ConfigError, Problem
from loader.options import Option, number, text
from loader.section import Origin, Section

PORT = Option(number(1, 9), "5", doc="A digit.", name="port")
HOST = Option(text, None, doc="Where.", name="host")


def section(**values: str) -> Section:
    origins = {key: Origin("user.ini", line) for line, key in enumerate(values, 2)}
    return Section("out_x", dict(values), origins, frozenset(values), Origin("user.ini", 1))


def test_an_option_is_read_and_its_key_known() -> None:
    one = section(port="7")
    assert one.read(PORT) == 7
    assert one.claimed == {"port"}
    assert one.problems == []


def test_a_wrong_value_is_noted_with_its_address_and_the_default_goes_on() -> None:
    one = section(host="h", port="70")
    assert one.read(PORT) == 5
    assert one.problems == [Problem("70 is not between 1 and 9", "user.ini", 3, "out_x", "port")]


def test_a_wrong_value_read_twice_is_one_problem() -> None:
    one = section(port="70")
    one.read(PORT)
    one.read(PORT)
    assert len(one.problems) == 1


def test_an_option_that_must_be_given_is_a_problem_of_the_section() -> None:
    one = section(port="70")
    one.read(PORT)
    with pytest.raises(ConfigError) as why:
        one.read(HOST)
    assert why.value.problems == one.problems
    assert one.problems[1] == Problem("must be given", "user.ini", 1, "out_x", "host")


def test_a_free_form_key_is_known_once_it_was_asked_for() -> None:
    one = section(**{"source.ip": "src"})
    assert one.text("source.ip") == "src"
    assert one.text("source.port") is None
    one.unknown([], fatal=True)
    assert one.problems == []


def test_unknown_keys_are_told_with_the_nearest_name_or_the_advice_to_remove_them() -> None:
    one = section(prot="7", zzz="1", port="3")
    one.read(PORT)
    one.unknown(["port", "host"], fatal=True)
    assert one.problems == [
        Problem("no such option", "user.ini", 2, "out_x", "prot", "did you mean 'port'?"),
        Problem("no such option", "user.ini", 3, "out_x", "zzz", "remove it"),
    ]


def test_a_key_that_is_known_but_that_nothing_read_is_still_told() -> None:
    """Else an option of a branch not taken would be silently without effect."""
    one = section(port="7")
    one.unknown(["port"], fatal=False)
    assert one.problems == [Problem("has no effect here", "user.ini", 2, "out_x", "port", "remove it", fatal=False)]


def test_keys_from_defaults_are_not_called_unknown() -> None:
    one = Section("type", {"inherited": "1"}, own=frozenset())
    one.unknown([], fatal=True)
    assert one.problems == []
