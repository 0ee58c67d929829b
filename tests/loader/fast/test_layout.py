"""``loader/fast/layout.py``: the tree of a document, and the text of runs of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loader.fast.layout import Cell, Fragment, Tree, asked, is_certain, leaves, plant, text
from loader.fast.layout import given as needed
from loader.fast.leaves import Leaf, fixed, ingested
from loader.stages.tidy import tidy_object


def of(*inputs: str) -> Leaf:
    return Leaf(inputs, lambda values: values[0])


def test_targets_become_a_tree_in_their_order() -> None:
    tree: Tree = {}
    for target in ("b.c", "a", "b.d.e"):
        plant(tree, target, of(target))
    assert json.dumps(tree, default=lambda found: found.inputs[0]) == '{"b": {"c": "b.c", "d": {"e": "b.d.e"}}, "a": "a"}'
    assert [leaf.inputs[0] for leaf in leaves(tree)] == ["b.c", "b.d.e", "a"]


@pytest.mark.parametrize(("first", "then"), [("a", "a.b"), ("a.b", "a"), ("a.b", "a.b.c")])
def test_a_value_is_no_object(first: str, then: str) -> None:
    tree: Tree = {}
    plant(tree, first, of("x"))
    with pytest.raises(ValueError, match=repr(then)):
        plant(tree, then, of("y"))


def test_a_field_that_is_planted_again_keeps_its_place() -> None:
    tree: Tree = {}
    for target, name in (("a", "1"), ("b", "2"), ("a", "3")):
        plant(tree, target, of(name))
    assert [(name, leaf.inputs) for name, leaf in tree.items()] == [("a", ("3",)), ("b", ("2",))]


def test_what_a_node_depends_on() -> None:
    tree = {"a": of("x", "%account"), "b": {"c": of("y"), "d": fixed(1)}, "e": ingested()}
    assert asked(tree["a"]) == {("x",)}
    assert asked(tree["b"]) == {("y",)}
    assert asked(tree["e"]) == {("%ingested",)}
    assert needed([*tree.values()]) == ["%account", "%ingested"]
    assert [is_certain(node) for node in tree.values()] == [False, True, True]


LEAF = st.none() | st.sampled_from(["x", 'a"b\\', "é", 1, True, 1.5, [], {}, [""], {"a": ""}, [None, "b"]])
NODES = st.recursive(
    LEAF, lambda below: st.dictionaries(st.sampled_from("abc"), below, max_size=3).map(lambda found: ("object", found)), max_leaves=6
)


@given(st.dictionaries(st.sampled_from(["k", 'q"', "x y"]), NODES, min_size=1, max_size=3))
def test_a_fragment_is_the_json_of_its_members_as_tidying_leaves_them(nodes: dict[str, Any]) -> None:
    def built(node: Any) -> Any:
        return {name: built(below) for name, below in node[1].items()} if isinstance(node, tuple) else Leaf(("v",), lambda values: node)

    def plain(node: Any) -> Any:
        return {name: plain(below) for name, below in node[1].items()} if isinstance(node, tuple) else node

    wanted = json.loads(json.dumps({name: plain(node) for name, node in nodes.items()}))
    tidy_object(wanted)
    found = text(Fragment([(name, built(node)) for name, node in nodes.items()], "<", ">"), ["v"])(("any",))
    assert found == (f"<{json.dumps(wanted, ensure_ascii=False, separators=(',', ':'))[1:-1]}>" if wanted else "")


def test_a_cell_gives_the_texts_of_all_its_fragments() -> None:
    cell = Cell(0, ("a", "b"), ["a", "b"], [Fragment([("x", of("b"))]), Fragment([("y", of("a")), ("z", of("b", "a"))], ",")])
    assert cell.texts()(("1", "2")) == ('"x":"2"', ',"y":"1","z":"2"')
    assert cell.texts()((None, "2")) == ('"x":"2"', ',"z":"2"')
    assert not cell.varied
