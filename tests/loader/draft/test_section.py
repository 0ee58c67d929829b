"""Sections as text: what is written is what is read."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from loader import config
from loader.draft.mapping import BY_NAME, Mapped, Time
from loader.draft.section import escaped, text, time_lines, without


def read(tmp_path: Path, content: str) -> config.Config:
    file = tmp_path / "x.ini"
    file.write_text(content, encoding="utf-8")
    found = config.load([file])
    assert found.problems == []
    return found


def test_a_section_says_what_it_was_given(tmp_path: Path) -> None:
    options = {"s3_key": r"x/\d+\.log$", "file_format": "text", "log_pattern": ' (?P<a>[^"]*)${x} ', "cloud_provider": ""}
    mapping = [Mapped("source.ip", "a", BY_NAME), Mapped("related.ip", "[a, b]", BY_NAME)]
    content = text("demo", "demo: lines", options, time_lines(Time("a", "%d/%b/%Y"), "CEST", ""), mapping, ["event.outcome"])
    section = read(tmp_path, content).types["demo"]
    assert section.values["s3_key"] == r"x/\d+\.log$"
    assert section.values["log_pattern"] == r'\x20(?P<a>[^"]*)${x}\x20'
    assert section.values["cloud_provider"] == ""
    assert (section.values["ecs"], section.values["related.ip"]) == ("source.ip related.ip", "[a, b]")
    assert (section.values["timestamp_key"], section.values["timestamp_format"]) == ("a", "%d/%b/%Y")
    assert section.values["script_ecs"] == "event.outcome"
    assert "timestamp_tz" not in section.values and "# timestamp_tz" in content


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1).filter(lambda value: value.strip() == value))
def test_values_come_back_as_they_were(value: str) -> None:
    assert escaped(value).replace("$$", "$") == value


def test_long_lists_go_on_in_the_next_line(tmp_path: Path) -> None:
    targets = [f"labels.name_{number}" for number in range(60)]
    content = text("demo", "x", {}, [], [Mapped(target, "a", BY_NAME) for target in targets], [])
    assert max(map(len, content.splitlines())) <= 150
    assert read(tmp_path, content).types["demo"].values["ecs"].split() == targets


def test_a_section_is_taken_out_with_its_comment_and_nothing_else() -> None:
    before, after = "# a\n[a]\nx = 1\n", "# c\n[c]\nx = 3\n"
    assert without(f"{before}\n# b\n# more\n[b]\nx = 2\n y\n# inside\nz = 1\n\n{after}", "b") == f"{before}\n{after}"
    assert without(f"{before}[b]\nx = 2\n", "b") == before
    assert without(before, "b") == before


def test_without_a_time_the_section_shows_where_it_goes() -> None:
    assert time_lines(None, "", "") == ["# timestamp_key =", "# timestamp_format = iso8601"]
    assert time_lines(Time("event_time", "epoch"), "", "msg | match 'x'")[:2] == ["derived_fields = event_time", "event_time = msg | match 'x'"]
    assert "timestamp_nano = yes" in time_lines(Time("a", "%H", nano=True), "", "")
