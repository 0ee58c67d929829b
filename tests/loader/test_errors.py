"""Errors: one tree, and problems that carry their address."""

from __future__ import annotations

import pickle

import pytest

from loader import errors
from loader.errors import ConfigError, Problem


@pytest.mark.parametrize(
    ("problem", "shown"),
    [
        (Problem("bad"), "bad"),
        (Problem("bad", "user.ini"), "user.ini: bad"),
        (Problem("bad", "user.ini", 7, "out_x", "host", "write it"), "user.ini:7: [out_x] host: bad (write it)"),
        (Problem("bad", section="out_x"), "[out_x] bad"),
    ],
)
def test_a_problem_shows_what_is_known_of_its_address_and_no_more(problem: Problem, shown: str) -> None:
    assert str(problem) == shown


def test_a_config_error_shows_every_problem_on_a_line_of_its_own() -> None:
    why = ConfigError("first", Problem("second", "a.ini", 2))
    assert str(why) == "first\na.ini:2: second"
    assert [problem.message for problem in why.problems] == ["first", "second"]


def test_a_config_error_comes_back_from_a_worker_process_as_it_was() -> None:
    why = ConfigError(Problem("bad", "user.ini", 7, "out_x", "host", "write it", fatal=False), "plain")
    back = pickle.loads(pickle.dumps(why))
    assert isinstance(back, ConfigError)
    assert back.problems == why.problems


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    """Depth by indentation: three columns a level."""
    drawn, above = {}, {0: "Exception"}
    for line in str(errors.__doc__).splitlines():
        name = line.strip(" │├└─").split(" ")[0]
        if isinstance(getattr(errors, name, None), type):
            depth = (len(line) - len(line.lstrip(" │├└─"))) // 4
            drawn[name], above[depth] = above[depth - 1], name
    classes = {c.__name__: c.__base__.__name__ for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception)}
    assert drawn == classes


def test_every_error_is_explained_to_its_catcher() -> None:
    assert all(c.__doc__ for c in vars(errors).values() if isinstance(c, type) and issubclass(c, Exception))
