"""The values of a document's fields as functions of what a record has, and their JSON text.

The meaning is that of stages/mapping.py and stages/declared.py, which do the same record by record. What they would do beyond giving a
value, such as counting a misfit, raises Odd here: that record goes the plain way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Any

import orjson

from loader.stages import declared, tidy, typed
from loader.stages.mapping import ABSENT

ACCOUNT, REGION, INGESTED = "%account", "%region", "%ingested"  # what is the same for all records of a chunk
FROM_KEY = {"cloud.account.id": ACCOUNT, "cloud.region": REGION}
Values = tuple[Any, ...]


class Odd(Exception):
    """This record is for the plain way."""


class Unfit(Exception):
    """This type, with these fields and outputs, cannot run as a generated function."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """The value at ``place`` of the ``count`` that a function gives for ``arguments``: inputs, None for what records never have."""

    function: Callable[..., Any]
    arguments: tuple[str | None, ...]
    place: int
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Leaf:
    """One field: ``compute(values)`` of its ``inputs`` (paths of the record, or what the chunk has) is its value, None for none.

    ``form`` tells how the text of the one input becomes the JSON of the value: as it stands (``text``, ``ip`` where it is an address), the
    only one of a list (``texts``, ``ips``), or its digits (``whole``); ``addresses`` is a list of two inputs. ``call`` is that of a table.
    """

    inputs: tuple[str, ...]
    compute: Callable[[Values], Any]
    form: str = ""
    call: Call | None = None
    below: Leaf | None = None  # whose value it is where the call gives none
    varied: bool = False
    certain: bool = False  # never None

    @property
    def asked(self) -> tuple[str, ...]:
        """The inputs that a record has of its own."""
        return tuple(name for name in self.inputs if name[0] != "%")


def mapped(
    target: str, groups: Sequence[Sequence[str]], has: Callable[[str], bool], kept: Collection[str], *, derives: bool = True
) -> Leaf | None:
    """Return the leaf of a mapped target whose sources are ``groups`` of paths; None when these records have none of them.

    ``has(path)`` tells whether they may; ``kept`` are paths that stand in a text field too.
    """
    found = [there for group in groups if (there := tuple(filter(has, group)))]
    if typed.is_array(target) or (len(groups) > 1 and not typed.is_known(target)):
        return _gathered(target, found) if found else None
    paths = tuple(path for group in found for path in group)
    if target in FROM_KEY and derives:
        return _from_key(target, paths)
    if not paths:
        return None
    convert, memo = typed.converter(target)
    if convert is None:
        return Leaf(paths, lambda values: _unless_empty(first(values)))
    if memo is None:
        form = "text" if len(paths) == 1 else ""
        return Leaf(paths, lambda values: _unless_empty(raw if (raw := first(values)).__class__ is str else convert(raw)), form)
    lenient = typed.kind(target) == "ip" and any(path in kept for path in paths)

    def compute(values: Values) -> Any:
        raw = first(values)
        value = convert(raw)
        if value is None and raw is not None and raw not in typed.EMPTY and not lenient:
            raise Odd
        return value

    return Leaf(paths, compute, _form(target) if len(paths) == 1 else "")


def _form(target: str) -> str:
    return "whole" if typed.kind(target) in typed.WHOLE else "ip" if typed.kind(target) == "ip" else ""


def _gathered(target: str, groups: Sequence[tuple[str, ...]]) -> Leaf:
    gather = typed.gatherer(target)
    ends = [sum(map(len, groups[:place])) for place in range(len(groups) + 1)]

    def compute(values: Values) -> Any:
        return gather(tuple(first(values[start:end]) for start, end in zip(ends, ends[1:], strict=False)))

    kind, form = typed.kind(target), ""
    if all(len(group) == 1 for group in groups):
        if len(groups) == 1 and typed.is_array(target):
            form = "ips" if kind == "ip" else "texts" if kind not in typed.CONVERTERS and kind not in typed.AS_IT_IS else ""
        elif len(groups) == 2 and kind == "ip":  # noqa: PLR2004
            form = "addresses"
    return Leaf(tuple(path for group in groups for path in group), compute, form)


def _from_key(target: str, paths: tuple[str, ...]) -> Leaf:
    convert, _ = typed.converter(target)

    def compute(values: Values) -> Any:
        *told, from_key = values
        raw = first(told) if told else None
        if (raw or raw == 0) and raw != "unknown":
            from_key = raw if raw.__class__ is str or convert is None else convert(raw)
        return _unless_empty(from_key)

    return Leaf((*paths, FROM_KEY[target]), compute)


def first(values: Sequence[Any]) -> Any:
    """Return the first of several values that holds something; the last one when none does."""
    found = None
    for found in values:
        if found or found not in ABSENT:
            break
    return found


def _unless_empty(value: Any) -> Any:
    return None if value in typed.EMPTY else value


def derived(row: declared.Row, place: int, sources: Sequence[tuple[str, bool]]) -> Leaf | None:
    """Return the leaf of the target at ``place`` of a row of a hook's table; ``sources`` are its inputs, and whether records may have them.

    None for one that never has a value.
    """
    if any(source in row.needs and not there for source, (_, there) in zip(row.sources, sources, strict=True)):
        return None
    call, targets = row.function, row.targets
    inputs = tuple(name for name, there in sources if there)

    def compute(values: Values) -> Any:
        found = iter(values)
        value = [*declared.values(targets, call(*[next(found) if there else None for _, there in sources]))][place]
        return value if says(value) else None

    if not inputs:
        try:
            value = compute(())
        except (Exception, SystemExit) as why:  # told record by record
            raise ValueError(f"its table fails where there is nothing: {type(why).__name__}") from why
        return None if value is None else fixed(value)
    arguments = tuple(name if there else None for name, there in sources)
    return Leaf(inputs, compute, call=Call(call, arguments, place, len(targets)), varied=row.varied)


def says(value: Any) -> bool:
    """Tell whether anything is left of what a table gives once it is tidied."""
    return declared.says(value) and (value.__class__ not in declared.CONTAINERS or bool(value_text("", value)))


def overlaid(below: Leaf, above: Leaf) -> Leaf:
    """Return a leaf whose value is that of ``above``, or of ``below`` where that has none."""
    inputs = tuple(dict.fromkeys((*above.inputs, *below.inputs)))
    over, under = ([inputs.index(name) for name in leaf.inputs] for leaf in (above, below))  # a table may name a source twice

    def compute(values: Values) -> Any:
        held = below.compute(tuple([values[place] for place in under]))  # in any case: a misfit counts
        value = above.compute(tuple([values[place] for place in over]))
        return held if value is None else value

    return Leaf(inputs, compute, call=above.call, below=below, varied=above.varied or below.varied, certain=below.certain)


def ingested() -> Leaf:
    """Return the leaf of the time at which the chunk is worked on."""
    return Leaf((INGESTED,), lambda values: values[0], certain=True)


def fixed(value: Any) -> Leaf:
    """Return the leaf of a constant."""
    return Leaf((), lambda values: value, certain=True)


def member(key: str, value: Any) -> str:
    """Return ``"key":value`` as JSON, '' where nothing is left of the value once it is tidied."""
    return value_text(named(key), value)


def value_text(name: str, value: Any) -> str:
    """Return ``name`` and a value as JSON, '' where nothing is left of the value once it is tidied."""
    kind = value.__class__
    if kind is str or kind is int:
        return name + orjson.dumps(value).decode()
    if value is None:
        return ""
    if kind is list or kind is tuple or kind is dict:
        text = orjson.dumps(value)
        if kind is not dict and text.find(b"{") < 0 and text.find(b"[", 1) < 0:  # what is in a list stays, but for lists and objects
            return name + text.decode() if text not in (b"[]", b'[""]') else ""
        held = {"": orjson.loads(text)}  # a copy: constants and results of hooks are not ours to tidy
        tidy.tidy_object(held)
        if not held:
            return ""
        value = held[""]
    return name + orjson.dumps(value).decode()


def named(key: str) -> str:
    """Return ``"key":`` as JSON."""
    return orjson.dumps(key).decode() + ":"


def key_of(value: Any) -> Any:
    """Return what stands for a value of JSON in the key of a memo: equal for no two that JSON tells apart, as True, 1 and 1.0 are.

    Raises Odd for what JSON has no number for, as Parquet does.
    """
    if value is None or value.__class__ is str or value.__class__ is bool:
        return value
    if (text := orjson.dumps(value)) == b"null":
        raise Odd
    return (text,)


def value_of(key: Any) -> Any:
    """Return the value that ``key_of`` has made a key of."""
    return orjson.loads(key[0]) if key.__class__ is tuple else key
