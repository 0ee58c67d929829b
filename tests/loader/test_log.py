"""Logging: one record is one line, whatever a log file or a key made of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader import log


def formatted(message: str, *args: object) -> str:
    return log.OneLine().format(logging.LogRecord("x", logging.WARNING, "f", 1, message, args, None))


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root, botocore = logging.getLogger(), logging.getLogger("botocore")
    before = root.handlers[:], root.level, botocore.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    botocore.setLevel(before[2])


@given(st.text())
def test_no_message_can_forge_a_line_or_move_the_cursor(text: str) -> None:
    shown = formatted("key %s", text)
    assert len(shown.splitlines()) == 1
    assert shown.isprintable()
    assert shown.endswith("key " + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text))


def test_a_line_has_time_zone_level_and_message() -> None:
    assert formatted("a\n2024 ERROR b\x1b[2K\u2028ü\udc80")[24:] == r" WARNING a\n2024 ERROR b\x1b[2K\u2028ü\udc80"


def test_logs_go_to_standard_error_from_their_level_on_and_never_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure(logging.WARNING)
    assert logging.getLogger().handlers[0].stream is sys.stderr  # type: ignore[attr-defined]
    logging.getLogger("loader.x").warning("seen")
    logging.getLogger("loader.x").info("unseen")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith(" WARNING seen\n")
    assert "unseen" not in err


def test_configuring_again_replaces_the_handler(capsys: pytest.CaptureFixture[str]) -> None:
    log.configure()
    log.configure(logging.INFO)
    logging.getLogger("loader.x").info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_being_verbose_does_not_open_the_gates_of_botocore() -> None:
    """It logs credentials' whereabouts and whole requests at INFO and DEBUG."""
    log.configure(logging.DEBUG)
    assert logging.getLogger("botocore").getEffectiveLevel() == logging.WARNING
