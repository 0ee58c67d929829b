"""Map a record to the Elastic Common Schema: what the ``ecs`` and ``static_ecs`` keys of a log type say, and what its key tells.

``target = a b`` takes the first of several fields that is there; ``target = [a b, c]`` gathers one from each group; a target
that ECS calls an array always gathers. Values get the type that ECS gives the target: what cannot have it is left out,
counted, and still stands in the raw record.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

from loader import schema
from loader.batch import Batch, Meta, Record
from loader.cloud import ACCOUNT_FOLDER, REGION_IN_KEY
from loader.memo import Memo
from loader.options import COMPAT, TypeOption, text, words
from loader.paths import merge, put
from loader.section import Section
from loader.stages import compat, typed
from loader.stages.mapping import Mapping, Places, Types, compiled

ECS = TypeOption(words, "", name="ecs", doc="ECS fields this type maps; each has a key of its own.")
STATIC = TypeOption(words, "", name="static_ecs", doc="ECS fields with a constant value; each has a key of its own.")
VERSION = TypeOption(text, "9.4.0", name="ecs_version", doc="Value of ecs.version.")
PROVIDER = TypeOption(text, "aws", name="cloud_provider", doc="Value of cloud.provider; empty leaves out all that is derived from the key.")
OPTIONS = (ECS, STATIC, VERSION, PROVIDER)
NEITHER = (None, None)
FROM_KEY = ("cloud.account.id", "cloud.region")
UNKNOWN = "unknown"  # what the es-loader wrote for an account or region that nothing tells


def prepare(log_type: Section, *, parents: bool = True, places: Places | None = None, alone: bool = False) -> Callable[[Batch], None]:
    """Return ``map_records(batch)``; mistakes in the mapping are noted as problems of the log type.

    With ``parents`` the objects around mapped fields exist even when empty, as the hooks of the es-loader expect; without, nothing
    empty is made but ``places``, for a hook that puts something there or takes them out again. Where mapping and such a hook are ``alone``
    in filling the objects of ECS, those that need no tidying are noted in the batch.
    """
    types = types_of(log_type)
    mapping = Mapping(targets(log_type), constants(log_type, types), types, parents=parents, derives=bool(log_type.read(PROVIDER)), places=places)
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

    unknown = UNKNOWN if types is compat else None
    clouded = completes(log_type)
    finished = mapping.finished() if alone and types is typed else frozenset()

    def map_records(batch: Batch) -> None:
        run, ingested, key = functions[batch.names], batch.ingested.isoformat(), batch.source.key
        account, region = origin(key) if mapping.derives or clouded else (None, None)
        account, region = account or unknown, region or unknown
        own: set[str] = set()
        told = _alike(batch.records, batch.metas) if batch.metas is not None else [(account, region, batch.records)]
        for its_account, its_region, records in told:
            known = (its_account or account, its_region or region)
            own |= run(records, *(known if mapping.derives else NEITHER), ingested, batch.flags)
            if clouded:
                _complete(records, *known)
        if batch.metas is not None:
            _join(batch.records, batch.metas)
        else:
            batch.finished = finished - own if typed.HOLLOW not in own else frozenset()
        for record, why in batch.reasons:
            event = record.get("event")
            if isinstance(event, dict):
                event["reason"] = why

    map_records.functions = functions  # type: ignore[attr-defined]  # `types NAME --plan` shows their text
    return map_records


def _alike(records: list[Record], metas: list[Meta]) -> Iterator[tuple[str | None, str | None, list[Record]]]:
    """Yield runs of records whose carriers tell the same account and region, behind these two."""
    for (account, region), run in itertools.groupby(zip(metas, records, strict=True), key=lambda pair: (pair[0].account, pair[0].region)):
        yield account, region, [record for _, record in run]


def _complete(records: list[Record], account: str | None, region: str | None) -> None:
    """Add account and region where something else was mapped to ``cloud``: with no cloud_provider, the others are none of a cloud's."""
    for record in records:
        cloud = record.get("cloud")
        if isinstance(cloud, dict) and any(cloud.values()):
            held = cloud.get("account")
            if account and not (isinstance(held, dict) and held.get("id")):
                put(record, "cloud.account.id", account)
            if region and not cloud.get("region"):
                cloud["region"] = region


def _join(records: list[Record], metas: list[Meta]) -> None:
    """Add what carriers tell that goes before what was mapped, and why a text could not be parsed."""
    for record, meta in zip(records, metas, strict=True):
        if meta.ecs:
            merge(record, meta.ecs)
        if meta.leads and meta.account:
            merge(record, {"cloud": {"account": {"id": meta.account}, "region": meta.region}})
        if meta.error:
            merge(record, {"error": {"message": meta.error}})


def completes(log_type: Section) -> bool:
    """Tell whether account and region depend on what else is mapped to ``cloud``: there is no cloud_provider, but a field of a cloud.

    What is mapped must then be seen even where it says nothing, as ``-`` does.
    """
    return not log_type.read(PROVIDER) and any(target.startswith("cloud.") for target in log_type.read(ECS))


def types_of(log_type: Section) -> Types:
    """Return how the log type's values are typed."""
    return compat if log_type.read(COMPAT) else typed


def origin(key: str) -> tuple[str | None, str | None]:
    """Return the account and the region that an object's key names, each None where it names none."""
    account, region = ACCOUNT_FOLDER.search(key), REGION_IN_KEY.search(key)
    return account[0] if account else None, region[0] if region else None


def targets(log_type: Section) -> dict[str, list[list[str]]]:
    """Return for each mapped target its groups of source paths."""
    found: dict[str, list[list[str]]] = {}
    gathers = types_of(log_type).is_array
    for target in log_type.read(ECS):
        value = log_type.text(target)
        if value is None:
            log_type.problem(ECS.name, f"{target!r} is listed, but there is no key {target!r} with its source", "add it, or take it off the list")
        elif bracketed := re.fullmatch(r"\[(.*)\]", value.strip(), re.DOTALL):
            found[target] = [group.split() for group in bracketed[1].split(",") if group.strip()]
        elif gathers(target):
            found[target] = [[path] for path in value.split()]
        else:
            found[target] = [value.split()] if value.strip() else []
    return found


def constants(log_type: Section, types: Types = typed) -> dict[str, Any]:
    """Return the constant values by target, typed; what every record has comes first."""
    found: dict[str, Any] = {"event.module": log_type.name, "ecs.version": log_type.read(VERSION)}
    if provider := log_type.read(PROVIDER):
        found["cloud.provider"] = provider
    for target in log_type.read(STATIC):
        value = log_type.text(target)
        if value is None:
            log_type.problem(STATIC.name, f"{target!r} is listed, but there is no key {target!r} with its value", "add it, or take it off the list")
            continue
        found[target] = types.constant(target, value)
        if found[target] is None:
            log_type.problem(target, f"{value!r} is not what ECS wants there: {types.kind(target)}")
    return found
