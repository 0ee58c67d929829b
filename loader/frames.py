"""Where an item of text ends: lines, JSON values (leaf, pure).

Framing never looks inside an item. Everything here streams: what is held is one block, or one item that spans blocks.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from loader.batch import Blocks, Meta, Record
from loader.errors import Overdue

KEPT = 4096  # characters that are passed on of what is broken


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """How much of a source is held at once, and how large a record may be."""

    record_bytes: int = 16 * 1024**2
    chunk_records: int = 1000
    chunk_bytes: int = 1024**2
    match_seconds: float = 1.0  # how long a pattern may work on a record; 0: for ever
    hook_seconds: float = 10.0  # how long all that follows may


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """How a text is cut to fields: ``split(text)`` gives as many as there are ``names``, or anything else where the text does not fit.

    ``apart`` are characters that JSON would have to escape and that stand between fields only, but that fields of ``quotes`` may have quotes.
    ``pattern`` is the expression whose named groups are the fields, where it is one.
    """

    names: tuple[str, ...]
    split: Callable[[str], Sequence[str | None] | None]
    apart: str = ""
    quotes: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None


def fields_of(split: Callable[[str], Any], text: str) -> Any:
    """Return the fields of a text, None where it cannot be cut, whatever ``split`` raises; but Overdue."""
    try:
        return split(text)
    except Overdue:
        raise
    except Exception:  # noqa: BLE001  # ParseError, csv.Error: the steps tell it of the record
        return None


@dataclasses.dataclass(slots=True)
class Raws:
    """A chunk of raw records and the function that parses one.

    ``names`` are the fields that a record may have, where the parser knows: then their values are all text or None. ``records`` are
    the same, parsed, where framing had to parse anyway; so are ``metas``, where a carrier brought them. ``broken`` are items behind
    ``texts`` that could not even be framed: (the start of the text, the reason).
    """

    texts: list[str]
    parse: Callable[[str], Record]
    names: frozenset[str] | None = None
    records: list[Record] | None = None
    metas: list[Meta] | None = None
    broken: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    places: list[int] | None = None  # where texts, then broken ones, stood among all that were read; None: one behind the other
    left_out: dict[str, int] = dataclasses.field(default_factory=dict)  # records that are not wanted, by the option that says so
    columns: Columns | None = None  # what ``parse`` does, where a text is nothing but its fields

    @property
    def count(self) -> int:
        """How many records were read for it, those included that are left out."""
        return len(self.texts) + len(self.broken) + sum(self.left_out.values())


def cut(raws: Raws, at: int) -> tuple[Raws, Raws]:
    """Return the first ``at`` records of a chunk, and the others; those that are left out have no places, and fill the gaps."""
    total = len(raws.texts) + len(raws.broken)
    places = raws.places if raws.places is not None else range(total)
    head = [index for index in range(total) if places[index] < at]
    tail = [index for index in range(total) if places[index] >= at]
    gaps, first, rest = at - len(head), {}, {}
    for option, count in raws.left_out.items():
        first[option] = min(count, gaps)
        gaps -= first[option]
        rest[option] = count - first[option]
    return _part(raws, head, first), _part(raws, tail, rest, at)


def pick(raws: Raws, wanted: Collection[int]) -> Raws:
    """Return the records of a chunk that stand at these places, with their places."""
    total = len(raws.texts) + len(raws.broken)
    places = raws.places if raws.places is not None else range(total)
    return _part(raws, [index for index in range(total) if places[index] in wanted], {})


def _part(raws: Raws, indices: list[int], left_out: dict[str, int], base: int = 0) -> Raws:
    """Return the records at ``indices`` (of texts, then broken ones), their places counted from ``base``."""
    split = len(raws.texts)
    texts = [index for index in indices if index < split]
    return Raws(
        [raws.texts[index] for index in texts],
        raws.parse,
        raws.names,
        [raws.records[index] for index in texts] if raws.records is not None else None,
        [raws.metas[index] for index in texts] if raws.metas is not None else None,
        [raws.broken[index - split] for index in indices if index >= split],
        [(raws.places[index] if raws.places is not None else index) - base for index in indices],
        {option: count for option, count in left_out.items() if count},
        raws.columns,
    )


Read = Callable[[Blocks], Iterator[Raws]]  # from the decoded bytes of a source to its raw records


def kept(text: str) -> str:
    """Return as much of something broken as is passed on: its first characters, and dots where there are more."""
    return text if len(text) <= KEPT else f"{text[:KEPT]} ..."


class Overlong(ValueError):
    """An item is longer than it may be; ``start`` has its first characters."""

    def __init__(self, start: str, limit: int) -> None:
        super().__init__(f"longer than the {limit} bytes of [loader] max_record_bytes")
        self.start = start[:KEPT]  # no dots: the reason says that there is more


def lines(blocks: Iterator[str], limit: int, *, strip: bool = True) -> Iterator[list[str] | Overlong]:
    """Yield lists of lines; in a line's place an Overlong when it is longer than ``limit``.

    Lines are stripped and blank ones left out, unless ``strip`` is False: then they are all there, as they are.
    """
    tail = ""
    skipping = False
    for block in blocks:
        cut = block.rfind("\n")
        if cut < 0:
            tail = "" if skipping else tail + block
        else:
            whole = block[block.index("\n") + 1 : cut + 1] if skipping else tail + block[: cut + 1]
            tail, skipping = block[cut + 1 :], False
            yield from _bounded(_split(whole, strip), limit)
        if len(tail) > limit:
            yield Overlong(tail, limit)
            tail, skipping = "", True
    yield from _bounded(_split(tail, strip), limit)


def _split(whole: str, strip: bool) -> list[str]:
    if strip:
        return [line for line in map(str.strip, whole.split("\n")) if line]
    return whole.removesuffix("\n").split("\n") if whole else []


def _bounded(found: list[str], limit: int) -> Iterator[list[str] | Overlong]:
    if not found:
        return
    if max(map(len, found)) <= limit:
        yield found
        return
    for line in found:
        yield [line] if len(line) <= limit else Overlong(line, limit)


def line_chunks(
    found: Iterator[list[str] | Overlong],
    parse: Callable[[str], Record],
    limits: Limits,
    *,
    names: frozenset[str] | None = None,
    columns: Columns | None = None,
) -> Iterator[Raws]:
    """Cut lists of lines to chunks. ``names`` and ``columns``: see Raws."""
    for texts in found:
        if isinstance(texts, Overlong):
            yield Raws([], parse, broken=[(texts.start, str(texts))])
            continue
        for start in range(0, len(texts), limits.chunk_records):
            yield Raws(texts[start : start + limits.chunk_records], parse, names, columns=columns)


TOKEN = re.compile(r'[{}\[\]]|"[^"\\\n]*(?:\\.[^"\\\n]*)*("?)')


CLOSERS = {"{": "}", "[": "]"}


class Broken(ValueError):
    """What stands here can not become a JSON value, whatever follows."""


class ValueScanner:
    """Finds where a JSON value ends, resumable as text arrives; strings are skipped, and brackets have to match."""

    def __init__(self) -> None:
        self.closers: list[str] = []
        self.at = 0  # where to go on scanning, relative to the start of the value

    def end(self, text: str, start: int, wall: int = 0) -> int | None:
        """Return the position behind the object, list or string at ``start``, or None when more text is needed; raises Broken.

        Not beyond ``wall``, when one is given, is it looked for. ``at`` tells what was right up to there.
        """
        closers = self.closers
        for token in TOKEN.finditer(text, start + self.at, wall or len(text)):
            first = text[token.start()]
            if first == '"':
                if not token[1]:
                    if text[token.end() : token.end() + 2] not in ("", "\\"):
                        raise Broken("a string is not closed on its line")
                    self.at = token.start() - start
                    return None
            elif closer := CLOSERS.get(first):
                if closers and not _announced(text, token.start(), closers[-1]):
                    raise Broken(f"{first!r} in the wrong place")
                closers.append(closer)
            elif not closers or closers.pop() != first:
                raise Broken(f"{first!r} closes nothing")
            self.at = token.end() - start
            if not closers:
                return token.end()
        return None


def _announced(text: str, at: int, closer: str) -> bool:
    """Tell whether a list or an object may begin at ``at``, inside what ``closer`` will close."""
    at -= 1
    while at >= 0 and text[at].isspace():
        at -= 1
    if at < 0:  # skipped
        return True
    return text[at] == ":" if closer == "}" else text[at] in ",["
