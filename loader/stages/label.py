"""The stream label of a document and its id there: what the es-loader called index and ``_id``.

``index_name``, then ``index_suffix``, then the date as ``index_rotation`` says: ``log-aws-cloudtrail-2024-05``. Hooks may say otherwise
by the control keys ``__index_name``, ``__index_dt`` and ``__doc_id_suffix``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from loader import times
from loader.batch import Batch, Label
from loader.options import TypeOption, text
from loader.paths import reader
from loader.section import Section

NAME = TypeOption(text, "", name="index_name", doc="Label of the stream: index, APP-NAME, tag or file name at the destination.")
SUFFIX = TypeOption(text, "", name="index_suffix", doc="Goes behind index_name.")
ROTATION = TypeOption(text, "monthly", name="index_rotation", doc="Date behind the label: daily, weekly, monthly, yearly, or auto for none.")
TIME = TypeOption(text, "@timestamp", name="index_time", doc="Which time the date is of: @timestamp or event_ingested.")
ZONE = TypeOption(times.zone, "", name="index_tz", doc="Zone of that date: +09:00 or a name such as Asia/Tokyo.")
ID_SUFFIX = TypeOption(text, "", name="doc_id_suffix", doc="Dotted field whose value goes behind the id, after an underscore.")
OPTIONS = (NAME, SUFFIX, ROTATION, TIME, ZONE, ID_SUFFIX)
FORMS = {"daily": "-%Y-%m-%d", "weekly": "-%Y-w%W", "monthly": "-%Y-%m"}


def prepare(log_type: Section) -> Callable[[Batch], None]:
    """Return ``label(batch)``, which gives each record its label."""
    name, suffix, rotation = log_type.read(NAME) or log_type.name, log_type.read(SUFFIX), log_type.read(ROTATION)
    form = next((form for word, form in FORMS.items() if word in rotation), "-%Y")
    dated = "auto" not in rotation
    zone, ingested, id_suffix = log_type.read(ZONE), "ingested" in log_type.read(TIME), log_type.read(ID_SUFFIX)
    time_of, suffix_of = reader("event.ingested" if ingested else "@timestamp"), reader(id_suffix) if id_suffix else None

    def label(batch: Batch) -> None:
        for record in batch.records:
            control = batch.controls.get(id(record), {})
            index = str(control.get("__index_name") or name)
            if dated:
                index += (f"-{suffix}" if suffix else "") + _date(control.get("__index_dt") or time_of(record), zone, form)
            behind = control.get("__doc_id_suffix") or (suffix_of(record) if suffix_of else None)
            identity = str(record.get("@id", ""))
            batch.labels[id(record)] = Label(index, identity if behind is None or behind == "" else f"{identity}_{behind}")

    return label


def _date(moment: Any, zone: datetime.tzinfo, form: str) -> str:
    """Return the date behind a label; today's when the time is none."""
    try:
        found = moment if isinstance(moment, datetime.datetime) else datetime.datetime.fromisoformat(str(moment))
    except ValueError:
        found = datetime.datetime.now(zone)
    return found.astimezone(zone).strftime(form)
