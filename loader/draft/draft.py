"""A log type drafted from a sample: its section, its hook where something follows from its fields, and all that was guessed or left open."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from loader.draft import hook, section
from loader.draft.fields import Fields, fields, flat
from loader.draft.layout import GUESS, OPEN, SURE, Layout, layout
from loader.draft.mapping import BY_NAME, Mapped, Time, mapped, time_of
from loader.draft.sample import Sample
from loader.explain.routing import suggestion

ZONE = re.compile(r"\A(CES?T|EES?T|WES?T|MSK|IST|JST|KST|SGT|HKT|AES?T|AEDT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|BST)\b")
EPOCH_WITHIN = re.compile(r"\((\d{10}\.\d{1,6})\b")
EVENT_TIME = "event_time"
YEAR = re.compile(r"(?:year=)?(?:19|20)\d\d")
IN_KEY = re.compile(r"(?:19|20)\d\d/(?:0\d|1[0-2])/[0-3]\d(/[0-2]\d)?/")
DATE_IN_KEY = r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/"
UNMAPPED = 8  # names of fields that are shown


@dataclasses.dataclass(slots=True)
class Draft:
    """A drafted type. ``notes`` are (how sure, what): SURE, GUESS or OPEN."""

    name: str
    key: str
    section: str
    hook: str
    layout: Layout
    time: Time | None
    notes: list[tuple[str, str]]


def draft(name: str, sample: Sample, key: str = "") -> Draft:
    """Draft a log type from a sample; ``key`` is that of an object, as far as it is known. Raises ConfigError where nothing can be read of it."""
    found = layout(sample)
    records = fields(found.trial.records)
    own_key = key or key_of(name, sample.path)
    time, derived = _time(records, found)
    is_aws = _is_aws(own_key, records)
    mapping = [one for one in mapped(records, time) if is_aws or not one.target.startswith("cloud.")]
    rows = hook.rows(records, mapping)
    title = f"{name} logs"
    head = f"{name}: {found.name}; drafted by ./index.py new from {sample.path.name}. Say here where the vendor describes the format."
    options = {"index_name": f"log-{name}", "s3_key": suggestion(own_key).replace("$$", "$"), **found.options}
    if not is_aws:
        options["cloud_provider"] = ""
    lines = section.time_lines(time, _zone(records, time), derived)
    if time is None and IN_KEY.search(own_key):
        lines = ["# The records have no time that is known here: the day in the key stands in.", f"file_timestamp_format = {DATE_IN_KEY}"]
    targets = list(dict.fromkeys(target for row in rows for target in row.targets.split()))
    text = section.text(name, head, options, lines, mapping, targets)
    notes = [_format_note(found, sample), _key_note(own_key, options["s3_key"], given=bool(key)), _time_note(time, own_key), *found.notes]
    notes += _mapping_notes(records, mapping, time)
    notes.append((OPEN, "event.category and event.type: what kind of event this is, only you know; the section has the words of ECS"))
    return Draft(name, own_key, text, hook.text(name, title, rows) if rows else "", found, time, [note for note in notes if note])


def key_of(name: str, path: Path) -> str:
    """Return a key for objects like a file: its own path from ``AWSLogs`` or from the folder before a date on, else one below the type's name."""
    parts = path.parts
    if "AWSLogs" in parts:
        return "/".join(parts[parts.index("AWSLogs") :])
    dated = next((place for place, part in enumerate(parts[:-1]) if YEAR.fullmatch(part)), 0)
    return "/".join(parts[dated - 1 :]) if dated > 1 else f"{name}/{path.name}"


def _time(records: Fields, found: Layout) -> tuple[Time | None, str]:
    """Return the time of the event and, where it stands within another text, the definition of a field that has it."""
    if time := time_of(records, found.trial.count):
        return time, ""
    if found.trial.carried:
        return Time(found.trial.carried, "iso8601" if found.trial.carried == "cwe_timestamp" else "epoch", by_name=True), ""
    for path, values in records.items():
        if all(isinstance(value, str) and EPOCH_WITHIN.search(value) for value in values) and len(values) >= min(found.trial.count, 400):
            return Time(EVENT_TIME, "epoch"), f"{path} | match '{EPOCH_WITHIN.pattern}'"
    return None, ""


def _zone(records: Fields, time: Time | None) -> str:
    """Return the abbreviation of a zone that stands behind the time: the loader cannot read these, many mean several zones."""
    if time is None:
        return ""
    names = list(records)
    behind = names[names.index(time.field) + 1 : names.index(time.field) + 2] if time.field in names else []
    texts = {str(value) for name in behind for value in records[name]}
    return next((match[1] for text in texts if (match := ZONE.match(text))), "")


def _is_aws(key: str, records: Fields) -> bool:
    """Tell whether the logs are of AWS: then records say so, and account and region are taken from the key."""
    texts = (str(value) for values in records.values() for value in flat(values[:20]))
    return "AWSLogs/" in key or any("arn:aws" in text or ".amazonaws.com" in text for text in texts)


def _format_note(found: Layout, sample: Sample) -> tuple[str, str]:
    packing = f", packed as {' in '.join(reversed(sample.packing))}" if sample.packing else ""
    count = f"{found.trial.count:,} record{'s' * (found.trial.count != 1)}"
    rejects = len(found.trial.rejects)
    said = f"{found.name}{packing}: {count}, {f'{rejects:,} rejected: {found.trial.rejects[0][1]}' if rejects else 'none rejected'}"
    return (OPEN if rejects else SURE if found.trial.count > 1 else GUESS), said


def _key_note(key: str, pattern: str, *, given: bool) -> tuple[str, str]:
    if given:
        return SURE if "/" in key else GUESS, f"s3_key = {pattern}, from {key}"
    return OPEN, f"s3_key = {pattern} is made up: give --key with the key of an object, or write it"


def _time_note(time: Time | None, key: str) -> tuple[str, str]:
    if time is None:
        instead = "the time of loading stands in, and expected.jsonl has no lasting @timestamp"
        if IN_KEY.search(key):
            instead = "the day in the key stands in"
        return OPEN, f"no field has a time that the loader reads: {instead}; timestamp_key names one"
    twin = "; day and month may be the other way round" if time.ambiguous else ""
    dated = "; it has no year: the one nearest to the object's time is taken" if time.form == "syslog" else ""
    return (SURE if time.by_name and not twin else GUESS), f"the time is {time.field}, {time.form}{twin}{dated}"


def _mapping_notes(records: Fields, mapping: list[Mapped], time: Time | None) -> list[tuple[str, str]]:
    """Say what was told by a name alone that means several things, and what is not mapped."""
    doubtful = [f"{one.target} = {one.source}" for one in mapping if one.by != BY_NAME and not one.target.startswith("related.")]
    used = {word for one in mapping for word in re.split(r"[\s,\[\]]+", one.source)} | ({time.field} if time else set())
    left: list[Any] = [path for path in records if path not in used]
    notes = [(SURE, f"{len(mapping) - len(doubtful)} ECS fields by their names and values")] if len(mapping) > len(doubtful) else []
    notes += [(GUESS, f"by names that may mean something else: {', '.join(doubtful)}")] if doubtful else []
    if left:
        more = f" and {len(left) - UNMAPPED} more" if len(left) > UNMAPPED else ""
        notes.append((OPEN, f"not mapped, and kept in the record: {', '.join(left[:UNMAPPED])}{more}"))
    return notes
