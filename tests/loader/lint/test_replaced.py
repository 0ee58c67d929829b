"""A list that the site writes anew is one note at its line, and nothing at a load."""

from __future__ import annotations

from pathlib import Path

from loader.lint.effective import values_of
from tests.loader.lint.test_checks import assembled, found

INI = "[out_stdout]\n[alb]\necs = source.ip\n"


def test_a_list_that_replaces_a_shipped_one_is_one_note_and_nothing_at_a_load(tmp_path: Path) -> None:
    (told,) = [line for line in found(tmp_path, INI) if "used by nothing" not in line]
    assert told.startswith("3 note [alb] ecs: replaces the list of aws.ini:")
    assert "are no longer mapped (a list is taken as a whole: repeat what should stay)" in told
    assert "source.ip," not in told
    assert assembled(tmp_path, INI).config.all_problems() == []


def test_a_list_that_only_adds_is_no_finding(tmp_path: Path) -> None:
    shipped = assembled(tmp_path, "").config.types["alb"].values["ecs"].replace("\n", " ")
    assert found(tmp_path, f"{INI.replace('source.ip', shipped)} event.reason\nevent.reason = error_reason\n".replace("\n event", " event")) == []


def test_constants_that_are_gone_are_told_at_their_own_list(tmp_path: Path) -> None:
    (told,) = found(tmp_path, "[out_stdout]\n[alb]\nstatic_ecs = event.kind\n")
    assert told.startswith("3 note [alb] static_ecs: replaces the list of aws.ini:")


def test_a_field_that_is_gone_is_marked_among_the_values_of_its_type(tmp_path: Path) -> None:
    one = assembled(tmp_path, INI)
    said = {row.key: row.said for row in values_of(one, one.config.types["alb"])}
    assert said["source.port"] == "has no effect: a later file has replaced the list it was on"
    assert said["source.ip"] == said["event.kind"] == ""
