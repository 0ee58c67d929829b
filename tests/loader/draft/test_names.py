"""The table of names is sound: every target is of ECS, every name is as names are compared."""

from __future__ import annotations

from loader import schema
from loader.draft import names
from loader.draft.fields import plain


def test_targets_are_fields_of_ecs_and_each_stands_once() -> None:
    targets = [target for target, _ in names.NAMES]
    assert [target for target in targets if schema.field(target) is None] == []
    assert len(set(targets)) == len(targets)


def test_names_are_plain_and_each_stands_once_in_its_row() -> None:
    for target, words in names.NAMES:
        assert words.split() == list(dict.fromkeys(map(plain, words.split()))), target
    assert [*names.TIMES] == list(dict.fromkeys(map(plain, names.TIMES)))


def test_names_lead_to_all_their_targets_in_order() -> None:
    assert names.table()["srcip"] == ["source.ip"]
    assert names.table()["protocol"] == ["network.iana_number", "network.transport"]
