"""The text of the function that a log type is compiled to, or why it runs step by step."""

from __future__ import annotations

from loader.batch import Blocks
from loader.errors import SourceError
from loader.frames import Columns, Raws
from loader.plan import Plan
from loader.planner import FORMAT
from loader.section import Section
from loader.stages import envelope

LINE = b"x\n"  # of a text or a table: what stands in it does not matter here
FORMATS = ("text", "csv", "json")
LOOKED_AT = 8  # chunks of a sample


def generated(plan: Plan, section: Section, blocks: Blocks | None = None) -> tuple[str, str]:
    """Return the source of a type's generated function, and an empty text; or an empty text, and why there is none.

    The function is that for the first records in ``blocks``: in tables each object may have another header row. Without them it is the one
    for the fields that the section itself names.
    """
    if plan.fast is None:
        return "", plan.why_not
    form = section.read(FORMAT)
    if envelope.carried(section):
        return "", "a carrier brings its records"
    if form not in FORMATS:
        return "", f"records of {form} are parsed one by one: {', '.join(FORMATS)} can be compiled"
    columns: Columns | None = None
    if form != "json":
        raws = _first(plan, iter([LINE]) if blocks is None else blocks)
        if raws is None or raws.columns is None:
            return "", "its fields are known by the header row of an object alone" if blocks is None else "there is no record in the sample"
        columns = raws.columns
    function = plan.fast.function(columns)
    return ("", function) if isinstance(function, str) else (str(function.run.source), "")


def _first(plan: Plan, blocks: Blocks) -> Raws | None:
    """Return the first chunk with records in it."""
    try:
        return next((raws for raws, _ in zip(plan.read(blocks), range(LOOKED_AT), strict=False) if raws.texts), None)
    except SourceError:
        return None
