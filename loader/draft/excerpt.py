"""The first records of a sample as a file of their own: small enough to keep beside the tests, and read by the same section."""

from __future__ import annotations

from collections.abc import Iterator

from loader.draft.layout import Layout
from loader.draft.sample import Sample
from loader.draft.trial import read

RECORDS = 20
WHOLE = 16 * 1024  # bytes up to which a sample is kept as it is
ENDINGS = {"json": "json", "csv": "csv", "xml": "xml", "winevtxml": "xml", "parquet": "parquet", "cef": "cef"}


def excerpt(sample: Sample, found: Layout) -> bytes:
    """Return the bytes of the first records: the sample itself where it is small, or where a part of it is not read alike."""
    if len(sample.body) <= WHOLE or sample.is_parquet:
        return sample.body
    wanted = found.trial.texts[:RECORDS]
    for body in _cuts(sample, found):
        trial = read(found.options, body)
        if trial.count and not trial.rejects and trial.texts == wanted[: trial.count]:
            return body
    return sample.body


def _cuts(sample: Sample, found: Layout) -> Iterator[bytes]:
    """Yield what may be such a part: lines from the start, then records one behind the other, as they would stand in their list."""
    texts = found.trial.texts[:RECORDS]
    delimiter = found.options.get("json_delimiter", "")
    if delimiter:
        head = "".join(f'{{"{step}":' for step in delimiter.split("."))
        items, tail = ",\n".join(texts), "}" * (delimiter.count(".") + 1)
        yield f"{head}[{items}]{tail}\n".encode()
    elif not found.options.get("via_cwl") and not found.options.get("via_firelens"):
        lines = sample.text.split("\n")
        yield "\n".join([*lines[: RECORDS + int(found.options.get("text_header_line_number", "0"))], ""]).encode()
        yield "\n".join([*texts, ""]).encode()


def ending(found: Layout) -> str:
    """Return the ending of the excerpt's file."""
    return ENDINGS.get("parquet" if found.name == "Parquet" else found.options.get("file_format", ""), "log")
