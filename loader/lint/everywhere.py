"""What the report on a ``user.ini`` of the es-loader says once, for the file as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

from loader.assembly import Assembly
from loader.lint import es_loader
from loader.lint.advice import CHANGE, IGNORED, OTHERWISE, Advice
from loader.lint.finding import listed
from loader.planner import FORMAT
from loader.section import Section
from loader.stages import ecs, label, stamp

Places = Mapping[str, Mapping[str, int]]  # the lines of the file, by section and key


def advice(assembly: Assembly, places: Places) -> Iterator[Advice]:
    """Yield all of it."""
    types = [section for section in assembly.config.types.values() if places.get(section.name)]
    yield from _labels(types, places)
    yield from _version(assembly, types, places)
    yield from _ids(assembly)
    yield from _outputs(assembly)
    yield from _environment()
    if unset := [section.name for section in types if _guesses(section)]:
        text = "cloud.account.id and cloud.region are left out where neither record nor key tells them; the es-loader wrote unknown"
        yield Advice(OTHERWISE, "", [], 0, f"{text} (in {listed(unset)}); an empty cloud_provider stops looking for them")


def _labels(types: list[Section], places: Places) -> Iterator[Advice]:
    """Tell what becomes of index names, and that a type without one is loaded."""
    keys = list(dict.fromkeys(key for lines in places.values() for key in lines if key in es_loader.LABELS))
    if keys:
        yield Advice(OTHERWISE, "", keys, 0, es_loader.LABEL)
    if unnamed := [section.name for section in types if not section.values.get(label.NAME.name)]:
        text = "types without index_name are loaded, under their own name; the es-loader skipped their objects"
        yield Advice(OTHERWISE, "", [], 0, f"{text} (here {listed(unnamed)}); leave the section out, or its s3_key empty, where that was meant")


def _version(assembly: Assembly, types: list[Section], places: Places) -> Iterator[Advice]:
    """Tell the version of ECS, where the file does not say it."""
    key = ecs.VERSION.name
    if key not in places.get("DEFAULT", {}) and any(key not in section.own for section in types):
        found = assembly.config.defaults.read(ecs.VERSION)
        text = f"ecs.version is {found} where the file does not say it; the es-loader wrote {es_loader.ECS_VERSION}"
        yield Advice(OTHERWISE, "", [], 0, f"{text}, and {key} = {es_loader.ECS_VERSION} in [DEFAULT] keeps that")


def _ids(assembly: Assembly) -> Iterator[Advice]:
    """Tell the types whose ids are others than those that the es-loader gave."""
    found = [
        section.name
        for section in assembly.config.types.values()
        if section.values.get(FORMAT.name) == "json" and not section.values.get(stamp.DOC_ID.name) and section.values.get("compat") != "es-loader"
    ]
    if found:
        text = f"@id of JSON records without doc_id ({listed(found)}) is a hash of the text as it was read, the es-loader's of the text written anew"
        yield Advice(OTHERWISE, "", [], 0, f"{text}: what both have loaded stands twice in an index; compat = es-loader gives the old ids")


def _outputs(assembly: Assembly) -> Iterator[Advice]:
    plugins = assembly.config.plugins
    if not any(name.startswith("out_") and name != "out_file:dead_letter" and section.origin.file for name, section in plugins.items()):
        text = "no section [out_...] says where documents go: they go to standard output, as JSON lines; for a SIEM write [out_syslog]"
        yield Advice(CHANGE, "", [], 0, text)


def _environment() -> Iterator[Advice]:
    for name, text in es_loader.ENVIRONMENT.items():
        if name in os.environ:
            yield Advice(IGNORED, "", [name], 0, f"the environment variable has no effect: {text}")


def _guesses(section: Section) -> bool:
    return bool(section.read(ecs.PROVIDER)) and section.values.get("compat") != "es-loader" and "cloud.account.id" not in section.read(ecs.ECS)
