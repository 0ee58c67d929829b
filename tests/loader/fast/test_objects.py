"""``loader/fast/objects.py``: expressions that write objects, put together from fragments."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from loader.fast.layout import Tree
from loader.fast.leaves import Leaf, fixed, ingested
from loader.fast.objects import Objects, around, literal

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(["{}", "'\\", "\\'", "\r\n\0", "{x!r}", "\u2028", "\x7f"])


@example("\0" + "0")  # no octal escape
@given(TEXTS)
def test_a_literal_stands_for_itself_inside_an_f_string(content: str) -> None:
    assert eval(f"f'{literal(content)}'") == content
    assert eval(f"f'{{1}}{literal(content)}{{2}}'") == f"1{content}2"


def written(objects: Objects, inside: str, values: dict[str, Any]) -> str:
    """Evaluate what was written, as the generated function does."""
    space: dict[str, Any] = {"around": around}
    for cell in objects.cells.values():
        names = [objects.names[id(fragment)] for fragment in cell.fragments]
        space |= zip(names, cell.texts()(tuple(values[name] for name in cell.inputs)), strict=True)
    for line in objects.lines:
        exec(line, space)
    return str(eval(f"f'{inside}'", space))


INPUTS = ["a", "b", "c", "%account"]
LEAVES = st.sampled_from([*INPUTS, "fixed", "ingested", "a+%account", "a+b"])
TREES = st.recursive(
    st.dictionaries(st.sampled_from("klmn"), LEAVES, max_size=4),
    lambda below: st.dictionaries(st.sampled_from("klmn{"), below | LEAVES, max_size=4),
    max_leaves=8,
)


def planted(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {name: planted(below) for name, below in tree.items()}
    if tree == "fixed":
        return fixed("it's {so}")
    return ingested() if tree == "ingested" else Leaf(tuple(tree.split("+")), lambda values: "".join(filter(None, values)) or None)


def expected(tree: Any, values: dict[str, Any]) -> Any:
    if isinstance(tree, dict):
        return {name: found for name, below in tree.items() if (found := expected(below, values)) not in (None, {})}
    if tree == "fixed":
        return "it's {so}"
    return values["%ingested"] if tree == "ingested" else "".join(filter(None, (values[name] for name in tree.split("+")))) or None


@given(TREES, st.fixed_dictionaries({name: st.sampled_from([None, "x", "y'\"{"]) for name in INPUTS}))
def test_whatever_is_there_an_object_is_written_in_order_and_without_empty_ones(tree: Any, values: dict[str, Any]) -> None:
    values = {**values, "%ingested": "now"}
    grown: Tree = planted(tree)
    objects = Objects()
    members = objects.members(grown)
    wanted = expected(tree, values)
    compact = json.dumps(wanted, ensure_ascii=False, separators=(",", ":"))
    assert written(objects, members.inside, values) == compact[1:-1]
    assert not members.certain or wanted
    objects = Objects()
    whole = objects.whole("k", grown, ",") or objects.object("k", grown, ",")
    assert written(objects, whole.inside, values) == (f',"k":{compact}' if wanted else "")
