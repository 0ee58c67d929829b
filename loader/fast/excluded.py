"""Exclusion rules for the generated functions: plain questions on single fields, asked of the inputs and of the leaves of the document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loader.fast.layout import Leaf, Tree
from loader.fast.leaves import Values
from loader.rules import conditions
from loader.rules.index import Question

Asks = Callable[[Values], str]  # from the values of inputs to the name of a rule that is met, '' for none


class Rules:
    """``questions`` with their fields, dotted, in the order in which they are asked."""

    def __init__(self, questions: Sequence[tuple[str, Question]]) -> None:
        self.finds = [(field, finder(question)) for field, question in questions]

    def raw(self, fields: Mapping[str, str]) -> Iterator[tuple[str, Asks]]:
        """Yield those of the record's own fields, as inputs."""
        for field, find in self.finds:
            if field in fields:
                yield fields[field], lambda values, find=find: find(values[0])  # type: ignore[misc]

    def final(self, tree: Tree) -> Iterator[tuple[Leaf, Asks]]:
        """Yield those of the document's fields."""
        for field, find in self.finds:
            leaf = _at(tree, field)
            if isinstance(leaf, Leaf):
                yield leaf, lambda values, find=find, leaf=leaf: find(leaf.compute(values))  # type: ignore[misc]

    def fits(self, tree: Tree) -> bool:
        """Tell whether what the rules ask of the document's objects are values: no objects, nothing within a value, and nothing chosen later."""
        for field, _ in self.finds:
            top = field.partition(".")[0]
            if field.startswith("@") or (top in tree and not isinstance(_at(tree, field), Leaf)) or field in ("event.ingested", "event.id"):
                return False
        return True


def _at(tree: Tree, field: str) -> Leaf | Tree | None:
    node: Any = tree
    for step in field.split("."):
        node = node.get(step) if isinstance(node, dict) else None
    return node  # type: ignore[no-any-return]


def finder(question: Question) -> Callable[[Any], str]:
    """Return what finds the first rule of a question that a value meets."""
    texts = {text: rules[0].name for text, rules in question.texts.items()}
    others, text_of = question.others, conditions.text_of

    def find(value: Any) -> str:
        text = text_of(value)
        if text is None:
            return ""
        if text in texts:
            return texts[text]
        return next((found[0].name for met in others if (found := met(text))), "")

    return find
