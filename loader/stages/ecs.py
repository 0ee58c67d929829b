"""Map a record to the Elastic Common Schema: what the ``ecs`` and ``static_ecs`` keys of a log type say, and what its key tells.

``target = a b`` takes the first of several fields that is there; ``target = [a b, c]`` gathers one from each group; a target
that ECS calls an array always gathers. Values get the type that ECS gives the target: what cannot have it is left out,
counted, and still stands in the raw record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from loader import schema
from loader.batch import Batch
from loader.memo import Memo
from loader.options import TypeOption, text, words
from loader.section import Section
from loader.stages.mapping import Mapping, compiled
from loader.stages.typed import constant, kind

ECS = TypeOption(words, "", name="ecs", doc="ECS fields this type maps; each has a key of its own.")
STATIC = TypeOption(words, "", name="static_ecs", doc="ECS fields with a constant value; each has a key of its own.")
VERSION = TypeOption(text, "9.4.0", name="ecs_version", doc="Value of ecs.version.")
PROVIDER = TypeOption(text, "aws", name="cloud_provider", doc="Value of cloud.provider; empty leaves out all that is derived from the key.")
OPTIONS = (ECS, STATIC, VERSION, PROVIDER)
ACCOUNT = re.compile(r"(?:\W|^)(\d{12})/")
REGION = re.compile(
    r"(?<![A-Za-z])(?:us-gov|us-iso[bef]?|us|af|ap|ca|cn|eu|il|me|mx|sa)-(?:(?:north|south)?(?:east|west)?|central)-\d(?!\d)|\bglobal\b"
)


def prepare(log_type: Section, *, parents: bool = True) -> Callable[[Batch], None]:
    """Return ``map_records(batch)``; mistakes in the mapping are noted as problems of the log type.

    With ``parents`` the objects around mapped fields exist even when empty, as the hooks of the es-loader expect; without, nothing
    empty is made.
    """
    mapping = Mapping(targets(log_type), constants(log_type), parents=parents, derives=bool(log_type.read(PROVIDER)))
    clashes = dict(mapping.clashes())
    for target, why in clashes.items():
        log_type.problem(target, why)
    for target in (*mapping.groups, *mapping.fixed):
        if target not in clashes and not schema.is_known(target) and (near := schema.nearest(target)):
            log_type.problem(target, f"{target!r} is no ECS field", f"did you mean {near!r}?", fatal=False)
    for key in log_type.own - log_type.claimed:
        if "." in key and schema.is_known(key):
            log_type.text(key)
            log_type.problem(key, "has a source, but no effect: it is not on the list ecs or static_ecs", fatal=False)
    functions = Memo(lambda names: compiled(mapping, names, log_type.name), 256)

    def map_records(batch: Batch) -> None:
        account, region = origin(batch.source.key) if mapping.derives else (None, None)
        functions[batch.names](batch.records, account, region, batch.ingested.isoformat(), batch.flags)
        for record, why in batch.reasons:
            event = record.get("event")
            if isinstance(event, dict):
                event["reason"] = why

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


def constants(log_type: Section) -> dict[str, Any]:
    """Return the constant values by target, typed; what every record has comes first."""
    found: dict[str, Any] = {"event.module": log_type.name, "ecs.version": log_type.read(VERSION)}
    if provider := log_type.read(PROVIDER):
        found["cloud.provider"] = provider
    for target in log_type.read(STATIC):
        value = log_type.text(target)
        if value is None:
            log_type.problem(STATIC.name, f"{target!r} is listed, but there is no key {target!r} with its value", "add it, or take it off the list")
            continue
        found[target] = constant(target, value)
        if found[target] is None:
            log_type.problem(target, f"{value!r} is not what ECS wants there: {kind(target)}")
    return found
