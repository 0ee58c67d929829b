"""``ignore_own_logs``: leave out the records of this program's own reading, or each load would write the logs of the next.

They are told by the user agent that in_s3 adds to its requests, or the es-loader to its own (``custom_user_agent``).
"""

from __future__ import annotations

from collections.abc import Callable

from loader.batch import Batch
from loader.options import TypeOption, flag, text
from loader.section import Section

IGNORE = TypeOption(flag, "yes", name="ignore_own_logs", doc="Leave out records of requests that this program, or the es-loader, has made.")
AGENT = TypeOption(text, "siem-es-loader", name="custom_user_agent", doc="User agent of an es-loader whose requests are left out too.")
OPTIONS = (IGNORE, AGENT)
OURS = "sluice-siem-loader"  # what plugins/_aws/session.py adds to its user agent
FIELDS = {"cloudtrail": "userAgent", "s3accesslog": "useragent"}  # the log types that record such requests


def told_by(log_type: Section) -> tuple[str, tuple[str, ...]] | None:
    """Return the field, and the texts one of which is in it, of records that are to be left out; None for types that do not record requests to S3."""
    if log_type.name not in FIELDS or not log_type.read(IGNORE):
        return None
    return FIELDS[log_type.name], (OURS, log_type.read(AGENT) or OURS)


def prepare(log_type: Section) -> Callable[[Batch], None] | None:
    """Return ``leave_out(batch)``, or None for types that do not record requests to S3."""
    field = FIELDS.get(log_type.name)
    wanted, agent = log_type.read(IGNORE), log_type.read(AGENT) or OURS
    if not wanted or field is None:
        return None

    def leave_out(batch: Batch) -> None:
        agents = [record.get(field) for record in batch.records]
        try:
            told = "\n".join(agents)  # type: ignore[arg-type]  # one look at all of them
        except TypeError:  # some have none
            told = ""
        if told and OURS not in told and agent not in told:
            return
        foreign = [not (isinstance(value, str) and (OURS in value or agent in value)) for value in agents]
        if not all(foreign):
            batch.flags["left out by ignore_own_logs"] += len(foreign) - sum(foreign)
            batch.keep(foreign)

    return leave_out
