"""``loader/fast/document.py``: the tree of a document, in the order in which the plain way sets its fields."""

from __future__ import annotations

from typing import Any

import pytest

from loader.fast.document import Sources, check_ecs, document
from loader.fast.layout import Tree
from loader.fast.leaves import Leaf, Unfit
from siem.utils import derive


def names(tree: Tree, above: str = "") -> list[str]:
    return [one for key, node in tree.items() for one in ([above + key] if isinstance(node, Leaf) else names(node, f"{above}{key}."))]


def grown(groups: dict[str, Any], *rows: Any, fields: Any = None, renamed: dict[str, str] | None = None, derives: bool = False) -> Tree:
    return document(groups, {"event.module": "demo"}, rows, Sources(fields, renamed or {}), derives=derives)


def test_constants_come_first_then_what_is_mapped_then_the_table() -> None:
    tree = grown({"user.name": [["a"]], "event.action": [["b"]]}, derive("event.outcome user.id", lambda a: (a, a), "c"), derives=True)
    assert names(tree) == [
        "event.module", "event.ingested", "event.action", "event.outcome", "user.name", "user.id", "cloud.account.id", "cloud.region",
    ]  # fmt: skip


def test_what_these_records_never_have_is_left_out() -> None:
    tree = grown({"user.name": [["a"]], "user.id": [["b"]]}, derive("event.outcome", lambda a: a, "b"), fields=("a",))
    assert names(tree) == ["event.module", "event.ingested", "user.name"]


def test_an_object_stays_for_the_place_of_a_field_but_not_within_another() -> None:
    tree = grown({"source.geo.location": [["x"]], "source.ip": [["a"]], "custom.x": [["x"]]}, fields=("a",))
    assert (list(tree), list(tree["source"])) == (["event", "source", "custom"], ["ip"])


def test_a_renamed_field_is_read_under_its_old_name() -> None:
    tree = grown({"user.name": [["new"]], "user.id": [["old"]]}, fields=("old",), renamed={"new": "old"})
    assert (names(tree), tree["user"]["name"].inputs) == (["event.module", "event.ingested", "user.name"], ("old",))


def test_a_mapped_target_that_a_row_sets_too_keeps_its_place() -> None:
    tree = grown({"user.name": [["a"]], "user.id": [["b"]]}, derive("user.name", lambda c: c, "c"))
    assert names(tree)[2:] == ["user.name", "user.id"]
    assert tree["user"]["name"].inputs == ("c", "a")


@pytest.mark.parametrize(("groups", "row", "why"), [
    ({"a.b": [["x"]], "a.b.c": [["y"]]}, None, "'a.b.c' lies below a value"),
    ({"a.b": [["x"]]}, derive("a", lambda a: a, "x"), "'a' is an object already"),
    ({"user.name": [["%x"]]}, None, "%x is mapped"),
    ({"@timestamp": [["x"]]}, None, "it sets what records are stamped with"),
])  # fmt: skip
def test_what_cannot_be_a_tree_is_unfit(groups: dict[str, Any], row: Any, why: str) -> None:
    with pytest.raises(Unfit) as caught:
        grown(groups, *([row] if row else []))
    assert caught.value.why == why


def test_outputs_of_ecs_alone_have_names_of_ecs_alone() -> None:
    check_ecs(grown({"user.name": [["a"]]}), {"user"}, {"a", "b"})
    for groups, listed, own in (
        ({"custom.x": [["a"]]}, {"custom"}, None), ({"log.file.path": [["a"]]}, {"log"}, None), ({"user.name": [["a"]]}, {"user", "more"}, None),
        ({"user.name": [["a"]]}, {"user"}, {"host"}), ({"tags": [["a"]]}, {"tags"}, {"tags"}), ({"message": [["a"]]}, {"message"}, {"message"}),
    ):  # fmt: skip
        with pytest.raises(Unfit):
            check_ecs(grown(groups), listed, own)
    check_ecs(grown({"log.level": [["a"]]}), {"log"}, {"a"})
    check_ecs(grown({"log.file.path": [["a"]]}), {"log"}, {"a"}, origin=False)
    with pytest.raises(Unfit, match="log"):  # the field has the first place, the object of the origin the last
        check_ecs(grown({"log.level": [["a"]]}), {"log"}, {"a", "log"})
