"""Map a record to the Elastic Common Schema: the ``ecs`` and ``static_ecs`` keys of a log type, as one generated function.

``target = a b`` takes the first of several fields that is there; ``target = [a b, c]`` gathers one from each group; a target
that ECS calls an array always gathers. Values get the type that ECS gives the target: what cannot have it is left out,
counted, and still stands in the raw record. The function is generated because paths are known now and records are many:
about twice as fast as a loop over prepared closures. ``prepare`` leaves its source on ``map_records.source`` for reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from loader.batch import Batch
from loader.options import TypeOption, text, words
from loader.paths import merge, step_into
from loader.section import Section
from loader.stages.typed import Typing

ECS = TypeOption(words, "", name="ecs", doc="ECS fields this type maps; each has a key of its own.")
STATIC = TypeOption(words, "", name="static_ecs", doc="ECS fields with a constant value; each has a key of its own.")
VERSION = TypeOption(text, "9.4.0", name="ecs_version", doc="Value of ecs.version.")
PROVIDER = TypeOption(text, "aws", name="cloud_provider", doc="Value of cloud.provider; empty leaves out all that is derived from the key.")
OPTIONS = (ECS, STATIC, VERSION, PROVIDER)
ACCOUNT = re.compile(r"(?:\W|^)(\d{12})/")
REGION = re.compile(r"(?:us-gov|us-iso[bef]?|us|af|ap|ca|cn|eu|il|me|mx|sa)-(?:(?:north|south)?(?:east|west)?|central)-\d(?!\d)|\bglobal\b")


def prepare(log_type: Section) -> Callable[[Batch], None]:
    """Return ``map_records(batch)``; mistakes in the mapping are noted as problems of the log type."""
    writer = _Writer(log_type)
    body = writer.function()
    space: dict[str, Any] = {"merge": merge, "step": step_into, **writer.constants}
    exec(compile(body, f"<ecs mapping of {log_type.name}>", "exec"), space)  # noqa: S102  # built from quoted names only
    run = space["run"]
    derives = bool(log_type.read(PROVIDER))
    typing = writer.typing

    def map_records(batch: Batch) -> None:
        typing.misfits.clear()
        account, region = origin(batch.source.key) if derives else (None, None)
        run(batch.records, account, region, batch.ingested.isoformat())
        for record, why in batch.reasons:
            event = record.get("event")
            if isinstance(event, dict):
                event["reason"] = why
        if typing.misfits:
            batch.flags.update(typing.misfits)

    map_records.source = body  # type: ignore[attr-defined]
    return map_records


def origin(key: str) -> tuple[str | None, str | None]:
    """Return the account and the region that an object's key names, each None where it names none."""
    account, region = ACCOUNT.search(key), REGION.search(key)
    return account[1] if account else None, region[0] if region else None


def targets(log_type: Section) -> dict[str, list[list[str]]]:
    """Return for each mapped target its groups of source paths."""
    found: dict[str, list[list[str]]] = {}
    for target in log_type.read(ECS):
        value = log_type.text(target)
        if value is None:
            log_type.problem(ECS.name, f"{target!r} is listed, but there is no key {target!r} with its source", "add it, or take it off the list")
        elif bracketed := re.fullmatch(r"\[(.*)\]", value.strip(), re.DOTALL):
            found[target] = [group.split() for group in bracketed[1].split(",") if group.strip()]
        else:
            found[target] = [value.split()] if value.strip() else []
    return found


def constants(log_type: Section, typing: Typing) -> dict[str, Any]:
    """Return the constant values by target, typed; what every record has comes first."""
    found: dict[str, Any] = {"event.module": log_type.name, "ecs.version": log_type.read(VERSION)}
    if provider := log_type.read(PROVIDER):
        found["cloud.provider"] = provider
    for target in log_type.read(STATIC):
        value = log_type.text(target)
        if value is None:
            log_type.problem(STATIC.name, f"{target!r} is listed, but there is no key {target!r} with its value", "add it, or take it off the list")
            continue
        found[target] = typing.constant(target, value)
        if found[target] is None:
            log_type.problem(target, f"{value!r} is not what ECS wants there: {typing.wants(target)}")
    return found


class _Writer:
    """Writes the mapping function, line by line."""

    def __init__(self, log_type: Section) -> None:
        self.typing = Typing()
        self.constants: dict[str, Any] = {}
        self.lines: list[str] = []
        self.reads: dict[tuple[str, ...], str] = {}
        self.log_type = log_type
        self.fixed = constants(log_type, self.typing)
        self.mapped = {name: groups for name, groups in targets(log_type).items() if name not in self.fixed and any(groups)}
        if log_type.read(PROVIDER):
            self.mapped = {"cloud.account.id": [], "cloud.region": []} | self.mapped

    def function(self) -> str:
        """Return the source of ``run(records, account, region, ingested)``, which changes the records in place."""
        leaves = {target: self.value(target, groups) for target, groups in self.mapped.items()}
        tree: dict[str, Any] = {}
        for target, leaf in [*((t, repr(v)) for t, v in self.fixed.items()), ("event.ingested", "ingested"), *leaves.items()]:
            self.plant(tree, target, leaf, certain=target not in leaves)
        for top, below in tree.items():
            if isinstance(below, dict):
                variable = self.objects(below)
                self.write(f"old = r.get({top!r})")
                self.write(f"if type(old) is dict: merge(old, {variable})")
                self.write(f"else: r[{top!r}] = {variable}")
            else:
                leaf, certain = below
                self.write(f"r[{top!r}] = {leaf}" if certain else f"if {leaf} is not None: r[{top!r}] = {leaf}")
        body = "\n".join(f"        {line}" for line in self.lines)
        return f"def run(records, account, region, ingested):\n    for r in records:\n{body}\n"

    def write(self, line: str) -> None:
        self.lines.append(line)

    def plant(self, tree: dict[str, Any], target: str, leaf: str, *, certain: bool) -> None:
        """Put a leaf into the tree of objects to build."""
        *parents, last = target.split(".")
        for step in parents:
            tree = tree.setdefault(step, {})
            if not isinstance(tree, dict):
                self.log_type.problem(target, f"another target is {step!r} itself: a field cannot be a value and an object")
                return
        if isinstance(tree.get(last), dict):
            self.log_type.problem(target, "other targets lie below it: a field cannot be a value and an object")
            return
        tree[last] = (leaf, certain)

    def objects(self, tree: dict[str, Any]) -> str:
        """Write the building of an object and return the variable that holds it; it exists even when empty, for hooks."""
        variable = f"o{len(self.lines)}"
        certain = ", ".join(f"{key!r}: {leaf[0]}" for key, leaf in tree.items() if isinstance(leaf, tuple) and leaf[1])
        self.write(f"{variable} = {{{certain}}}")
        for key, leaf in tree.items():
            if isinstance(leaf, dict):
                self.write(f"{variable}[{key!r}] = {self.objects(leaf)}")
            elif not leaf[1]:
                self.write(f"if {leaf[0]} is not None: {variable}[{key!r}] = {leaf[0]}")
        return variable

    def value(self, target: str, groups: list[list[str]]) -> str:
        """Write the reading and typing of one target's value and return the variable that holds it."""
        variable = f"v{len(self.lines)}"
        if self.typing.is_array(target) or (len(groups) > 1 and not self.typing.is_known(target)):
            groups = groups if len(groups) > 1 else [[path] for path in groups[0]]
            found = [self.first(group) for group in groups]
            gather = self.constant(self.typing.gatherer(target))
            self.write(f"{variable} = {gather}(({', '.join(found)},))")
            return variable
        found_one = self.first([path for group in groups for path in group]) if groups else "None"
        plain, memo = self.typing.converters(target)
        if memo is not None:
            self.write(f"{variable} = {self.constant(memo)}[{found_one}] if type({found_one}) is str else {self.constant(plain)}({found_one})")
        elif plain is not None:
            self.write(f"{variable} = {found_one} if type({found_one}) is str else {self.constant(plain)}({found_one})")
        else:
            self.write(f"{variable} = {found_one}")
        if target in ("cloud.account.id", "cloud.region"):
            self.write(f"if not {variable} or {variable} == 'unknown': {variable} = {'account' if 'account' in target else 'region'}")
        return variable

    def first(self, paths: list[str]) -> str:
        """Write the reading of the first of ``paths`` that holds something: 0 and False do, empty values do not."""
        names = [self.read(tuple(path.split("."))) for path in paths]
        if len(names) == 1:
            return names[0]
        variable = f"f{len(self.lines)}"
        self.write(f"{variable} = {names[0]}")
        for name in names[1:]:
            self.write(f"if not {variable} and {variable} != 0: {variable} = {name}")
        return variable

    def read(self, steps: tuple[str, ...]) -> str:
        """Write the reading of a path once and return the variable that holds it."""
        if steps not in self.reads:
            if len(steps) == 1:
                line = f"r.get({steps[0]!r})"
            else:
                above = self.read(steps[:-1])
                line = f"{above}.get({steps[-1]!r}) if type({above}) is dict else step({above}, {steps[-1]!r})"
            self.reads[steps] = f"p{len(self.reads)}"
            self.write(f"{self.reads[steps]} = {line}")
        return self.reads[steps]

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name
