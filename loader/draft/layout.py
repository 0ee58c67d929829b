"""The format of a sample: what it may be, the likeliest first, each tried with the loader's own parsers; the first without a reject is it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from loader.draft import lines, objects, pairs, tables
from loader.draft.moments import LOOK, LOOKS
from loader.draft.sample import Sample
from loader.draft.trial import Trial, reads

SURE, GUESS, OPEN = "sure", "guess", "open"
XML = re.compile(r"\s*(?:<\?xml|<!--|<[A-Za-z_][\w.:-]*[\s>/])")
FIRST_LINE = re.compile(rf"(?P<pri><\d+>)?(?P<mark>\W*)(?P<label>[A-Za-z]+: )?(?:{LOOK.pattern})")


@dataclasses.dataclass(slots=True)
class Layout:
    """A format: what it is called, the options that say so, what was made of the sample with them, and what is to be said of it."""

    name: str
    options: dict[str, str]
    trial: Trial
    notes: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def layout(sample: Sample) -> Layout:
    """Return the format of a sample. Something always fits: lines of text."""
    best: Layout | None = None
    for name, options, note in _candidates(sample):
        trial = reads(options, sample)
        if trial is None or not trial.count:
            continue
        found = Layout(name, options, trial, [note] if note else [])
        if not trial.rejects:
            return found
        if best is None or len(trial.rejects) < len(best.trial.rejects):
            best = found
    assert best is not None, "lines of text are read whatever they are"
    return best


Candidate = tuple[str, dict[str, str], tuple[str, str] | None]


def _candidates(sample: Sample) -> Iterator[Candidate]:
    if sample.is_parquet:
        yield "Parquet", {"file_format": "parquet"}, None
        return
    text, rows = sample.text, sample.lines
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if "<Event" in text[:4096] and "<System>" in text:
        yield "Windows events as XML", {"file_format": "winevtxml"}, None
    if XML.match(text):
        yield "XML", {"file_format": "xml"}, None
    if start in ("{", "["):
        yield from _json(sample)
    if all(re.search(r"CEF:\s*\d", row) for row in rows):
        yield "CEF", {"file_format": "cef"}, None
    yield from _tables(text, rows)
    if pairs.are_pairs(rows):
        yield "key=value pairs", {"file_format": "text", "log_pattern": pairs.pattern(rows)}, None
    yield from _several(rows)
    yield from _text(rows)


def _json(sample: Sample) -> Iterator[Candidate]:
    found = objects.options(sample.text)
    if found is None:
        yield "JSON", {"file_format": "json"}, None
    elif "file_format" in found:
        where = found.get("json_delimiter", "")
        yield f"JSON, records in the list {where}" if where else "JSON", found, None
        if where:
            yield "JSON", {"file_format": "json"}, None
    else:
        carried = {**found, "file_format": "text", "log_pattern": "(?P<msg>.*)"}
        trial = reads(carried, sample)
        texts = trial.texts if trial else []
        inner = next((one for one in _carried(texts)), carried)
        yield "a carrier's messages", {**found, **inner}, None


def _carried(texts: list[str]) -> Iterator[dict[str, str]]:
    """Yield the options of records that a carrier brings one by one."""
    if texts and all(text[:1] == "{" for text in texts):
        yield {"file_format": "json"}
    elif texts:
        yield {"file_format": "text", "log_pattern": lines.pattern(texts).text}


def _tables(text: str, rows: list[str]) -> Iterator[Candidate]:
    if options := tables.w3c_options(rows):
        yield "a W3C extended log", options, None
    if options := tables.blank_options(rows):
        yield "a table with a header row, blanks between", options, None
    if options := tables.csv_options(text):
        headed = "without a header row: its columns are named in csv_header" if "csv_header" in options else "with a header row"
        note = (GUESS, "the columns have no names in the sample: give them those of the vendor in csv_header") if "csv_header" in options else None
        yield f"CSV, {headed}", options, note


def _several(rows: list[str]) -> Iterator[Candidate]:
    """Yield records of several lines: each begins with a time, or like the first, and not all lines do."""
    first = FIRST_LINE.match(rows[0])
    if not first:
        return
    look = next(look for look in _looks(first[0]))
    begin = _first_line(first, look)
    firsts = [row for row in rows if re.match(begin, row)]
    others = len(rows) - len(firsts)
    if others and (others >= 0.05 * len(rows) or any(row[:1] in " \t" for row in rows)):
        found = lines.pattern(firsts, several=True)
        note = (GUESS, f"a record goes on to the next line that begins like {rows[0][:40]!r}: multiline_firstline says so")
        yield "records of several lines", {"file_format": "multiline", "multiline_firstline": begin, "log_pattern": found.text}, note


def _looks(text: str) -> Iterator[str]:
    yield from (look for look in LOOKS if re.search(rf"(?:{look})$", text))


def _first_line(first: re.Match[str], look: str) -> str:
    priority = r"<\d+>" if first["pri"] else ""
    mark = re.escape(first["mark"]).replace("\\ ", " ").replace(r"\#", "#")
    return f"{priority}{mark}{re.escape(first['label'] or '').replace(chr(92) + ' ', ' ')}{look}"


def _text(rows: list[str]) -> Iterator[Candidate]:
    found = lines.pattern(rows)
    note = None
    if found.share < 1:
        missed = round((1 - found.share) * len(rows))
        note = (OPEN, f"{missed} of {len(rows)} lines have another form: they go whole into {lines.UNPARSED}, and have no time of their own")
    elif found.rest:
        note = (OPEN, f"what stands behind the first {len(found.names) - 1} fields is prose: {lines.REST} has it whole")
    yield "lines of text", {"file_format": "text", "log_pattern": found.text}, note
    yield "lines of text", {"file_format": "text", "log_pattern": f"(?P<{lines.REST}>.*)"}, (OPEN, "the lines have nothing in common")
