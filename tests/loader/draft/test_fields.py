"""Fields by their paths."""

from __future__ import annotations

from loader.draft.fields import KEPT, fields, flat, plain
from loader.paths import reader


def test_each_path_leads_to_its_values() -> None:
    record = {"a": {"b": {"c": 1}}, "list": ["x", "y"], "items": [{"id": 7}, {"id": 8}], "empty": {}, "none": None, "nothing": []}
    found = fields([record])
    assert found == {"a.b.c": [1], "list": [["x", "y"]], "items.0.id": [7]}
    assert all(reader(path)(record) == values[0] for path, values in found.items())


def test_names_that_a_section_cannot_say_are_left_out() -> None:
    assert fields([{"a b": 1, "c,d": 2, "e.f": 3, "[g]": 4, "h-i_j@k": 5}]) == {"h-i_j@k": [5]}


def test_what_is_kept_of_many_records_is_bounded() -> None:
    assert len(fields([{"a": number} for number in range(KEPT * 2)])["a"]) == KEPT


def test_values_and_names_are_made_plain() -> None:
    assert flat([1, [2, 3], "x"]) == [1, 2, 3, "x"]
    assert plain("Event.System.EventID") == "eventsystemeventid"
