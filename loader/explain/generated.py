"""The text of the function that a log type is compiled to, or why it runs step by step."""

from __future__ import annotations

from loader.batch import Blocks
from loader.errors import SourceError
from loader.frames import Columns, Raws
from loader.plan import Plan
from loader.planner import FORMAT
from loader.section import Section

LINE = b"x\n"  # of a text or a table: what stands in it does not matter here
TABLES = ("text", "csv")  # formats whose records may be cut to fields, rather than parsed
LOOKED_AT = 8  # chunks of a sample


def generated(plan: Plan, section: Section, blocks: Blocks | None = None) -> tuple[str, str]:
    """Return the source of a type's generated function, and an empty text; or an empty text, and why there is none.

    The function is that for the first records in ``blocks``: in tables each object may have another header row. Without them it is the one
    for the fields that the section itself names, or for parsed records.
    """
    if plan.fast is None:
        return "", plan.why_not
    columns: Columns | None = None
    if section.read(FORMAT) in TABLES:
        raws = _first(plan, iter([LINE]) if blocks is None else blocks)
        if raws is None:
            return "", "its fields are known by the header row of an object alone" if blocks is None else "there is no record in the sample"
        columns = raws.columns
    if columns is None and section.fields is not None and plan.fast.maps_only:
        return "", "its fields are known and only mapped: full documents of them are made as fast step by step"
    function = plan.fast.function(columns)
    return ("", function) if isinstance(function, str) else (str(function.run.source), "")


def _first(plan: Plan, blocks: Blocks) -> Raws | None:
    """Return the first chunk with records in it."""
    try:
        return next((raws for raws, _ in zip(plan.read(blocks), range(LOOKED_AT), strict=False) if raws.texts), None)
    except SourceError:
        return None
