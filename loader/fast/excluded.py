"""Exclusion rules for the generated functions: plain questions on single fields, asked of the inputs and of the leaves of the document."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from loader.fast.layout import Tree
from loader.fast.leaves import Leaf, Values
from loader.rules import conditions
from loader.rules.index import Question


@dataclasses.dataclass(frozen=True, slots=True)
class Asks:
    """A question on the values of inputs: the name of a rule that is met, '' for none.

    Where ``texts`` are known, a rule can be met only by one input that is one of them; ``find`` tells whether it is.
    """

    find: Callable[[Values], str]
    texts: dict[str, str] | None = None


class Rules:
    """``questions`` with their fields, dotted, in the order in which they are asked."""

    def __init__(self, questions: Sequence[tuple[str, Question]]) -> None:
        self.finds = [(field, finder(question), texts_of(question)) for field, question in questions]

    @property
    def fields(self) -> list[str]:
        """The fields that are asked."""
        return [field for field, *_ in self.finds]

    def raw(self, fields: Mapping[str, str]) -> Iterator[tuple[str, Asks]]:
        """Yield those of the record's own fields, as inputs."""
        for field, find, texts in self.finds:
            if field in fields:
                yield fields[field], Asks(lambda values, find=find: find(values[0]), texts)  # type: ignore[misc]

    def final(self, tree: Tree) -> Iterator[tuple[Leaf, Asks]]:
        """Yield those of the document's fields."""
        for field, find, texts in self.finds:
            leaf = _at(tree, field)
            if isinstance(leaf, Leaf):
                found = lambda values, find=find, leaf=leaf: find(leaf.compute(values))  # noqa: E731
                yield leaf, Asks(found, texts if leaf.form and len(leaf.inputs) == 1 else None)

    def fits(self, tree: Tree) -> bool:
        """Tell whether what the rules ask of the document's objects are values: no objects, nothing within a value, and nothing chosen later."""
        for field in self.fields:
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


def texts_of(question: Question) -> dict[str, str] | None:
    """Return the texts that a value has to be one of to meet a rule; None where other values may."""
    return None if question.others else {text: rules[0].name for text, rules in question.texts.items()}
